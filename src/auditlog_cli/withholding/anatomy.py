"""One sealed line taken apart: which field each redactable value is (integrity.md, 2.2 and 2.5). No I/O."""

from __future__ import annotations

import re
from typing import NamedTuple

from auditlog_cli import strictjson
from auditlog_cli.fields import is_hole
from auditlog_cli.pointers import escaped
from auditlog_cli.sealing import hashes
from auditlog_cli.sealing.line import Unsealed, skeleton_of, trailer, unseal

_CLOSING = re.compile(rb',"seq":(0|[1-9][0-9]{0,17}),"prev":"[0-9a-f]{64}"\Z')
_TOMBSTONE = b',"_leaf":"'
_SHORTEST_CLOSING = 110


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
    closing = _CLOSING.search(raw, max(0, cut - _SHORTEST_CLOSING), cut)
    if not closing:
        raise Unsealed("json", "seq and prev do not close the record")
    pieces: list[bytes] = []
    at = 0
    for number, (_, offset, length) in enumerate(spans):
        # `_salts` is a reserved name at any depth, so no value of a record looks like this mark.
        pieces += (raw[at:offset], b'{"_salts":%d}' % number)
        at = offset + length
    pieces += (raw[at:cut], b"}")
    bare = b"".join(pieces)
    plain = strictjson.decode(bare)
    fields: dict[int, str] = {}
    holes: list[str] = []
    stack: list[tuple[str, dict[str, object] | list[object]]] = [("", plain)]
    while stack:
        above, holder = stack.pop()
        named = holder.items() if type(holder) is dict else enumerate(holder)
        for name, value in named:
            # Scalars are the most, and of no interest here: they are told first (bench/redact.py).
            kind = type(value)
            if kind is not dict and kind is not list:
                continue
            if type(name) is str:
                pointer = f"{above}/{name if name.isidentifier() else escaped(name)}"
            else:
                pointer = f"{above}/{name}"
            if isinstance(value, dict) and len(value) == 1:
                mark = value.get("_salts")
                if type(mark) is int:
                    fields[mark] = pointer
                    continue
                if is_hole(value):
                    holes.append(pointer)
                    continue
            stack.append((pointer, value))  # type: ignore[arg-type] # one of the two
    if sorted(fields) != list(range(len(spans))):
        raise Unsealed("span", "a span is not one value of a member")
    values = [Value(fields[number], *span) for number, span in enumerate(spans)]
    return Anatomy(raw, int(closing[1]), cut, values, plain, bare, holes)


def declarable(pointer: str) -> bool:
    """Tell whether a declaration can name the field: no control characters (integrity.md, 2.7)."""
    return not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in pointer)
