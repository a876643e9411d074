"""CrewAI: crews whose tasks, models and tools become records of a session (frameworks.md, 7.9; crewai 1.15).

    audit = Audit()
    with log.session(user="alice@example.com", agent="planner", scopes=["refunds:write"]):
        result = audit.kickoff(crew, inputs={"order": 42})

CrewAI's event bus forgives every exception and delivers late, so nothing is recorded from it: the hooks of this one
run, the models and the bodies of the tools are. A hook stops a tool with `HookAborted` alone, and the crew completes
all the same; so `kickoff` looks at the end whether the session has failed.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import Token
from copy import copy
from functools import cache
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

from auditlog_cli.adapters import _crewai_calls as calls
from auditlog_cli.adapters import chosen, missing, underway
from auditlog_cli.capture import context as places
from auditlog_cli.capture import digests
from auditlog_cli.capture.context import Frame
from auditlog_cli.capture.session import Session
from auditlog_cli.capture.toolcall import ToolCall
from auditlog_cli.errors import AuditWriteError, UsageError

VERSIONS = "crewai>=1.15"


class Audit:
    """Records what crews do. One object serves any number of crews, sessions and runs.

    Args:
        session: Where to record. Default: the session of the running code.
        session_for: Finds the session for what is kicked off.
        by: Who answers where CrewAI asks a person, or what tells it. None: nobody knows.
    """

    def __init__(
        self,
        session: Session | None = None,
        *,
        session_for: Callable[[Any], Session] | None = None,
        by: str | Callable[[], str | None] | None = None,
    ) -> None:
        self._session = session
        self._session_for = session_for
        self._by = by

    def kickoff(self, runner: Any, *args: Any, **more: Any) -> Any:
        """Call `kickoff` of a crew, an agent or a flow with these arguments; return what it returns.

        Raises:
            AuditWriteError: If anything could not be recorded.
            UsageError: If the crew streams.
        """
        with self._run(runner, args, more) as ended:
            return ended(runner.kickoff(*args, **more))

    async def akickoff(self, runner: Any, *args: Any, **more: Any) -> Any:
        """Do as `kickoff`, with `akickoff`."""
        with self._run(runner, args, more) as ended:
            return ended(await runner.akickoff(*args, **more))

    def asks(self, hook: Callable[[Any], Any], *, tools: Sequence[str]) -> Callable[[Any], Any]:
        """Return a hook for `register_before_tool_call_hook` that asks a person, and is recorded as an approval.

        Args:
            hook: What asks. As for CrewAI, `False` and `HookAborted` mean no, anything else yes. It is not to change
                the arguments.
            tools: The names of the tools about which it asks; for others it is not called.
        """
        names = {_framework("crewai.utilities.string_utils").sanitize_tool_name(each) for each in tools}
        aborted = _framework("crewai.hooks.dispatch").HookAborted

        def ask(context: Any) -> Any:
            if context.tool_name not in names:
                return None
            with _stopping():
                session = chosen(self._session, self._session_for, context.crew or context.agent)
                with places.active(_acting(session, context.agent)):
                    question = session.ask_approval(context.tool_name, context.tool_input)
            try:
                answer = hook(context)
            except aborted as error:
                with _stopping():
                    question.denied(by=self._who(), reason=str(error) or None)
                raise
            with _stopping():
                (question.denied if answer is False else question.granted)(by=self._who())
            return answer

        return ask

    def _who(self) -> str | None:
        return self._by() if callable(self._by) else self._by

    @contextmanager
    def _run(self, runner: Any, args: tuple[Any, ...], more: dict[str, Any]) -> Iterator[Callable[[Any], Any]]:
        dispatch = _framework("crewai.hooks.dispatch")
        if getattr(runner, "stream", False):
            raise UsageError("a crew that streams cannot be recorded", help="stream=False")
        session = chosen(self._session, self._session_for, runner)
        session.run.check()
        frame = session.here()[1]
        for_a_person = frame.outermost
        request = _request(runner, args, more)
        if for_a_person and request:
            told = {"framework": f"crewai {metadata.version('crewai')}"}
            session.user_message(request, metadata=told)

        def ended(result: Any) -> Any:
            session.run.check()
            if for_a_person:
                session.final_answer(digests.text(calls.plain(getattr(result, "raw", result))))
            return result

        running = _Run(session)
        provider = _framework("crewai.core.providers.human_input")
        person = _person(self._who, provider.get_provider(), session)
        token = None if person is None else provider.set_provider(person)
        following = calls.followed.set(running.where)
        failed: BaseException | None = None
        try:
            with places.active(frame), dispatch.scoped_hooks(running.hooks(dispatch.InterceptionPoint)):
                yield ended
        except BaseException as error:
            failed = error
            session.run.unmask(error)
            raise
        finally:
            calls.followed.reset(following)
            if token is not None:
                provider.reset_provider(token)
            running.end(frame, failed)


class _Run:
    """One kickoff: its hooks, and what is open in it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._calls: dict[int, calls.Asked | None] = {}
        self._tasks: dict[int, tuple[Session, Token[Frame | None]]] = {}

    def hooks(self, points: Any) -> dict[Any, list[Callable[[Any], None]]]:
        named = {
            points.PRE_STEP: self._task_begins, points.POST_STEP: self._task_ends, points.PRE_MODEL_CALL: self._model,
            points.PRE_TOOL_CALL: self._before, points.POST_TOOL_CALL: self._after,
        }  # fmt: skip
        return {point: [_strict(hook)] for point, hook in named.items()}

    def where(self, agent: Any) -> Frame:
        return _acting(self._session, agent)

    def _task_begins(self, context: Any) -> None:
        """Let the agent of a task act as a nested one, if it is of another name."""
        self._session.run.check()
        actor, frame = self._session.here()
        if context.kind == "task" and not (frame.of_agent and _name(context.agent) in (None, actor.agent_id)):
            nested = actor.agent(_name(context.agent) or actor.agent_id).open()
            self._tasks[id(context.task)] = nested, places.enter(nested.here()[1])

    def _task_ends(self, context: Any) -> None:
        self._session.run.check()
        begun = self._tasks.pop(id(context.task), None)
        if begun is not None:
            nested, token = begun
            places.leave(token)
            underway.of(nested).end_agents(nested, None)
            nested.close()

    def _model(self, context: Any) -> None:
        """See to it that the model records its calls."""
        self._session.run.check()
        calls.model(context.llm, _failure)

    def _before(self, context: Any) -> None:
        """Record the intent, durably. If it fails, the tool does not run."""
        key = id(context.tool_input)
        self._calls[key] = None  # refused, until the intent stands
        self._session.run.check()
        calls.tool(context.tool)
        asked = calls.Asked(self.where(context.agent), context.tool_name, context.tool_input, _agents_end)
        calls.begin(asked)
        self._calls[key] = asked

    def _after(self, context: Any) -> None:
        """Record the outcome of a call that had no run, and raise if anything could not be recorded."""
        calls.over()
        self._session.run.check()
        key = id(context.tool_input)
        if key not in self._calls:
            frame = self.where(context.agent)
            with places.active(frame):
                call = frame.session.tool(context.tool_name, context.tool_input).start()
            call.blocked("blocked by a hook")
            call.finish()
            return
        asked = self._calls.pop(key)
        if asked is not None and asked.call is not None:
            calls.not_run(asked.call, context)
            asked.leave(asked.call, None)

    def end(self, frame: Frame, failed: BaseException | None) -> None:
        """End what CrewAI left open: calls whose outcome nobody told, agents of tasks that failed."""
        if self._session.run.broken:
            return
        for asked in self._calls.values():
            if asked is not None and asked.call is not None and not asked.inside:
                asked.leave(asked.call, failed)
        tasks, self._tasks = self._tasks, {}
        for nested, _ in reversed(list(tasks.values())):
            underway.of(nested).end_agents(nested, failed)
            nested.close(failed)
        underway.of(self._session).end_agents(frame, failed)


