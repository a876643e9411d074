"""The public `AsyncAuditLog`: the log for asyncio, and the doors into capture."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Self, TypedDict, Unpack

from auditlog_cli.capture import given
from auditlog_cli.capture.doors import Doors
from auditlog_cli.capture.log import AuditLog
from auditlog_cli.errors import NoSession, UsageError
from auditlog_cli.writer import aio
from auditlog_cli.writer import log as writer
from auditlog_cli.writer.settings import Fsync, OnError, Redact


class LogOptions(TypedDict, total=False):
    """The arguments of `AuditLog` beside the path."""

    fsync: Fsync
    interval_s: float
    max_bytes: int
    max_age_s: float | None
    lock_timeout_s: float
    on_error: OnError | None
    fallback: str | os.PathLike[str] | None
    redact: Redact | str | os.PathLike[str] | Iterable[str] | None
    policy: str | Mapping[str, object] | None
    origin: str | None
    heartbeat_s: float | None
    key: str | os.PathLike[str] | None
    checkpoint_records: int
    checkpoint_s: float
    source: Mapping[str, object] | None
    allow_shared_filesystem: bool
    ballast_bytes: int


class AsyncAuditLog(Doors, aio.AsyncAuditLog):
    """An `AuditLog` for asyncio: its methods are awaited, and the event loop is never blocked by the disk.

        async with AsyncAuditLog("audit.jsonl") as log:
            await log.append(record)
            async with log.session(user="alice@example.org", agent="planner", scopes=["orders:read"]) as s:
                async with s.tool("lookup_order", {"order_id": 42}) as t:
                    t.result(await lookup_order(42))

    Sessions and `@log.tool` are those of `AuditLog`, used with `async with`. Tools may be decorated before the
    log is open. A call that is cancelled while it waits has been taken all the same: its record is written
    once, and `close` waits for it.

    Args:
        path: The log. It is opened by `async with` or `await log.open()`, not here.
        options: Those of `AuditLog`.

    Raises:
        UsageError: If there is no such option.
    """

    def __init__(self, path: str | os.PathLike[str], **options: Unpack[LogOptions]) -> None:
        for name in options:
            if name not in LogOptions.__annotations__:
                raise UsageError(
                    f"{name}: AuditLog has no such option",
                    help=f"{given.similar(name, LogOptions.__annotations__)}help(auditlog_cli.AuditLog) lists them",
                )
        super().__init__(os.fspath(path), **options)
        self._path = path
        self._options = options

    def _opened(self) -> AuditLog:
        if self._log is None:
            self._log = AuditLog(self._path, **self._options)
        assert isinstance(self._log, AuditLog)
        return self._log

    def _writer(self) -> writer.AuditLog:
        if self._log is None:
            raise NoSession(
                f"{os.fspath(self._path)}: not open yet; nothing was recorded",
                help="async with AsyncAuditLog(…) as log: …",
            )
        return self._log

    @property
    def log(self) -> AuditLog | None:
        """The log behind, once it is open: for `status`, `origin`, `failed`."""
        return None if self._log is None else self._opened()

    async def open(self) -> Self:
        """Open the log; `async with` does it by itself.

        Raises:
            AuditWriteError, UsageError: See `AuditLog`.
        """
        await super().open()
        return self

    async def __aenter__(self) -> Self:
        return await self.open()
