"""Where a log ends: its last good line, and what stands behind it (integrity.md, 6.2). Reads only."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

from auditlog_cli import strictjson
from auditlog_cli.sealing.line import Sealed, Unsealed, unseal

_FIRST_BLOCK = 8 * 1024
_BLOCK = 1 << 20
_LONGEST_REST = 4 * strictjson.MAX_LINE


class Tail:
    """The end of a log.

    Attributes:
        end: Offset behind the last good line and its LF; 0 if there is none.
        last: That line read back, or None. (Not looked for if `whole` is there.)
        rest: The bytes from `end` on: empty for a clean log.
        whole: The last line read back, if `rest` is exactly one well-formed line that lacks its LF.
    """

    __slots__ = ("end", "last", "rest", "whole")

    def __init__(self, end: int, last: Sealed | None, rest: bytes, whole: Sealed | None = None) -> None:
        self.end = end
        self.last = last
        self.rest = rest
        self.whole = whole

    @property
    def place(self) -> tuple[int, str] | None:
        """seq and prev of the record that follows, or None if the file holds no sealed line."""
        found = self.whole or self.last
        return (found.seq + 1, found.leaf) if found else None


def read(fd: int, size: int) -> Tail:
    """Return how the first `size` bytes of the open file `fd` end.

    Reads back from the end only as far as the last good line: one line is hashed, whatever the size of
    the log.

    Raises:
        OSError: If the file cannot be read.
        Unsealed: If it begins with somebody's JSON, or its last 256 MiB hold no sealed line: then it is
            not a log of ours, and nobody wants it read to the end.
    """
    block = _FIRST_BLOCK
    while True:
        start = max(0, size - block)
        data = pread_all(fd, size - start, start)
        tail = _look(data, start)
        if tail is not None:
            return tail
        if block > _LONGEST_REST or (block > _BLOCK and is_foreign(first_line(fd))):
            raise Unsealed("trailer", "no sealed line within its last bytes")
        block *= 4


def _look(data: bytes, start: int) -> Tail | None:
    """The tail, or None if `data`, which begins at offset `start` of the file, does not reach back far enough."""
    cut = data.rfind(b"\n") + 1
    if cut == 0 and start > 0:
        return None
    whole = _whole(data[cut:])
    if whole is not None:
        # Also with malformed lines before it: those have a good line after them, so nothing is cut.
        return Tail(start + cut, None, data[cut:], whole)
    while cut > 0:
        begin = data.rfind(b"\n", 0, cut - 1) + 1
        if begin == 0 and start > 0:
            return None
        last = sealed(data[begin : cut - 1])
        if last is not None:
            return Tail(start + cut, last, data[cut:])
        cut = begin
    return None if start > 0 else Tail(0, None, data)


def sealed(line: bytes) -> Sealed | None:
    """Return the line read back, or None if it has no well-formed seal.

    Only the seal is looked at: this runs whenever another process has written in between. A line that is
    sealed and yet no strict JSON is the verifier's to report, not the writer's to cut.
    """
    try:
        return unseal(line)
    except Unsealed:
        return None


def is_foreign(line: bytes) -> bool:
    """Tell whether a line is somebody's JSON object without a seal."""
    try:
        strictjson.decode(line)
    except strictjson.Malformed:
        return False
    return sealed(line) is None


def is_text(rest: bytes) -> bool:
    """Tell whether what stands in a file without a sealed line is somebody's text: no writer that was killed left it.

    The first write of a log begins with `{"`, and what a crash makes of it is less of that, or no text.
    """
    line, ended, _ = rest.partition(b"\n")
    if line.startswith(b'{"') or (line == b"{" and not ended):
        return False
    try:
        text = line.decode("utf-8-sig").replace("\t", " ").strip()
    except UnicodeDecodeError:
        return False
    return text != "" and text.isprintable()


def _whole(rest: bytes) -> Sealed | None:
    if not rest.endswith(b"]}"):
        return None
    try:
        strictjson.decode(rest)
    except strictjson.Malformed:
        return None
    return sealed(rest)


def first_line(fd: int) -> bytes:
    """Return the first line of the file without its LF; what there is, if no LF comes within the limit."""
    data = b""
    while b"\n" not in data and len(data) <= strictjson.MAX_LINE:
        more = os.pread(fd, max(4096, len(data)), len(data))
        if not more:
            break
        data += more
    return data.partition(b"\n")[0]


def lines(fd: int, offset: int, size: int | None = None, longest: int | None = None) -> Iterator[bytes]:
    """Yield the whole lines of the file from `offset` on, without their LF.

    Args:
        fd: The open file.
        offset: Where a line begins.
        size: Where to stop; None: at its present end.
        longest: Stop at a line that is longer than so many bytes; None: whatever its length.

    Raises:
        OSError: If the file cannot be read up to there.
    """
    if size is None:
        size = os.fstat(fd).st_size
    block = _FIRST_BLOCK
    begun = b""
    while offset < size:
        data = pread_all(fd, min(block, size - offset), offset)
        offset += len(data)
        block = min(2 * block, _BLOCK)
        *whole, begun = (begun + data).split(b"\n")
        yield from whole
        if longest is not None and len(begun) > longest:
            return


def pread_all(fd: int, length: int, offset: int) -> bytes:
    """Return `length` bytes from `offset` on.

    Raises:
        OSError: If the file cannot be read, or ends before that: a part must not pass for the whole.
    """
    parts = []
    while length > 0:
        part = os.pread(fd, length, offset)
        if not part:
            raise OSError(errno.EIO, "the file ended before its end")
        parts.append(part)
        length -= len(part)
        offset += len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
