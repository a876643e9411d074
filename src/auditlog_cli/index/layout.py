"""The file of an index: a head, the parts, a directory of what they cover (docs/index.md).

    page 0     magic, byte order, where the directory begins, its bytes
    pages      of the parts, one after the other
    pages      of the directory: for each segment its inode, size and times; for each of its parts what it covers

A segment is known by its inode, for rotation renames it. It counts as covered as long as nothing but growth has
happened to it: a file of another size or time with the same inode was written in place.
"""

from __future__ import annotations

import os
import stat
import sys
from zlib import crc32

from auditlog_cli.index.pages import PAGE, Damaged, Pages, pages_for, seed_of
from auditlog_cli.index.parts import Part

_MAGIC = b"auditlog index 3"
_ORDER = 0x01020304
_HEAD = 16 + 3 * 8
_SEGMENT = 6  # numbers of 64 bits: inode, size, mtime, ctime, name, parts
_PART = 10
_MOST = 1 << 26  # bytes of a directory
_MOST_LINES = 1 << 16
_FITS = (1 << 63) - 1


class Covered:
    """One part, as the directory has it.

    Attributes:
        start, end: The bytes of the (unpacked) segment that it covers: whole lines.
        lines: How many.
        first, pages: Where it lies in the index.
        edges: How its bytes look at some places (`opening.Source.edges`).
        earliest, latest: Of the instants in it; `parts.NEVER` if there is none.
        sum: Of all its bytes (CRC-32); -1: unknown.
        stamp: A number for size and times of the file when it was made (`stamp_of`); -1: unknown.
        source: The index that it lies in: its descriptor; -1 for one that has not been written.
        data: The pages, where it has not been written.
    """

    __slots__ = (
        "data", "earliest", "edges", "end", "first", "latest", "lines", "pages", "source", "stamp", "start", "sum",
    )  # fmt: skip

    def __init__(
        self,
        start: int,
        end: int,
        lines: int,
        first: int,
        pages: int,
        edges: int,
        earliest: int,
        latest: int,
        sum: int,  # noqa: A002
        stamp: int,
    ) -> None:
        self.start = start
        self.end = end
        self.lines = lines
        self.first = first
        self.pages = pages
        self.edges = edges
        self.earliest = earliest
        self.latest = latest
        self.sum = sum
        self.stamp = stamp
        self.source = -1
        self.data = b""

    def open(self, inode: int) -> Part:
        """Return what is in it.

        Raises:
            Damaged: If it is not what was written.
        """
        return Part(Pages(self.source, self.first, self.pages, part_seed(inode, self.start, self.end)), self.lines)

    def entry(self) -> bytes:
        """Return what the directory says of it."""
        return _packed(
            self.start, self.end, self.lines, self.first, self.pages, self.edges, self.earliest, self.latest, self.sum,
            self.stamp,
        )  # fmt: skip


class Segment:
    """One segment, as the directory has it.

    Attributes:
        inode, size, mtime, ctime: Of the file when it was indexed (bytes, nanoseconds).
        name: A number for its name then.
        parts: What is covered, from the first byte on without a gap.
    """

    __slots__ = ("ctime", "inode", "mtime", "name", "parts", "size")

    def __init__(self, inode: int, size: int, mtime: int, ctime: int, name: int, parts: list[Covered]) -> None:
        self.inode = inode
        self.size = size
        self.mtime = mtime
        self.ctime = ctime
        self.name = name
        self.parts = parts

    @property
    def end(self) -> int:
        """Up to which byte of the (unpacked) segment it is covered."""
        return self.parts[-1].end if self.parts else 0

    def stands_for(self, path: str, now: os.stat_result, *, packed: bool) -> bool:
        """Tell whether nothing but growth, or a new name, has happened to the file since."""
        if inode_of(now) != self.inode or now.st_size < self.size:
            return False
        if now.st_size > self.size:
            return not packed
        renamed = name_of(path) != self.name
        return now.st_mtime_ns == self.mtime and (renamed or now.st_ctime_ns == self.ctime)

    def is_untouched(self, now: os.stat_result) -> bool:
        """Tell whether nobody wrote, renamed or linked the file since: then its parts need no look."""
        return (now.st_size, now.st_mtime_ns, now.st_ctime_ns) == (self.size, self.mtime, self.ctime)

    def entry(self) -> bytes:
        """Return what the directory says of it, its parts included."""
        head = _packed(self.inode, self.size, self.mtime, self.ctime, self.name, len(self.parts))
        return head + b"".join(part.entry() for part in self.parts)


