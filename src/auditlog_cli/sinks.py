"""Bytes out: a standard output that knows closed pipes, and files that appear whole or not at all."""

from __future__ import annotations

import os
import stat

from auditlog_cli import durability
from auditlog_cli.errors import AuditWriteError, remedy

_ENOUGH = 1 << 16


class ClosedPipe(Exception):
    """The reader of our output went away: `| head`. No error, but the end of the work."""


class Output:
    """Collects bytes and writes them to a descriptor in large pieces.

    Args:
        fd: Where to. 1 is standard output.
        eager: Write every time instead: someone is looking (a terminal, `--follow`).
        name: What errors call it.
    """

    def __init__(self, fd: int = 1, *, eager: bool = False, name: str = "standard output") -> None:
        self.fd = fd
        self.name = name
        self.eager = eager
        self._parts: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        """Take `data`; raise ClosedPipe once nobody reads any more."""
        self._parts.append(data)
        self._size += len(data)
        if self.eager or self._size >= _ENOUGH:
            self.flush()

    def line(self, text: str) -> None:
        """Take one line of text."""
        self.write(text.encode("utf-8", "backslashreplace") + b"\n")

    def flush(self) -> None:
        """Write what was taken.

        Raises:
            ClosedPipe: If nobody reads any more.
            AuditWriteError: If it cannot be written (disk full).
        """
        data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts, self._size = [], 0
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self.fd, view) :]
            except BrokenPipeError:
                raise ClosedPipe from None
            except OSError as error:
                raise AuditWriteError(
                    f"{self.name}: cannot be written ({error.strerror})", help=remedy(error)
                ) from error


def is_stream(path: str) -> bool:
    """Tell whether a path names a device or a pipe: something to write into, not to put a file in the place of."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)


class FileOutput(Output):
    """A file that appears whole, under its name, when `commit` is called, and not at all otherwise.

    Args:
        path: The file to be. What is there already stays until `commit`.
        new: Never take the place of a file: `commit` refuses where there is one by then.

    Raises:
        AuditWriteError: If nothing can be written beside it, or what is there is no file: a device is not replaced.
    """

    def __init__(self, path: str, *, new: bool = False) -> None:
        self.path = path
        self._new = new
        self._temporary = f"{path}.{os.getpid()}.tmp"
        if os.path.exists(path) and not os.path.isfile(path):
            what = "a folder" if os.path.isdir(path) else "no file"
            self._temporary = ""
            raise AuditWriteError(
                f"{path}: cannot be written, it is {what}", help="name a file, or - for standard output"
            )
        try:
            fd = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise AuditWriteError(f"{path}: cannot be written ({error.strerror})", help=remedy(error)) from error
        super().__init__(fd, name=path)

    def flush(self) -> None:
        """Write what was taken; leave nothing behind where that cannot be done. Raises as `Output.flush` does."""
        try:
            super().flush()
        except AuditWriteError:
            self.discard()
            raise

    def commit(self) -> None:
        """Give the file its name."""
        self.flush()
        try:
            durability.sync(self.fd)
            if self._new:
                os.link(self._temporary, self.path)
                os.unlink(self._temporary)
            else:
                os.rename(self._temporary, self.path)
            os.close(self.fd)
        except FileExistsError:
            self.discard()
            raise AuditWriteError(
                f"{self.path}: is there already and stays as it is", help="name another with -o, or move it away first"
            ) from None
        except OSError as error:
            self.discard()
            raise AuditWriteError(f"{self.path}: cannot be written ({error.strerror})", help=remedy(error)) from error
        self._temporary = ""

    def discard(self) -> None:
        """Leave nothing behind; after `commit`, do nothing."""
        if self._temporary:
            os.close(self.fd)
            os.unlink(self._temporary)
            self._temporary = ""


def write_whole(path: str, data: bytes, *, new: bool = False) -> None:
    """Write a file, whole or not at all.

    Args:
        path: The file; what is there already is replaced.
        data: What is to stand in it.
        new: As for `FileOutput`.

    Raises:
        AuditWriteError: If it cannot be written.
    """
    out = FileOutput(path, new=new)
    try:
        out.write(data)
        out.commit()
    finally:
        out.discard()


class Appended(Output):
    """A file that grows: what is there stays, each write goes behind it. One line of another writer is never torn.

    Args:
        path: The file; it is made where there is none.

    Raises:
        AuditWriteError: If it cannot be opened.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            size = os.fstat(fd).st_size
            torn = size > 0 and os.pread(fd, 1, size - 1) != b"\n"
        except OSError as error:
            raise AuditWriteError(f"{path}: cannot be written ({error.strerror})", help=remedy(error)) from error
        super().__init__(fd, eager=True, name=path)
        if torn:
            self.write(b"\n")  # a line that somebody did not finish stays one bad line

    def sync(self) -> None:
        """Return once what was written is on the disk; a pipe or a device has none.

        Raises:
            AuditWriteError: If the disk did not confirm it.
        """
        if is_stream(self.path):
            return
        try:
            durability.sync_data(self.fd)
        except OSError as error:
            raise AuditWriteError(f"{self.path}: cannot be written ({error.strerror})", help=remedy(error)) from error

    def close(self) -> None:
        """Give the file back."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
