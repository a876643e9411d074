"""Lines of logs on their way to the rules: where each stands, and what files they came out of."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING

from auditlog_cli import decoders, frames
from auditlog_cli.errors import InputError
from auditlog_cli.finding import Finding, opaque
from auditlog_cli.record import BadLine, Line, Record
from auditlog_cli.report import Source
from auditlog_cli.rules.facts import Place, Spot
from auditlog_cli.sealing.line import Unsealed, unseal
from auditlog_cli.sources import opening
from auditlog_cli.sources.lines import lines_of, understood
from auditlog_cli.writer import tail

if TYPE_CHECKING:
    from auditlog_cli.frames import Reader


class Counted:
    """A file as it is read: how many bytes, and their sum.

    Args:
        path: The file.
        most: Where to stop, though more may have come; None: at its end.
        summed: Whether the sum is wanted.

    Attributes:
        size: Bytes read so far.
    """

    def __init__(self, path: str, most: int | None = None, *, summed: bool = True) -> None:
        self.path = path
        self.size = 0
        self._most = most
        self._sum = sha256()
        self._summed = summed
        self._closed = False
        self._reader = opening.Plain(path, 0) if path == "-" else opening.Growing(path, opening.open_plain(path))

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; none at the end."""
        data = self._reader.read(size if self._most is None else min(size, self._most - self.size))
        self.size += len(data)
        if self._summed:
            self._sum.update(data)
        return data

    def close(self) -> None:
        """Give the file back; closing twice does nothing."""
        if not self._closed:
            self._closed = True
            self._reader.close()

    def source(self) -> Source:
        """Return what a report says of it."""
        return Source(self.path, self.size, self._sum.hexdigest(), *_leaves(self.path))


def summed(path: str, size: int) -> Source:
    """Return what a report says of a file of which only some lines are judged: as much of it as there was."""
    counted = Counted(path, size)
    try:
        while counted.read(1 << 20):
            pass
    finally:
        counted.close()
    return counted.source()


def lines(counted: Counted) -> Iterator[Line | BadLine]:
    """Yield the lines of a file.

    Raises:
        InputError: If it cannot be read to its end.
    """
    return understood(_unpacked(counted), counted.path)


def placed(line: Line | BadLine, log: str) -> tuple[Record | BadLine, Place]:
    """Return what a line holds, and where it stands.

    Args:
        line: The line.
        log: The log that its file is a segment of.
    """
    item = decoders.decode(line)
    if isinstance(item, BadLine):
        where = item.line
        return item, Place(where.path, where.number, where.offset, anchor=sha256(where.raw).hexdigest(), log=log)
    return item, place(item, log)


def place(record: Record, log: str) -> Place:
    """Return where a record stands, and what names it."""
    return Spot(record.line, record.content, log).place


def size_of(path: str) -> int:
    """Return how many bytes a file has, up to the end of a line; 0 where that is not known."""
    if path == "-" or not os.path.isfile(path):
        return 0
    try:
        fd = opening.open_plain(path)
    except InputError:
        return 0
    try:
        return opening.whole_size(path, fd)
    finally:
        os.close(fd)


def is_packed(path: str) -> bool:
    """Tell whether a file is compressed; one that cannot be read is not."""
    try:
        fd = opening.open_plain(path)
    except (OSError, InputError):
        return False
    try:
        return os.pread(fd, 4, 0).startswith((opening.GZIP, opening.ZSTD))
    except OSError:
        return False
    finally:
        os.close(fd)


def line_at(path: str, offset: int) -> bytes:
    """Return the line that begins at `offset` of a plain file; empty if it cannot be had again."""
    if path == "-" or not os.path.isfile(path):
        return b""
    fd = opening.open_plain(path)
    try:
        if os.pread(fd, 4, 0).startswith((opening.GZIP, opening.ZSTD)):
            return b""
        os.lseek(fd, offset, os.SEEK_SET)
        first = next(lines_of(_Little(path, os.dup(fd)), path, offset), None)
    finally:
        os.close(fd)
    return first.raw if isinstance(first, Line) else b""


class _Little(opening.Plain):
    """Reads little at first, and more each time: of a block as `lines_of` asks for, one line is wanted."""

    __slots__ = ("_most",)

    def __init__(self, path: str, fd: int) -> None:
        super().__init__(path, fd)
        self._most = 1 << 12

    def read(self, size: int) -> bytes:
        self._most *= 2
        return super().read(min(size, self._most))


def raw_of(place: Place) -> bytes:
    """Return the line of an earlier record, read again; empty if it cannot be had."""
    try:
        return line_at(place.source, place.offset)
    except (InputError, OSError):
        return b""


def _leaves(path: str) -> tuple[str, str]:
    """The leaves of the first and last record of a sealed file, as it is now; else empty texts."""
    if path == "-" or not os.path.isfile(path):
        return "", ""
    try:
        fd = frames.open_plain(path)
    except (OSError, InputError):
        return "", ""
    try:
        last = tail.read(fd, os.fstat(fd).st_size).last
        return unseal(tail.first_line(fd)).leaf, last.leaf if last is not None else ""
    except (OSError, Unsealed):
        return "", ""
    finally:
        os.close(fd)


def _unpacked(counted: Counted) -> Reader:
    head = counted.read(1 << 16)
    begun = _Begun(head, counted)
    if head.startswith((opening.GZIP, opening.ZSTD)):
        return opening.unpacked(counted.path, begun, head)
    return begun


class _Begun:
    """A reader whose first bytes have been looked at."""

    def __init__(self, head: bytes, reader: Reader) -> None:
        self._head = head
        self._reader = reader

    def read(self, size: int, /) -> bytes:
        if self._head:
            head, self._head = self._head, b""
            return head
        return self._reader.read(size)

    def close(self) -> None:
        self._reader.close()


def record_of(finding: Finding) -> dict[str, object] | None:
    """Return the anchor record of a finding, read again; None if another one stands there now (rotation)."""
    where = finding.where
    try:
        raw = line_at(where.path, where.byte)
    except InputError:
        return None
    item = decoders.decode(Line(raw, where.path, where.line, where.byte)) if raw else None
    if not isinstance(item, Record):
        return None
    return item.content if opaque(item.content.get("record_id")) == where.record_id else None
