"""Lines that are read a second time by their places, so that they need not be held meanwhile."""

from __future__ import annotations

import os
from array import array
from zlib import crc32

from auditlog_cli.errors import InputError, remedy
from auditlog_cli.record import Line
from auditlog_cli.sources.listed import Listed, is_lasting, name
from auditlog_cli.sources.opening import open_plain

_OPEN = 64  # files at a time


class Places:
    """Where lines stand: 28 bytes for each.

    What is not found again in its place is held: lines of a pipe, of a packed file, of a foreign format.
    """

    def __init__(self) -> None:
        self._paths: list[Listed] = []
        self._files: dict[str, int] = {}
        self._open: dict[int, int] = {}
        self._file = array("I")
        self._offset = array("Q")
        self._number = array("Q")
        self._size = array("I")
        self._check = array("I")
        self._held: dict[int, Line] = {}

    def __len__(self) -> int:
        return len(self._file)

    @property
    def held(self) -> int:
        """How many lines are held."""
        return len(self._held)

    def put(self, line: Line) -> int:
        """Remember where a line stands, and return the number by which it can be had: they count from 0."""
        number, raw = len(self._file), line.raw
        file = self._files.get(line.path, -1)
        if file < 0:
            file = self._files[line.path] = len(self._paths)
            self._paths.append(line.path if isinstance(line.path, Listed) else name(line.path))
        self._file.append(file)
        self._offset.append(line.offset)
        self._number.append(line.number)
        self._size.append(len(raw))
        self._check.append(crc32(raw))
        if not line.ended or not is_lasting(self._paths[file]) or not self._stands(number, raw):
            self._held[number] = line
        return number

    def _stands(self, number: int, raw: bytes) -> bool:
        try:
            return self._read(number) == raw
        except InputError:
            return False

    def take(self, number: int) -> Line:
        """Return a line.

        Raises:
            InputError: If it cannot be read, or does not stand there any more.
        """
        held = self._held.get(number)
        if held is not None:
            return held
        path, raw = self._paths[self._file[number]], self._read(number)
        if len(raw) != self._size[number] or crc32(raw) != self._check[number]:
            where = f"{path}:{self._number[number]}"
            raise InputError(f"{where}: was changed while it was being read", help="run it again")
        return Line(raw, path, self._number[number], self._offset[number])

    def _read(self, number: int) -> bytes:
        file = self._file[number]
        path = self._paths[file]
        fd = self._open.pop(file, -1)
        if fd < 0:
            if len(self._open) == _OPEN:
                os.close(self._open.pop(next(iter(self._open))))
            fd = open_plain(path)
        self._open[file] = fd
        try:
            return os.pread(fd, self._size[number], self._offset[number])
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})", help=remedy(error)) from error

    def close(self) -> None:
        """Give the files back."""
        while self._open:
            os.close(self._open.popitem()[1])
