"""When a record is on the disk: `always`, `interval` or `none` (integrity.md, 6.3).

Syncs run outside the lock of the log, so that other writers go on. Threads that wait for the disk at the
same time share one sync (group commit): one of them leads, the others find their records on the disk when
it comes back.

Only the leader syncs, and only the leader changes which file is synced. Two syncs of one file must never
overlap: the kernel reports a failure once, and the other call would return as if all were well.

Progress is counted in sequence numbers: `done` is the first one that is not known to be on the disk.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable

from auditlog_cli.durability import sync, sync_data
from auditlog_cli.errors import DurabilityError
from auditlog_cli.writer import disk

_NOBODY = 0


class Syncer:
    """Brings what was written to the disk.

    Args:
        path: The log, for messages.
        written:
            Gives the sequence number up to which the log is written and, looked at after that, the
            descriptor to sync (-1 if the log is closed). Called without the lock of the log.
        interval_s: How long written records may wait for the disk under the policy `interval`.
    """

    def __init__(self, path: str, written: Callable[[], tuple[int, int]], interval_s: float) -> None:
        self._path = path
        self._written = written
        self._interval_s = interval_s
        self._failed: OSError | None = None
        self._done = 0
        self.after_fork()

    def after_fork(self) -> None:
        """In a child: threads did not come along, and their locks may be held by nobody."""
        self._turn = threading.Condition(threading.RLock())  # a signal handler may append, too
        self._leader = _NOBODY
        self._retired: list[int] = []
        self._dirty = threading.Event()
        self._stop = False
        self._thread: threading.Thread | None = None

    # --- what an append needs -----------------------------------------------------------------

    def wait(self, seq: int) -> None:
        """Return once all records below `seq` are on the disk.

        Raises:
            DurabilityError: If the disk did not confirm it. Trying again would not help: the kernel has
                marked the pages clean.
        """
        self._lead(lambda: self._sync(sync_data), unless=lambda: self._done >= seq or self._failed is not None)
        if self._done < seq:
            raise self._failure(self._failed or OSError("the log was closed before"))

    def soon(self) -> None:
        """Sync within `interval_s`, in the background. A failure is dealt with by the next append."""
        if self._thread is None:
            thread = threading.Thread(
                target=_run, args=(weakref.ref(self), self._dirty, self._interval_s), name="auditlog-sync", daemon=True
            )
            try:
                thread.start()
            except RuntimeError:  # no more threads, or the interpreter is shutting down: then at once
                self._in_background()
                return
            self._thread = thread
        if not self._dirty.is_set():
            self._dirty.set()

    @property
    def failed(self) -> OSError | None:
        """The first failed sync that has not been dealt with."""
        return self._failed

    @property
    def done(self) -> int:
        """The sequence number up to which everything is on the disk."""
        return self._done

    # --- what rotation, repair and closing need -----------------------------------------------

    def flush(self) -> None:
        """Sync the whole file now, its size and times too.

        Raises:
            DurabilityError: If the disk did not confirm it.
        """
        self._lead(lambda: self._sync(sync), unless=lambda: self._failed is not None)
        if self._failed is not None:
            raise self._failure(self._failed)

    def retire(self, fd: int) -> None:
        """Close a descriptor that is no longer the log's, once nobody syncs it any more.

        Raises:
            OSError: If the system has something to say at this late moment. The descriptor is closed.
        """
        self._retired.append(fd)
        self._lead(lambda: None)

    def settle(self) -> None:
        """Sync after a failure has been dealt with: the log was copied, and its descriptor is that of the copy.

        Raises:
            OSError: If the disk did not confirm the copy either. The failure stands.
        """

        def again() -> None:
            seq, fd = self._written()
            sync_data(fd)
            with self._turn:
                self._failed = None
                self._done = max(self._done, seq)

        self._lead(again)

    def stop(self) -> None:
        """End the background thread. What it has not synced is the caller's to sync."""
        self._stop = True
        self._dirty.set()

    # --- inside -------------------------------------------------------------------------------

    def _lead(self, work: Callable[[], None], unless: Callable[[], bool] = lambda: False) -> None:
        """Do `work` as the only one, unless `unless` comes true before it is our turn."""
        me = threading.get_ident()
        outer = -1
        try:
            with self._turn:
                # A signal handler in the leading thread must not wait for that thread: it leads, too.
                while not unless() and self._leader not in (_NOBODY, me):
                    self._turn.wait()
                if unless():
                    return
                outer = self._leader
                self._leader = me
            work()
        finally:
            if outer != -1:
                with self._turn:
                    retired: list[int] = []
                    if outer == _NOBODY:
                        retired, self._retired = self._retired, []
                    self._leader = outer
                    self._turn.notify_all()
                _close_all(retired)

    def _sync(self, how: Callable[[int], None]) -> None:
        seq, fd = self._written()
        if fd < 0:
            return
        try:
            how(fd)
        except OSError as error:
            with self._turn:
                self._failed = self._failed or error
        else:
            with self._turn:
                # While a failure stands, a later success means nothing: it is about other pages.
                if self._failed is None:
                    self._done = max(self._done, seq)

    def _failure(self, error: OSError) -> DurabilityError:
        failure = DurabilityError(
            f"{self._path}: written, but the disk did not confirm it ({disk.why(error)}); it may be lost in a crash",
            help="the next append copies the log to a new file and records this",
        )
        failure.__cause__ = error
        return failure

    def _in_background(self) -> bool:
        """Sync what there is; tell whether to go on."""
        if not self._stop:
            self._lead(
                lambda: self._sync(sync_data),
                unless=lambda: self._failed is not None or self._done >= self._written()[0],
            )
        return not self._stop


def _close_all(fds: list[int]) -> None:
    while fds:
        try:
            os.close(fds.pop())
        except OSError:
            _close_all(fds)
            raise


def _run(syncer: weakref.ref[Syncer], dirty: threading.Event, interval_s: float) -> None:
    while True:
        dirty.wait()
        time.sleep(interval_s)
        dirty.clear()
        alive = syncer()
        if alive is None or not alive._in_background():
            return
        del alive
