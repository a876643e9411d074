"""What an index is opened from: the file itself, and the segments that it covers."""

from __future__ import annotations

import os
import stat
from zlib import crc32

from auditlog_cli.errors import InputError
from auditlog_cli.index import layout
from auditlog_cli.index.pages import Damaged
from auditlog_cli.segments import GZIP, ZSTD
from auditlog_cli.sources import looking

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli import frames

_EDGE = 256
_SAMPLE = 64
_STEP = 1 << 16
_BLOCK = 1 << 18


class Source:
    """The (unpacked) bytes of a segment, read from any place.

    Attributes:
        size: How many there are.
        packed: Whether the file is compressed.
    """

    __slots__ = ("_fd", "_frames", "packed", "size")

    def __init__(self, fd: int, size: int, unpacked: frames.Frames | None = None) -> None:
        self._fd = fd
        self._frames = unpacked
        self.packed = unpacked is not None
        self.size = size

    def pread(self, length: int, offset: int) -> bytes:
        """Return `length` bytes from `offset` on, fewer at the end.

        Raises:
            InputError: If compressed data is damaged.
            OSError: If the file cannot be read.
        """
        if self._frames is not None:
            return self._frames.pread(length, offset)
        data = os.pread(self._fd, length, offset)
        if len(data) == length or not data:
            return data
        parts = [data]
        got = len(data)
        while got < length and (data := os.pread(self._fd, length - got, offset + got)):
            parts.append(data)
            got += len(data)
        return b"".join(parts)

    def edges(self, start: int, end: int) -> int:
        """Return a number for how a part looks: the byte before it, how it begins and ends, some of it in between.

        Who writes a file anew changes that, or its time.
        """
        begin = max(start - 1, 0)
        length = end - begin
        found = crc32(self.pread(min(_EDGE, length), begin))
        for quarter in (1, 2, 3):
            found = crc32(self.pread(_SAMPLE, begin + length * quarter // 4), found)
        return crc32(self.pread(min(_EDGE, end), max(end - _EDGE, 0)), found)

    def sum(self, start: int, end: int) -> int:
        """Return the CRC-32 of a stretch."""
        found = 0
        while start < end:
            data = self.pread(min(_BLOCK, end - start), start)
            if not data:
                break
            found = crc32(data, found)
            start += len(data)
        return found

    def last_line_end(self) -> int:
        """Return where the last whole line ends."""
        end = self.size
        while end > 0:
            begin = max(end - _STEP, 0)
            cut = self.pread(end - begin, begin).rfind(b"\n")
            if cut >= 0:
                return begin + cut + 1
            end = begin
        return 0

    def line_start(self, at: int, end: int) -> int:
        """Return the first offset behind `at` at which a line begins, at most `end`, which is one."""
        while at < end:
            block = self.pread(min(_STEP, end - at), at)
            cut = block.find(b"\n")
            if cut >= 0:
                return at + cut + 1
            if not block:
                return end
            at += len(block)
        return end


def is_same(source: Source, fd: int, covered: layout.Covered) -> bool:
    """Tell whether the bytes of a part are those that were indexed: by the state of the file, else by their sum."""
    if covered.stamp == layout.stamp_of(os.fstat(fd)):
        return True
    return covered.sum >= 0 and source.sum(covered.start, covered.end) == covered.sum


class Stretch:
    """Gives the bytes of a stretch, one block after the other."""

    def __init__(self, source: Source, start: int, end: int) -> None:
        self._source = source
        self._at = start
        self._end = end

    def read(self, size: int, /) -> bytes:
        """Return the next bytes; none at the end."""
        data = self._source.pread(min(size, self._end - self._at), self._at) if self._at < self._end else b""
        self._at += len(data)
        return data

    def close(self) -> None:
        """The descriptor is the snapshot's."""


def source_of(path: str, fd: int, size: int, *, known: layout.Segment | None = None) -> Source | None:
    """Return the bytes of an open segment; None if it cannot be read from any place, or holds no lines of ours.

    Args:
        path: What to call it.
        fd: Its descriptor.
        size: How many bytes of it are looked at.
        known: What an index says of a file with this inode: whoever indexed it has looked whose lines they are.
    """
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        return None
    begin = os.pread(fd, 4, 0)
    if begin.startswith(GZIP):
        return None
    if begin.startswith(ZSTD):
        return _packed(path, fd)
    if known is not None and known.parts and size >= known.size:
        return Source(fd, size)
    return None if looking.may_be_foreign(fd) else Source(fd, size)


def _packed(path: str, fd: int) -> Source | None:
    """A segment in frames of its own; its table must lead to where the first line is one of ours."""
    from auditlog_cli import frames

    found = frames.frames(path, fd)
    if found is None:
        return None
    try:
        head = found.pread(looking.HEAD, 0)
    except InputError:
        return None
    return Source(fd, found.size, found) if b"\n" in head and looking.is_ours(head) else None


def present(path: str) -> layout.Index | None:
    """Return the index beside a log, open; None if there is none that can be used."""
    try:
        fd = os.open(f"{path}.index", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        return layout.load(f"{path}.index", fd)
    except (Damaged, OSError):
        os.close(fd)
        return None
