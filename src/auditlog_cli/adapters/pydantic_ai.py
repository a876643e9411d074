"""pydantic-ai: a capability whose hooks become records of a session (frameworks.md, 7.5; pydantic-ai 2.68).

    agent = Agent(model, name="planner", capabilities=[Audit()])
    with log.session(user="alice@example.com", agent="planner", scopes=["refunds:write"]):
        result = agent.run_sync("Refund order 42")

An agent of another name than the session's, and one that runs inside a tool, acts as a nested agent. Only agents
that have the capability are seen. All its exceptions come out of the run unchanged.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from auditlog_cli import times
from auditlog_cli.adapters import chosen, derived, missing
from auditlog_cli.adapters._pydantic_ai_messages import given, messages, only_validated, said, usage
from auditlog_cli.capture import context as places
from auditlog_cli.capture import digests
from auditlog_cli.capture.approval import Approval
from auditlog_cli.capture.run import Run
from auditlog_cli.capture.session import Session
from auditlog_cli.errors import UsageError

EDITED = "approved with other arguments"
VALIDATED = "the approved arguments, validated"


def _framework(module: str = "pydantic_ai") -> Any:
    try:
        import_module("pydantic_ai.capabilities")  # the hooks are its
        return import_module(module)
    except ImportError as error:
        raise missing("pydantic-ai", "pydantic-ai-slim>=2.68", error) from error


class _Question(NamedTuple):
    """What a person is asked, and about which arguments."""

    asked: Approval
    arguments: Any


class _Seen(NamedTuple):
    """What is known of the calls of one run, by their ids.

    Attributes:
        validated: Their arguments as the tools take them: those of the model may be `5` for `5.0`.
        begun: Those whose intent is recorded.
    """

    validated: dict[str, Any]
    begun: set[str]


class _Audit:
    """Records what agents do. One object serves any number of agents, sessions and runs.

    Args:
        session: Where to record. Default: the session of the running code.
        session_for: Finds the session for a `RunContext`.
    """

    def __init__(self, session: Session | None = None, *, session_for: Callable[[Any], Session] | None = None) -> None:
        super().__init__()
        self._session = session
        self._session_for = session_for
        self._asked: WeakKeyDictionary[Run, dict[str, _Question]] = WeakKeyDictionary()
        self._under_way: dict[Any, _Seen] = {}

    def _chosen(self, ctx: Any = None) -> Session:
        return chosen(self._session, self._session_for if ctx is not None else None, ctx)

    def _questions(self, session: Session) -> dict[str, _Question]:
        return self._asked.setdefault(session.run, {})

    # --- hooks --------------------------------------------------------------------------------

    async def wrap_run(self, ctx: Any, *, handler: Callable[[], Awaitable[Any]]) -> Any:
        """Record the request and the answer, or the begin and end of a nested agent."""
        session = self._chosen(ctx)
        session.run.check()
        actor, frame = session.here()
        for_a_person = frame.outermost
        if for_a_person and ctx.prompt is not None:
            session.user_message(ctx.prompt, metadata={"framework": _version()})
        try:
            async with _acting(session, ctx.agent.name or actor.agent_id):
                result = await handler()
                if isinstance(result.output, _framework().DeferredToolRequests):
                    await self._wait(session, ctx, result.output)  # `run_stream` calls no hook for them
                elif for_a_person:
                    session.final_answer(result.output)
        finally:
            self._under_way.pop(ctx.run_id, None)
        return result

    async def after_tool_validate(self, ctx: Any, *, call: Any, tool_def: Any, args: Any) -> Any:
        """Remember what a person would approve."""
        self._seen(ctx).validated[call.tool_call_id] = args
        return args

    async def wrap_model_request(
        self, ctx: Any, *, request_context: Any, handler: Callable[[Any], Awaitable[Any]]
    ) -> Any:
        """Record the call of the model, after it."""
        session = self._chosen(ctx)
        session.run.check()
        asked = {"model": request_context.model.model_name, "prompt": messages(request_context.messages)}
        asked["system"] = getattr(request_context.messages[-1], "instructions", None)
        began = time.monotonic_ns()
        try:
            response = await handler(request_context)
        except BaseException as error:
            if not session.run.broken:
                session.model_call(**asked, latency_ms=times.since(began), error=error)
            raise
        told = {
            "model": response.model_name or asked["model"],
            "provider": response.provider_name,
            "call_id": response.provider_response_id,
            "response": said(response),
            "usage": usage(response.usage),
        }
        session.model_call(**{**asked, **told}, latency_ms=times.since(began))
        return response

    async def wrap_tool_execute(
        self, ctx: Any, *, call: Any, tool_def: Any, args: Any, handler: Callable[[Any], Awaitable[Any]]
    ) -> Any:
        """Record the intent, durably, then the outcome. If the intent fails, the tool does not run."""
        session = self._chosen(ctx)
        if ctx.tool_call_approved:
            self._approved(session, call, tool_def, args)
        exceptions = import_module("pydantic_ai.exceptions")
        running = session.tool(call.tool_name, args, call_id=call.tool_call_id)
        await running.start_async()
        self._seen(ctx).begun.add(call.tool_call_id)
        session.run.check()  # a parallel tool may have found meanwhile that nothing can be recorded any more
        try:
            with places.active(running.frame):
                result = await handler(args)
        except (exceptions.ApprovalRequired, exceptions.CallDeferred):
            running.pending()
            running.finish()
            raise
        except BaseException as error:
            running.finish(error)
            raise
        running.result(result)
        running.finish()
        return result

    async def handle_deferred_tool_calls(self, ctx: Any, *, requests: Any) -> None:
        """Record which calls wait for a person; leave the answer to the application."""
        await self._wait(self._chosen(ctx), ctx, requests)

    async def _wait(self, session: Session, ctx: Any, requests: Any) -> None:
        """Record what is left to people and to other systems, each call once in a run."""
        seen = self._seen(ctx)
        known = self._questions(session)
        for call in requests.approvals:
            if call.tool_call_id not in known:
                args = seen.validated.get(call.tool_call_id, given(call))
                known[call.tool_call_id] = _Question(session.ask_approval(call.tool_name, args), args)
        for call in requests.calls:
            if call.tool_call_id not in seen.begun:
                seen.begun.add(call.tool_call_id)
                args = seen.validated.get(call.tool_call_id, given(call))
                await session.tool(call.tool_name, args, call_id=call.tool_call_id).start_async()

    def _seen(self, ctx: Any) -> _Seen:
        return self._under_way.setdefault(ctx.run_id, _Seen({}, set()))

    # --- answers of people --------------------------------------------------------------------

    def approve(
        self,
        call: Any,
        *,
        by: str | None,
        via: str | None = None,
        reason: str | None = None,
        ticket: str | None = None,
        override_args: dict[str, Any] | None = None,
        session: Session | None = None,
    ) -> Any:
        """Record that a person approved a call; return the `ToolApproved` for `DeferredToolResults`.

        Args:
            call: One of `requests.approvals`, or its `tool_call_id`.
            by: Who said yes. None, written out: nobody knows who.
            via, reason, ticket: What was said with it.
            override_args: The arguments that were approved in place of those asked for. The first question is
                then recorded as denied, and a second one, about these arguments, as approved.
            session: Where to record. Default: that of this object, else that of the running code.

        Raises:
            AuditWriteError: If it cannot be recorded; there is no approval then.
            UsageError: If only an id is given, and no call with it waits in this session.
        """
        session = session or self._chosen()
        question = self._waiting(session, call)
        if override_args is not None:
            question.asked.denied(by=by, reason=EDITED)
            question = _Question(session.ask_approval(question.asked.tool, override_args), override_args)
            self._questions(session)[_call_id(call)] = question
        question.asked.granted(by=by, via=via, reason=reason, ticket=ticket)
        return _framework().ToolApproved(override_args=override_args)

    def deny(
        self,
        call: Any,
        *,
        by: str | None,
        via: str | None = None,
        reason: str | None = None,
        ticket: str | None = None,
        message: str | None = None,
        session: Session | None = None,
    ) -> Any:
        """Record that a person refused a call; return the `ToolDenied` for `DeferredToolResults`.

        Arguments and errors as for `approve`; `message` is what the model is told.
        """
        self._waiting(session or self._chosen(), call).asked.denied(by=by, via=via, reason=reason, ticket=ticket)
        return _framework().ToolDenied() if message is None else _framework().ToolDenied(message)

    def _waiting(self, session: Session, call: Any) -> _Question:
        known = self._questions(session)
        found = known.get(_call_id(call))
        if found is None:
            if isinstance(call, str):
                raise UsageError(
                    "no call with this id waits for an approval in this session",
                    help="after a restart, give the call itself: for call in requests.approvals: …",
                )
            args = given(call)
            found = known[call.tool_call_id] = _Question(session.ask_approval(call.tool_name, args), args)
        return found

    def _approved(self, session: Session, call: Any, tool_def: Any, args: Any) -> None:
        """Complete the approval of a call that is about to run.

        The framework runs what was approved without saying by whom; `approve` may have said so before. It
        validates what was approved, which may turn `5` into `5.0` and add defaults: then that is said, too.
        """
        question = self._questions(session).pop(call.tool_call_id, None)
        if question is None:
            question = _Question(session.ask_approval(call.tool_name, args), args)
        asked = question.asked
        if asked.status == "pending":
            asked.granted(by=None)
        if asked.objection(call.tool_name, digests.of_arguments(digests.frozen(args), session.run.digest_key)) is None:
            return
        if asked.status == "approved" and only_validated(question.arguments, args, tool_def):
            again = session.ask_approval(call.tool_name, args, reason=VALIDATED)
            again.granted(by=asked.members.get("decided_by"))


@cache
def _capability() -> type[_Audit]:
    """The capability as the framework accepts it: a class derived from its own."""
    base = _framework("pydantic_ai.capabilities").AbstractCapability
    return derived("Audit", _Audit, base, __name__)


if TYPE_CHECKING:
    Audit = _Audit


def __getattr__(name: str) -> Any:
    if name == "Audit":
        return _capability()
    raise AttributeError(f"module {__name__} has no attribute {name}")


@asynccontextmanager
async def _acting(session: Session, name: str) -> AsyncIterator[None]:
    """Let the agent of this name act: the session's own, or a nested one.

    The framework carries the context variable from here to the body of the run.
    """
    actor, frame = session.here()
    if frame.of_agent and name == actor.agent_id:
        with places.active(frame):
            yield
    else:
        async with session.agent(name):
            yield


def _version() -> str:
    return f"pydantic-ai {metadata.version('pydantic-ai-slim')}"


def _call_id(call: Any) -> str:
    return call if isinstance(call, str) else str(call.tool_call_id)
