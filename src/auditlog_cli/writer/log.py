"""`AuditLog`: the writer that fails loudly (integrity.md, section 6)."""

from __future__ import annotations

import atexit
import os
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Literal

from auditlog_cli import times
from auditlog_cli.errors import AuditWriteError, LockTimeout, UsageError
from auditlog_cli.sealing import policy as policies
from auditlog_cli.writer import ballast, entry, mounts, own, resync
from auditlog_cli.writer.active import Active
from auditlog_cli.writer.entry import Entry
from auditlog_cli.writer.lock import FileLock
from auditlog_cli.writer.receipt import Receipt
from auditlog_cli.writer.syncing import Syncer

Fsync = Literal["always", "interval", "none"]
Redact = Callable[[dict[str, Any]], Mapping[str, Any]]


class AuditLog:
    """An append-only, sealed log of what agents did. Thread-, process- and fork-safe.

    Every `append` either returns a receipt, and then the record is in the file, or raises, and then the
    file is what it was. Nothing is buffered in this process.

    Args:
        path:
            The log: `audit.jsonl`. Its folder is made if it is missing (mode 0700; files 0600).
        fsync:
            `interval` (default): on the disk within `interval_s`. `always`: each append waits for the
            disk. `none`: left to the operating system; survives a crash of the process, not of the machine.
        interval_s: For `interval`, seconds.
        max_bytes: The active segment is closed before it grows beyond this. Redaction rewrites one
            segment, so keep it small.
        max_age_s: The active segment is closed once its first record is older, seconds. None: never.
        lock_timeout_s: How long to wait for another writer.
        on_error:
            `raise` (default): what cannot be written raises. `fallback`: it goes to the log at
            `fallback`, the receipt says so, and the main log records how many, once it can.
        fallback: A second log, on another file system.
        redact:
            A function (or a list of dotted paths, which are masked) applied to each record before it is
            sealed: what it takes out never reaches the disk.
        policy: Which values can be withheld later; recorded in the genesis record (integrity.md, 2.4).
        origin: The unique name of the log; default `<host>/<name>/<random>`.
        heartbeat_s: Promise a checkpoint at least that often (seconds); verify then looks for gaps.
        source: Members for `source` of each record that has none, such as `{"component": "billing"}`.
        allow_shared_filesystem: Write on NFS, SMB or FUSE all the same (one writer host only).
        ballast_bytes: Room held back for the last words on a full disk; 0 for none.

    Raises:
        AuditWriteError: If the log cannot be opened, locked or begun. See its subclasses.
        UsageError: If the arguments contradict each other.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        fsync: Fsync = "interval",
        interval_s: float = 1.0,
        max_bytes: int = 64 * 1024 * 1024,
        max_age_s: float | None = None,
        lock_timeout_s: float = 10.0,
        on_error: Literal["raise", "fallback"] | None = None,
        fallback: str | os.PathLike[str] | None = None,
        redact: Redact | Iterable[str] | None = None,
        policy: str | Mapping[str, object] = policies.DEFAULT,
        origin: str | None = None,
        heartbeat_s: float | None = None,
        source: Mapping[str, object] | None = None,
        allow_shared_filesystem: bool = False,
        ballast_bytes: int = 1024 * 1024,
    ) -> None:
        if fsync not in ("always", "interval", "none"):
            raise UsageError(f"fsync={fsync!r}: one of always, interval, none")
        if (on_error == "fallback") != (fallback is not None) and not (on_error is None and fallback is not None):
            raise UsageError("on_error='fallback' and fallback=PATH go together")
        self.path = os.path.realpath(path)
        self.fsync: Fsync = fsync
        self.failed: AuditWriteError | None = None
        """The first failure of this log, or None. The log goes on; sessions do not."""
        self._max_bytes = max_bytes
        self._max_age = None if max_age_s is None else int(max_age_s * times.SECOND)
        self._redact = entry.redactor(redact)
        self._source = dict(source) if source else None
        self._ballast_bytes = ballast_bytes
        self._mutex = threading.RLock()
        self._inside = False
        self._queued: list[Entry] = []
        self._lost: entry.Lost | None = None
        self._ticket = 0
        self._closed = False
        self._fallback: AuditLog | None = None
        try:
            self._tree = policies.tree(policy)
        except ValueError as error:
            raise UsageError(f"policy: {error}") from None
        self._refuse_shared_filesystem(allow_shared_filesystem)
        head: dict[str, object] = {"origin": origin or own.origin(self.path), "policy": policy}
        if heartbeat_s is not None:
            head["heartbeat_s"] = heartbeat_s
        self._make_folder()
        self._lock = FileLock(self.path, lock_timeout_s)
        self._active = Active(self.path, head)
        self._syncer = Syncer(self.path, self._duplicate, interval_s)
        try:
            with self._locked():
                self._active.catch_up()
                ballast.lay(self.path, ballast_bytes)
        except BaseException:
            self._active.close()
            self._lock.close()
            raise
        if fallback is not None:
            self._fallback = AuditLog(fallback, fsync=fsync, interval_s=interval_s, source=source)
        _open_logs.add(self)

    # --- appending ----------------------------------------------------------------------------

    def append(self, record: Mapping[str, Any], *, durable: bool | None = None) -> Receipt:
        """Append one record.

        Args:
            record:
                Its members (record.md). `timestamp` and `record_id` are added where they are missing.
                Values that JSON cannot hold are handled by rule (`writer/values.py`).
            durable:
                True: return only when the disk has confirmed it, whatever the policy. Default: as the
                log's `fsync` says.

        Raises:
            AuditWriteError: Nothing of the record is in the log (except for DurabilityError, which says
                otherwise).
        """
        return self._write([entry.make(record, self._tree, self._redact, self._source, self.path)], durable)[0]

    def write_many(self, records: Iterable[Mapping[str, Any]], *, durable: bool | None = None) -> list[Receipt]:
        """Append a batch with one write and, if asked, one sync: all of it or nothing.

        Raises:
            AuditWriteError: Nothing of the batch is in the log.
        """
        entries = [entry.make(record, self._tree, self._redact, self._source, self.path) for record in records]
        return self._write(entries, durable) if entries else []

    def _write(self, entries: list[Entry], durable: bool | None) -> list[Receipt]:
        if self._closed:
            raise AuditWriteError(f"{self.path}: this log was closed; nothing was written")
        if not self._mutex.acquire(timeout=self._lock.timeout_s):
            raise LockTimeout(f"{self.path}: another thread has held the log for too long; nothing was written")
        try:
            if self._inside:
                # A signal handler of this very thread, while it was writing: taken up by the outer call.
                self._queued += entries
                return [each.receipt("queued", None, None, self.path) for each in entries]
            self._inside = True
            try:
                receipts = self._append(entries)
                while self._queued:
                    queued, self._queued = self._queued, []
                    self._append(queued)
            finally:
                self._inside = False
            ticket = self._ticket
        finally:
            self._mutex.release()
        if durable or (durable is None and self.fsync == "always"):
            self._make_durable(ticket, receipts)
        elif self.fsync == "interval":
            self._syncer.soon(ticket)
        return receipts

    def _append(self, entries: list[Entry]) -> list[Receipt]:
        try:
            with self._locked():
                return self._append_locked(entries)
        except AuditWriteError as error:
            self.failed = self.failed or error
            if self._fallback is None:
                self._lost = entry.Lost.more(self._lost, len(entries), error)
                raise
            receipts = self._fallback.write_prepared(entries)
            self._lost = entry.Lost.more(self._lost, len(entries), error, fallback=self._fallback)
            return receipts

    def _append_locked(self, entries: list[Entry]) -> list[Receipt]:
        active = self._active
        if self._syncer.failed is not None:
            resync.copy(active, self._syncer, self._ticket)
        active.catch_up()
        length = sum(each.size for each in entries)
        if active.size + length > self._max_bytes or self._max_age is not None:
            self._rotate_if_due(length)
        if self._lost is not None:
            active.append_own(self._lost.record())
            self._lost = None
        lines = []
        receipts = []
        seq, prev = active.seq, active.prev
        for each in entries:
            line, leaf = each.prepared.close(seq, prev)
            lines.append(line)
            receipts.append(each.receipt("written", seq, leaf, self.path))
            seq, prev = seq + 1, leaf
        active.write(b"".join(lines) if len(lines) > 1 else lines[0])
        active.seq, active.prev = seq, prev
        self._ticket += len(entries)
        return receipts

    def write_prepared(self, entries: list[Entry]) -> list[Receipt]:
        """Take over what another log could not write. The receipts say `fallback`."""
        receipts = self._write(entries, None)
        for receipt in receipts:
            receipt.status = "fallback"
        return receipts

    def _rotate_if_due(self, length: int) -> None:
        active = self._active
        has_records = active.seq > active.first + 1
        too_big = active.size + length > self._max_bytes
        too_old = self._max_age is not None and time.time_ns() // 1000 - active.born > self._max_age
        if has_records and (too_big or too_old):
            active.rotate()
            self._syncer.settle(self._ticket)

    def rotate(self) -> None:
        """Close the active segment now, whatever its size; nothing happens while it holds no record.

        Raises:
            AuditWriteError: If it cannot be done.
        """
        with self._locked():
            self._active.catch_up()
            if self._active.seq > self._active.first + 1:
                self._active.rotate()
                self._syncer.settle(self._ticket)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the log against threads and processes; an error of the system becomes one of ours."""
        with self._mutex:
            self._lock.acquire()
            try:
                yield
            except OSError as error:
                self._active.size = -1  # whatever happened, the next append looks again
                raise AuditWriteError(f"{self.path}: {error.strerror or error}; nothing was written") from error
            finally:
                self._lock.release()

    # --- durability ---------------------------------------------------------------------------

    def _make_durable(self, ticket: int, receipts: list[Receipt]) -> None:
        if receipts and receipts[0].status == "fallback":
            assert self._fallback is not None
            self._fallback.sync()
            return
        try:
            self._syncer.wait(ticket)
        except AuditWriteError as error:
            self.failed = self.failed or error
            raise
        for receipt in receipts:
            receipt.status = "durable"

    def _duplicate(self) -> tuple[int, int] | None:
        with self._mutex:
            if self._active.fd < 0:
                return None
            return os.dup(self._active.fd), self._ticket

    def sync(self) -> None:
        """Return once everything this process has written is on the disk.

        Raises:
            DurabilityError: If the disk did not confirm it.
        """
        self._syncer.wait(self._ticket)

    # --- opening and closing ------------------------------------------------------------------

    def _refuse_shared_filesystem(self, allowed: bool) -> None:
        kind = mounts.shared_filesystem(self.path)
        if kind is None:
            return
        if not allowed:
            raise AuditWriteError(
                f"{self.path}: lies on {kind}, where two hosts could overwrite each other's records; "
                "nothing was written",
                help="use a local disk, or allow_shared_filesystem=True if only this host writes",
            )
        warnings.warn(f"{self.path} lies on {kind}: only one host may write to it", stacklevel=4)

    def _make_folder(self) -> None:
        folder = os.path.dirname(self.path)
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
        except OSError as error:
            raise AuditWriteError(
                f"{folder}: cannot be made ({error.strerror}); nothing was written", help="check the path"
            ) from error

    def close(self) -> None:
        """Bring everything to the disk and let go of the file. Closing twice does nothing.

        Raises:
            AuditWriteError: If the last records were not confirmed by the disk, or if records were lost
                and the log still cannot say so.
        """
        if self._closed:
            return
        try:
            if self._lost is not None:
                self._tell_lost()
            if self.fsync != "none" and self._ticket > self._syncer.done:
                self._syncer.wait(self._ticket)
        finally:
            self._closed = True
            self._syncer.stop()
            _open_logs.discard(self)
            with self._mutex:
                self._active.close()
                self._lock.close()
            if self._fallback is not None:
                self._fallback.close()

    def _tell_lost(self) -> None:
        """The last words: what did not reach this log. The ballast makes room for them on a full disk."""
        with self._locked():
            ballast.drop(self.path)
            self._active.catch_up()
            assert self._lost is not None
            self._active.append_own(self._lost.record())
            self._lost = None
            self._ticket += 1

    def __enter__(self) -> AuditLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _after_fork(self) -> None:
        """In a child: its own lock descriptor, its own locks, no background thread yet."""
        self._mutex = threading.RLock()
        self._inside = False
        self._queued = []
        self._lock.forget()
        self._active.size = -1  # a thread of the parent may have been in the middle of an append
        self._syncer.after_fork()

    def __repr__(self) -> str:
        return f"AuditLog({self.path!r})"

    @property
    def origin(self) -> str:
        """The unique name of this log."""
        return str(self._active.head.get("origin", ""))

    @property
    def head(self) -> str:
        """The leaf of the record written last, 64 hex digits."""
        return self._active.prev

    @property
    def status(self) -> dict[str, object]:
        """What is known about this log: for a health check, and never silent about losses."""
        return {
            "path": self.path,
            "next_seq": self._active.seq,
            "written": self._ticket,
            "durable": min(self._syncer.done, self._ticket),
            "not_written": self._lost.count if self._lost else 0,
            "recovered": self._active.recovered,
            "failed": str(self.failed) if self.failed else None,
            "fallback": self._fallback.path if self._fallback else None,
        }


_open_logs: weakref.WeakSet[AuditLog] = weakref.WeakSet()


def _forked() -> None:
    for log in list(_open_logs):
        log._after_fork()


def _at_exit() -> None:
    for log in list(_open_logs):
        try:
            log.close()
        except AuditWriteError as error:
            # An exception at exit is nobody's: at least it is said.
            import sys

            sys.stderr.write(f"auditlog: error[write]: {error}\n")


os.register_at_fork(after_in_child=_forked)
atexit.register(_at_exit)
