"""Microsoft Agent Framework: middleware that becomes records of a session (frameworks.md, 7.9; core 1.23).

    audit = Audit()
    agent = Agent(client=client, name="planner", tools=[…], middleware=audit.middleware())
    with log.session(user="alice@example.com", agent="planner", scopes=["refunds:write"]):
        response = await agent.run("Refund order 42")

An agent of another name than the session's acts as a nested agent. Only agents that have the middleware are seen. What
cannot be recorded ends the run with `AgentFrameworkAuditFailure`, which is both a `MiddlewareFailure`, the one
exception of a tool that the framework does not hand to the model, and an `AuditWriteError`.
"""

from __future__ import annotations

import json
import types
from collections.abc import Awaitable, Callable
from functools import cache
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from auditlog_cli.adapters import _agent_framework_streams as streams
from auditlog_cli.adapters import chosen, missing
from auditlog_cli.capture import context as places
from auditlog_cli.capture import digests
from auditlog_cli.capture.approval import Approval
from auditlog_cli.capture.run import Run
from auditlog_cli.capture.session import Session
from auditlog_cli.capture.toolcall import ToolCall
from auditlog_cli.errors import AuditWriteError, UsageError

Next = Callable[[], Awaitable[None]]
ASKED, ANSWERED = "function_approval_request", "function_approval_response"
VALIDATED = "the approved arguments, validated"


class Audit:
    """Records what agents do. One object serves any number of agents, sessions and runs.

    Args:
        session: Where to record. Default: the session of the running code.
        session_for: Finds the session for the framework's context, which has its own `session`.
    """

    def __init__(self, session: Session | None = None, *, session_for: Callable[[Any], Session] | None = None) -> None:
        self._session = session
        self._session_for = session_for
        self._asked: WeakKeyDictionary[Run, dict[str, Approval]] = WeakKeyDictionary()

    def middleware(self) -> list[Any]:
        """Return what goes into `Agent(middleware=…)`, for agents, models and tools: all three, always together.

        Put middleware of your own that repairs arguments before it, so that what runs is what is recorded.

        Raises:
            FrameworkMissing: If the framework is not there, or too old.
        """
        framework = _framework()
        kinds = (("AgentMiddleware", self._run), ("ChatMiddleware", self._ask), ("FunctionMiddleware", self._call))
        return [_made(getattr(framework, base), process) for base, process in kinds]

    def _chosen(self, context: Any) -> Session:
        session = chosen(self._session, self._session_for if context is not None else None, context)
        session.run.check()
        return session

    # --- middleware ---------------------------------------------------------------------------

    async def _run(self, context: Any, call_next: Next) -> None:
        """Record the request and the answer, or the begin and end of a nested agent."""
        session = self._chosen(context)
        actor, frame = session.here()
        for_a_person = frame.outermost
        self._answers(session, context.messages)
        text = "\n".join(each.text for each in context.messages if each.role == "user" and each.text)
        if for_a_person and text:
            told = {"framework": f"agent-framework-core {metadata.version('agent-framework-core')}"}
            session.user_message(text, metadata=told)
        nested: Session | None = None
        name = context.agent.name or actor.agent_id
        if not (frame.of_agent and name == actor.agent_id):
            nested = session.agent(name).open()
            frame = nested.here()[1]

        def ended(response: Any, error: BaseException | None) -> None:
            if response is not None and not session.run.broken:
                with places.active(frame):
                    waits = self._questions(session, response)
                if for_a_person and not waits and error is None:
                    session.final_answer(response.text)
            if nested is not None and not session.run.broken:
                nested.close(error)

        try:
            with places.active(frame):
                await call_next()
        except BaseException as error:
            ended(None, error)
            raise
        streams.watch(context, frame, _framework().AgentResponse, ended)

    async def _ask(self, context: Any, call_next: Next) -> None:
        """Record the call of the model, after it."""
        session = self._chosen(context)
        frame = session.here()[1]
        told = streams.asked(context)

        def ended(response: Any, error: BaseException | None) -> None:
            if not session.run.broken:
                said = {"error": error} if response is None else streams.answered(response)
                with places.active(frame):
                    session.model_call(**(told() | said))

        try:
            await call_next()
        except Exception as error:
            ended(None, error)
            raise
        streams.watch(context, frame, _framework().ChatResponse, ended)

    async def _call(self, context: Any, call_next: Next) -> None:
        """Record the intent, durably, then the outcome. If the intent fails, the tool does not run."""
        given = context.arguments
        arguments = given.model_dump(mode="json") if hasattr(given, "model_dump") else dict(given)
        try:
            session = self._chosen(context)
            self._approved(session, context, arguments)
            call = session.tool(context.function.name, arguments, call_id=context.metadata.get("call_id"))
            await call.start_async()
            session.run.check()  # a parallel tool may have found meanwhile that nothing can be recorded any more
        except AuditWriteError as error:
            raise _failure(error) from error
        try:
            with places.active(call.frame):
                await call_next()
        except BaseException as error:
            _failed(call, context, error)
            if session.run.broken and not isinstance(error, _dialect()):
                raise _failure(session.run.again()) from error
            raise
        try:
            call.result(streams.plain(context.result))
            call.finish()
        except AuditWriteError as error:
            raise _failure(error) from error

    # --- answers of people --------------------------------------------------------------------

    def approve(
        self,
        request: Any,
        *,
        by: str | None,
        via: str | None = None,
        reason: str | None = None,
        ticket: str | None = None,
        session: Session | None = None,
    ) -> Any:
        """Record that a person approved a call; return the content for the next message to the agent.

        Args:
            request: One of `response.user_input_requests`.
            by: Who said yes. None, written out: nobody knows who.
            via, reason, ticket: What was said with it.
            session: Where to record. Default: that of this object, else that of the running code.

        Raises:
            AuditWriteError: If it cannot be recorded; there is no approval then.
            UsageError: If it is no request for an approval.
        """
        self._question(session or self._chosen(None), request).granted(by=by, via=via, reason=reason, ticket=ticket)
        return request.to_function_approval_response(True)

    def deny(
        self,
        request: Any,
        *,
        by: str | None,
        via: str | None = None,
        reason: str | None = None,
        ticket: str | None = None,
        session: Session | None = None,
    ) -> Any:
        """Record that a person refused a call; return the content. Arguments and errors as for `approve`."""
        self._question(session or self._chosen(None), request).denied(by=by, via=via, reason=reason, ticket=ticket)
        return request.to_function_approval_response(False)

    def _questions(self, session: Session, response: Any) -> bool:
        """Record what a person is asked; tell whether anything waits for one."""
        requests = [each for each in response.user_input_requests if each.type == ASKED]
        for each in requests:
            self._question(session, each)
        return bool(requests)

    def _question(self, session: Session, about: Any) -> Approval:
        """The question that was recorded when the agent asked; asked now, if that was elsewhere."""
        if getattr(about, "type", None) not in (ASKED, ANSWERED):
            raise UsageError(
                "request: one of response.user_input_requests",
                help="for each in response.user_input_requests: audit.approve(each, by=…)",
            )
        known = self._asked.setdefault(session.run, {})
        found = known.get(about.id)
        if found is None:
            call = about.function_call
            found = known[about.id] = session.ask_approval(call.name, _arguments(call))
        return found

    def _answers(self, session: Session, messages: Any) -> None:
        """Record the answers of people; `approve` and `deny` may have said who."""
        for content in (each for message in messages for each in message.contents):
            if content.type == ANSWERED:
                question = self._question(session, content)
                if question.status == "pending":
                    (question.granted if content.approved else question.denied)(by=None)

    def _approved(self, session: Session, context: Any, arguments: dict[str, Any]) -> None:
        """Say so, where validation turned the arguments that were approved into others (`5` into `5.0`)."""
        answer = context.metadata.get("approval_response")
        question = None if answer is None else self._asked.get(session.run, {}).pop(answer.id, None)
        if question is None or question.status != "approved":
            return
        name, key = context.function.name, session.run.digest_key
        exactly, shown = (
            digests.of_arguments(digests.frozen(each), key) for each in (arguments, _arguments(answer.function_call))
        )
        if question.objection(name, shown) is None and question.objection(name, exactly) == "arguments":
            session.ask_approval(name, arguments, reason=VALIDATED).granted(by=question.members.get("decided_by"))


