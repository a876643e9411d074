"""The bytes of a log as they are at one moment, and the small files beside it (integrity.md, 2.1, 7)."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from auditlog_cli import frames, parallel, segments, strictjson
from auditlog_cli.errors import DefinitionError, InputError, remedy
from auditlog_cli.record import BadLine, Line
from auditlog_cli.sealing import stubs
from auditlog_cli.sources import lines, opening
from auditlog_cli.sources.files import STDIN
from auditlog_cli.verification import pieces

PART = 1 << 22
"""Bytes that are judged at a time; a longer line stays whole."""
_STEP = 1 << 16
_SMALL = 1 << 20
_ATTEMPTS = 20
_BATCH = 4096  # lines of a stream that are judged at a time


class Part:
    """Some lines of one segment; `end` 0: all of it, for it is compressed or a stream."""

    __slots__ = ("end", "fd", "last", "path", "start")

    def __init__(self, path: str, fd: int, start: int, end: int, *, last: bool) -> None:
        self.path = path
        self.fd = fd
        self.start = start
        self.end = end
        self.last = last


class Snapshot:
    """A log as it was when this was made. Use it in a `with` block: it holds descriptors.

    Args:
        path: The log; `-` is standard input.
        side: Where its newest checkpoint lies; None: beside it, if it is there.

    Raises:
        InputError: If it is missing or cannot be read; `missing` tells the two apart.
    """

    def __init__(self, path: str, side: str | None = None) -> None:
        self.path = path
        self.side_path = side or segments.checkpoint_name(path)
        self.stub: stubs.Stub | None = None
        self.stub_path = segments.pruned_name(path)
        self.side: bytes | None = None
        self._fds: list[int] = []
        if path == STDIN:
            self.segments = [(STDIN, 0, 0)]
            return
        # The side file before the log: what it covers was synced before it was published, so it is in a later
        # look at the log.
        self.side = _small(self.side_path, named=side is not None)
        if side is not None and self.side is None:
            raise DefinitionError(
                f"{side}: no checkpoint can be read there",
                help="is it the .checkpoint beside the log, and may this user read it?",
            )
        self.segments = self._take()

    def _refuse_other(self) -> None:
        """Refuse a path, which a user named, that is there and is no regular file."""
        try:
            mode = os.stat(self.path).st_mode
        except OSError:
            return  # whoever opens it says so
        if not stat.S_ISREG(mode):
            what = "a folder with no log in it" if stat.S_ISDIR(mode) else "not a file"
            raise InputError(f"{self.path}: {what}", help="name the log itself, or give it as standard input: -")

    def _take(self) -> list[tuple[str, int, int]]:
        """The segments, and the stub that was there before and after they were looked for: nobody pruned meanwhile."""
        self._refuse_other()
        before = _small(self.stub_path)
        for _ in range(_ATTEMPTS):
            try:
                taken = segments.snapshot(self.path)
            except FileNotFoundError:
                if not os.path.isdir(os.path.dirname(self.path) or "."):
                    return []
                raise InputError(
                    f"{self.path}: its segments come and go; try again",
                    help="stop whoever rotates or prunes for a moment",
                ) from None
            except OSError as error:
                raise InputError(
                    f"{error.filename or self.path}: cannot be read ({error.strerror})", help=remedy(error)
                ) from error
            self._fds = [fd for _, fd, _ in taken]
            try:
                after = _small(self.stub_path)
                if after == before:
                    return self._without_pruned(taken, after)
            except BaseException:
                self.close()
                raise
            self.close()
            before = after
        raise InputError(
            f"{self.path}: it is pruned again and again; try again", help="stop whoever prunes for a moment"
        )

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the descriptors back."""
        for fd in self._fds:
            os.close(fd)
        self._fds = []

    @property
    def size(self) -> int:
        """How many bytes there are, as they lie on the disk."""
        return sum(size for _, _, size in self.segments)

    def _without_pruned(self, taken: list[tuple[str, int, int]], data: bytes | None) -> list[tuple[str, int, int]]:
        if data is None:
            return taken
        try:
            self.stub = stubs.parse(data)
        except ValueError:
            return taken  # what is no stub declares nothing: the chain says that records are missing
        limit = self.stub.records
        if any(segments.first_of(name) == 0 for name, _, _ in taken):
            return taken
        # Pruning was cut short between the stub and the last unlink: those segments are declared as gone.
        return [each for each in taken if each[0] == self.path or (segments.first_of(each[0]) or 0) >= limit]

    def parts(self) -> list[Part]:
        """Return the parts of all segments, in order."""
        found: list[Part] = []
        for name, fd, size in self.segments:
            packed = name == STDIN or _head(name, fd).startswith((opening.GZIP, opening.ZSTD))
            start = 0
            while start < size and not packed:
                end = _line_end(fd, start + PART, size, name)
                found.append(Part(name, fd, start, end, last=end == size))
                start = end
            if packed:
                found.append(Part(name, fd, 0, 0, last=True))
        return found


