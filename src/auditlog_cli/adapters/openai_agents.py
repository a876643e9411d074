"""OpenAI Agents SDK: what its hooks tell becomes records of a session (frameworks.md, 7.2; SDK 0.24).

    with log.session(user="alice@example.com", agent="planner", scopes=["refunds:write"]) as session:
        result = await openai_agents.run(planner, "Refund order 42", session=session)

`run`, `run_sync` and `run_streamed` take what those of `Runner` take, and record the request, the questions to
people and the final answer, which no hook tells. `AuditRunHooks` alone is for `Runner.run(…, hooks=…)` and
`agent.as_tool(…, hooks=…)`: the SDK does not hand hooks on to sub-agents.

An agent that is handed to, and an agent used as a tool, acts as a nested agent of the session. An exception of a
tool hook comes out as `UserError` with ours as its cause; all others unchanged.
"""

from __future__ import annotations

import types
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from auditlog_cli.adapters import chosen, missing
from auditlog_cli.adapters._openai_agents_hooks import Hooks, SessionFor, running
from auditlog_cli.adapters._openai_agents_items import arguments_of
from auditlog_cli.adapters._openai_agents_run import FrameworkRun
from auditlog_cli.capture import context as places
from auditlog_cli.capture.approval import Approval
from auditlog_cli.capture.session import Session
from auditlog_cli.errors import AuditlogError, NoSession, UsageError

_interrupted: WeakKeyDictionary[Session, list[FrameworkRun]] = WeakKeyDictionary()
"""Runs that wait for people, so that the resumed run goes on where they stopped."""


def _agents() -> Any:
    try:
        return import_module("agents")
    except ImportError as error:
        raise missing("The OpenAI Agents SDK", "openai-agents>=0.24", error) from error


@cache
def _hooks_class() -> type[Hooks]:
    """The hooks as the SDK accepts them: it looks for its own class among the bases."""
    body = {"__doc__": Hooks.__doc__, "__module__": __name__}
    return types.new_class("AuditRunHooks", (Hooks, _agents().RunHooks), {}, lambda names: names.update(body))


if TYPE_CHECKING:
    AuditRunHooks = Hooks


def __getattr__(name: str) -> Any:
    if name == "AuditRunHooks":
        return _hooks_class()
    raise AttributeError(f"module {__name__} has no attribute {name}")


class AuditedStream:
    """A `RunResultStreaming` whose run is recorded to its end, also if nobody reads the stream."""

    def __init__(self, result: Any, run: FrameworkRun) -> None:
        self._result = result
        self._run = run
        result.run_loop_task.add_done_callback(self._in_background)

    @property
    def settled(self) -> bool:
        """Whether the end of the run was recorded, or could not be."""
        return self._run.settled

    def __getattr__(self, name: str) -> Any:
        return getattr(self._result, name)

    async def stream_events(self) -> AsyncIterator[Any]:
        """Give the SDK's events.

        Raises:
            AuditWriteError: At the end, if anything could not be recorded and the SDK did not say so.
        """
        async for event in self._result.stream_events():
            yield event
        if self._result.run_loop_task.done():
            self._settle()
        self._run.session.run.check()

    def _in_background(self, _task: object) -> None:
        try:
            self._settle()
        except AuditlogError:
            return  # nobody above us would hear of it; the session has failed and raises at its end

    def _settle(self) -> None:
        task = self._result.run_loop_task
        if task.cancelled():
            self._run.failed(TimeoutError("the run was cancelled"))
        elif task.exception() is not None:
            self._run.failed(task.exception())
        else:
            _settled(self._run, self._result)


async def run(
    agent: Any,
    input: Any,  # noqa: A002 - the SDK's word
    *,
    session: Session | None = None,
    session_for: SessionFor | None = None,
    memory: Any = None,
    **options: Any,
) -> Any:
    """Run an agent as `Runner.run` does, and record it.

    Args:
        agent, input: As for `Runner.run`; a `RunState` resumes an interrupted run.
        session: The audit session. Default: that of the running code.
        session_for: Finds it for a `RunContextWrapper` around `context=…`.
        memory: What `Runner.run` calls `session`.
        options: Everything else for `Runner.run`. `hooks=` only as an `AuditRunHooks` or a class derived from it.

    Raises:
        AuditWriteError: If something could not be recorded; from a tool's hook, as the cause of a `UserError`.
        FrameworkMissing: If the SDK is not installed.
    """
    recorded, options = _begun(input, session, session_for, memory, options)
    with _recording(recorded):
        result = await _agents().Runner.run(agent, input, **options)
    _settled(recorded, result)
    return result


def run_sync(
    agent: Any,
    input: Any,  # noqa: A002 - the SDK's word
    *,
    session: Session | None = None,
    session_for: SessionFor | None = None,
    memory: Any = None,
    **options: Any,
) -> Any:
    """Run an agent as `Runner.run_sync` does, and record it. Arguments and errors as for `run`."""
    recorded, options = _begun(input, session, session_for, memory, options)
    with _recording(recorded):
        result = _agents().Runner.run_sync(agent, input, **options)
    _settled(recorded, result)
    return result


