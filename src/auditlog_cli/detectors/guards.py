"""What a candidate is not: times, counters, runs, templates, masks (compliance.md, 4.1)."""

from __future__ import annotations

import re

from auditlog_cli.detectors import context

_ORDINARY = frozenset(
    [
        "id",
        "ids",
        "ms",
        "at",
        "ts",
        "port",
        "size",
        "count",
        "bytes",
        "offset",
        "version",
        "build",
        "seq",
        "hash",
        "etag",
        "trace",
        "span",
        "nonce",
        "cursor",
        "sha",
    ]
)
_MASK = re.compile(r"\*{4}|[Xx]{6}")
_UP = "01234567890123456789012"
_DOWN = _UP[::-1]


def ordinary_key(key: str) -> bool:
    """Tell whether a member of this name holds an id, a size, a time or a digest.

    >>> ordinary_key("order_id"), ordinary_key("sha256"), ordinary_key("card")
    (True, True, False)
    """
    words = context.split(key)
    return bool(words) and words[-1] in _ORDINARY


def is_time(digits: str) -> bool:
    """Tell whether bare digits are a time: epoch in ms, µs or ns, or `YYYYMMDDhhmmss`.

    >>> is_time("1748503543012"), is_time("20261121093000"), is_time("4111111111111111")
    (True, True, False)
    """
    length = len(digits)
    if length == 13:
        return digits[0] == "1"
    if length in (16, 19):
        return digits[0] == "1"
    if length == 14:
        year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:8])
        hour, minute, second = int(digits[8:10]), int(digits[10:12]), int(digits[12:])
        if 1900 <= year < 2100 and 1 <= month <= 12 and 1 <= day <= 31:
            return hour < 24 and minute < 60 and second < 61
    return False


def is_run(digits: str) -> bool:
    """Tell whether the digits are all equal, or count straight up or down.

    >>> is_run("111111111"), is_run("123456789"), is_run("987654321"), is_run("111222333")
    (True, True, True, False)
    """
    return digits in _UP or digits in _DOWN or len(set(digits)) == 1


_GROUP_BEFORE = re.compile(r"[0-9A-Z]{4}[ \-]\Z", re.ASCII)
_GROUP_AFTER = re.compile(r"[ \-][0-9A-Z]{4}(?![0-9A-Za-z])", re.ASCII)
_COUNTRY_BEFORE = re.compile(r"(?<![0-9A-Za-z])[A-Z]{2}\d{2}(?:[ \-][0-9A-Z]{4}){0,4}[ \-]\Z", re.ASCII)


def inside_groups(text: str, start: int, end: int) -> bool:
    """Tell whether groups of four go on before or after the stretch: it is cut out of something longer."""
    return bool(_GROUP_BEFORE.search(text, max(start - 5, 0), start) or _GROUP_AFTER.match(text, end))


def inside_account(text: str, start: int) -> bool:
    """Tell whether the stretch follows the head of an IBAN (`ES11 …`), right or wrong."""
    return _COUNTRY_BEFORE.search(text, max(start - 30, 0), start) is not None


def is_template(text: str, start: int, end: int) -> bool:
    """Tell whether the stretch is inside `{{x}}`, `${X}`, `<X>` or `%X%`, or is a mask."""
    before, after = text[max(start - 2, 0) : start], text[end : end + 2]
    if (before.endswith(("{{", "${", "<")) and after.startswith(("}", ">"))) or (
        before.endswith("%") and after.startswith("%")
    ):
        return True
    return _MASK.search(text, start, end) is not None