def judged(parts: list[Part], processes: int) -> Iterator[tuple[Part, pieces.Piece]]:
    """Yield the pieces of the parts, in order; the work is shared by so many processes.

    Raises:
        InputError: If a part cannot be read, or its compressed data is damaged.
    """
    for plain, group in groupby(parts, key=lambda part: part.end > 0):
        some = list(group)
        if plain:
            found = parallel.in_order(lambda at, some=some: _piece(some[at]), len(some), processes)  # type: ignore[misc]
            yield from zip(some, found, strict=True)
        else:
            yield from ((part, piece) for part in some for piece in _streamed(part))


class RawLine(NamedTuple):
    """A line as it stands: its bytes without LF, where it is, and whether an LF ends it."""

    data: bytes
    path: str
    number: int
    offset: int
    ended: bool


def raw_lines(snapshot: Snapshot, *, unpack: bool = False) -> Iterator[RawLine]:
    """Yield the lines of all segments, in order.

    Args:
        unpack: Take a compressed segment for the lines in it, not for the bytes that it is.

    Raises:
        InputError: If they cannot be read, or one is longer than 64 MiB.
    """
    for name, fd, size in snapshot.segments:
        reader: frames.Reader = _Bytes(Part(name, fd, 0, size, last=True))
        if unpack and frames.is_packed(fd):
            reader = opening.unpacked(name, reader, os.pread(fd, 4, 0))
        for line in lines.lines_of(reader, name):
            if isinstance(line, BadLine):
                raise InputError(
                    f"{name}: line {line.line.number} is longer than 64 MiB", help="is it a log? one record is one line"
                )
            yield RawLine(line.raw, name, line.number, line.offset, line.ended)


def _piece(part: Part) -> pieces.Piece:
    if part.end - part.start > strictjson.MAX_LINE:  # a line of this length is not held in memory
        return pieces.of_lines(lines.lines_of(_Bytes(part), part.path, part.start))
    data = _Bytes(part).read(part.end - part.start)
    return pieces.of_bytes(data, part.start)


def _streamed(part: Part) -> Iterator[pieces.Piece]:
    if part.path == STDIN:
        reader = opening.open_for_reading(STDIN)
    else:
        raw = _Bytes(Part(part.path, part.fd, 0, os.fstat(part.fd).st_size, last=True))
        reader = opening.unpacked(part.path, raw, _head(part.path, part.fd))
    batch: list[Line | BadLine] = []
    held = 0
    for line in lines.lines_of(reader, part.path):
        batch.append(line)
        held += len(line.raw if isinstance(line, Line) else line.line.raw)
        if held >= PART or len(batch) == _BATCH:  # bytes, too: few of them can unpack to very many
            yield pieces.of_lines(batch)
            batch, held = [], 0
    if batch:
        yield pieces.of_lines(batch)


def _head(path: str, fd: int) -> bytes:
    """The first bytes of a file: they tell whether it is compressed."""
    try:
        return os.pread(fd, 4, 0)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})", help=remedy(error)) from error


class _Bytes:
    """Reads the bytes of a part from its open descriptor, wherever others read."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._at = part.start

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, fewer only at the end of the part."""
        found: list[bytes] = []
        while size and self._at < self._part.end:
            try:
                data = os.pread(self._part.fd, min(size, self._part.end - self._at), self._at)
            except OSError as error:
                raise InputError(f"{self._part.path}: cannot be read ({error.strerror})", help=remedy(error)) from error
            if not data:
                break  # it was shortened meanwhile: the chain will tell
            found.append(data)
            self._at += len(data)
            size -= len(data)
        return found[0] if len(found) == 1 else b"".join(found)

    def close(self) -> None:
        """The descriptor is the snapshot's."""


def _line_end(fd: int, place: int, size: int, name: str) -> int:
    """The first byte behind the line that holds the byte before `place`."""
    place -= 1
    try:
        while place < size:
            data = os.pread(fd, min(_STEP, size - place), place)
            cut = data.find(b"\n")
            if cut >= 0:
                return place + cut + 1
            if not data:
                return size
            place += len(data)
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror})", help=remedy(error)) from error
    return size


def _small(path: str, *, named: bool = False) -> bytes | None:
    """The first MiB of a small file, or None if there is none.

    Raises:
        InputError: If it is there and cannot be read.
    """
    if not os.path.lexists(path):
        return None
    try:
        return opening.read_small(path, _SMALL, named=named)
    except InputError:
        if not os.path.lexists(path):
            return None
        raise
