"""The nouns of the importers: what they are given (File, Unit), what they give (Draft), and how ids are made."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from auditlog_cli import times

Content = dict[str, Any]

_HEX = frozenset("0123456789abcdef")


class File:
    """The file that is read.

    Attributes:
        name: Its base name.
        digest: SHA-256 of its (unpacked) bytes, hex; what stands for a trace where the source names none.
        zone: Minutes east of UTC for local times without a zone; None: they are no times.
        everything: Keep structural units, too, as records of type `span`.
        beside: What a small file beside it says of it (`agent-1.meta.json` of `agent-1.jsonl`).
    """

    __slots__ = ("beside", "digest", "everything", "name", "zone")

    def __init__(
        self,
        name: str,
        digest: str = "",
        zone: int | None = None,
        *,
        everything: bool = False,
        beside: Content | None = None,
    ) -> None:
        self.beside = beside or {}
        self.name = name
        self.digest = digest
        self.zone = zone
        self.everything = everything


class Unit:
    """One unit of a source: a span, a run, a line of a transcript.

    Attributes:
        content: Its JSON object.
        number: The line, or the place in the document, counted from 1.
        offset: Where the line or document begins: bytes from the start of the (unpacked) file.
        place: Which unit of its line or document it is, from 0.
    """

    __slots__ = ("content", "number", "offset", "place")

    def __init__(self, content: Content, number: int = 1, offset: int = 0, place: int = 0) -> None:
        self.content = content
        self.number = number
        self.offset = offset
        self.place = place


class Draft:
    """A record as far as the source has it.

    Attributes:
        content: Under the names of `auditlog.record/1`.
        id: The unit's own id, or empty: then its place in the file stands for it.
        parent: The own id of its parent as the source says it, or empty.
        rest: What of the unit has no place in the record.
        derived: Members of the envelope that the source does not have.
        whole: The content was a record of ours: each member stays as and where it is, null too.
    """

    __slots__ = ("content", "derived", "id", "parent", "rest", "whole")

    def __init__(
        self, content: Content, id: str = "", parent: str = "", rest: Content | None = None  # noqa: A002
    ) -> None:  # fmt: skip
        self.content = content
        self.id = id
        self.parent = parent
        self.rest = rest or {}
        self.derived: list[str] = []
        self.whole = False


def trace_id(family: str, native: object) -> str:
    """Return the trace id, 32 hex digits, that stands for one of a source (frameworks.md, 9.2).

    >>> trace_id("x", "0AF7651916CD43DD8448EB211C80319C"), trace_id("x", "0f8fad5b-d9cb-469f-a165-70867728950e")
    ('0af7651916cd43dd8448eb211c80319c', '0f8fad5bd9cb469fa16570867728950e')
    >>> len(trace_id("x", "run-1"))
    32
    """
    return _id(family, native, 32)


def span_id(family: str, native: object) -> str:
    """Return the span id, 16 hex digits, that stands for one of a source; empty for none.

    >>> span_id("x", "0xB7AD6B7169203331"), span_id("x", "0000000000000000"), span_id("x", "run-1") == ""
    ('b7ad6b7169203331', '', False)
    """
    return _id(family, native, 16)


def _id(family: str, native: object, length: int) -> str:
    text = native if isinstance(native, str) else "" if native is None else str(native)
    lower = text.strip().lower().removeprefix("0x")
    if lower.startswith("trace_"):
        lower = lower.removeprefix("trace_")
    if not lower.strip("0-"):
        return ""
    if len(lower) == 36:
        lower = lower.replace("-", "")
    if len(lower) == length and _HEX.issuperset(lower):
        return lower
    if len(text) == (24 if length == 32 else 12) and text.endswith("="):
        from binascii import Error, a2b_base64

        try:
            found = a2b_base64(text.encode("ascii", "replace"), strict_mode=True).hex()
            if len(found) == length:
                return found if found.strip("0") else ""
        except Error:
            pass
    return sha256(f"{family}\0{text}".encode()).hexdigest()[:length]


def unpacked(value: object) -> object:
    """Return what a text of JSON holds, if it is an object or an array; anything else as it is.

    >>> unpacked('{"a": 1}'), unpacked("12"), unpacked("{no")
    ({'a': 1}, '12', '{no')
    """
    if not isinstance(value, str) or value.strip()[:1] not in ("{", "["):
        return value
    try:
        found = json.loads(value, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return value
    return found if isinstance(found, (dict, list)) else value


def _refuse(name: str) -> object:
    raise ValueError(name)


def arguments(value: object) -> Content | None:
    """Return the arguments of a tool as an object; a text that is none stands under `input`."""
    found = unpacked(value)
    if found is None:
        return None
    return found if isinstance(found, dict) else {"input": found}


def text(value: object) -> str:
    """Return a text; a number in digits; anything else empty."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


def spoken(value: object) -> str | None:
    """Return a prompt or an answer as one text: a text as it is, anything else as JSON; None for nothing."""
    if value is None or value in ("", [], {}):
        return None
    return (
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    )


def instant(value: object, zone: int | None = None) -> int | None:
    """Return microseconds since the epoch: of RFC 3339, of `2026-06-01 12:00:00` with a zone, or of a number.

    Args:
        value: A text, or a count of s, ms, µs or ns since the epoch (told apart by size).
        zone: Minutes east of UTC for a text without a zone; None: such a text is no time.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str) and value.isdigit() and value.isascii() and len(value) < 25:
        value = int(value)
    if isinstance(value, (int, float)):
        if not 0 < value < 1e19:
            return None
        for limit, factor in ((1e11, 1_000_000), (1e14, 1_000), (1e17, 1)):
            if value < limit:
                found = int(value * factor)
                return found if found < _YEAR_10000 else None
        return int(value) // 1000
    if not isinstance(value, str):
        return None
    shaped = value.strip().replace(" ", "T", 1)
    found_text = times.parse(shaped)
    if found_text is None and zone is not None:
        sign, size = "-" if zone < 0 else "+", abs(zone)
        return times.parse(f"{shaped}{sign}{size // 60:02d}:{size % 60:02d}")
    return found_text


_YEAR_10000 = 253_402_300_800_000_000


def moment(value: object, zone: int | None = None) -> str | None:
    """Return a time of a source as a record has it, or None."""
    found = instant(value, zone)
    return None if found is None else times.render(found)


def without(content: Content, *taken: str) -> Content:
    """Return the members that nobody took."""
    return {name: value for name, value in content.items() if name not in taken}
