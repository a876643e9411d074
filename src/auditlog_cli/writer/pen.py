"""What holds the file: one writer at a time, among threads, processes and signal handlers; and what becomes
of records that cannot be written (integrity.md, 6.1 and 6.3).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from auditlog_cli import times
from auditlog_cli.errors import AuditWriteError, DurabilityError, LockTimeout
from auditlog_cli.writer import ballast, blobs, disk, resync, rotation, settings
from auditlog_cli.writer.active import Active
from auditlog_cli.writer.entry import Entry, close_all
from auditlog_cli.writer.lock import FileLock
from auditlog_cli.writer.lost import Losses
from auditlog_cli.writer.receipt import Receipt
from auditlog_cli.writer.syncing import Syncer

if TYPE_CHECKING:
    from auditlog_cli.writer.log import AuditLog


class Pen:
    """Writes entries to one log. The arguments are those of `AuditLog`.

    Attributes:
        active: The open segment.
        closed: Whether nothing more is taken.
        failed: The first failure, or None.
    """

    def __init__(
        self,
        path: str,
        wanted: settings.Head,
        *,
        fsync: settings.Fsync,
        interval_s: float,
        max_bytes: int,
        max_age_s: float | None,
        lock_timeout_s: float,
        fallback: AuditLog | None,
    ) -> None:
        self.path = path
        self.closed = False
        self.failed: AuditWriteError | None = None
        self.active = Active(path, settings.first_head(path, wanted), wanted.get("heartbeat_s"))
        self._fsync = fsync
        self._max_bytes = max_bytes
        self._max_age = None if max_age_s is None else int(max_age_s * times.SECOND)
        self._fallback = fallback
        self._lock = FileLock(path, lock_timeout_s)
        self.syncer = Syncer(path, self.active.written, interval_s)
        self.active.retire = self.syncer.retire
        self._written = 0
        self._reset()

    def _reset(self) -> None:
        self._mutex = threading.RLock()
        self._inside = False
        self._close_after = False
        self._queued: list[Entry] = []
        self._losses = Losses(self._fallback)

    def open(self, *, allow_shared_filesystem: bool, ballast_bytes: int) -> None:
        """Take the file over, or begin it.

        Raises:
            AuditWriteError: If that cannot be done; with a fallback that is no reason not to begin.
        """

        def begin() -> None:
            self.active.catch_up()
            ballast.lay(self.path, ballast_bytes)

        try:
            settings.prepare_place(self.path, allow_shared_filesystem=allow_shared_filesystem)
            self.locked(begin)
        except AuditWriteError as error:
            if self._fallback is None:
                raise
            self.failed = error

    # --- writing ------------------------------------------------------------------------------

    def write(self, entries: list[Entry], durable: bool | None) -> list[Receipt]:
        """Append `entries`, all or none, and wait for the disk if that is asked for.

        Raises:
            AuditWriteError: See `AuditLog.append`.
        """
        if durable is None:
            durable = self._fsync == "always"
        try:
            for entry in entries:
                if entry.blobs:
                    blobs.store(entry.blobs, self.path)
            seq = self._take_turn(entries)
        except AuditWriteError as error:
            return self._refused(entries, error, durable)
        receipts = [entry.receipt for entry in entries]
        if seq < 0:
            return receipts
        if durable:
            self.wait(seq)
            for receipt in receipts:
                receipt.status = "durable"
        elif self._fsync == "interval":
            self.syncer.soon()
        return receipts

    def _take_turn(self, entries: list[Entry]) -> int:
        """Append `entries`, and what signal handlers queue meanwhile; return the seq after them, -1 if queued."""
        mutex = self._mutex
        try:
            if not mutex.acquire(timeout=self._lock.timeout_s):
                raise LockTimeout(
                    f"{self.path}: another thread has held the log for too long; {disk.NOTHING}",
                    help="call again; if the disk is slow, AuditLog(path, lock_timeout_s=…) waits longer",
                )
            if self._inside:
                # A signal handler of this very thread, while it was writing: taken up by the outer call.
                for entry in entries:
                    entry.receipt.status = "queued"
                self._queued += entries
                return -1
            try:
                self._inside = True
                return self._append(entries)
            finally:
                self._inside = False
                # Looked at after `_inside` is False: a handler that comes later writes for itself.
                if self._queued or self._close_after:
                    self._after_append()
        finally:
            try:
                mutex.release()
            except RuntimeError:
                pass  # it was not acquired

    def _append(self, entries: list[Entry]) -> int:
        """Append `entries` under the lock, with one write; return the seq after them."""
        if self.closed:
            raise AuditWriteError(f"{self.path}: this log was closed; {disk.NOTHING}", help=disk.REOPEN)
        active, lock = self.active, self._lock
        try:
            lock.acquire()
            if self.syncer.failed is not None:
                self.copy_after_failure()
            active.catch_up()
            length = sum([entry.size for entry in entries])
            if active.mark[2] + length > self._max_bytes or self._max_age is not None:
                rotation.rotate_if_due(active, self.syncer, length, self._max_bytes, self._max_age)
            if self._losses:
                self._losses.tell(active)
            first, prev, _ = active.mark
            lines, leaves = close_all(entries, first, prev)
            active.write(lines, first + len(entries), leaves[-1])
            for seq, (entry, leaf) in enumerate(zip(entries, leaves, strict=True), first):
                receipt = entry.receipt
                receipt.status, receipt.seq, receipt.leaf = "written", seq, leaf
            self._written += len(entries)
            return first + len(entries)
        except OSError as error:
            active.doubt = True
            raise disk.refused(self.path, "cannot be written", error) from error
        except BaseException:
            active.doubt = True  # whatever happened, the next append looks again
            raise
        finally:
            try:
                lock.release()
            except OSError:
                lock.close()  # a lock goes with the last descriptor of its file

    def _after_append(self) -> None:
        """Do what signal handlers have asked for while this thread was writing."""
        queued: list[Entry] = []
        while self._queued:
            try:
                # From here on a handler queues. Else one that comes between the look and the append writes what is
                # queued as well, and it stands there twice.
                self._inside = True
                # Receipts tell what is done: an exception out of a handler must neither lose nor double a record.
                queued = [entry for entry in self._queued if entry.receipt.status == "queued"]
                if queued:
                    self._append(queued)
            except AuditWriteError as error:
                # The call that comes back to its caller now is another one: the receipts tell, and the log.
                for entry in queued:
                    entry.receipt.status = "lost"
                try:
                    self._refused(queued, error, durable=False)
                except AuditWriteError:
                    pass
            finally:
                self._inside = False
            self._queued = [entry for entry in self._queued if entry.receipt.status == "queued"]
        if self._close_after:
            self._close_after = False
            self.close()

    def locked(self, work: Callable[[], object]) -> None:
        """Do `work` with the log held against threads and processes; what the system says becomes ours."""
        with self._mutex:
            try:
                self._lock.acquire()
                work()
            except OSError as error:
                self.active.doubt = True
                raise disk.refused(self.path, "cannot be used", error) from error
            except BaseException:
                self.active.doubt = True
                raise
            finally:
                try:
                    self._lock.release()
                except OSError:
                    self._lock.close()

    # --- what could not be written --------------------------------------------------------------

    def _refused(self, entries: list[Entry], error: AuditWriteError, durable: bool) -> list[Receipt]:
        if self.closed:
            raise error
        self.failed = self.failed or error
        return self._losses.add(entries, error, durable)

    def tell(self) -> None:
        """Say what did not reach the log, if anything. Called with the log held, and caught up."""
        if self._losses:
            self._losses.tell(self.active)

    def _last_words(self) -> None:
        """Say at the end what did not reach the log. The ballast makes room for it on a full disk."""
        ballast.drop(self.path)
        self.active.catch_up()
        self._losses.tell(self.active)

    # --- durability -----------------------------------------------------------------------------

    def sync(self) -> None:
        """Return once everything this process has written is on the disk."""
        self.refuse_closed()
        self.wait(self.active.mark[0])

    def wait(self, seq: int) -> None:
        """Return once the records below `seq` are on the disk."""
        try:
            self.syncer.wait(seq)
        except AuditWriteError as error:
            self.failed = self.failed or error
            raise

    def copy_after_failure(self) -> None:
        """After a failed fsync: put a copy of the segment in its place (integrity.md, 6.3)."""
        failure = self.syncer.failed
        resync.copy(self.active, self.syncer)
        if self.failed is None and failure is not None:
            self.failed = disk.refused(self.path, "the disk did not confirm earlier records", failure, "it was copied")

    # --- the end --------------------------------------------------------------------------------

    def close(self) -> None:
        """Say what was lost, bring everything to the disk, and let go of the file."""
        with self._mutex:
            if self._inside:
                self._close_after = True  # a signal handler of this thread: the outer call closes
                return
            if self.closed:
                return
            if self._queued:
                self._after_append()
            self.closed = True
        try:
            try:
                if self._losses:
                    self.locked(self._last_words)
            finally:
                if self._fsync != "none" and self.active.fd >= 0:
                    self.wait(self.active.mark[0])
        finally:
            self.let_go()

    def let_go(self) -> None:
        """Give every descriptor back.

        Raises:
            DurabilityError: If the system complains at this late moment.
        """
        self.closed = True
        self.syncer.stop()
        self._lock.close()
        try:
            self.active.close()
        except OSError as error:
            raise DurabilityError(
                f"{self.path}: written, but the disk complained when the log was closed ({disk.why(error)})",
                help=disk.LOOK,
            ) from error
        finally:
            if self._fallback is not None:
                self._fallback.close()

    def refuse_closed(self) -> None:
        """Raise `AuditWriteError` once the log is closed."""
        if self.closed:
            raise AuditWriteError(f"{self.path}: this log was closed; {disk.NOTHING}", help=disk.REOPEN)

    def after_fork(self) -> None:
        """In a child: its own lock descriptor and locks, no background thread yet, no losses of its own."""
        self._reset()
        self._lock.close()
        self.active.doubt = True  # a thread of the parent may have been in the middle of an append
        self.syncer.after_fork()

    @property
    def status(self) -> dict[str, object]:
        """What is known: see `AuditLog.status`."""
        return {
            "next_seq": self.active.seq,
            "durable_seq": self.syncer.done,
            "written": self._written,
            "not_written": self._losses.count,
            "recovered": self.active.recovered,
            "failed": str(self.failed) if self.failed else None,
            "fallback": self._fallback.path if self._fallback else None,
        }
