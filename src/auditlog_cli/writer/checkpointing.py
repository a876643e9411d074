"""Checkpoints that a writer makes by itself: every so many records, every so many seconds, at rotation, at close,
and as often as it promised even if nothing happens (integrity.md, 5.1). One thread, outside the lock of the log.
"""

from __future__ import annotations

import threading
import time
import warnings
import weakref
from typing import TYPE_CHECKING

from auditlog_cli.errors import AuditlogError
from auditlog_cli.writer import own, upkeep
from auditlog_cli.writer.checkpoints import Sealer

if TYPE_CHECKING:
    from auditlog_cli.writer.pen import Pen


class Checkpointer:
    """Signs the log of one writer.

    Args:
        pen: What writes it.
        sealer: What signs it.
        records: Sign after so many records.
        seconds: Sign after so many seconds in which something was written.
        heartbeat_s: Sign at least that often, whatever happens; None: no promise.

    Attributes:
        failed: Why the log could not be signed, or None.
    """

    def __init__(self, pen: Pen, sealer: Sealer, records: int, seconds: float, heartbeat_s: float | None) -> None:
        self._pen = pen
        self._sealer = sealer
        self._records = records
        self._seconds = seconds
        self._heartbeat_s = heartbeat_s
        self._new = 0  # appends since it was signed last
        self._signed_at = time.monotonic()
        self._first = pen.active.first  # the segment that was active then
        self.failed: AuditlogError | None = None
        self.after_fork()

    def after_fork(self) -> None:
        """In a child: no thread came along."""
        self._turn = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def written(self, count: int) -> None:
        """Called after each append of so many records; a few comparisons."""
        self._new += count
        if self._thread is None:
            self._start()
        if self._new >= self._records or self._pen.active.first != self._first:
            self._wake.set()

    def sign(self, *, whatever: bool = False) -> None:
        """Sign now, if this writer has written since. `whatever`: even if it has not.

        Raises:
            SealRefused, AuditWriteError, InputError: See `Sealer.seal`.
        """
        with self._turn:
            if self._new or whatever:
                self._new, self._first = 0, self._pen.active.first
                self._sealer.seal(
                    lambda: upkeep.durable(self._pen), lambda record: upkeep.append_own(self._pen, record)
                )
                self._signed_at = time.monotonic()

    def due_in(self) -> float:
        """Seconds until something has to be signed."""
        waits = [self._seconds] if self._new or self._heartbeat_s is None else []
        waits += [self._heartbeat_s] if self._heartbeat_s is not None else []
        return max(0.0, min(waits) - (time.monotonic() - self._signed_at))

    def tick(self) -> None:
        """Sign what is due; what goes wrong is remembered and said, and the writer goes on."""
        if self._pen.closed:
            return
        try:
            idle = self._heartbeat_s is not None and time.monotonic() - self._signed_at >= self._heartbeat_s
            self.sign(whatever=idle)
        except AuditlogError as error:
            self._signed_at = time.monotonic()
            if self.failed is None:
                self.failed = error
                warnings.warn(f"{error}: the log goes on without a signature", RuntimeWarning, stacklevel=2)

    def close(self) -> None:
        """End the thread, and sign what is new.

        Raises:
            SealRefused, AuditWriteError, InputError: See `Sealer.seal`.
        """
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            self._wake.set()
            thread.join()
        if self._heartbeat_s is not None:  # no more heartbeats will come, and nothing is amiss
            upkeep.append_own(self._pen, own.record("close"))
        self.sign(whatever=self._heartbeat_s is not None)

    @property
    def runs(self) -> bool:
        """Whether the thread has anything left to do."""
        return self._thread is threading.current_thread()

    def _start(self) -> None:
        thread = threading.Thread(target=_run, args=(weakref.ref(self), self._wake), name="auditlog-sign", daemon=True)
        self._thread = thread
        try:
            thread.start()
        except RuntimeError:  # no more threads, or the interpreter is shutting down: close signs
            self._thread = None


def _run(signs: weakref.ref[Checkpointer], wake: threading.Event) -> None:
    """The thread: it keeps no log alive that nobody else holds."""
    while True:
        checkpointer = signs()
        if checkpointer is None or not checkpointer.runs:
            return
        due = checkpointer.due_in()
        del checkpointer
        woken = wake.wait(due)
        wake.clear()
        checkpointer = signs()
        if checkpointer is None or not checkpointer.runs:
            return
        if woken or checkpointer.due_in() <= 0:
            checkpointer.tick()
        del checkpointer
