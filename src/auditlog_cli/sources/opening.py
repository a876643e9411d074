"""The one door through which files are opened for reading. Compression is told by the first bytes, not
by the name."""

from __future__ import annotations

import os
import stat

from auditlog_cli.errors import DefinitionError, InputError, remedy
from auditlog_cli.segments import GZIP, ZSTD, first_of, open_regular, shared_lock
from auditlog_cli.sources.files import STDIN
from auditlog_cli.sources.listed import opened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.frames import Reader

__all__ = ["GZIP", "ZSTD", "Plain", "open_for_reading", "open_plain", "unpacked", "whole_size"]


_WRITING_S = 1.0
"""So long a line is waited for that a writer has begun: it has all of it at hand."""


class Plain:
    """A file as it stands: unbuffered, for callers read large blocks."""

    __slots__ = ("_head", "fd", "path")

    def __init__(self, path: str, fd: int, head: bytes = b"") -> None:
        self.path = path
        self.fd = fd
        self._head = head

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; none at the end."""
        if self._head:
            head, self._head = self._head, b""
            return head
        try:
            return os.read(self.fd, size)
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read ({error.strerror})", help=remedy(error)) from error

    def close(self) -> None:
        """Give the file back; standard input stays open."""
        if self.fd > 2:
            os.close(self.fd)


class Growing(Plain):
    """A log as it stands, with the whole of a line that is just being written; see `whole_size`."""

    __slots__ = ("_unfinished",)

    def __init__(self, path: str, fd: int) -> None:
        super().__init__(path, fd)
        self._unfinished = False

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; none at the end."""
        data = super().read(size)
        if not data and self._unfinished and stat.S_ISREG(os.fstat(self.fd).st_mode):
            whole_size(self.path, self.fd)
            data = super().read(size)
        self._unfinished = data[-1:] not in (b"", b"\n")
        return data


def open_for_reading(path: str) -> Reader:
    """Return a reader of the (unpacked) bytes of `path`; `-` is standard input.

    Raises:
        InputError: If it cannot be opened, or is a folder.
    """
    if path == STDIN:
        plain = Plain("standard input", 0)
    else:
        plain = Growing(*open_wherever(path))
    return begun(plain)


def begun(plain: Plain) -> Reader:
    """Return a reader of the (unpacked) bytes of a file of which nothing was read.

    Raises:
        InputError: If it cannot be read.
    """
    head = plain.read(1 << 16)
    plain._head = head
    if head.startswith((GZIP, ZSTD)):
        return unpacked(plain.path, plain, head)
    return plain


def unpacked(path: str, reader: Reader, head: bytes) -> Reader:
    """Return a reader of the unpacked bytes of what `reader` gives from its beginning.

    Args:
        path: What to call it.
        reader: Gives the packed bytes.
        head: The first of them, already read and given again by `reader`.
    """
    from auditlog_cli.frames import Unpacked

    return Unpacked(reader, "gzip" if head.startswith(GZIP) else "zstd", path)


def open_wherever(path: str) -> tuple[str, int]:
    """Return path and descriptor of a file, which may lie elsewhere since it was listed (`sources.listed`).

    Raises:
        InputError: If it cannot be opened, or is a folder.
    """
    try:
        path, fd = opened(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})", help=remedy(error)) from error
    if stat.S_ISDIR(os.fstat(fd).st_mode):
        os.close(fd)
        raise InputError(f"{path}: a folder, not a file", help="name a file in it")
    return path, fd


def open_plain(path: str) -> int:
    """Return a descriptor of the file as it stands, compressed or not, as `open_wherever` does."""
    return open_wherever(path)[1]


def whole_size(path: str, fd: int) -> int:
    """Return how many bytes an open file of a log has; where the last line is not finished, once no writer is at work.
    Nobody writes into a closed segment.

    A write is not one moment for who reads: the first page of a line may be there before the second one is.

    Args:
        path: The file.
        fd: Its descriptor; a regular file.
    """
    size = os.fstat(fd).st_size
    if not size or os.pread(fd, 1, size - 1) == b"\n" or first_of(path) is not None:
        return size
    lock = shared_lock(path, _WRITING_S)
    try:
        return os.fstat(fd).st_size
    finally:
        if lock >= 0:
            os.close(lock)


def open_file(path: str) -> int:
    """Return a descriptor of a file whose name nobody has given: a pipe in its place is refused, not waited for.

    Raises:
        InputError: If it cannot be opened, or is no regular file.
    """
    try:
        return open_regular(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})", help=remedy(error)) from error


def read_small(path: str, most: int, *, named: bool = True) -> bytes:
    """Return the bytes of a small file, as they lie there.

    Args:
        path: The file.
        most: Bytes beyond so many are left away: what is longer is no such file, and its reader finds that out.
        named: Whether a user named it, and may mean a pipe.

    Raises:
        InputError: If it cannot be opened or read, or is a folder.
    """
    reader = Plain(path, open_plain(path) if named else open_file(path))
    parts: list[bytes] = []
    try:
        while most > 0 and (data := reader.read(min(most, 1 << 20))):
            parts.append(data)
            most -= len(data)
    finally:
        reader.close()
    return b"".join(parts)


def read_definition(path: str, most: int) -> bytes:
    """Return the bytes of a small file that says how something is to be done: keys, witnesses, detectors.

    Args:
        path: The file.
        most: As for `read_small`.

    Raises:
        DefinitionError: If it cannot be opened or read, or is a folder.
    """
    try:
        return read_small(path, most)
    except InputError as error:
        raise DefinitionError(error.message, help=error.help) from error