class Index:
    """An index that was opened.

    Attributes:
        fd: Its descriptor; -1 where there is none.
        size: Its bytes.
        segments: By inode.
    """

    __slots__ = ("fd", "segments", "size")

    def __init__(self, fd: int, size: int, segments: dict[int, Segment]) -> None:
        self.fd = fd
        self.size = size
        self.segments = segments

    def close(self) -> None:
        """Give the file back."""
        if self.fd >= 0:
            os.close(self.fd)


def inode_of(status: os.stat_result) -> int:
    """Return the inode of a file as the directory has it: 63 bits, for there are file systems with larger ones."""
    return status.st_ino & _FITS


def _packed(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(8, sys.byteorder, signed=True) for number in numbers)


def stamp_of(status: os.stat_result) -> int:
    """Return a number for size and times of a file: whoever writes, renames or links it changes that."""
    return crc32(_packed(status.st_size, status.st_mtime_ns, status.st_ctime_ns))


def part_seed(inode: int, start: int, end: int) -> int:
    """Return the seed of the pages of a part: whose it is."""
    return seed_of(inode, start, end)


def name_of(path: str) -> int:
    """Return a number for the name of a segment."""
    return crc32(os.fsencode(os.path.basename(path)))


def head(first: int, length: int) -> bytes:
    """Return what page 0 holds, for a directory of so many bytes that begins at page `first`."""
    return _MAGIC + _packed(_ORDER, first, length)


HEAD_SEED = seed_of(0)
DIRECTORY_SEED = seed_of(1)


def load(path: str, fd: int) -> Index:
    """Return the index in an open file.

    Args:
        path: What to call it.
        fd: Its descriptor, which the index takes over.

    Raises:
        Damaged: If it is none of ours, or not what was written, or somebody else's.
    """
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode) or status.st_uid not in (os.geteuid(), 0, _owner(path)):
        raise Damaged
    begin = Pages(fd, 0, 1, HEAD_SEED).read(_HEAD, 0)
    order, first, length = memoryview(begin)[16:].cast("q")
    if begin[:16] != _MAGIC or order != _ORDER:
        raise Damaged
    if not 0 <= length <= _MOST or length % 8 or not 0 <= first <= status.st_size // PAGE:
        raise Damaged
    data = Pages(fd, first, pages_for(length), DIRECTORY_SEED).read(length, 0)
    numbers = memoryview(data).cast("q")
    segments: dict[int, Segment] = {}
    at = 0
    while at < len(numbers):
        known = numbers[at : at + _SEGMENT].tolist()
        at += _SEGMENT
        if len(known) != _SEGMENT or not 0 <= known[-1] <= (len(numbers) - at) // _PART:
            raise Damaged
        parts = []
        end = 0
        for place in range(at, at + _PART * known[-1], _PART):
            part = Covered(*numbers[place : place + _PART].tolist())
            part.source = fd
            if part.start != end or part.end <= end or not 0 < part.lines <= _MOST_LINES:
                raise Damaged
            end = part.end
            parts.append(part)
        at += _PART * len(parts)
        inode, size, mtime, ctime, name, _ = known
        segments[inode] = Segment(inode, size, mtime, ctime, name, parts)
    return Index(fd, status.st_size, segments)


def _owner(path: str) -> int:
    """Who owns the log beside which an index lies."""
    try:
        return os.stat(path.removesuffix(".index")).st_uid
    except OSError:
        return -1
