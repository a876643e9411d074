"""What all agents of one session share: the log, the ids, the first failure, the approvals not yet used.

Failure is sticky (frameworks.md, 1.4): agent frameworks swallow exceptions, so the first write that failed
makes every later call on the session fail, and its exit as well.
"""

from __future__ import annotations

import asyncio
import os
import threading
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from auditlog_cli.errors import AuditWriteError
from auditlog_cli.writer.receipt import Receipt

if TYPE_CHECKING:
    from auditlog_cli.capture.approval import Approval
    from auditlog_cli.writer.log import AuditLog

OnError = Literal["raise", "abort", "warn"]
ABORTED = 70
T = TypeVar("T")


class Run:
    """One session, as seen from below.

    Attributes:
        failed: The first write that failed, or None.
        ended: Whether the outermost agent has ended.
        not_recorded: With `warn`, how many records were lost.
        approvals: Asked for, not yet used by a call.
        kept: What others keep with the session, each under a key of its own: an adapter, what is under way.
    """

    def __init__(
        self,
        log: AuditLog,
        *,
        session_id: str,
        trace_id: str,
        enforce: bool,
        on_error: OnError,
        digest_key: bytes | None,
    ) -> None:
        self.log = log
        self.session_id = session_id
        self.trace_id = trace_id
        self.enforce = enforce
        self.on_error = on_error
        self.digest_key = digest_key
        self.failed: AuditWriteError | None = None
        self.ended = False
        self.not_recorded = 0
        self.approvals: list[Approval] = []
        self.kept: dict[object, Any] = {}

    @property
    def broken(self) -> bool:
        """Whether nothing more is recorded, because a write failed."""
        return self.failed is not None and self.on_error != "warn"

    def check(self) -> None:
        """Raise if an earlier write of this session failed.

        Raises:
            AuditWriteError: From the first failure.
        """
        if self.broken:
            raise self.again() from self.failed

    def again(self) -> AuditWriteError:
        """Return the error of every call after the first failure."""
        first = self.failed
        assert first is not None
        return AuditWriteError(f"this session can record nothing more since a write failed: {first}", help=first.help)

    def unmask(self, error: BaseException) -> None:
        """Raise the first failure again where a framework made an error of its own out of it.

        Args:
            error: What came out of the framework. Ctrl-C and a cancellation are left as they are.

        Raises:
            AuditWriteError: If a write of this session failed, and `error` does not say so.
        """
        if self.broken and isinstance(error, Exception) and not isinstance(error, AuditWriteError):
            raise self.again() from error

    def write(self, record: dict[str, Any], *, durable: bool = False) -> Receipt:
        """Append one record.

        Args:
            record: Complete but for what the log adds itself.
            durable: Return only when it is on the disk. A log opened with `fsync="none"` waives it.

        Raises:
            AuditWriteError: If it could not be written, or an earlier one could not.
        """
        self.check()
        try:
            receipt = self.log.append(record, durable=True if durable and self.log.fsync != "none" else None)
            if durable and receipt.status == "queued":
                raise AuditWriteError(
                    "a signal handler began a tool while its thread was writing, so the intent is not yet in the log",
                    help="start tools outside signal handlers",
                )
        except AuditWriteError as error:
            return self._fail(error)
        except Exception as error:
            return self._fail(_interrupted(error), error)
        except BaseException as error:
            # Ctrl-C in the middle of a write: nobody knows what became of the record.
            self.failed = self.failed or _interrupted(error)
            raise
        return receipt

    async def write_off_loop(self, record: dict[str, Any], *, durable: bool = False) -> Receipt:
        """Append one record; if that has to wait for the disk, the event loop goes on meanwhile.

        A cancellation that comes while waiting is raised when the record is written, never before.

        Raises:
            AuditWriteError: As `write` does.
            asyncio.CancelledError: The record is in the log all the same.
        """
        waits = (durable and self.log.fsync != "none") or self.log.fsync == "always"
        if not waits or not _on_asyncio():
            return self.write(record, durable=durable)
        return await _in_thread(lambda: self.write(record, durable=durable))

    def _fail(self, error: AuditWriteError, cause: Exception | None = None) -> Receipt:
        if cause is not None:
            error.__cause__ = cause
        if self.failed is None:
            self.failed = error
        if self.on_error == "abort":
            _say(f"auditlog: error[{error.kind}]: {error}\n  help: the session was opened with on_error='abort'\n")
            os._exit(ABORTED)
        if self.on_error == "warn":
            self.not_recorded += 1
            warnings.warn(f"an action was not recorded: {error}", stacklevel=5)
            return Receipt("lost", None, None, "", self.log.path)
        raise error

    def owes(self, error: BaseException | None) -> AuditWriteError | None:
        """Return what is to be raised on the way out, or None if the caller gets to know of the failure anyway.

        Args:
            error: The exception that is already on its way to the caller.
        """
        if not self.broken or (error is not None and self.failed is not None and _in_chain(self.failed, error)):
            return None
        return self.again()


def _in_chain(wanted: BaseException, error: BaseException) -> bool:
    """Whether `wanted` is `error`, or among its causes, contexts, or the members of a group."""
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        each = left.pop()
        if each is None or id(each) in seen:
            continue
        if each is wanted:
            return True
        seen.add(id(each))
        left += (each.__cause__, each.__context__)
        if isinstance(each, BaseExceptionGroup):
            left += each.exceptions
    return False


def _say(text: str) -> None:
    try:
        os.write(2, text.encode("utf-8", "backslashreplace"))
    except OSError:
        pass  # nobody listens; the exit code still says it


def _on_asyncio() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False  # another event loop (trio): its thread waits for the disk
    return True


async def _in_thread(work: Callable[[], T]) -> T:
    """Run `work` in a thread of its own. The default executor may be full of tools that wait for this one."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def tell(result: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(result)  # type: ignore[arg-type]
        else:
            future.set_exception(error)

    def run() -> None:
        result: T | None = None
        failure: BaseException | None = None
        try:
            result = work()
        except BaseException as error:
            failure = error
        try:
            loop.call_soon_threadsafe(tell, result, failure)
        except RuntimeError:
            pass  # the loop was closed meanwhile: nobody waits any more, and a failure is remembered by the session

    threading.Thread(target=run, name="auditlog-write", daemon=True).start()
    cancelled: asyncio.CancelledError | None = None
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError as error:
            cancelled = error
    result = future.result()
    if cancelled is not None:
        raise cancelled
    return result


def _interrupted(error: BaseException) -> AuditWriteError:
    return AuditWriteError(
        f"{type(error).__name__} while writing; the record may be missing",
        help="begin a new session; auditlog verify tells whether the log is whole",
    )
