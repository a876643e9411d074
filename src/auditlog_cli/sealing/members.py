"""Where every member of one line stands, to the byte. The slow, exact way; for lines that hold something unusual."""

from __future__ import annotations

import re
from typing import NamedTuple

from auditlog_cli import pointers

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_SCALAR = re.compile(rb"[^,\]}\s]+")
_BLANKS = re.compile(rb"[ \t\n\r]*")
_OBJECT, _ARRAY = b"{["


class Member(NamedTuple):
    """A member of some object in the line.

    Attributes:
        name: Unescaped.
        pointer: JSON pointer (RFC 6901) of its value.
        start, end: Bytes from the start of the line to its value, and behind it.
        depth: 1 for a member of the record itself.
    """

    name: str
    pointer: str
    start: int
    end: int
    depth: int


class _Open:
    """An object or array whose end has not come yet."""

    __slots__ = ("count", "is_object", "name", "pointer", "start")

    def __init__(self, start: int, pointer: str, name: str | None, is_object: bool) -> None:
        self.start = start
        self.pointer = pointer
        self.name = name
        self.is_object = is_object
        self.count = 0


def members(raw: bytes) -> list[Member]:
    """Return all members of all objects in `raw`, in the order in which their values end.

    Args:
        raw: One strict JSON object (`strictjson.exact` took it): nothing is checked again.
    """
    found: list[Member] = []
    nest: list[_Open] = []
    at = _past(raw, 0)
    name: str | None = None
    pointer = ""
    while True:
        kind = raw[at]
        if kind in (_OBJECT, _ARRAY):
            nest.append(_Open(at, pointer, name, kind == _OBJECT))
            at = _past(raw, at + 1)
        else:
            end = _end_of_scalar(raw, at)
            _note(found, name, pointer, at, end, len(nest))
            at = _past(raw, end)
        while raw[at] in b"]}":
            done = nest.pop()
            _note(found, done.name, done.pointer, done.start, at + 1, len(nest))
            if not nest:
                return found
            at = _past(raw, at + 1)
        if raw[at] == 0x2C:  # a comma
            at = _past(raw, at + 1)
        inside = nest[-1]
        if inside.is_object:
            end = _end_of_scalar(raw, at)
            name = _text(raw[at:end])
            step = pointers.escaped(name)
            at = _past(raw, _past(raw, end) + 1)  # behind the colon
        else:
            name = None
            step = str(inside.count)
            inside.count += 1
        pointer = f"{inside.pointer}/{step}"


def _note(found: list[Member], name: str | None, pointer: str, start: int, end: int, depth: int) -> None:
    if name is not None:
        found.append(Member(name, pointer, start, end, depth))


def _past(raw: bytes, at: int) -> int:
    match = _BLANKS.match(raw, at)
    return match.end() if match else at


def _end_of_scalar(raw: bytes, at: int) -> int:
    match = (_STRING if raw[at] == 0x22 else _SCALAR).match(raw, at)
    return match.end() if match else at + 1


def _text(token: bytes) -> str:
    if b"\\" not in token:
        return token[1:-1].decode()
    from json import loads

    return str(loads(token))
