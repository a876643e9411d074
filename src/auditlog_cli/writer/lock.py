"""One writer at a time: `flock` on `<log>.lock` (integrity.md, 6.1).

`flock` dies with its process and survives the closing of another descriptor, which POSIX locks do not.
The lock is never taken on the log itself, because rotation renames that.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time

from auditlog_cli import segments
from auditlog_cli.errors import AuditWriteError, LockTimeout

_FIRST_PAUSE_S = 0.0001
_LONGEST_PAUSE_S = 0.005


class FileLock:
    """The lock between processes. Threads of one process are kept apart by their log's own lock."""

    def __init__(self, log: str, timeout_s: float) -> None:
        self.path = segments.lock_name(log)
        self.timeout_s = timeout_s
        self._fd = -1

    def acquire(self) -> None:
        """Take the lock, waiting up to `timeout_s`.

        Raises:
            LockTimeout: If another process did not let go in time.
            AuditWriteError: If the lock file cannot be opened.
        """
        deadline = None
        pause = _FIRST_PAUSE_S
        while True:
            if self._fd < 0:
                self._open()
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno not in (errno.EWOULDBLOCK, errno.EACCES, errno.EINTR):
                    raise AuditWriteError(
                        f"{self.path}: cannot be locked ({error.strerror}); nothing was written",
                        help="the file system must support flock",
                    ) from error
                now = time.monotonic()
                deadline = deadline or now + self.timeout_s
                if now >= deadline:
                    raise LockTimeout(
                        f"{self.path}: another writer has held the lock for {self.timeout_s:g} s; nothing was written",
                        help=f"see who holds it: fuser -v {self.path}",
                    ) from None
                time.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_S)
                continue
            if os.fstat(self._fd).st_nlink:
                return
            # Somebody deleted the lock file: the next writer locks a new one, so this one protects nothing.
            self.close()

    def release(self) -> None:
        """Let go."""
        if self._fd >= 0:
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give the descriptor back; a lock held goes with it."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def forget(self) -> None:
        """After a fork, in the child: the descriptor is shared with the parent, and so is its lock."""
        self.close()

    def _open(self) -> None:
        try:
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise AuditWriteError(
                f"{self.path}: cannot be opened ({error.strerror}); nothing was written",
                help="the folder of the log must exist and be writable",
            ) from error
