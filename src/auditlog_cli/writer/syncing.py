"""When a record is on the disk: `always`, `interval` or `none` (integrity.md, 6.3).

Syncs run outside the lock of the log, on a duplicate of its descriptor, so that other writers go on.
Threads that wait for the disk at the same time share one sync (group commit).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from auditlog_cli.errors import DurabilityError


class Syncer:
    """Brings what was written to the disk.

    Args:
        path: The log, for messages.
        duplicate:
            Gives a duplicate of the descriptor to sync and the ticket up to which the file is written,
            both taken under the log's lock; or None if the log is closed.
        interval_s: How long written records may wait for the disk under the policy `interval`.
    """

    def __init__(self, path: str, duplicate: Callable[[], tuple[int, int] | None], interval_s: float) -> None:
        self._path = path
        self._duplicate = duplicate
        self._interval_s = interval_s
        self._turn = threading.Condition(threading.Lock())
        self._busy = False
        self._done = 0
        self._failed: OSError | None = None
        self._dirty = threading.Event()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    def wait(self, ticket: int) -> None:
        """Return once all that was written up to `ticket` is on the disk.

        Raises:
            DurabilityError: If the disk did not confirm it. Trying again would not help: the kernel has
                marked the pages clean.
        """
        with self._turn:
            while self._busy and self._done < ticket:
                self._turn.wait()
            self._raise_failure(ticket)
            if self._done >= ticket:
                return
            self._busy = True
        done, failure = self._sync()
        with self._turn:
            self._busy = False
            if failure is None:
                self._done = max(self._done, done)
            else:
                self._failed = failure
            self._turn.notify_all()
            self._raise_failure(ticket)

    def _sync(self) -> tuple[int, OSError | None]:
        taken = self._duplicate()
        if taken is None:
            return self._done, None
        fd, ticket = taken
        try:
            os.fdatasync(fd)
        except OSError as error:
            return 0, error
        finally:
            os.close(fd)
        return ticket, None

    def _raise_failure(self, ticket: int) -> None:
        if self._failed is not None and self._done < ticket:
            raise self.failure(self._failed)

    def failure(self, error: OSError) -> DurabilityError:
        """Return the error that says that the disk did not confirm what was written."""
        return DurabilityError(
            f"{self._path}: written, but the disk did not confirm it ({error.strerror}); it may be lost in a crash",
            help="the next append copies the log to a new file and records this",
        )

    @property
    def failed(self) -> OSError | None:
        """The first failed sync that has not been dealt with."""
        return self._failed

    @property
    def done(self) -> int:
        """The ticket up to which everything is on the disk."""
        return self._done

    def settle(self, ticket: int) -> None:
        """Everything up to `ticket` is on the disk after all: the log was copied and synced, or rotated."""
        with self._turn:
            self._failed = None
            self._done = max(self._done, ticket)
            self._turn.notify_all()

    def soon(self, ticket: int) -> None:
        """Sync within `interval_s`, in the background. A failure is raised by the next append."""
        if self._done >= ticket:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="auditlog-sync", daemon=True)
            self._thread.start()
        if not self._dirty.is_set():
            self._dirty.set()

    def _run(self) -> None:
        while True:
            self._dirty.wait()
            if self._stopping.wait(self._interval_s):
                return
            self._dirty.clear()
            taken_done, failure = self._sync()
            with self._turn:
                if failure is None:
                    self._done = max(self._done, taken_done)
                elif self._failed is None:
                    self._failed = failure

    def stop(self) -> None:
        """End the background thread. What it has not synced is the caller's to sync."""
        self._stopping.set()
        self._dirty.set()

    def after_fork(self) -> None:
        """In a child: threads did not come along, and their locks may be held by nobody."""
        self.__init__(self._path, self._duplicate, self._interval_s)  # type: ignore[misc]
