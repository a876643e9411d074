"""Lines in, what the chain needs of them out: the part of verifying that is done in any process, in any order.

A piece is some consecutive lines. In it, lines that follow one another as they should (`seq` one higher, `prev` the
leaf before) are a `Run`; whoever puts the pieces together (`chain`) compares runs only where they meet.
"""

from __future__ import annotations

import gc
from binascii import hexlify
from collections.abc import Iterable
from typing import NamedTuple

import orjson

from auditlog_cli.record import BadLine, Line
from auditlog_cli.sealing import merkle
from auditlog_cli.sealing.hashes import sha256
from auditlog_cli.sealing.line import _TRAILER as WELL_FORMED
from auditlog_cli.verification import marks
from auditlog_cli.verification.badlines import Bad, Group
from auditlog_cli.verification.lines import TRAILER, Flawed, Hole, check

BLOCK = 64
"""Leaves that are hashed together where they lie, so that whoever builds the tree has less to do."""

_BEHIND_A_NAME = frozenset(b'%c":' % byte for byte in range(256) if byte not in b'{[,:\\"')
"""The three bytes before the value of a member: the last of its name, the closing quote, the colon. Behind an opening
quote stands the text of a string; an opening quote follows a bracket, a comma or a colon. What could be either, or is
an escaped quote, is looked at the slow way."""


class Event(NamedTuple):
    """Something in a run that is more than a link of the chain.

    Attributes:
        place: Which line of the run.
        seq: Its number.
        number, offset: Its line, counted from 1 in the piece, and its first byte in the file.
        own: What a record of the log about itself says (`auditlog`), or None.
        timestamp: As it stands there.
        holes: What is withheld in it.
        leaf: Its leaf.
        large: SHA-256 (hex) and size of the values that lie beside the log, for they are too large for a line.
    """

    place: int
    seq: int
    number: int
    offset: int
    own: dict[str, object] | None
    timestamp: object
    holes: list[Hole]
    leaf: str
    large: tuple[tuple[str, int], ...] = ()


class Run(NamedTuple):
    """Lines that continue one another.

    Attributes:
        number, offset: Where the first one stands.
        seq, prev: What the first one says; `prev` is empty if it is a tombstone.
        leaves: 32 bytes each.
        blocks: Index of a leaf → the root over it and the next 63, wherever `seq` of that leaf is a multiple of 64.
        events: In order.
        last: The timestamp of the last line.
    """

    number: int
    offset: int
    seq: int
    prev: str
    leaves: bytes
    blocks: dict[int, bytes]
    events: list[Event]
    last: object


class Piece(NamedTuple):
    """What was found in some lines.

    Attributes:
        lines: How many.
        found: Runs and bad lines, in order.
    """

    lines: int
    found: list[Run | Bad]


