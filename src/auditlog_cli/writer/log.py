"""`AuditLog`: the writer that fails loudly (integrity.md, section 6)."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from auditlog_cli.errors import AuditWriteError, UsageError
from auditlog_cli.writer import process, settings, upkeep
from auditlog_cli.writer.entry import Entry, Maker
from auditlog_cli.writer.pen import Pen
from auditlog_cli.writer.receipt import Receipt
from auditlog_cli.writer.settings import Fsync, OnError, Redact

if TYPE_CHECKING:
    from auditlog_cli.signing.signer import Signer
    from auditlog_cli.writer.checkpointing import Checkpointer


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
            sealed: what it takes out never reaches the disk. It gets a copy made of JSON values. A
            `Redaction`, or the path of its profile (`….yaml`), masks what detectors find.
        policy:
            Which values can be withheld later; recorded in the genesis record (integrity.md, 2.4). Default:
            that of the log, `default/1` for a new one.
        origin: The unique name of the log; default `<host>/<name>/<random>`.
        heartbeat_s: Promise a checkpoint at least that often (seconds); verify then looks for gaps.
        key: Sign the log with this OpenSSH private key (Ed25519): every `checkpoint_records` records and
            `checkpoint_s` seconds, at rotation and close, and every `heartbeat_s`. Better: `auditlog seal
            --watch` under another user, for who can read this key can forge.
        checkpoint_records, checkpoint_s: See `key`.
        source: Members for `source` of each record that has none, such as `{"component": "billing"}`.
        allow_shared_filesystem: Write on NFS, SMB or FUSE all the same (one writer host only).
        ballast_bytes: Room held back for the last words on a full disk; 0 for none.

    Raises:
        AuditWriteError: If the log cannot be opened, locked or begun. See its subclasses. With a
            `fallback` the log opens all the same, and `failed` says why it writes elsewhere.
        UsageError: If the arguments contradict each other, or the log that is there.
    """

    _open = False  # for `__del__` of one that was called with a wrong argument

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        fsync: Fsync = "interval",
        interval_s: float = 1.0,
        max_bytes: int = 64 * 1024 * 1024,
        max_age_s: float | None = None,
        lock_timeout_s: float = 10.0,
        on_error: OnError | None = None,
        fallback: str | os.PathLike[str] | None = None,
        redact: Redact | str | os.PathLike[str] | Iterable[str] | None = None,
        policy: str | Mapping[str, object] | None = None,
        origin: str | None = None,
        heartbeat_s: float | None = None,
        key: str | os.PathLike[str] | None = None,
        checkpoint_records: int = 1000,
        checkpoint_s: float = 60.0,
        source: Mapping[str, object] | None = None,
        allow_shared_filesystem: bool = False,
        ballast_bytes: int = 1024 * 1024,
    ) -> None:
        self.path = settings.log_path(path)
        self.fsync: Fsync = fsync
        settings.refuse_contradictions(self.path, fsync, on_error, fallback)
        settings.refuse_numbers(
            interval_s=interval_s, max_bytes=max_bytes, max_age_s=max_age_s, lock_timeout_s=lock_timeout_s,
            heartbeat_s=heartbeat_s, ballast_bytes=ballast_bytes, checkpoint_records=checkpoint_records,
            checkpoint_s=checkpoint_s,
        )  # fmt: skip
        wanted = settings.head(policy, origin, heartbeat_s)
        signer = None if key is None else settings.signer(key)
        mask = settings.mask_of(redact)
        second: AuditLog | None = None
        if fallback is not None:
            second = AuditLog(
                fallback, fsync=fsync, interval_s=interval_s, policy=policy, lock_timeout_s=lock_timeout_s,
                allow_shared_filesystem=allow_shared_filesystem, ballast_bytes=0,
            )  # fmt: skip
        self._pen = Pen(
            self.path,
            wanted,
            fsync=fsync,
            interval_s=interval_s,
            max_bytes=max_bytes,
            max_age_s=max_age_s,
            lock_timeout_s=lock_timeout_s,
            fallback=second,
        )
        try:
            self._pen.open(allow_shared_filesystem=allow_shared_filesystem, ballast_bytes=ballast_bytes)
            tree = settings.tree_of(self._pen.active.head, wanted, self.path)
        except BaseException:
            self._pen.let_go()
            raise
        self._maker = Maker(self.path, tree, mask, source)
        self._signs = signer and self._checkpointer(signer, checkpoint_records, checkpoint_s, heartbeat_s)
        self._open = True
        process.opened(self)

    def _checkpointer(self, signer: Signer, records: int, seconds: float, heartbeat_s: float | None) -> Checkpointer:
        from auditlog_cli.writer.checkpointing import Checkpointer  # needed by few, and takes as long as the rest
        from auditlog_cli.writer.checkpoints import Sealer

        return Checkpointer(self._pen, Sealer(self.path, signer), records, seconds, heartbeat_s)

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
        receipt = self._pen.write([self._maker.make(record)], durable)[0]
        if self._signs:
            self._signs.written(1)
        return receipt

    def write_many(self, records: Iterable[Mapping[str, Any]], *, durable: bool | None = None) -> list[Receipt]:
        """Append a batch with one write and, if asked, one sync: all of it or nothing.

        Raises:
            AuditWriteError: Nothing of the batch is in the log (see `append`).
        """
        entries = [self._maker.make(record) for record in records]
        receipts = self._pen.write(entries, durable) if entries else []
        if self._signs:
            self._signs.written(len(receipts))
        return receipts

    def take(self, entries: list[Entry], durable: bool | None) -> list[Receipt]:
        """Append what another log made ready and could not write: this log is its fallback."""
        return self._pen.write(entries, durable)

    def append_own(self, record: dict[str, object]) -> None:
        """Append a record of the log's own (integrity.md, 2.6): for what signs, withholds and prunes.

        Raises:
            AuditWriteError: If it cannot be written.
        """
        upkeep.append_own(self._pen, record)

    def durable(self) -> int:
        """Return how many records are on the disk, once all that were written are.

        Raises:
            AuditWriteError: If the disk did not confirm it.
        """
        return upkeep.durable(self._pen)

    def settle(self) -> int:
        """Say now what did not reach the log, if anything, and return how many records are on the disk: a log that
        failed shows that it can be written again.

        Raises:
            AuditWriteError: If it still cannot be written.
        """
        return upkeep.settle(self._pen)

    def rotate(self) -> None:
        """Close the active segment now, whatever its size; nothing happens while it holds no record.

        Raises:
            AuditWriteError: If it cannot be done.
        """
        upkeep.rotate(self._pen)

    def checkpoint(self) -> None:
        """Sign the log now, whatever the time; only with a `key`.

        Raises:
            UsageError: If the log was opened without a key.
            SealRefused: If the log does not extend what was signed last.
            AuditWriteError: If it cannot be signed or written.
        """
        if not self._signs:
            raise UsageError(
                "checkpoint: the log was opened without key=",
                help="AuditLog(path, key=…), with a key of auditlog keygen",
            )
        self._signs.sign(whatever=True)

    def sync(self) -> None:
        """Return once everything this process has written is on the disk.

        Raises:
            DurabilityError: If the disk did not confirm it.
        """
        self._pen.sync()

    def close(self) -> None:
        """Bring everything to the disk and let go of the file. Closing twice does nothing.

        Raises:
            AuditWriteError: If the last records were not confirmed by the disk, or if records were lost
                and the log still cannot say so.
        """
        if self._open:
            process.closed(self)
            try:
                if self._signs and not self._pen.closed:
                    self._signs.close()
            finally:
                self._pen.close()

    def __enter__(self) -> AuditLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if self._open and not self._pen.closed:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=2, source=self)
            self.close()

    def after_fork(self) -> None:
        """Called in a child: its own lock descriptor, its own locks, no background thread yet."""
        self._pen.after_fork()
        if self._signs:
            self._signs.after_fork()

    def __repr__(self) -> str:
        return f"AuditLog({self.path!r})"

    @property
    def origin(self) -> str:
        """The unique name of this log."""
        return str(self._pen.active.head.get("origin", ""))

    @property
    def place(self) -> tuple[int, str]:
        """How many records the log holds as far as this writer knows, and the leaf of the last one."""
        seq, prev, _ = self._pen.active.mark
        return seq, prev

    @property
    def head(self) -> str:
        """The leaf of the record written last, 64 hex digits."""
        return self._pen.active.mark[1]

    @property
    def status(self) -> dict[str, object]:
        """What is known about this log: for a health check, and never silent about losses."""
        unsigned = str(self._signs.failed) if self._signs and self._signs.failed else None
        return {"path": self.path, **self._pen.status, "unsigned": unsigned}

    @property
    def failed(self) -> AuditWriteError | None:
        """The first failure of this log, or None. The log goes on; sessions do not."""
        return self._pen.failed
