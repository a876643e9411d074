"""Where a log ends: its last good line, and what stands behind it (integrity.md, 6.2). Reads only."""

from __future__ import annotations

import os

from auditlog_cli import strictjson
from auditlog_cli.sealing.line import Sealed, Unsealed, unseal

_FIRST_BLOCK = 8 * 1024


class Tail:
    """The end of a log.

    Attributes:
        end: Offset behind the last good line and its LF; 0 if there is none.
        last: That line read back, or None.
        rest: The bytes from `end` on: empty for a clean log.
        whole: The last line read back, if `rest` is exactly one well-formed line that lacks its LF.
    """

    __slots__ = ("end", "last", "rest", "whole")

    def __init__(self, end: int, last: Sealed | None, rest: bytes, whole: Sealed | None) -> None:
        self.end = end
        self.last = last
        self.rest = rest
        self.whole = whole


def read(fd: int, size: int) -> Tail:
    """Return how the first `size` bytes of the open file `fd` end.

    Reads back from the end only as far as the last good line: one line is hashed, whatever the size of
    the log.
    """
    block = _FIRST_BLOCK
    while True:
        start = max(0, size - block)
        data = pread_all(fd, size - start, start)
        tail = _look(data, start)
        if tail is not None:
            return tail
        if start == 0:
            return Tail(0, None, data, _whole(data))
        block *= 4


def _look(data: bytes, start: int) -> Tail | None:
    """The tail, if the last good line lies whole in `data`, which begins at offset `start` of the file."""
    cut = data.rfind(b"\n") + 1
    while cut > 0:
        begin = data.rfind(b"\n", 0, cut - 1) + 1
        if begin == 0 and start > 0:
            return None
        last = _well_formed(data[begin : cut - 1])
        if last is not None:
            return Tail(start + cut, last, data[cut:], _whole(data[cut:]))
        cut = begin
    return None


def _well_formed(line: bytes) -> Sealed | None:
    # Only the seal is looked at: this runs whenever another process has written in between. A line that
    # is sealed and yet no strict JSON is the verifier's to report, not the writer's to cut.
    try:
        return unseal(line)
    except Unsealed:
        return None


def _whole(rest: bytes) -> Sealed | None:
    if not rest or b"\n" in rest:
        return None
    try:
        strictjson.decode(rest)
    except strictjson.Malformed:
        return None
    return _well_formed(rest)


def first_line(fd: int) -> bytes:
    """Return the first line of the file without its LF; what there is, if no LF comes within the limit."""
    data = b""
    while b"\n" not in data and len(data) <= strictjson.MAX_LINE:
        more = os.pread(fd, max(4096, len(data)), len(data))
        if not more:
            break
        data += more
    return data.partition(b"\n")[0]


def pread_all(fd: int, length: int, offset: int) -> bytes:
    """Return `length` bytes from `offset` on; fewer only at the end of the file."""
    parts = []
    while length > 0:
        part = os.pread(fd, length, offset)
        if not part:
            break
        parts.append(part)
        length -= len(part)
        offset += len(part)
    return b"".join(parts)
