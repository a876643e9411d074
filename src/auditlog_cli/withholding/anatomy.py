"""One sealed line taken apart: which field each redactable value is (integrity.md, 2.2 and 2.5). No I/O."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from auditlog_cli import strictjson
from auditlog_cli.fields import is_hole
from auditlog_cli.pointers import escaped
from auditlog_cli.sealing import hashes
from auditlog_cli.sealing.line import Unsealed, closing, skeleton_of, trailer, unseal

_TOMBSTONE = b',"_leaf":"'


class Value(NamedTuple):
    """One redactable value that is still readable."""

    field: str  # JSON pointer
    salt: bytes
    offset: int
    length: int


class Anatomy:
    """A sealed line taken apart.

    Attributes:
        raw: The line without its LF.
        seq: Its number.
        cut: Where its trailer begins.
        values: Its redactable values, in order.
        plain: Its content, with a mark in the place of each redactable value: what cannot be withheld
            but with the whole record, and the holes.
        bare: The same as bytes.
        holes: JSON pointers of what has been withheld.
    """

    __slots__ = ("_content", "bare", "cut", "holes", "plain", "raw", "seq", "values")

    def __init__(
        self,
        raw: bytes,
        seq: int,
        cut: int,
        values: list[Value],
        plain: dict[str, object],
        bare: bytes,
        holes: list[str],
    ) -> None:
        self.raw = raw
        self.seq = seq
        self.cut = cut
        self.values = values
        self.plain = plain
        self.bare = bare
        self.holes = holes
        self._content: dict[str, object] | None = None

    @property
    def own(self) -> dict[str, object] | None:
        """The `auditlog` member, if this is a record of the log about itself."""
        own = self.plain.get("auditlog")
        return own if isinstance(own, dict) else None

    @property
    def content(self) -> dict[str, object]:
        """The whole record as it stands."""
        if self._content is None:
            self._content = strictjson.decode(self.raw)
        return self._content

    def text(self, value: Value) -> bytes:
        """The bytes of a redactable value."""
        return self.raw[value.offset : value.offset + value.length]

    def commit(self, value: Value) -> str:
        """The commitment to a redactable value: what its hole will hold."""
        return hashes.commit(value.salt, self.text(value)).decode()

    def leaf(self) -> str:
        """The leaf of the record."""
        spans = [(value.salt, value.offset, value.length) for value in self.values]
        return hashes.leaf(skeleton_of(self.raw, self.cut, spans) + b"}")


def dissect(raw: bytes) -> Anatomy | None:
    """Take a line without LF apart; None if it is a tombstone.

    Nothing is hashed: whoever changes a line compares the leaves before and after.

    Raises:
        Unsealed, strictjson.Malformed: If it is no well-formed sealed line.
    """
    if _TOMBSTONE in raw[:40]:
        if unseal(raw).tombstone:
            return None
        raise Unsealed("json", "a line that begins like a tombstone")
    cut, spans = trailer(raw)
    seq = closing(raw, cut)
    if seq is None:
        raise Unsealed("json", "seq and prev do not close the record")
    pieces: list[bytes] = []
    at = 0
    for (_, offset, length), mark in zip(spans, marks(len(spans)), strict=True):
        pieces += raw[at:offset], mark
        at = offset + length
    pieces += raw[at:cut], b"}"
    bare = b"".join(pieces)
    plain = strictjson.decode(bare)
    fields, holes = _places(plain)
    if len(fields) != len(spans):
        raise Unsealed("span", "a span is not one value of a member")
    try:
        values = [_new(Value, (fields[number], *span)) for number, span in enumerate(spans)]
    except KeyError:
        raise Unsealed("span", "a span is not one value of a member") from None
    return Anatomy(raw, seq, cut, values, plain, bare, holes)


_new = tuple.__new__  # what `Value(…)` comes to, in half the time


@lru_cache(maxsize=64)
def marks(count: int) -> tuple[bytes, ...]:
    """Return what stands in the place of so many values while the rest is read.

    `_salts` is a reserved name at any depth, so no value of a record looks like that.
    """
    return tuple(map(b'{"_salts":%d}'.__mod__, range(count)))


def _places(plain: dict[str, object]) -> tuple[dict[int, str], list[str]]:
    """Where the marks stand, by their numbers, and where holes do: JSON pointers. Hot (bench/redact.py)."""
    fields: dict[int, str] = {}
    holes: list[str] = []
    holders: list[tuple[str, dict[str, object] | list[object]]] = [("", plain)]
    for above, holder in holders:  # which grows
        for name, value in holder.items() if type(holder) is dict else enumerate(holder):
            # Scalars are the most, and of no interest here: they are told first.
            if type(value) is dict:
                if len(value) == 1:
                    mark = value.get("_salts")
                    if type(mark) is int:
                        fields[mark] = f"{above}/{escaped(name) if isinstance(name, str) else name}"
                        continue
                    if is_hole(value):
                        holes.append(f"{above}/{escaped(name) if isinstance(name, str) else name}")
                        continue
            elif type(value) is not list:
                continue
            holders.append((f"{above}/{escaped(name) if isinstance(name, str) else name}", value))
    return fields, holes


def declarable(pointer: str) -> bool:
    """Tell whether a declaration can name the field: no control characters (integrity.md, 2.7)."""
    return not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in pointer)
