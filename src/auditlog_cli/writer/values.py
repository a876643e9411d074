"""What JSON cannot hold, turned into what it can, by rule: a record is never dropped for its content.

    NaN, Infinity            {"not_json": "float", "text": "NaN"}
    lone surrogates          {"not_json": "string", "text": "…\\ud800…"}
    bytes                    {"not_json": "bytes", "text": <base64>}
    any other object         {"not_json": "object", "text": <the type's name>}, never its repr
    a cycle, or nesting      the same, with the type's name of what would come next
    deeper than 200
    integers, Decimals       written in full, whatever their size
    datetime with offset     RFC 3339 in UTC; without: ISO 8601 as it stands; timedelta: seconds
    Enum, UUID, Path         the value, the text, the path
    dataclass, pydantic,     their fields
    attrs, namedtuple
    set, tuple, deque, …     a list
    numpy scalars, arrays    what their `tolist()` gives

A member name that is no text becomes its JSON form (`1`, `true`, `null`). A reserved name (integrity.md,
2.2) gets `x_` in front until it is free.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from os import PathLike, fspath
from uuid import UUID

import orjson

RESERVED = frozenset(("_salts", "_redacted", "_leaf"))
"""Names that the format keeps for itself at any depth."""
RESERVED_AT_TOP = frozenset(("seq", "prev", "auditlog"))

_MAX_DEPTH = 200  # orjson writes 254 levels, and a line has a few around the value


class Plain:
    """A record made of JSON values only.

    Attributes:
        record: The record.
        renamed: JSON pointers of members whose name was reserved, as they are called now.
        replaced: JSON pointers of values that JSON cannot hold.
    """

    def __init__(self, record: Mapping[str, object]) -> None:
        self.renamed: list[str] = []
        self.replaced: list[str] = []
        self._inside: set[int] = set()
        made = self._members(record, "", 0, RESERVED | RESERVED_AT_TOP)
        self.record: dict[str, object] = made

    def _members(
        self,
        members: Mapping[object, object] | Mapping[str, object],
        at: str,
        depth: int,
        reserved: frozenset[str],
    ) -> dict[str, object]:
        out: dict[str, object] = {}
        taken = {_name(name) for name in members} if reserved else set()
        for name, value in members.items():
            key = wanted = _name(name)
            while key in reserved or (key in out) or (key != wanted and key in taken):
                key = f"x_{key}"
            pointer = f"{at}/{key.replace('~', '~0').replace('/', '~1')}"
            if key != wanted:
                self.renamed.append(pointer)
            out[key] = self._value(value, pointer, depth + 1)
        return out

    def _value(self, value: object, at: str, depth: int) -> object:
        if value is None or value is True or value is False:
            return value
        kind = type(value)
        if kind is str:
            return self._text(value, at)  # type: ignore[arg-type]
        if kind is int:
            return _integer(value)  # type: ignore[arg-type]
        if kind is float:
            return value if value - value == 0 else self._not_json("float", _float_name(value), at)  # type: ignore[operator,arg-type]
        if id(value) in self._inside or depth > _MAX_DEPTH:
            return self._not_json("object", kind.__qualname__, at)
        self._inside.add(id(value))
        try:
            return self._container(value, at, depth)
        finally:
            self._inside.discard(id(value))

    def _container(self, value: object, at: str, depth: int) -> object:
        if isinstance(value, Mapping):
            return self._members(value, at, depth, RESERVED)
        names = getattr(value, "_fields", None)
        if isinstance(value, tuple) and isinstance(names, tuple):
            return self._members(dict(zip(names, value, strict=False)), at, depth, RESERVED)
        if isinstance(value, (bytes, bytearray, memoryview)):
            return self._not_json("bytes", b64encode(bytes(value)).decode(), at)
        if isinstance(value, str):
            return self._text(str.__str__(value) if not isinstance(value, Enum) else str(value.value), at)
        if isinstance(value, (Sequence, Set)) or type(value).__name__ == "deque":
            items: list[object] = sorted(value, key=repr) if isinstance(value, Set) else list(value)  # type: ignore[call-overload]
            return [self._value(item, f"{at}/{place}", depth + 1) for place, item in enumerate(items)]
        return self._single(value, at, depth)

    def _single(self, value: object, at: str, depth: int) -> object:
        if isinstance(value, Enum):
            return self._value(value.value, at, depth)
        if isinstance(value, bool | int):
            return _integer(int(value))
        if isinstance(value, float):
            return self._value(float(value), at, depth)
        if isinstance(value, Decimal):
            if value.is_finite():
                return orjson.Fragment(str(value).encode())
            return self._not_json("float", _float_name(float(value)), at)
        if isinstance(value, datetime):
            if value.tzinfo is None:
                return value.isoformat()
            return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        if isinstance(value, (date, time)):
            return value.isoformat()
        if isinstance(value, timedelta):
            return value.total_seconds()
        if isinstance(value, UUID):
            return str(value)
        if isinstance(value, PathLike):
            return self._value(fspath(value), at, depth)
        members = _fields(value)
        if members is not None:
            return self._members(members, at, depth, RESERVED)
        to_list = getattr(value, "tolist", None)
        if callable(to_list) and type(value).__module__.partition(".")[0] == "numpy":
            return self._value(to_list(), at, depth)
        return self._not_json("object", type(value).__qualname__, at)

    def _text(self, value: str, at: str) -> object:
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return self._not_json("string", value.encode("utf-8", "backslashreplace").decode(), at)
        return value

    def _not_json(self, kind: str, text: str, at: str) -> dict[str, object]:
        self.replaced.append(at)
        return {"not_json": kind, "text": text}


def _fields(value: object) -> Mapping[str, object] | None:
    """The fields of a dataclass, a pydantic model or an attrs class; None for anything else."""
    if isinstance(value, type):
        return None
    if is_dataclass(value):
        return {field.name: getattr(value, field.name, None) for field in fields(value)}
    if hasattr(value, "__pydantic_fields__") or hasattr(type(value), "model_fields"):
        dumped = value.model_dump()  # type: ignore[attr-defined]
        return dumped if isinstance(dumped, Mapping) else {"root": dumped}
    attributes = getattr(type(value), "__attrs_attrs__", None)
    if attributes is not None:
        return {field.name: getattr(value, field.name, None) for field in attributes}
    return None


def _name(name: object) -> str:
    if isinstance(name, Enum):
        name = name.value
    if isinstance(name, str):
        return name if name.isascii() else name.encode("utf-8", "backslashreplace").decode()
    if name is None:
        return "null"
    if isinstance(name, bool):
        return "true" if name else "false"
    if isinstance(name, (int, float, UUID, Decimal)):
        return str(name)
    if isinstance(name, (datetime, date)):
        return name.isoformat()
    return type(name).__qualname__


def _integer(value: int) -> object:
    if -(2**63) <= value < 2**64:
        return value
    # orjson refuses these, and `str` refuses more than 4,300 digits; a Decimal holds and writes them all.
    return orjson.Fragment(format(Decimal(value), "f").encode())


def _float_name(value: float) -> str:
    if value != value:
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"