def _acting(session: Session, agent: Any) -> Frame:
    """Where an agent acts: as itself, or nested in the frame that is open here."""
    actor, frame = session.here()
    name = _name(agent)
    if name is None or (frame.of_agent and name == actor.agent_id):
        return frame
    return underway.of(session).agent_in(frame, name).here()[1]


def _agents_end(call: ToolCall, error: BaseException | None) -> None:
    underway.of(call.frame.session).end_agents(call, error)


def _name(agent: Any) -> str | None:
    role = getattr(agent, "role", None)
    return role.strip() or None if isinstance(role, str) else None


def _strict(hook: Callable[[Any], None]) -> Callable[[Any], None]:
    """CrewAI goes on after any exception of a hook but its own."""

    def strict(context: Any) -> None:
        with _stopping():
            hook(context)

    return strict


@contextmanager
def _stopping() -> Iterator[None]:
    """Turn whatever is raised here into what CrewAI stops for."""
    aborted = _framework("crewai.hooks.dispatch").HookAborted
    try:
        yield
    except aborted:
        raise
    except AuditWriteError as error:
        raise _failure(error) from error
    except Exception as error:
        raise aborted(str(error), "auditlog") from error


def _request(runner: Any, args: tuple[Any, ...], more: dict[str, Any]) -> str:
    """What was asked for: the inputs, or the messages to an agent; without them the tasks."""
    given = next((more[name] for name in ("inputs", "messages") if name in more), args[0] if args else None)
    if given:
        return given if isinstance(given, str) else json.dumps(given, default=str, ensure_ascii=False)
    return "\n".join(each.description for each in getattr(runner, "tasks", ()))


def _person(who: Callable[[], str | None], provider: Any, session: Session) -> Any:
    """What asks a person, with the answer recorded. None for a provider of the application's own kind."""
    if not hasattr(provider, "_prompt_input_async"):
        return None
    asking = copy(provider)

    def record(text: str) -> str:
        by = who()
        message = {"direction": "received"} if by is None else {"direction": "received", "from": by}
        with _stopping():
            session.event("message", message=message, prompt=digests.text_block(text))
        return text

    async def ask_async(crew: Any) -> str:
        return record(await provider._prompt_input_async(crew))

    asking._prompt_input = lambda crew: record(provider._prompt_input(crew))
    asking._prompt_input_async = ask_async
    return asking


def _framework(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise missing("CrewAI", VERSIONS, error) from error


@cache
def _dialect() -> type[AuditWriteError]:
    """The exception that CrewAI stops for."""
    aborted = _framework("crewai.hooks.dispatch").HookAborted

    def begin(self: Any, message: str, *, help: str = "", written: int = 0) -> None:  # noqa: A002
        aborted.__init__(self, message, "auditlog")
        AuditWriteError.__init__(self, message, help=help, written=written)

    body = {"__init__": begin, "__module__": __name__, "__doc__": "The log cannot be written: the crew stops here."}
    return types.new_class("CrewAuditAbort", (aborted, AuditWriteError), {}, lambda names: names.update(body))


def _failure(error: AuditWriteError) -> AuditWriteError:
    return error if isinstance(error, _dialect()) else _dialect()(error.message, help=error.help, written=error.written)


if TYPE_CHECKING:
    CrewAuditAbort = AuditWriteError


def __getattr__(name: str) -> Any:
    if name == "CrewAuditAbort":
        return _dialect()
    raise AttributeError(f"module {__name__} has no attribute {name}")
