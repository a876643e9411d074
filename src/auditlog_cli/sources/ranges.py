"""A large file in parts that end where lines end, so that several can be read at a time."""

from __future__ import annotations

import os
import stat

from auditlog_cli.errors import InputError, remedy
from auditlog_cli.sources.files import STDIN
from auditlog_cli.sources.lines import lines_of
from auditlog_cli.sources.looking import may_be_foreign
from auditlog_cli.sources.opening import GZIP, ZSTD, open_plain, open_wherever, whole_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditlog_cli.record import BadLine, Line

PART = 1 << 25
"""About 32 MiB: large enough that starting on one costs nothing, small enough to hold what was found in it."""
_STEP = 1 << 16


class Range:
    """A part of a plain file: whole lines, but for a last line without LF.

    Attributes:
        path: The file.
        start: Bytes from the start of the file; a line begins there.
        end: The first byte behind it.
    """

    __slots__ = ("end", "path", "start")

    def __init__(self, path: str, start: int, end: int) -> None:
        self.path = path
        self.start = start
        self.end = end

    def __repr__(self) -> str:
        return f"Range({self.path!r}, {self.start}, {self.end})"


def cut(path: str, part: int = PART) -> list[Range]:
    """Return the parts of a file in order; none if it cannot be cut: standard input, a pipe,
    compressed, of a foreign format.

    Args:
        path: The file.
        part: About how many bytes each shall have; a longer line stays whole.

    Raises:
        InputError: If it cannot be read.
    """
    if path == STDIN:
        return []
    fd = open_plain(path)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode) or os.pread(fd, 4, 0).startswith((GZIP, ZSTD)):
            return []
        if may_be_foreign(fd):
            return []
        ranges: list[Range] = []
        start, size = 0, whole_size(path, fd)
        while start < size:
            end = _line_end(fd, start + part, size)
            ranges.append(Range(path, start, end))
            start = end
        return ranges
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})", help=remedy(error)) from error
    finally:
        os.close(fd)


def _line_end(fd: int, place: int, size: int) -> int:
    """The first byte behind the line that holds the byte before `place`."""
    place -= 1
    while place < size:
        data = os.pread(fd, _STEP, place)
        cut_at = data.find(b"\n")
        if not data or cut_at >= 0:
            return min(place + cut_at + 1, size) if data else size
        place += len(data)
    return size


def read_range(part: Range) -> Iterator[Line | BadLine]:
    """Yield the lines of a part as `sources.lines.read_lines` does, numbered from 1 within the part.

    Raises:
        InputError: If the file cannot be read.
    """
    return lines_of(_Reader(part), part.path, part.start)


def read_whole(part: Range) -> bytes:
    """Return the bytes of a part.

    Raises:
        InputError: If the file cannot be read.
    """
    reader = _Reader(part)
    try:
        pieces = []
        while piece := reader.read(part.end - part.start):
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
    finally:
        reader.close()


class _Reader:
    """Reads the bytes of a part."""

    __slots__ = ("_at", "_fd", "_part")

    def __init__(self, part: Range) -> None:
        self._part = part
        self._at = part.start
        path, self._fd = open_wherever(part.path)
        if os.pread(self._fd, 4, 0).startswith((GZIP, ZSTD)):  # compressed since it was cut
            self._unpack(path)

    def _unpack(self, path: str) -> None:
        from auditlog_cli import frames

        packed = self._fd
        try:
            self._fd = frames.plain(path, packed)
        finally:
            os.close(packed)

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; none at the end."""
        try:
            data = os.pread(self._fd, min(size, self._part.end - self._at), self._at)
        except OSError as error:
            raise InputError(f"{self._part.path}: cannot be read ({error.strerror})", help=remedy(error)) from error
        self._at += len(data)
        return data

    def close(self) -> None:
        """Give the file back."""
        os.close(self._fd)
