"""Dates as people write them, judged as a date of birth."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

_OLDEST = 120
_MONTHS = {
    name: number + 1
    for number, names in enumerate(
        (
            "jan january januar janvier enero", "feb february februar février febrero", "mar march märz mars marzo",
            "apr april avril abril", "may mai mayo", "jun june juni juin junio", "jul july juli juillet julio",
            "aug august août agosto", "sep sept september septembre septiembre",
            "oct october oktober octobre octubre okt",
            "nov november novembre noviembre", "dec december dezember décembre diciembre dez",
        )
    )
    for name in names.split()
}  # fmt: skip
_NUMBERS = re.compile(r"\d+", re.ASCII)
_LETTERS = re.compile(r"[^\W\d_]{3,}")


def as_birth(text: str, now: str = "") -> bool:
    """Tell whether `text` is a real date that gives an age of 0 to 120 at `now`.

    Args:
        text: `1975-03-14`, `14.03.1975`, `3/14/1975`, `14 March 1975`; a time may follow the first form.
        now: RFC 3339, or empty for today.
    """
    numbers = _NUMBERS.findall(text[:10] if "T" in text[8:12] else text)
    word = _LETTERS.search(text)
    today = _day(now) or datetime.now(UTC).date()
    month = _MONTHS.get(word.group().lower()) if word and len(numbers) == 2 else None
    if month is not None:
        year = next((each for each in numbers if len(each) == 4), None)
        day = next((each for each in numbers if len(each) < 3), None)
        tries = [(year, str(month), day)]
    elif len(numbers) == 3 and len(numbers[0]) == 4:
        tries = [(numbers[0], numbers[1], numbers[2])]
    elif len(numbers) == 3 and len(numbers[2]) == 4:
        tries = [(numbers[2], numbers[1], numbers[0]), (numbers[2], numbers[0], numbers[1])]
    else:
        return False
    return any(_is_age(year, month_, day, today) for year, month_, day in tries)


def _is_age(year: str | None, month: str | None, day: str | None, today: date) -> bool:
    if year is None or month is None or day is None or max(map(len, (year, month, day))) > 4:
        return False
    try:
        born = date(int(year), int(month), int(day))
    except ValueError:
        return False
    return born <= today and today.year - born.year <= _OLDEST


def _day(now: str) -> date | None:
    try:
        return date.fromisoformat(now[:10])
    except ValueError:
        return None
