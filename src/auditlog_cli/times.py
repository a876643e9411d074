"""RFC 3339 times, inside as whole microseconds since 1970-01-01T00:00:00Z, outside as text.

Hand-written because `datetime` and `re` would double the start-up time of `tail` and `filter`
(bench/startup.py), and because `datetime.fromisoformat` takes more than RFC 3339 allows.
"""

from __future__ import annotations

import time

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DIGITS = 18
"""The most of one number of a duration: 10^18 seconds are longer than the world is old."""


def _days_from_civil(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01, proleptic Gregorian calendar, years counted from March."""
    year -= month <= 2
    era = year // 400
    year_of_era = year - era * 400
    day_of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719468


def _civil_from_days(days: int) -> tuple[int, int, int]:
    days += 719468
    era = days // 146097
    day_of_era = days - era * 146097
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    month = shifted + (3 if shifted < 10 else -9)
    return year_of_era + era * 400 + (month <= 2), month, day_of_year - (153 * shifted + 2) // 5 + 1


def _digits(text: str) -> int:
    """The number that `text`, ASCII digits only, stands for; -1 if it is anything else."""
    return int(text) if text.isdigit() and text.isascii() else -1


def parse(text: object) -> int | None:
    """Return the instant that an RFC 3339 `date-time` names, or None if `text` is none.

    Returns:
        Microseconds since the epoch, digits beyond the sixth of the fraction cut off. A leap second
        counts as the second after it.

    Source: RFC 3339, section 5.6 (upper and lower case `T` and `Z`; the offset is required) and
    5.7 (a leap second only as the last second of a day in UTC).

    >>> parse("1970-01-01T00:00:01.5Z")
    1500000
    >>> parse("1970-01-01T01:00:00+01:00")
    0
    >>> parse("1970-01-01") is None
    True
    """
    if not isinstance(text, str) or not 20 <= len(text) <= 64 or not text.isascii():
        return None
    if text[4] != "-" or text[7] != "-" or text[10] not in "Tt" or text[13] != ":" or text[16] != ":":
        return None
    year, month, day = _digits(text[:4]), _digits(text[5:7]), _digits(text[8:10])
    hour, minute, second = _digits(text[11:13]), _digits(text[14:16]), _digits(text[17:19])
    if year < 0 or not 1 <= month <= 12 or not 0 <= hour <= 23 or not 0 <= minute <= 59:
        return None
    last = 29 if month == 2 and (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)) else _MONTH_DAYS[month - 1]
    if not 1 <= day <= last or not 0 <= second <= 60:
        return None
    rest = text[19:]
    micros = 0
    if rest[0] == ".":
        end = 1
        while end < len(rest) and rest[end] in "0123456789":
            end += 1
        if end == 1:
            return None
        micros = int(rest[1:end][:6].ljust(6, "0"))
        rest = rest[end:]
    if rest in ("Z", "z"):
        offset = 0
    elif len(rest) == 6 and rest[0] in "+-" and rest[3] == ":":
        hours, minutes = _digits(rest[1:3]), _digits(rest[4:6])
        if not 0 <= hours <= 23 or not 0 <= minutes <= 59:
            return None
        offset = (hours * 60 + minutes) * (-1 if rest[0] == "-" else 1)
    else:
        return None
    if second == 60 and (hour * 60 + minute - offset) % 1440 != 1439:
        return None
    seconds = _days_from_civil(year, month, day) * 86400 + hour * 3600 + (minute - offset) * 60 + second
    return seconds * SECOND + micros


def render(micros: int) -> str:
    """Return the instant as RFC 3339 in UTC with six digits of fraction.

    >>> render(1500000)
    '1970-01-01T00:00:01.500000Z'
    """
    seconds, fraction = divmod(micros, SECOND)
    days, second = divmod(seconds, 86400)
    year, month, day = _civil_from_days(days)
    clock = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    return f"{year:04d}-{month:02d}-{day:02d}T{clock}.{fraction:06d}Z"


_last: tuple[int, str] = (-1, "")  # the second rendered last: a busy writer asks for it again and again


def now() -> str:
    """Return the wall clock as RFC 3339 in UTC with microseconds."""
    global _last
    seconds, nanos = divmod(time.time_ns(), 1_000_000_000)
    second, prefix = _last
    if second != seconds:
        prefix = render(seconds * SECOND)[:20]
        _last = (seconds, prefix)
    return f"{prefix}{nanos // 1000:06d}Z"


def since(began: int) -> float:
    """Return how long something took, for `action.latency_ms`: milliseconds since `began`, of `time.monotonic_ns`."""
    return round((time.monotonic_ns() - began) / 1e6, 3)


def duration(text: str) -> int | None:
    """Return the microseconds that `90s`, `15m`, `3h`, `2d`, `1w` or a sum such as `1d12h` name, or None.

    >>> duration("1m30s") == 90 * SECOND
    True
    """
    total = 0
    number = ""
    for char in text:
        if char in "0123456789" and len(number) < _DIGITS:
            number += char
        elif char in _UNITS and number:
            total += int(number) * _UNITS[char]
            number = ""
        else:
            return None
    return total if text and not number else None


def moment(text: str, now_micros: int | None = None) -> int | None:
    """Return the instant that a user means, or None.

    Args:
        text:
            An RFC 3339 time, also without its seconds; a date or a time without offset (read as UTC); `today`
            and `yesterday` (their first moment in UTC); `14:00` (today, UTC); `now`; `-3h` or `3h` (so long
            ago); epoch seconds as `@1780324991.218`.
        now_micros:
            The instant that relative times count from, microseconds since the epoch.

    >>> moment("1970-01-02") == DAY
    True
    >>> moment("-1h", now_micros=HOUR)
    0
    """
    if now_micros is None:
        now_micros = time.time_ns() // 1000
    text = text.strip()
    if text == "now":
        return now_micros
    ago = duration(text.removeprefix("-"))
    if ago is not None:
        return now_micros - ago
    if text.startswith("@"):
        return epoch(text[1:])
    if text in ("today", "yesterday"):
        return now_micros // DAY * DAY - (DAY if text == "yesterday" else 0)
    if len(text) == 10:
        return parse(f"{text}T00:00:00Z")
    if len(text) in (5, 8) and text[2] == ":":
        text = f"{render(now_micros)[:10]}T{text}"
    if len(text) >= 16 and text[10] == " ":
        text = f"{text[:10]}T{text[11:]}"
    if len(text) == 16 or text[16:17] in tuple("Zz+-"):
        text = f"{text[:16]}:00{text[16:]}"
    return parse(text) if parse(text) is not None else parse(f"{text}Z")


def epoch(value: object) -> int | None:
    """Return the instant of `value`, seconds since the epoch (number or digits), or None.

    >>> epoch(1780324991.218)
    1780324991218000
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    if not -62135596800 <= seconds < 253402300800:  # years 1 to 9999; refuses NaN and infinity too
        return None
    return round(seconds * SECOND)
