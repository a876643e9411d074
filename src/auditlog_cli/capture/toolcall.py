"""One call of a tool: durable intent before it runs, outcome after it (frameworks.md, 1.3 and 2)."""

from __future__ import annotations

import asyncio
import builtins
import time
from collections.abc import Mapping
from contextvars import Token
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from auditlog_cli import times
from auditlog_cli.capture import context, digests
from auditlog_cli.capture import scopes as scope_rules
from auditlog_cli.capture.approval import Approval
from auditlog_cli.capture.context import Frame
from auditlog_cli.capture.verdicts import judge
from auditlog_cli.errors import Denied, UsageError
from auditlog_cli.writer import ids

if TYPE_CHECKING:
    from auditlog_cli.capture.session import Session

T = TypeVar("T")
_NOTHING = object()


def failure(error: BaseException) -> dict[str, str]:
    """Return `action.error` for an exception: `{type, message}`.

    >>> failure(KeyError("x"))
    {'type': 'KeyError', 'message': "'x'"}
    """
    kind = type(error)
    name = (
        kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    )
    try:
        message = str(error)
    except Exception:
        message = ""
    return {"type": name, "message": message}


class ToolCall:
    """A call of a tool. Comes from `Session.tool`; use it with `with` or `async with`.

    When the body begins, the intent is on the disk. What happens in the body becomes the outcome:

        with s.tool("issue_refund", {"order_id": 42}, requires="refunds:write") as t:
            t.result(refund(42))

    An exception is recorded as `error` (a `TimeoutError` as `timeout`) and goes on its way. A body that
    says nothing at all is recorded as `unknown`: nobody knows what it did.

    Attributes:
        span_id: Of both lines.
        policy: The `policy` block of the call, or None if nothing was checked.
        approval: The approval that the call is held against, or None.
    """

    def __init__(
        self,
        session: Session,
        name: str,
        arguments: object,
        *,
        requires: scope_rules.Scopes | None,
        call_id: str | None,
        approval: Approval | None,
        action: Mapping[str, Any],
        blocks: Mapping[str, Any],
    ) -> None:
        if not isinstance(name, str) or not name:
            raise UsageError(
                "tool: the name of a tool is a text that is not empty", help='s.tool("issue_refund", {"order_id": 42})'
            )
        if approval is not None and not isinstance(approval, Approval):
            raise UsageError(
                "approval: what ask_approval(…) gave",
                help="asked = s.ask_approval(…); asked.granted(by=…); s.tool(…, approval=asked)",
            )
        self.name = name
        self.span_id = ids.span_id()
        self.arguments = digests.frozen({} if arguments is None else arguments)
        self.arguments_sha256 = digests.of_arguments(self.arguments, session.run.digest_key)
        self.policy: dict[str, Any] | None = None
        self.approval = approval
        self._session = session
        self._requires = () if requires is None else scope_rules.listed(requires, "requires")
        self._action = {"call_id": call_id} if call_id is not None else {}
        self._action.update(action)
        self._blocks = dict(blocks)
        self._frame: Frame | None = None
        self._token: Token[Frame | None] | None = None
        self._who: dict[str, Any] = {}
        self._began = 0
        self._done = False
        self._more_policies: list[dict[str, Any]] = []
        self._refusal: Denied | None = None
        self._status: str | None = None
        self._result: object = _NOTHING
        self._error: object = None

    # --- what the body says -------------------------------------------------------------------

    def result(self, value: T) -> T:
        """Say that the tool succeeded, and what it gave. Returns `value`.

        Raises:
            UsageError: Before the call begins or after it ended, as all that say an outcome: it would be lost.
        """
        self._open_frame()
        self._status, self._result = "success", value
        return value

    def partial(self, value: object = _NOTHING, *, reason: str | None = None) -> None:
        """Say that only a part was done."""
        self._say("partial", reason, value)

    def denied(self, reason: str | None = None) -> None:
        """Say that it was refused: by a person, a permission, the system called."""
        self._say("denied", reason)

    def blocked(self, reason: str | None = None) -> None:
        """Say that a guardrail or a filter stopped it."""
        self._say("blocked", reason)

    def timeout(self, reason: str | None = None) -> None:
        """Say that it took too long. Whether it took effect is not known."""
        self._say("timeout", reason)

    def error(self, reason: str) -> None:
        """Say that it failed, where the failure is no exception."""
        self._say("error", reason)

    def pending(self) -> None:
        """Say that it was interrupted, for an approval, say, and will go on elsewhere: no outcome is written."""
        self._say("pending", None)

    def _say(self, status: str, reason: str | None, value: object = _NOTHING) -> None:
        self._open_frame()
        self._status = status
        if value is not _NOTHING:
            self._result = value
        self._error = None if reason is None else {"type": status, "message": reason}

    def ask_approval(self, *, reason: str | None = None, via: str | None = None, ticket: str | None = None) -> Approval:
        """Ask a person to approve this very call, which has begun. Its outcome carries the answer.

        Raises:
            AuditWriteError: If the question cannot be recorded.
        """
        parent = self._open_frame()
        told = {"reason": reason, "via": via, "ticket": ticket}
        self.approval = self._session.ask(parent, self.name, self.arguments, self.arguments_sha256, told)
        return self.approval

    # --- begin and end ------------------------------------------------------------------------

    def start(self) -> Self:
        """Write the intent, and wait until it is on the disk. For callers whose begin and end lie apart.

        Raises:
            AuditWriteError: If it cannot be written. The tool must not run then.
            ScopeDenied: With `enforce=True`, if the scopes do not cover what the call requires.
            ApprovalMismatch: With `enforce=True`, if it is not what was approved.
        """
        self._session.run.write(self._intent(), durable=True)
        self._after_intent()
        return self

    async def start_async(self) -> Self:
        """Do as `start`; the event loop goes on while the disk works."""
        intent = self._intent()
        try:
            await self._session.run.write_off_loop(intent, durable=True)
        except asyncio.CancelledError as error:
            self.finish(error)  # the intent stands; the body has not run
            raise
        self._after_intent()
        return self

    def finish(self, error: BaseException | None = None, *, latency_ms: float | None = None) -> None:
        """Write the outcome.

        Args:
            error: The exception that ended the body, or None.
            latency_ms: If the caller knows better than the clock between `start` and `finish`.

        Raises:
            AuditWriteError: If it cannot be written, or an earlier record of the session could not, and
                `error` does not say so already.
        """
        record = self._outcome(error, latency_ms)
        if record is not None:
            self._session.run.write(record)

    def _intent(self) -> dict[str, Any]:
        if self._frame is not None:
            raise UsageError(
                "this call has begun already: s.tool(…) gives one call each time",
                help="with s.tool(…) as t: …, for each call anew",
            )
        session, parent = self._session.here()
        session.run.check()
        self._session = session
        self._frame = Frame(session, self.span_id, parent, of_agent=False)
        self._who = session.envelope(self.span_id, parent.span_id)
        verdict = judge(self, session, self._requires)
        self.approval, self._refusal = verdict.approval, verdict.refusal
        first = 0 if "policy" in self._blocks else 1
        self.policy = next(iter(verdict.policies[:first]), None)
        self._more_policies = verdict.policies[first:]
        self._began = time.monotonic_ns()
        return self._record("start", {"result_status": "pending"})

    def _after_intent(self) -> None:
        for block in self._more_policies:
            status = "success" if block["decision"] == "allow" else "denied"
            assert self._frame is not None
            self._session.write("guardrail", status, {}, {"policy": block}, parent=self._frame)
        if self._refusal is not None and self._session.run.enforce:
            self._status, self._error = "denied", failure(self._refusal)
            self.finish()
            raise self._refusal

    def _outcome(self, error: BaseException | None, latency_ms: float | None) -> dict[str, Any] | None:
        """The record of the outcome; None if there is none to write."""
        frame = self._open_frame()
        self._done = frame.closed = True
        owed = self._session.run.owes(error)
        if owed is not None:
            raise owed
        if self._session.run.broken:
            return None
        if latency_ms is None:
            latency_ms = times.since(self._began)
        status, reason = self._status or "unknown", self._error
        if error is not None and not (isinstance(error, GeneratorExit) and self._status is not None):
            if isinstance(error, GeneratorExit):
                status = "partial"  # its consumer had enough
            else:
                status = "timeout" if isinstance(error, builtins.TimeoutError) else "error"
                reason = failure(error)
        if status == "pending":
            return None
        action: dict[str, Any] = {"result_status": status}
        if self._result is not _NOTHING:
            action["result"] = self._result
        if reason is not None:
            action["error"] = reason
        action["latency_ms"] = latency_ms
        return self._record("end", action)

    def _record(self, phase: str, action: dict[str, Any]) -> dict[str, Any]:
        record = {"timestamp": times.now(), **self._who}
        record["action"] = {
            "type": "tool_invocation",
            "tool": self.name,
            "arguments": self.arguments,
            "arguments_sha256": self.arguments_sha256,
            **self._action,
            "phase": phase,
            **action,
        }
        if self.policy is not None:
            record["policy"] = self.policy
        if self.approval is not None:
            record["approval"] = self.approval.members
        record.update(self._blocks)
        return record

    def _open_frame(self) -> Frame:
        if self._frame is None or self._done:
            raise UsageError(
                f"this call {'has ended' if self._done else 'has not begun'}",
                help="with s.tool(…) as t: …, and what belongs to the call inside it",
            )
        return self._frame

    # --- with ---------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self.start()
        self._token = context.enter(self._open_frame())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()
        self.finish(error)

    async def __aenter__(self) -> Self:
        await self.start_async()
        self._token = context.enter(self._open_frame())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()
        record = self._outcome(error, None)
        if record is not None:
            await self._session.run.write_off_loop(record)

    def _leave(self) -> None:
        if self._token is not None:
            token, self._token = self._token, None
            context.leave(token)

    @property
    def frame(self) -> Frame:
        """Where the body of the call runs."""
        return self._open_frame()

    @property
    def ended(self) -> bool:
        """Whether its outcome was told."""
        return self._done
