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

from auditlog_cli import strictjson
from auditlog_cli.record import BadLine, Line
from auditlog_cli.sealing import merkle
from auditlog_cli.sealing.hashes import sha256
from auditlog_cli.sealing.line import _TRAILER as WELL_FORMED
from auditlog_cli.verification import marks
from auditlog_cli.verification.badlines import Bad, Group
from auditlog_cli.verification.forms import Forms
from auditlog_cli.verification.lines import Flawed, Hole, check

BLOCK = 64
"""Leaves that are hashed together where they lie, so that whoever builds the tree has less to do."""

_forms = Forms()
"""What is known of the records that this process has read."""


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
        self._latest = b""
        self._bad: Group | None = None

    def done(self) -> Piece:
        """Return the piece."""
        self._close_run()
        self._close_bad()
        return Piece(self._lines, self._found)

    def plain(self, lines: Iterable[bytes], offset: int, *, usual: bool = False, clean: bool = False) -> int:
        """Take whole lines, none too long; return the offset behind them. `usual`, `clean`: see `marks`.

        Hot (bench/verify.py): what is checked here by search and comparison, `lines.check` checks step by step, and
        it decides wherever this is not sure. tests/verification/test_lines.py holds the two together.
        """
        reserved = marks.salts if usual else marks.reserved
        for raw in lines:
            try:
                # The first reserved name is that of the trailer: there is no other in the line.
                leaf = self._link(raw, reserved(raw) - 1, clean)
            except (ValueError, TypeError):
                leaf = b""
            if leaf:
                self._lines += 1
                self._leaves.append(leaf)
                self._latest = raw
            else:
                self._take(raw, offset)
            offset += len(raw) + 1
        return offset

    def _link(self, raw: bytes, cut: int, clean: bool) -> bytes:
        """The leaf of a line that continues the run, or nothing if that is not sure; its trailer begins at `cut`.

        Sure is: the skeleton with an empty text in the place of each hole is one strict JSON object; each of those
        places stands behind a colon; each value that was there is strict JSON itself. Then so is the line, and each
        span is the value of one member. For a text that had begun before would end at the first quotation mark of the
        empty one, and what follows on it could not be parsed.
        """
        if cut < 0 or not self._leaves or not WELL_FORMED.match(raw, cut):
            return b""
        spans: list[tuple[str, int, int]] = orjson.loads(raw[cut + 10 : -1])
        at = 0
        parts = [b"\x00"]
        values: list[bytes] = []
        for salt, start, size in spans:
            end = start + size
            value = raw[start:end]
            values.append(value)
            # Where spans overlap or leave the body, there is no text between them, and so no colon or no end.
            parts += raw[at:start], b'{"_redacted":"', hexlify(sha256(salt.encode() + value)), b'"}'
            at = end
        parts += raw[at:cut], b"}"
        skeleton = b"".join(parts)
        if not skeleton.endswith(self._expected):
            return b""
        # As orjson writes it is strict JSON: no name twice, no escape that is not needed (strictjson.decode).
        if values and [*map(orjson.dumps, orjson.loads(b"[%b]" % b",".join(values)))] != values:
            return b""
        known = clean and skeleton.isascii() and b"\\" not in skeleton
        if not (known and _forms.match(skeleton)):
            texts = parts[1::4]
            if not all(text.endswith(b":") for text in texts[:-1]):
                return b""
            bare = b'""'.join(texts) + b"}"
            content = orjson.loads(bare)
            if orjson.dumps(content) != bare or "auditlog" in content:
                return b""
            if known:
                _forms.learn(skeleton)
        leaf = sha256(skeleton)
        following = self._first[2] + len(self._leaves) + 1
        self._expected = b',"seq":%d,"prev":"%b"}' % (following, hexlify(leaf))
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
        self._latest = raw
        self._expected = b',"seq":%d,"prev":"%b"}' % (checked.seq + 1, checked.leaf.encode())

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
        last = strictjson.exact(self._latest).get("timestamp")
        self._found.append(Run(number, offset, seq, prev, joined, blocks, self._events, last))
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
        offset = reader.plain(lines, offset, usual=marks.are_usual(data), clean=marks.are_clean(data))
    finally:
        if collecting:
            gc.enable()
    if rest:
        reader.torn(rest, offset)
    return reader.done()
