"""`AsyncAuditLog`: the same log for asyncio. One thread of its own does the writing, in the order of the calls."""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, TypeVar

from auditlog_cli.errors import AuditWriteError
from auditlog_cli.writer.log import AuditLog
from auditlog_cli.writer.receipt import Receipt

Result = TypeVar("Result")


class AsyncAuditLog:
    """An `AuditLog` whose methods are awaited; the event loop is never blocked by the disk.

        async with AsyncAuditLog("audit.jsonl") as log:
            await log.append(record)

    A call that is cancelled while it waits has been taken all the same: its record is written once, and
    `close` waits for it. So a cancelled task loses no record, and doubles none.

    Args:
        path: The log.
        options: The keyword arguments of `AuditLog`.
    """

    def __init__(self, path: str | os.PathLike[str], **options: Any) -> None:
        self._open = functools.partial(AuditLog, path, **options)
        self._log: AuditLog | None = None
        self._closed = False
        self._thread = _one_thread()
        self._process = os.getpid()

    async def open(self) -> AsyncAuditLog:
        """Open the log; `async with` does it by itself.

        Raises:
            AuditWriteError, UsageError: See `AuditLog`.
        """
        await self._do(self._opened)
        return self

    async def append(self, record: Mapping[str, Any], *, durable: bool | None = None) -> Receipt:
        """See `AuditLog.append`."""
        return await self._do(lambda: self._opened().append(record, durable=durable))

    async def write_many(self, records: Iterable[Mapping[str, Any]], *, durable: bool | None = None) -> list[Receipt]:
        """See `AuditLog.write_many`."""
        batch = list(records)
        return await self._do(lambda: self._opened().write_many(batch, durable=durable))

    async def sync(self) -> None:
        """See `AuditLog.sync`."""
        await self._do(lambda: self._opened().sync())

    async def rotate(self) -> None:
        """See `AuditLog.rotate`."""
        await self._do(lambda: self._opened().rotate())

    async def close(self) -> None:
        """See `AuditLog.close`. Waits for calls that were cancelled."""
        if self._closed:
            return
        try:
            await self._do(self._shut)
        finally:
            self._closed = True
            self._thread.shutdown(wait=False)

    @property
    def log(self) -> AuditLog | None:
        """The log behind, once it is open: for `status`, `origin`, `failed`."""
        return self._log

    def _opened(self) -> AuditLog:
        if self._log is None:
            self._log = self._open()
        return self._log

    def _shut(self) -> None:
        if self._log is not None:
            self._log.close()

    async def _do(self, work: Callable[[], Result]) -> Result:
        if self._closed:
            raise AuditWriteError(
                "this log was closed; nothing was written",
                help="open it anew: async with AsyncAuditLog(path) as log: …",
            )
        if self._process != os.getpid():  # forked: the thread is the parent's, and would be waited for for ever
            self._thread, self._process = _one_thread(), os.getpid()
        # Shielded: what waits in the thread's queue is done even if nobody waits for it any more.
        future = asyncio.get_running_loop().run_in_executor(self._thread, work)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            future.add_done_callback(_look)
            raise

    async def __aenter__(self) -> AsyncAuditLog:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def _one_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="auditlog")


def _look(future: asyncio.Future[Any]) -> None:
    """Take the result of a call that nobody waits for; what failed is told by `failed` and the log itself."""
    if not future.cancelled():
        future.exception()