def run_streamed(
    agent: Any,
    input: Any,  # noqa: A002 - the SDK's word
    *,
    session: Session | None = None,
    session_for: SessionFor | None = None,
    memory: Any = None,
    **options: Any,
) -> AuditedStream:
    """Run an agent as `Runner.run_streamed` does, and record it. Arguments and errors as for `run`.

    Read `stream_events()` to its end: a run that nobody reads is recorded, but only the session's end says that
    its record failed.
    """
    recorded, options = _begun(input, session, session_for, memory, options)
    with _recording(recorded):
        return AuditedStream(_agents().Runner.run_streamed(agent, input, **options), recorded)


def inside(context: Any) -> AbstractContextManager[None]:
    """Make a tool's call the place of what its body records, such as the run of another agent.

        @function_tool
        async def ask_risk(context: ToolContext, question: str) -> str:
            with openai_agents.inside(context):
                return (await openai_agents.run(risk, question)).final_output

    Raises:
        NoSession: If no call with this `ToolContext` is being recorded by `run` or its like.
    """
    around = running.get()
    frame = None if around is None else around.frame(context)
    if frame is None:
        raise NoSession("no recorded call of a tool is open here", help="await openai_agents.run(…), not Runner.run(…)")
    return places.active(frame)


def _begun(
    given: Any, session: Session | None, session_for: SessionFor | None, memory: Any, options: dict[str, Any]
) -> tuple[FrameworkRun, dict[str, Any]]:
    """Record the request; return the run and the options for `Runner`."""
    agents = _agents()
    context = agents.RunContextWrapper(context=options.get("context"))
    hooks = options.get("hooks")
    if hooks is None:
        options = {**options, "hooks": _hooks_class()()}
    elif not isinstance(hooks, Hooks):
        raise UsageError("hooks: run() needs its own", help="derive yours from AuditRunHooks, and call super()")
    elif session is None and session_for is None:
        session = hooks.chosen(context)
    recorded = FrameworkRun(chosen(session, session_for, context))
    if isinstance(given, agents.RunState):
        before = _waiting(recorded.session, {item.call_id for item in given.get_interruptions()})
        if before is not None:
            _interrupted[recorded.session].remove(before)
            recorded = before
        recorded.resumed()
    else:
        recorded.requested(given, f"openai-agents {metadata.version('openai-agents')}")
    return recorded, options if memory is None else {**options, "session": memory}


@contextmanager
def _recording(recorded: FrameworkRun) -> Iterator[None]:
    """Let hooks find the run; record the exception that ends it."""
    token = running.set(recorded)
    try:
        yield
    except BaseException as error:
        recorded.failed(error)
        raise
    finally:
        running.reset(token)


def _settled(recorded: FrameworkRun, result: Any) -> None:
    if recorded.settled:
        return
    if result.interruptions:
        _interrupted.setdefault(recorded.session, []).append(recorded)
    recorded.ended(result)


def _waiting(session: Session, call_ids: set[str | None]) -> FrameworkRun | None:
    """The interrupted run of this session that asked about one of these calls."""
    return next((each for each in _interrupted.get(session, ()) if not call_ids.isdisjoint(each.asked)), None)


def approve(
    state: Any,
    item: Any,
    *,
    by: str | None,
    via: str | None = None,
    reason: str | None = None,
    ticket: str | None = None,
    session: Session | None = None,
) -> None:
    """Record that a person approved a call, and approve it in the SDK.

    Args:
        state: The `RunState`.
        item: One of `result.interruptions`.
        by: Who said yes. None, written out: nobody knows who.
        via, reason, ticket: What was said with it.
        session: The audit session. Default: that of the running code.

    Raises:
        AuditWriteError: If it cannot be recorded; the call is not approved then.
    """
    _asked(item, chosen(session, None, state)).granted(by=by, via=via, reason=reason, ticket=ticket)
    state.approve(item)


def reject(
    state: Any,
    item: Any,
    *,
    by: str | None,
    via: str | None = None,
    reason: str | None = None,
    ticket: str | None = None,
    message: str | None = None,
    session: Session | None = None,
) -> None:
    """Record that a person refused a call, and reject it in the SDK.

    Args and errors as for `approve`; `message` is what the model is told.
    """
    _asked(item, chosen(session, None, state)).denied(by=by, via=via, reason=reason, ticket=ticket)
    state.reject(item, rejection_message=message)


def _asked(item: Any, session: Session) -> Approval:
    """The question that was recorded when the run was interrupted; asked now, if that was elsewhere."""
    before = _waiting(session, {item.call_id})
    if before is not None:
        return before.asked[item.call_id]
    return session.ask_approval(item.name, arguments_of(item.arguments))
