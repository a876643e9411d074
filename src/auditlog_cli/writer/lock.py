"""One writer at a time: `flock` on `<log>.lock` (integrity.md, 6.1).

`flock` dies with its process and survives the closing of another descriptor, which POSIX locks do not.
The lock is never taken on the log itself, because rotation renames that.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from auditlog_cli import segments
from auditlog_cli.errors import LockTimeout
from auditlog_cli.writer import disk

_FIRST_PAUSE_S = 0.0001
_LONGEST_PAUSE_S = 0.005
_TURN_S = 30.0
_EXCLUSIVE = fcntl.LOCK_EX | fcntl.LOCK_NB
_HELD_BY_ANOTHER = (errno.EWOULDBLOCK, errno.EINTR)
_NO_SUCH_LOCK = (errno.EBADF, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL)  # two numbers on macOS
_NOT_KEPT = "the checkpoint was not kept"


class FileLock:
    """The lock between processes. Threads of one process are kept apart by their log's own lock.

    Attributes:
        release:
            Lets go; nothing happens if the lock is not held. Called first thing in a `finally`, and no
            function of Python's: an exception out of a signal handler (Ctrl-C) can hit the first line of
            such a function, and then the lock would stay.
    """

    def __init__(self, log: str, timeout_s: float) -> None:
        self.path = segments.lock_name(log)
        self.timeout_s = timeout_s
        self.release: Callable[[], object] = bool
        self._fd = -1

    def acquire(self) -> None:
        """Take the lock, waiting up to `timeout_s`.

        Raises:
            LockTimeout: If another process did not let go in time.
            AuditWriteError: If the lock file cannot be opened or locked.
        """
        deadline = 0.0
        pause = _FIRST_PAUSE_S
        while True:
            if self._fd < 0:
                self._open()
            try:
                fcntl.flock(self._fd, _EXCLUSIVE)
                if os.fstat(self._fd).st_nlink:
                    return
                # Somebody deleted the lock file: the next writer locks a new one, this one protects nothing.
                self.close()
                continue
            except OSError as error:
                if error.errno not in _HELD_BY_ANOTHER:
                    self.close()
                    raise disk.refused(self.path, "cannot be locked", error) from error
            now = time.monotonic()
            deadline = deadline or now + self.timeout_s
            if now >= deadline:
                raise LockTimeout(
                    f"{self.path}: another writer has held the lock for {self.timeout_s:g} s; {disk.NOTHING}",
                    help=f"see who holds it: fuser -v {self.path}",
                )
            time.sleep(min(pause, deadline - now))
            pause = min(pause * 2, _LONGEST_PAUSE_S)

    def close(self) -> None:
        """Give the descriptor back; a lock held goes with it.

        Also what a child does after a fork: its descriptor is the parent's, and so would be its lock.
        """
        fd, self._fd, self.release = self._fd, -1, bool
        if fd >= 0:
            try:
                os.close(fd)
            except OSError:
                pass  # Linux has closed it all the same, and the file is empty

    def _open(self) -> None:
        try:
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise disk.refused(self.path, "cannot be opened", error) from error
        self.release = partial(fcntl.flock, self._fd, fcntl.LOCK_UN)


@contextmanager
def turn(path: str, timeout_s: float = _TURN_S) -> Iterator[None]:
    """Wait until nobody else is about to replace the file at `path`.

    The lock is on its folder: it needs no file of its own, and no right but to read, so signers of several users keep
    each other away, and no writer waits for them.

    Args:
        path: The file.
        timeout_s: How long to wait.

    Raises:
        LockTimeout: If another did not finish in time.
        AuditWriteError: If the folder cannot be opened or locked.
    """
    folder = os.path.dirname(path) or "."
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise disk.refused(path, "cannot be replaced", error, _NOT_KEPT) from error
    try:
        _wait(fd, path, folder, timeout_s)
        try:
            yield
        finally:
            fcntl.flock(fd, fcntl.LOCK_UN)  # also for a child that came to be meanwhile and has the descriptor, too
    finally:
        os.close(fd)


def _wait(fd: int, path: str, folder: str, timeout_s: float) -> None:
    deadline, pause = time.monotonic() + timeout_s, _FIRST_PAUSE_S
    while True:
        try:
            fcntl.flock(fd, _EXCLUSIVE)
            return
        except OSError as error:
            if error.errno in _NO_SUCH_LOCK:
                return  # a file system shared between hosts may not lock folders; what is there is looked at anyhow
            if error.errno not in _HELD_BY_ANOTHER:
                raise disk.refused(path, "cannot be replaced", error, _NOT_KEPT) from error
        if time.monotonic() >= deadline:
            raise LockTimeout(
                f"{path}: another signer has been at work for {timeout_s:g} s; {_NOT_KEPT}",
                help=f"see who holds it: fuser -v {folder}",
            )
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_S)
