"""Appending to a file of JSON lines that is not sealed, and stays so: one lock, one write, nothing altered."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Mapping
from typing import Literal

import orjson

from auditlog_cli import durability, segments, strictjson
from auditlog_cli.errors import AuditWriteError
from auditlog_cli.sealing.line import Unsealed, unseal
from auditlog_cli.writer import disk, tail
from auditlog_cli.writer.lock import FileLock
from auditlog_cli.writer.values import Plain

Kind = Literal["new", "sealed", "array", "plain"]


def kind(path: str) -> Kind:
    """Return what the file at `path` is. Reads its first line only.

    `new`: there is none, or an empty one. `sealed`: a log of ours, also one whose very first line was torn,
    which the writer repairs; and whatever cannot be read, which the writer refuses. `array`: the
    whole file is, as it seems, one JSON array. `plain`: anything else.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return "sealed" if segments.closed(path) else "new"
    except OSError:
        return "sealed"
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            return "sealed"
        if found.st_size == 0:
            return "sealed" if segments.closed(path) else "new"
        line = tail.first_line(fd)
    finally:
        os.close(fd)
    if line.lstrip().startswith(b"["):
        return "array"
    torn_at_birth = found.st_size == len(line) and line.startswith(b'{"timestamp":"') and not _whole(line)
    return "sealed" if torn_at_birth or _sealed(line) else "plain"


def _sealed(line: bytes) -> bool:
    try:
        unseal(line)
    except Unsealed:
        return False
    return True


def _whole(line: bytes) -> bool:
    try:
        strictjson.decode(line)
    except strictjson.Malformed:
        return False
    return True


class PlainFile:
    """An existing file of JSON lines. Thread-, process- and fork-safe among writers that use this class.

    Args:
        path: The file.
        lock_timeout_s: How long to wait for another writer, seconds.

    Raises:
        AuditWriteError: If it cannot be opened for writing: said now, not at the first event.
    """

    def __init__(self, path: str, lock_timeout_s: float) -> None:
        self.path = os.path.realpath(path)
        try:
            os.close(os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC))
        except OSError as error:
            raise self._failed(error) from error
        self._lock = FileLock(self.path, lock_timeout_s)
        self._mutex = threading.Lock()
        self._process = os.getpid()

    def append(self, record: Mapping[str, object], *, sync: bool = False) -> None:
        """Append one object as a line. A last line without its LF is ended first, in the same write.

        Args:
            record: Values that JSON cannot hold are handled by rule (`writer/values.py`).
            sync: Return only when the disk has confirmed it.

        Raises:
            AuditWriteError: Nothing of the line is in the file, unless it says otherwise.
        """
        line = orjson.dumps(Plain(record).record) + b"\n"
        if self._process != os.getpid():  # forked: the lock's descriptor, and so the lock, is the parent's
            self._lock.close()
            self._mutex = threading.Lock()
            self._process = os.getpid()
        with self._mutex:
            self._lock.acquire()
            try:
                self._write(line, sync)
            finally:
                self._lock.release()

    def _write(self, line: bytes, sync: bool) -> None:
        try:
            fd = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise AuditWriteError(
                f"{self.path}: was moved or deleted; nothing was written", help="begin a new log: audit_to(…) again"
            ) from error
        except OSError as error:
            raise self._failed(error) from error
        try:
            size = os.fstat(fd).st_size
            if size and os.pread(fd, 1, size - 1) != b"\n":
                line = b"\n" + line
            self._write_whole(fd, line, size)
            if sync:
                self._sync(fd)
        except OSError as error:
            raise self._failed(error) from error
        finally:
            os.close(fd)

    def _write_whole(self, fd: int, line: bytes, size: int) -> None:
        try:
            written, failure = os.write(fd, line), None
        except OSError as error:
            written, failure = 0, error
        if written == len(line):
            return
        try:
            os.ftruncate(fd, size)  # what was there before stays as it was
            left = "nothing was written"
        except OSError:
            left = "a part of the line may stand at the end; the next one begins a new line"
        why = failure.strerror if failure else f"only {written} of {len(line)} bytes fitted"
        raise AuditWriteError(
            f"{self.path}: cannot be written ({why}); {left}", help="make room, then call again"
        ) from failure

    def _sync(self, fd: int) -> None:
        try:
            durability.sync_data(fd)
        except OSError as error:
            raise AuditWriteError(
                f"{self.path}: written, but the disk did not confirm it ({error.strerror}); it may be lost in a crash",
                help=disk.LOOK,
            ) from error

    def _failed(self, error: OSError) -> AuditWriteError:
        return AuditWriteError(
            f"{self.path}: cannot be written ({error.strerror}); nothing was written",
            help="check owner and mode of the file, and its disk",
        )

    def close(self) -> None:
        """Give the lock's descriptor back."""
        self._lock.close()
