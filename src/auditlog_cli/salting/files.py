"""The files of a log that others write and that has salts beside it, as they are at one moment (integrity.md, 2.8)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from auditlog_cli import segments
from auditlog_cli.errors import InputError, remedy
from auditlog_cli.record import BadLine
from auditlog_cli.sources import lines
from auditlog_cli.sources.opening import GZIP, ZSTD, open_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditlog_cli.record import Line

_LARGEST = 1 << 28  # of what is read whole: declarations


class Stretch:
    """Reads the bytes of an open file from one place to another, wherever others read."""

    def __init__(self, path: str, fd: int, start: int, end: int) -> None:
        self._path = path
        self._fd = fd
        self._at = start
        self._end = end

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; none at the end.

        Raises:
            InputError: If they cannot be read.
        """
        try:
            data = os.pread(self._fd, min(size, self._end - self._at), self._at)
        except OSError as error:
            raise InputError(f"{self._path}: cannot be read ({error.strerror})", help=remedy(error)) from error
        self._at += len(data)
        return data

    def close(self) -> None:
        """The descriptor is the snapshot's."""


class Snapshot:
    """The files as they are at one moment. Use it in a `with` block: it holds descriptors.

    Args:
        path: The log.
        locked: The caller keeps everybody else out; otherwise they are kept out while the files are opened.

    Attributes:
        path: The log.
        checkpoint: What the checkpoint beside it holds, or None.
        declarations: What `.redactions` holds; empty if it is not there.
        holds: What `.holds` holds; empty if it is not there.
        has_salts, has_new: Whether `.salts` is there, and `.salts.new`: a redaction was cut short.

    Raises:
        InputError: If the log is missing, compressed, in several files, or if a file cannot be read.
    """

    def __init__(self, path: str, *, locked: bool = False) -> None:
        self.path = path
        self._files: dict[str, tuple[int, os.stat_result]] = {}
        lock = -1 if locked else segments.shared_lock(path)
        try:
            # The checkpoint first: salts and lines that it covers were there before it.
            self.checkpoint = self._whole(segments.checkpoint_name(path))
            for name in (segments.salts_name(path), segments.new_salts_name(path), path):
                self._open(name)
            self.declarations = self._whole(segments.redactions_name(path)) or b""
            self.holds = self._whole(segments.holds_name(path)) or b""
            if path not in self._files:
                raise InputError(f"{path}: no such file", help="is the folder there, and the name right?")
            if segments.closed(path):
                raise InputError(
                    f"{path}: lies in several files; a log that others write is sealed as one",
                    help="put its files together in the order of their lines, or seal each under its own name",
                )
            if Stretch(path, self._files[path][0], 0, 4).read(4).startswith((GZIP, ZSTD)):
                raise InputError(
                    f"{path}: unpack it: its lines cannot have salts beside them while it is compressed",
                    help="zstd -d FILE or gunzip FILE",
                )
        except BaseException:
            self.close()
            raise
        finally:
            if lock >= 0:
                os.close(lock)

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the descriptors back."""
        for fd, _ in self._files.values():
            os.close(fd)
        self._files = {}

    @property
    def has_salts(self) -> bool:
        """Whether `.salts` is there."""
        return segments.salts_name(self.path) in self._files

    @property
    def has_new(self) -> bool:
        """Whether `.salts.new` is there."""
        return segments.new_salts_name(self.path) in self._files

    def stat(self, name: str) -> os.stat_result | None:
        """What the system said of a file when it was opened, or None if it was not there."""
        found = self._files.get(name)
        return found[1] if found else None

    def descriptor(self, name: str) -> int:
        """The descriptor of a file that is there."""
        return self._files[name][0]

    def lines(self, start: int = 0) -> Iterator[Line]:
        """Yield the lines of the log, from byte `start` on.

        Raises:
            InputError: If one is longer than 64 MiB.
        """
        return self._lines(self.path, start)

    def salts(self, start: int = 0, *, new: bool = False) -> Iterator[bytes]:
        """Yield the lines of salts, from byte `start` on; none if there is no such file.

        Raises:
            InputError: If one is too long, or no LF ends the last one: our files are whole.
        """
        name = segments.new_salts_name(self.path) if new else segments.salts_name(self.path)
        if name not in self._files:
            return
        for line in self._lines(name, start):
            if not line.ended:
                raise InputError(
                    f"{name}: is damaged: it does not end in a whole line",
                    help="take the lost end of the line from a copy; a power failure may have cut it",
                )
            yield line.raw

    def pairs(self, *, new: bool = False) -> Iterator[tuple[Line | None, bytes | None]]:
        """Yield each line of the log with its salts; None for what has no counterpart in the other file.

        A last line without LF has no salts.
        """
        salts = self.salts(new=new)
        for line in self.lines():
            yield line, next(salts, None) if line.ended else None
        for text in salts:
            yield None, text

    def _lines(self, name: str, start: int) -> Iterator[Line]:
        fd, found = self._files[name]
        for line in lines.lines_of(Stretch(name, fd, start, found.st_size), name, start):
            if isinstance(line, BadLine):
                raise InputError(f"{line.line.where}: longer than 64 MiB", help="is it a log? one record is one line")
            yield line

    def _open(self, name: str) -> None:
        if not os.path.lexists(name):
            return
        fd = open_file(name)
        self._files[name] = (fd, os.fstat(fd))

    def _whole(self, name: str) -> bytes | None:
        self._open(name)
        if name not in self._files:
            return None
        fd, found = self._files[name]
        if found.st_size > _LARGEST:
            raise InputError(
                f"{name}: larger than {_LARGEST >> 20} MiB",
                help="was it cut off, or mixed up with another file? take it from a copy",
            )
        reader = Stretch(name, fd, 0, found.st_size)
        parts = []
        while data := reader.read(1 << 20):
            parts.append(data)
        return b"".join(parts)
