"""How many records did not reach the log since it last could be written (integrity.md, 2.6 and 6.3)."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from auditlog_cli import times
from auditlog_cli.errors import AuditWriteError
from auditlog_cli.writer import own
from auditlog_cli.writer.receipt import Receipt

if TYPE_CHECKING:
    from auditlog_cli.writer.active import Active
    from auditlog_cli.writer.entry import Entry
    from auditlog_cli.writer.log import AuditLog


class Lost:
    """Records that were refused, until the log can say so itself.

    Attributes:
        count: How many.
        first, last: When the first and the last of them were refused, RFC 3339.
        reason: The name of the system's error (`ENOSPC`), or the kind of ours (`lock`).
        fallback: The log that holds them instead, or None.
    """

    def __init__(self, count: int, first: str, last: str, reason: str, fallback: AuditLog | None) -> None:
        self.count = count
        self.first = first
        self.last = last
        self.reason = reason
        self.fallback = fallback

    @classmethod
    def because(cls, error: AuditWriteError, count: int, fallback: AuditLog | None) -> Lost:
        """Return `count` records that `error` kept out just now."""
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, OSError):
            cause = cause.__cause__
        code = cause.errno if isinstance(cause, OSError) else None
        now = times.now()
        return cls(count, now, now, errno.errorcode.get(code or 0, error.kind), fallback)

    def __add__(self, later: Lost | None) -> Lost:
        """Return both together; the reason is that of the first."""
        if later is None:
            return self
        return Lost(self.count + later.count, self.first, later.last, self.reason, later.fallback or self.fallback)

    def record(self) -> dict[str, object]:
        """Return the `lost` record that says it."""
        where = None
        if self.fallback is not None:
            size, head = self.fallback.place
            where = {"origin": self.fallback.origin, "size": size, "head": head}
        return own.lost(self.count, self.first, self.last, self.reason, where)


class Losses:
    """Records that were refused: where they go instead, and what the log still has to say about them.

    Threads add to it without the lock of the log.
    """

    def __init__(self, fallback: AuditLog | None) -> None:
        self.fallback = fallback
        self._all: list[Lost] = []

    def __bool__(self) -> bool:
        return bool(self._all)

    @property
    def count(self) -> int:
        """How many records the log still has to tell of."""
        return sum(loss.count for loss in self._all)

    def add(self, entries: list[Entry], error: AuditWriteError, durable: bool) -> list[Receipt]:
        """Do with `entries` what `on_error` says, now that `error` keeps them out of the log.

        Raises:
            AuditWriteError: The given one, if there is no fallback, or if that cannot take them either.
        """
        if self.fallback is None:
            self._all.append(Lost.because(error, len(entries), None))
            raise error
        try:
            receipts = self.fallback.take(entries, durable)
        except AuditWriteError as second:
            self._all.append(Lost.because(error, len(entries), None))
            raise AuditWriteError(f"{error}; nor could the fallback take it: {second}", help=error.help) from error
        for receipt in receipts:
            receipt.status, receipt.path = "fallback", self.fallback.path
        self._all.append(Lost.because(error, len(entries), self.fallback))
        return receipts

    def tell(self, active: Active) -> None:
        """Record them in the log. Called under its lock.

        Raises:
            AuditWriteError: If that cannot be done; they are told later.
        """
        told = self._all[:]
        total = told[0]
        for loss in told[1:]:
            total += loss
        active.append_own(total.record())
        del self._all[: len(told)]
