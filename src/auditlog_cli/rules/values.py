"""What a rule reads in a record: a value at a path, words that mean the same, times (compliance.md, 2.1, 2.2)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from auditlog_cli import times
from auditlog_cli.fields import MISSING, is_hole, is_missing
from auditlog_cli.matching import BELOW_A_HOLE, found

UNKNOWN: Final = BELOW_A_HOLE
"""The value of what nobody can know, for its input was withheld."""

SYNONYMS: Final[dict[str, dict[str, str]]] = {
    "action.type": {"tool_call": "tool_invocation", "tool_use": "tool_invocation"},
    "data.basis": {"consent": "6(1)(a)"},
}
"""Path → word → the word that it is read as, in records and in rules alike (2.1)."""

PRESENT: Final = "present"
"""What is read at `path?` where something stands. A text, for `True` would be the same key as `1`."""


def value(content: object, path: str) -> Any:
    """Return what stands at `path`, its synonyms replaced; MISSING, or UNKNOWN below a hole.

    With a `?` at the end: PRESENT if something stands there, MISSING if not, UNKNOWN if it was withheld.
    """
    if path.endswith("?"):
        return presence(value(content, path[:-1]))
    there = found(content, path)
    words = SYNONYMS.get(path)
    return there if words is None else spoken(there, words)


def presence(there: object) -> Any:
    """Return PRESENT for a value that says something, MISSING for one that does not, UNKNOWN for a hole."""
    if is_hole(there):
        return UNKNOWN
    return MISSING if is_missing(there) else PRESENT


def spoken(there: Any, words: dict[str, str]) -> Any:
    """Return `there` with its synonyms replaced."""
    if isinstance(there, str):
        return words.get(there.casefold(), there)
    if isinstance(there, list):
        return [words.get(each.casefold(), each) if isinstance(each, str) else each for each in there]
    return there


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_moments: dict[str, int | None] = {}
_minutes: dict[str, int] = {}
_KEPT = 4096
_SECONDS: Final = {f"{second:02d}{end}": second * 1_000_000 for second in range(60) for end in "Z."}
_FRACTION: Final = {20: 0, 24: 1000, 27: 1}
"""Length of the text → what the digits behind the dot count, in microseconds."""


def moment(text: Any) -> int | None:
    """Return the instant of an RFC 3339 time in microseconds since the epoch, or None.

    The same as `times.parse`. A log has few minutes and many times: where the text has a shape that our writer gives
    it, the minute is remembered and the seconds are counted (bench/rules.py: a tenth of the time).
    """
    if text.__class__ is not str:
        return None
    unit = _FRACTION.get(len(text))
    if unit is None:
        return _slowly(text)
    seconds = _SECONDS.get(text[17:20])
    minute = _minutes.get(text[:17])
    if seconds is None or minute is None:
        return _slowly(text)
    if not unit:
        return minute + seconds if text[19] == "Z" else _slowly(text)
    digits = text[20:-1]
    if text[19] == "." and text[-1] == "Z" and digits.isascii() and digits.isdigit():
        return minute + seconds + unit * int(digits)
    return _slowly(text)


def _slowly(text: str) -> int | None:
    known = _moments.get(text, False)
    if known is not False:
        return known
    micros = _fast(text)
    if micros is None:
        micros = times.parse(text)
    else:
        if len(_minutes) >= _KEPT:
            _minutes.clear()
        _minutes[text[:17]] = micros - micros % 60_000_000
    if len(_moments) >= _KEPT:
        _moments.clear()
    if len(text) <= 64:
        _moments[text] = micros
    return micros


def _fast(text: str) -> int | None:
    """The instant of `YYYY-MM-DDThh:mm:ss[.fff[fff]]Z`, or None if it has to be looked at more closely."""
    if len(text) not in _FRACTION or not text.isascii():
        return None
    shape = text[4] + text[7] + text[10] + text[13] + text[16] + text[-1]
    if shape != "--T::Z" or (len(text) > 20 and text[19] != ".") or text[11:13] == "24":
        return None
    try:
        distance = datetime.fromisoformat(text) - _EPOCH
    except ValueError:
        return None
    return (distance.days * 86400 + distance.seconds) * 1_000_000 + distance.microseconds


def elements(there: object) -> list[Any]:
    """Return the values at one place, one by one: the elements of a list, or the value; nothing for what is not said.

    Withheld values are left out: they cannot be compared.
    """
    if isinstance(there, list):
        return [each for each in there if not is_hole(each) and not is_missing(each)]
    return [] if is_hole(there) or is_missing(there) else [there]


def identity(there: object) -> object:
    """Return something hashable that is equal for equal JSON values only (`1` is not `true`)."""
    if there.__class__ is str:
        return there
    if isinstance(there, bool):
        return ("bool", there)
    if isinstance(there, (int, float, Decimal)):
        return ("number", there)
    from json import dumps

    return ("json", dumps(there, sort_keys=True, ensure_ascii=False, default=_huge))


def _huge(number: object) -> object:
    """An integer of thousands of digits (strictjson.py), not to be taken for the text of its digits."""
    return ["integer", str(number)]


def identities(there: object) -> tuple[object, ...]:
    """Return the identity of each of the values at one place, each once."""
    if there.__class__ is str:
        return () if is_missing(there) else (there,)
    if there is MISSING:
        return ()
    return tuple(dict.fromkeys(identity(each) for each in elements(there)))
