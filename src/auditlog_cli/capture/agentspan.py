"""The span of an agent: how a session or a nested agent begins and ends, and where in it the code is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import Token
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar, cast

from auditlog_cli import times
from auditlog_cli.capture import context, propagation
from auditlog_cli.capture.approval import Approval
from auditlog_cli.capture.context import Frame
from auditlog_cli.capture.given import STATUSES
from auditlog_cli.capture.identity import Agent, Identity
from auditlog_cli.capture.run import Run
from auditlog_cli.capture.scopes import POLICY, Scopes, listed
from auditlog_cli.capture.toolcall import failure
from auditlog_cli.errors import AuditWriteError, NoSession, ScopeDenied, UsageError
from auditlog_cli.writer import ids
from auditlog_cli.writer.receipt import Receipt

if TYPE_CHECKING:
    from auditlog_cli.capture.session import Session
    from auditlog_cli.writer.log import AuditLog

P = ParamSpec("P")
R = TypeVar("R")


class AgentSpan:
    """What `Session` stands on: begin, end, place and identity. `Session` adds what happens in between.

    Attributes:
        run: What all agents of the session share.
        identity: Who acts.
        span_id: Of the agent's own span.
    """

    def __init__(
        self, run: Run, identity: Identity, *, within: Frame | None, parent: str | None, metadata: Mapping[str, Any]
    ) -> None:
        self.run = run
        self.identity = identity
        self.span_id = ids.span_id()
        self._within = within
        self._parent = within.span_id if within is not None else parent
        self._metadata = dict(metadata)
        self._born_as = identity
        self._frame: Frame | None = None
        self._token: Token[Frame | None] | None = None

    # --- what it is ---------------------------------------------------------------------------

    @property
    def log(self) -> AuditLog:
        """The log that it writes to."""
        return self.run.log

    @property
    def session_id(self) -> str:
        """The id of the session; nested agents share it."""
        return self.run.session_id

    @property
    def trace_id(self) -> str:
        """The id of the trace; nested agents share it."""
        return self.run.trace_id

    @property
    def agent_id(self) -> str:
        """Who acts."""
        return self.identity.agent_id

    @property
    def is_nested(self) -> bool:
        """Whether another agent of the session started it."""
        return self._within is not None

    @property
    def failed(self) -> AuditWriteError | None:
        """The first write of the session that failed, or None."""
        return self.run.failed

    # --- begin and end ------------------------------------------------------------------------

    def open(self) -> Self:
        """Write the first record. For callers whose begin and end lie apart; others use `with`.

        Raises:
            AuditWriteError: If it cannot be written: nothing has begun then.
        """
        self.run.write(self._first())
        return self

    def close(self, error: BaseException | None = None) -> None:
        """Write the last record. Closing twice does nothing.

        Args:
            error: The exception that ended it, or None.

        Raises:
            AuditWriteError: If it cannot be written, or an earlier record of the session could not, and
                `error` does not say so already: also if somebody swallowed that failure.
        """
        record = self._last(error)
        if record is not None:
            self.run.write(record)

    def _first(self) -> dict[str, Any]:
        if self._frame is not None:
            raise UsageError(
                "this session was opened before: log.session(…) gives one each time",
                help="with log.session(user=…, agent=…) as s: …, for each run anew",
            )
        around = context.current() if self._within is None else self._within
        self._frame = Frame(cast("Session", self), self.span_id, around, of_agent=True)
        return self._lifecycle("start", {"result_status": "success"}, self._metadata)

    def _last(self, error: BaseException | None) -> dict[str, Any] | None:
        """The last record; None if there is none to write."""
        frame = self._frame
        if frame is None:
            raise UsageError(
                "this session was never opened",
                help="with log.session(user=…, agent=…) as s: …, or s.open() before s.close()",
            )
        if frame.closed:
            return None
        frame.closed = True
        if self._within is None:
            self.run.ended = True
        owed = self.run.owes(error)
        if owed is not None:
            raise owed
        if self.run.broken:
            return None
        action: dict[str, Any] = {"result_status": "success" if error is None else "error"}
        if error is not None:
            action["error"] = failure(error)
        lost = self.run.not_recorded
        told = {"on_error": self.run.on_error, "not_recorded": lost} if lost and self._within is None else {}
        return self._lifecycle("end", action, told)

    def _lifecycle(self, phase: str, action: dict[str, Any], metadata: Mapping[str, Any]) -> dict[str, Any]:
        record = {
            "timestamp": times.now(),
            **self.envelope(self.span_id, self._parent, self._born_as),
            "action": {"type": "lifecycle", "phase": phase, **action},
        }
        if metadata:
            record["metadata"] = dict(metadata)
        return record

    def __enter__(self) -> Self:
        self.open()
        self._token = context.enter(cast(Frame, self._frame))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()
        self.close(error)

    async def __aenter__(self) -> Self:
        await self.run.write_off_loop(self._first())
        self._token = context.enter(cast(Frame, self._frame))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()
        record = self._last(error)
        if record is not None:
            await self.run.write_off_loop(record)

    def _leave(self) -> None:
        if self._token is not None:
            token, self._token = self._token, None
            context.leave(token)

    # --- where the code is --------------------------------------------------------------------

    def here(self) -> tuple[Session, Frame]:
        """Return who acts here, and the innermost open span.

        From the context, if that is inside this session; else the session's own span. A nested agent's
        own session always acts as that agent; the outermost one as whoever is innermost here.

        Raises:
            NoSession: If it has not begun, or has ended.
        """
        own = self._frame
        if own is None or own.closed or self.run.ended:
            state = "has not begun" if own is None else "has ended"
            raise NoSession(
                f"the session of agent {self.agent_id} {state}; nothing was recorded",
                help="with log.session(user=…, agent=…) as s: …",
            )
        frame = context.current()
        while frame is not None:
            if not frame.closed and frame.session.run is self.run and (self._within is None or frame.session is self):
                return frame.session, frame
            frame = frame.outer
        return cast("Session", self), own

    def envelope(self, span_id: str, parent: str | None, identity: Identity | None = None) -> dict[str, Any]:
        """Return the members of a record that say where it belongs and who acted."""
        members: dict[str, Any] = {
            "session_id": self.run.session_id,
            "trace_id": self.run.trace_id,
            "span_id": span_id,
        }
        if parent is not None:
            members["parent_span_id"] = parent
        members.update((identity or self.identity).members())
        return members

    def write(
        self,
        kind: str,
        status: str,
        action: Mapping[str, Any],
        blocks: Mapping[str, Any],
        *,
        parent: Frame,
        span_id: str | None = None,
        agent: Mapping[str, Any] | None = None,
    ) -> Receipt:
        """Write one record that is no pair: a message, a model call, an approval, …

        Args:
            kind: `action.type`.
            status: `action.result_status`.
            action: Further members of `action`; those that are None are left out.
            blocks: Further blocks.
            parent: Under which span.
            span_id: Default: a new one.
            agent: Further members of `agent`.
        """
        if not isinstance(kind, str) or not kind or kind != kind.lower() or kind.split() != [kind]:
            raise UsageError(
                "type: a lower-case word such as retrieval",
                help="one word, lower case, no spaces: memory_write, not Memory write",
            )
        if status not in STATUSES:
            raise UsageError(
                f"status: one of {', '.join(STATUSES)}",
                help='status="success" if it worked, status="unknown" if nobody knows',
            )
        record = {"timestamp": times.now(), **self.envelope(span_id or ids.span_id(), parent.span_id)}
        if agent:
            record["agent"] = {**record["agent"], **agent}
        told = {name: value for name, value in action.items() if value is not None}
        record["action"] = {"type": kind, **told, "result_status": status}
        record.update(blocks)
        return self.run.write(record)

    def ask(
        self, parent: Frame, tool: str, arguments: object, arguments_sha256: str, told: Mapping[str, Any]
    ) -> Approval:
        """Record that a call is to be approved; `arguments` are frozen already."""
        span_id = ids.span_id()

        def record(asked: Approval, status: str, said: dict[str, Any]) -> None:
            said = {name: value for name, value in said.items() if value is not None}
            blocks: dict[str, Any] = {"approval": asked.members}
            if said:
                blocks["metadata"] = {"approval": said}
            action = {"tool": tool, "arguments": arguments}
            self.write("approval", status, action, blocks, parent=parent, span_id=span_id)
            if status == "denied" and asked not in self.run.approvals:
                self.run.approvals.append(asked)  # also one that a call asked for itself goes on denying

        return Approval(record, tool, arguments_sha256, dict(told))

    def successor(self, agent: Agent, scopes: Scopes | None, frame: Frame) -> Identity:
        """Return the identity of an agent that this one starts or hands over to; a refusal is recorded."""
        try:
            return self.identity.nested(agent, scopes)
        except ScopeDenied:
            rules = [f"narrow:{scope}" for scope in listed(scopes or ())]
            block = {"id": POLICY, "decision": "deny", "rules": rules}
            self.write("guardrail", "denied", {}, {"policy": block}, parent=frame)
            raise

    # --- into threads, processes, other machines ----------------------------------------------

    def bind(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return `function` made to run inside this session, where it now is, in whatever thread or task.

            pool.submit(s.bind(work), order)

        Serves plain functions, coroutine functions, generators and asynchronous generators.
        """
        if not callable(function):
            raise UsageError("bind: a function", help="s.bind(work), not s.bind(work())")
        return context.bound(function, self.here()[1])

    @property
    def traceparent(self) -> str | None:
        """The place in the trace for the headers of a request; None if the trace id is not of W3C's form.

        Source: W3C Trace Context, 3.2 (flags 01: recorded).
        """
        return propagation.traceparent(self.run.trace_id, self.here()[1].span_id)

    def env(self) -> dict[str, str]:
        """Return the environment variables that `log.session_from_env()` of a child process goes on from.

        subprocess.run(command, env=os.environ | s.env())
        """
        actor, _ = self.here()
        return propagation.to_env(self.run.log.path, self.run.session_id, actor.identity, self.traceparent)

    def headers(self) -> dict[str, str]:
        """Return the headers that `log.session_from_headers` of another service goes on from."""
        return propagation.to_headers(self.run.session_id, self.traceparent)
