"""What JSON cannot hold, turned into what it can, by rule: a record is never dropped for its content.

    NaN, Infinity            {"not_json": "float", "text": "NaN"}
    lone surrogates          {"not_json": "string", "text": "…\\ud800…"}
    bytes                    {"not_json": "bytes", "text": <base64>}
    any other object         {"not_json": "object", "text": <the type's name>}, never its repr
    a cycle, nesting deeper  the same, with the type's name of what would come next
    than 200, an object
    that raises when read
    integers, Decimals       written in full, whatever their size; a Decimal beyond the range of a double
                             {"not_json": "float", "text": "1E+400"}
    datetime with offset     RFC 3339 in UTC; without: ISO 8601 as it stands; timedelta: seconds
    Enum, UUID, Path         the value, the text, the path
    dataclass, pydantic,     their fields
    attrs, namedtuple
    set, tuple, deque, …     a list (sets sorted by what is written)
    numpy scalars, arrays    what their `tolist()` gives

A member name that is no text becomes its JSON form (`1`, `true`, `null`). A reserved name (integrity.md,
2.2) gets `x_` in front until it is free; so does a name that is taken already.
"""

from __future__ import annotations

from base64 import b64encode
from collections import deque
from collections.abc import Iterable, Mapping, Sequence, Set
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
_AS_THEY_ARE = frozenset((str, int, bool, type(None)))
_NO_LISTS = (str, bytes, bytearray, memoryview, range)


def is_plain(record: dict[str, object]) -> bool:
    """Tell whether `record` is made of JSON values only, with no reserved name, so that `Plain` would change
    nothing. What orjson refuses by itself (lone surrogates, integers beyond 64 bits) is not looked at.
    """
    if not RESERVED_AT_TOP.isdisjoint(record):
        return False
    stack: list[object] = [record]
    while stack:
        holder = stack.pop()
        if type(holder) is dict:
            for name in holder:
                if type(name) is not str or name in RESERVED:
                    return False
            items: Iterable[object] = holder.values()
        else:
            items = holder  # type: ignore[assignment]
        for item in items:
            kind = type(item)
            if kind is dict or kind is list:
                stack.append(item)
            elif kind is float:
                if item - item != 0:  # type: ignore[operator]
                    return False
            elif kind not in _AS_THEY_ARE:
                return False
    return True