class Reader:
    """Takes the lines of a piece one after the other."""

    def __init__(self) -> None:
        self._found: list[Run | Bad] = []
        self._lines = 0
        self._first = (0, 0, 0, "")
        self._leaves: list[bytes] = []
        self._events: list[Event] = []
        self._expected = b""
        self._timestamp: object = None
        self._bad: Group | None = None

    def done(self) -> Piece:
        """Return the piece."""
        self._close_run()
        self._close_bad()
        return Piece(self._lines, self._found)

    def plain(self, lines: Iterable[bytes], offset: int, *, usual: bool = False) -> int:
        """Take whole lines, none too long; return the offset behind them. `usual`: see `marks.are_usual`.

        Hot (bench/verify.py): what is checked here by search and comparison, `lines.check` checks step by step, and
        it decides wherever this is not sure. tests/verification/test_lines.py holds the two together.
        """
        loads, dumps, match = orjson.loads, orjson.dumps, WELL_FORMED.match
        reserved = marks.salts if usual else marks.reserved
        for raw in lines:
            leaf = b""
            try:
                content = loads(raw)
                # Strict JSON as orjson writes it: no name twice, no escape that is not needed (strictjson.decode).
                if dumps(content) == raw and "auditlog" not in content:
                    cut = raw.rfind(TRAILER)
                    # The first reserved name is that of the trailer: there is no other in the line.
                    if reserved(raw) == cut + 1 and match(raw, cut):
                        leaf = self._link(raw, cut, content)
            except (ValueError, TypeError):
                leaf = b""
            if leaf:
                self._lines += 1
                self._leaves.append(leaf)
                self._timestamp = content.get("timestamp")
            else:
                self._take(raw, offset)
            offset += len(raw) + 1
        return offset

    def _link(self, raw: bytes, cut: int, content: dict[str, object]) -> bytes:
        """The leaf of a line that continues the run, or nothing if that is not sure."""
        if not self._leaves:
            return b""
        at = 0
        parts: list[bytes] = []
        values: list[bytes] = []
        known = _BEHIND_A_NAME
        spans: list[tuple[str, int, int]] = content["_salts"]  # type: ignore[assignment]
        for salt, start, size in spans:
            end = start + size
            # A whole value must follow a name, and then its end.
            if start < at or end > cut or raw[start - 3 : start] not in known or raw[end] not in b",}":
                return b""
            value = raw[start:end]
            values.append(value)
            parts += raw[at:start], b'{"_redacted":"', hexlify(sha256(salt.encode() + value)), b'"}'
            at = end
        # All at once, for a call each would take longer. No text reaches into the next value, for no LF may stand in
        # it; a list left open is never closed, because each value begins in an object and ends before a comma or a
        # brace. So this can be parsed only if each of them is one whole value.
        orjson.loads(b"[%b]" % b",\n".join(values))
        parts.append(raw[at:cut])
        skeleton = b"".join(parts)
        if not skeleton.endswith(self._expected):
            return b""
        leaf = sha256(b"\x00" + skeleton + b"}")
        seq: int = content["seq"]  # type: ignore[assignment]
        self._expected = b',"seq":%d,"prev":"%b"' % (seq + 1, hexlify(leaf))
        return leaf

    def _take(self, raw: bytes, offset: int) -> None:
        self._lines += 1
        try:
            checked = check(raw)
        except Flawed as error:
            self._flawed(error, raw, offset)
            return
        self._close_bad()
        follows = bool(self._leaves) and checked.seq == self._first[2] + len(self._leaves)
        if not follows or (checked.prev and checked.prev != self._leaves[-1].hex()):
            self._close_run()
            self._first = (self._lines, offset, checked.seq, checked.prev)
        leaf = bytes.fromhex(checked.leaf)
        own = checked.content.get("auditlog") if checked.prev else None
        large = marks.large(raw) if own is None else ()
        if own is not None or checked.holes or large:
            self._events.append(
                Event(
                    len(self._leaves), checked.seq, self._lines, offset,
                    own if isinstance(own, dict) else None, checked.content.get("timestamp"), checked.holes,
                    checked.leaf, large,
                )
            )  # fmt: skip
        self._leaves.append(leaf)
        self._timestamp = checked.content.get("timestamp")
        self._expected = b',"seq":%d,"prev":"%b"' % (checked.seq + 1, checked.leaf.encode())

    def bad(self, line: BadLine) -> None:
        """Take a line that is too long to be looked at."""
        self._lines += 1
        self._flawed(Flawed("json", line.reason, line.at, is_object=False), line.line.raw, line.line.offset)

    def torn(self, raw: bytes, offset: int) -> None:
        """Take bytes that no LF ends."""
        self._lines += 1
        flaw = Flawed("json", "the line does not end in LF", len(raw), is_object=False)
        self._flawed(flaw, raw, offset, ended=False)

    def _flawed(self, error: Flawed, raw: bytes, offset: int, *, ended: bool = True) -> None:
        self._close_run()
        if self._bad is not None and not self._bad.same(error):
            self._close_bad()
        if self._bad is None:
            self._bad = Group(self._lines, offset, error)
        self._bad.add(raw, ended)

    def _close_run(self) -> None:
        if not self._leaves:
            return
        number, offset, seq, prev = self._first
        blocks = _blocks(self._leaves, seq)
        joined = b"".join(self._leaves)
        self._found.append(Run(number, offset, seq, prev, joined, blocks, self._events, self._timestamp))
        self._leaves, self._events = [], []
        self._expected = b""

    def _close_bad(self) -> None:
        if self._bad is not None:
            self._found.append(self._bad.made())
            self._bad = None


def _blocks(leaves: list[bytes], seq: int) -> dict[int, bytes]:
    """The roots over whole blocks."""
    found: dict[int, bytes] = {}
    # Whoever takes them holds the last leaf back until its successor is seen: a block with that one is of no use.
    for start in range(-seq % BLOCK, len(leaves) - BLOCK, BLOCK):
        found[start] = merkle.subtree(leaves[start : start + BLOCK])
    return found


def of_lines(lines: Iterable[Line | BadLine]) -> Piece:
    """Return the piece that some lines make."""
    reader = Reader()
    for line in lines:
        if isinstance(line, BadLine):
            reader.bad(line)
        elif line.ended:
            reader.plain((line.raw,), line.offset)
        else:
            reader.torn(line.raw, line.offset)
    return reader.done()


def of_bytes(data: bytes, offset: int) -> Piece:
    """Return the piece that the bytes make, which begin at `offset` of their file."""
    reader = Reader()
    lines = data.split(b"\n")
    rest = lines.pop()
    collecting = gc.isenabled()
    gc.disable()  # records are trees: what is let go is freed at once, and looking for cycles costs time
    try:
        offset = reader.plain(lines, offset, usual=marks.are_usual(data))
    finally:
        if collecting:
            gc.enable()
    if rest:
        reader.torn(rest, offset)
    return reader.done()