def _failed(call: ToolCall, context: Any, error: BaseException) -> None:
    """Record what ended a call that did not return."""
    kind = type(error).__name__
    if kind == "UserInputRequiredException":
        call.pending()
    elif kind == "MiddlewareTermination":
        if context.result is None:
            call.blocked(str(error))
        else:
            call.result(streams.plain(context.result))
    else:
        call.finish(error)
        return
    call.finish()


def _arguments(call: Any) -> Any:
    """The arguments of a call as the model wrote them."""
    if not isinstance(call.arguments, str):
        return dict(call.arguments or {})
    try:
        return json.loads(call.arguments or "{}")
    except ValueError:
        return call.arguments


def _framework() -> Any:
    try:
        framework = import_module("agent_framework")
        framework.MiddlewareFailure  # noqa: B018 - is it there?
    except (ImportError, AttributeError) as error:
        raise missing("Microsoft Agent Framework", "agent-framework-core>=1.23", ImportError(str(error))) from error
    return framework


def _made(base: type, process: Callable[[Any, Next], Awaitable[None]]) -> Any:
    """A middleware as the framework accepts it: an object of a class derived from its own."""

    async def method(self: Any, context: Any, call_next: Next) -> None:
        await process(context, call_next)

    body = {"process": method, "__module__": __name__}
    return types.new_class(f"Audit{base.__name__}", (base,), {}, lambda names: names.update(body))()


@cache
def _dialect() -> type[AuditWriteError]:
    """The exception that the framework does not hand to the model."""

    def begin(self: Any, message: str, *, help: str = "", written: int = 0) -> None:  # noqa: A002
        _framework().MiddlewareFailure.__init__(self, message)
        AuditWriteError.__init__(self, message, help=help, written=written)

    body = {"__init__": begin, "__module__": __name__, "__doc__": "The log cannot be written: the run ends here."}
    bases = (_framework().MiddlewareFailure, AuditWriteError)
    return types.new_class("AgentFrameworkAuditFailure", bases, {}, lambda names: names.update(body))


def _failure(error: AuditWriteError) -> AuditWriteError:
    return _dialect()(error.message, help=error.help, written=error.written)


if TYPE_CHECKING:
    AgentFrameworkAuditFailure = AuditWriteError


def __getattr__(name: str) -> Any:
    if name == "AgentFrameworkAuditFailure":
        return _dialect()
    raise AttributeError(f"module {__name__} has no attribute {name}")