class Plain:
    """A record made of JSON values only.

    Args:
        record: Anything that maps names to values.
        numbers_as_they_are:
            Leave integers and Decimals of any size as they are, for a caller that wants to look at them;
            otherwise they become what orjson can write.

    Attributes:
        record: The record.
        renamed: JSON pointers of members whose name was reserved, as they are called now.
        replaced: JSON pointers of values that JSON cannot hold.
    """

    def __init__(self, record: Mapping[str, object], *, numbers_as_they_are: bool = False) -> None:
        self.renamed: list[str] = []
        self.replaced: list[str] = []
        self._inside: set[int] = set()
        self._raw_numbers = numbers_as_they_are
        self.record: dict[str, object] = self._members(record, "", 0, RESERVED | RESERVED_AT_TOP)

    def _members(
        self, members: Mapping[str, object], at: str, depth: int, reserved: frozenset[str] = RESERVED
    ) -> dict[str, object]:
        out: dict[str, object] = {}
        named = [(_name(name), value) for name, value in members.items()]
        taken = {name for name, _ in named}
        for wanted, value in named:
            key = wanted
            while key in reserved or key in out or (key != wanted and key in taken):
                key = f"x_{key}"
            pointer = f"{at}/{key.replace('~', '~0').replace('/', '~1')}"
            if key != wanted:
                self.renamed.append(pointer)
            out[key] = self._value(value, pointer, depth + 1)
        return out

    def _value(self, value: object, at: str, depth: int) -> object:
        kind = type(value)
        if value is None or kind is bool:
            return value
        if kind is str:
            return self._text(value, at)  # type: ignore[arg-type]
        if kind is int:
            return self._integer(value)  # type: ignore[arg-type]
        if kind is float:
            return self._float(value, at)  # type: ignore[arg-type]
        if id(value) in self._inside or depth > _MAX_DEPTH:
            return self._not_json("object", _type_name(value), at)
        renamed, replaced = len(self.renamed), len(self.replaced)
        self._inside.add(id(value))
        try:
            return self._object(value, at, depth)
        except Exception:
            # What an object does when it is looked at (or how deep this thread already is) must not keep
            # the record out of the log.
            del self.renamed[renamed:], self.replaced[replaced:]
            return self._not_json("object", _type_name(value), at)
        finally:
            self._inside.discard(id(value))

    def _object(self, value: object, at: str, depth: int) -> object:
        if isinstance(value, Mapping):
            return self._members(value, at, depth)
        if isinstance(value, (bytes, bytearray, memoryview)):
            return self._not_json("bytes", b64encode(bytes(value)).decode(), at)
        if isinstance(value, Enum):
            return self._value(value.value, at, depth)
        if isinstance(value, str):
            return self._text(str.__str__(value), at)
        if isinstance(value, tuple) and isinstance(getattr(value, "_fields", None), tuple):
            return self._members(dict(zip(value._fields, value, strict=False)), at, depth)  # type: ignore[attr-defined]
        if isinstance(value, Set):
            value = sorted(value, key=self._order)
        if isinstance(value, (Sequence, deque)) and not isinstance(value, _NO_LISTS):
            return [self._value(item, f"{at}/{place}", depth + 1) for place, item in enumerate(value)]
        return self._single(value, at, depth)

    def _order(self, item: object) -> bytes:
        """What an element of a set is sorted by: what would be written for it."""
        renamed, replaced = len(self.renamed), len(self.replaced)
        try:
            return orjson.dumps(self._value(item, "", 1))
        except TypeError:  # a number that orjson cannot write
            return b""
        finally:
            del self.renamed[renamed:], self.replaced[replaced:]

    def _single(self, value: object, at: str, depth: int) -> object:
        if isinstance(value, int):
            return self._integer(int(value))
        if isinstance(value, float):
            return self._float(float(value), at)
        if isinstance(value, Decimal):
            return self._decimal(value, at)
        if isinstance(value, datetime):
            if value.utcoffset() is None:
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
            return self._members(members, at, depth)
        if type(value).__module__.partition(".")[0] == "numpy":
            return self._value(value.tolist(), at, depth)  # type: ignore[attr-defined]
        return self._not_json("object", _type_name(value), at)

    def _text(self, value: str, at: str) -> object:
        if value.isascii():
            return value
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return self._not_json("string", value.encode("utf-8", "backslashreplace").decode(), at)
        return value

    def _integer(self, value: int) -> object:
        if self._raw_numbers or -(2**63) <= value < 2**64:
            return value
        # orjson refuses these, and `str` refuses more than 4,300 digits; a Decimal holds and writes them all.
        return orjson.Fragment(format(Decimal(value), "f").encode())

    def _float(self, value: float, at: str) -> object:
        return value if value - value == 0 else self._not_json("float", _float_name(value), at)

    def _decimal(self, value: Decimal, at: str) -> object:
        if value.is_nan() or value.is_infinite():
            return self._not_json("float", str(value), at)
        if float(value) - float(value) != 0:  # JSON could, but no reader's double can hold it
            return self._not_json("float", str(value), at)
        return value if self._raw_numbers else orjson.Fragment(str(value).encode())

    def _not_json(self, kind: str, text: str, at: str) -> dict[str, object]:
        self.replaced.append(at)
        return {"not_json": kind, "text": text}


def _fields(value: object) -> Mapping[str, object] | None:
    """The fields of a dataclass, a pydantic model or an attrs class; None for anything else."""
    kind = type(value)
    if isinstance(value, type):
        return None
    if is_dataclass(value):
        return {field.name: getattr(value, field.name, None) for field in fields(value)}
    if hasattr(kind, "__pydantic_fields__") or hasattr(kind, "model_fields"):
        dumped = value.model_dump()  # type: ignore[attr-defined]
        return dumped if isinstance(dumped, Mapping) else {"root": dumped}
    attributes = getattr(kind, "__attrs_attrs__", None)
    if attributes is not None:
        return {field.name: getattr(value, field.name, None) for field in attributes}
    return None


def _type_name(value: object) -> str:
    name = type(value).__qualname__
    return name.encode("utf-8", "backslashreplace").decode()


def _name(name: object) -> str:
    if isinstance(name, Enum):
        name = name.value
    if isinstance(name, str):
        return name if name.isascii() else name.encode("utf-8", "backslashreplace").decode()
    if name is None:
        return "null"
    if isinstance(name, bool):
        return "true" if name else "false"
    try:
        if isinstance(name, bytes):
            return name.decode("utf-8", "backslashreplace")
        if isinstance(name, (int, float, UUID, Decimal)):
            return str(name)
        if isinstance(name, (datetime, date)):
            return name.isoformat()
    except Exception:  # noqa: S110 - a name that cannot be told is told by its type
        pass
    return _type_name(name)


def _float_name(value: float) -> str:
    if value != value:
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"
