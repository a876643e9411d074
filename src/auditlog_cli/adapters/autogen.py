"""AutoGen 0.7 (agentchat): agents whose models, tools and turns become records of a session (frameworks.md, 7.7).

    audit = Audit()
    team = Swarm([audit.agent(planner), audit.agent(refunder), audit.human(person, by="bob@example.com")])
    with log.session(user="alice@example.com", agent="planner", scopes=["refunds:write"]):
        async for item in audit.run_stream(team, task="Refund order 42"): …

An exception of ours inside a tool would be handed to the model as the tool's answer, or leave the team waiting for
ever. So a tool whose intent cannot be written answers with an error and does not run; the next step of any agent
raises, and so does `run_stream`. An agent of another name than the session's acts as a nested agent, from its first
turn to the end of the run.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from importlib import import_module, metadata
from typing import Any, TypeVar

from auditlog_cli.adapters import _autogen_parts as parts
from auditlog_cli.adapters import chosen, missing
from auditlog_cli.capture import context as places
from auditlog_cli.capture import digests
from auditlog_cli.capture.approval import Approval
from auditlog_cli.capture.context import Frame
from auditlog_cli.capture.session import Session
from auditlog_cli.errors import UsageError

VERSIONS = "autogen-agentchat>=0.7.5"
T = TypeVar("T")
About = tuple[str, dict[str, Any]]
"""A tool and the arguments it is to be called with."""


class Audit:
    """What the agents of one team do, recorded. It follows one run at a time, as a team does.

    Args:
        session: Where to record. Default: the session of the code that calls `run_stream`.
        session_for: Finds the session for an agent that runs without `run_stream`.
    """

    def __init__(self, session: Session | None = None, *, session_for: Callable[[Any], Session] | None = None) -> None:
        self._session = session
        self._session_for = session_for
        self._running: Session | None = None
        self._acting: dict[str, Session] = {}
        self._giver: dict[str, Session] = {}

    # --- what the application passes on ---------------------------------------------------------

    def agent(self, agent: T) -> T:
        """Record what an agent does; return the same object.

        Its turns, its model, its tools and workbenches, its hand-overs, and the code that it executes.

        Raises:
            FrameworkMissing: If AutoGen is not there, or the agent is none that this adapter knows how to stop.
        """
        _framework()
        has = vars(agent)
        if not any(name in has for name in ("_model_client", "_code_executor")):
            raise missing("AutoGen", VERSIONS, ImportError(f"{type(agent).__name__} has no model client that is known"))
        self._turns(agent)
        if has.get("_model_client") is not None:
            parts.client(has["_model_client"], self._here)
        for workbench in has.get("_workbench") or ():
            parts.workbench(workbench, self._here)
        for tool in has.get("_handoff_tools") or ():
            parts.handoff_tool(tool, self._here)
        if has.get("_code_executor") is not None:
            parts.code(has["_code_executor"], self._here)
        return agent

    def client(self, client: T) -> T:
        """Record the calls of a model client that belongs to no agent, such as a selector's; return the same object."""
        parts.client(client, self._here)
        return client

    def human(
        self,
        proxy: T,
        *,
        by: str | None,
        approves: About | Callable[[Any], About | None] | None = None,
        granted: Callable[[str], bool] | None = None,
    ) -> T:
        """Record what a person answers through a `UserProxyAgent`; return the same object.

        Args:
            proxy: The agent.
            by: Who answers. None, written out: nobody knows who.
            approves: The call that the person is asked to approve: tool and arguments, or what tells them from the
                messages that the agent is given (None: that is no question of approval). Default: never one.
            granted: Whether a text that the person wrote means yes. Needed with `approves`.
        """
        _framework()
        if (approves is None) != (granted is None):
            raise UsageError("approves and granted belong together", help="granted=lambda text: text == 'yes'")
        original = proxy.on_messages_stream  # type: ignore[attr-defined]

        async def turn(messages: Any, cancellation_token: Any) -> AsyncIterator[Any]:
            session = self._here(proxy)
            session.run.check()
            about = approves(messages) if callable(approves) else approves
            asked = None if about is None else session.ask_approval(*about)
            async for item in original(messages, cancellation_token):
                if hasattr(item, "chat_message"):
                    _answered(session, item.chat_message.content, by, asked, granted)
                yield item

        parts.replace(proxy, "on_messages_stream", turn)
        return proxy

    async def run(self, runner: Any, **more: Any) -> Any:
        """Run a team or an agent; return its `TaskResult`. As `run_stream`."""
        async with aclosing(self.run_stream(runner, **more)) as items:
            return [item async for item in items][-1]

    async def run_stream(self, runner: Any, *, task: Any = None, **more: Any) -> AsyncGenerator[Any, None]:
        """Yield what `run_stream` of a team or an agent yields; record the request and the answer.

        Raises:
            AuditWriteError: If anything could not be recorded.
            UsageError: If this object follows a run already.
        """
        _framework()
        if self._running is not None:
            raise UsageError("this Audit follows a run already", help="an Audit and a team for each request")
        session = self._running = chosen(self._session, None, runner)
        failed: BaseException | None = None
        try:
            session.run.check()
            if task is not None:
                told = {"framework": f"autogen-agentchat {metadata.version('autogen-agentchat')}"}
                session.user_message(_text(task), metadata=told)
            async with aclosing(runner.run_stream(task=task, **more)) as items:
                async for item in items:
                    if session.run.broken:
                        continue  # its own steps end it; what is left by the way would go on without a listener
                    if hasattr(item, "stop_reason") and item.messages:
                        session.final_answer(item.messages[-1].to_text())
                    yield item
            session.run.check()
        except BaseException as error:
            failed = error
            session.run.unmask(error)
            raise
        finally:
            self._end(failed)

    def _end(self, failed: BaseException | None) -> None:
        acting, self._acting, self._giver, self._running = self._acting, {}, {}, None
        for nested in reversed(list(acting.values())):
            if not nested.run.broken:
                nested.close(failed)

    # --- who acts -------------------------------------------------------------------------------

    def _here(self, context: Any) -> Session:
        return self._running or chosen(self._session, self._session_for, context)

    def _turns(self, agent: Any) -> None:
        original = agent.on_messages_stream
        if hasattr(original, "auditlog"):
            return

        async def turn(messages: Any, cancellation_token: Any) -> AsyncIterator[Any]:
            session = self._here(agent)
            session.run.check()
            frame, nested = self._begins(session, agent.name)
            try:
                async for item in places.drive_async(original(messages, cancellation_token), frame):
                    if hasattr(item, "chat_message") and not session.run.broken:  # the last one; some stop there
                        self._handed(frame, item.chat_message)
                        if nested is not None:
                            nested.close()
                    yield item
            except BaseException as error:
                if nested is not None and not session.run.broken:
                    nested.close(error)
                raise

        parts.replace(agent, "on_messages_stream", turn)

    def _handed(self, frame: Frame, message: Any) -> None:
        """Record that an agent hands over to another one, if its message says so."""
        target = getattr(message, "target", None)
        if target is not None:
            with places.active(frame):
                frame.session.event("handoff", message={"from": frame.session.agent_id, "to": target})
            self._giver[target] = frame.session

    def _begins(self, session: Session, name: str) -> tuple[Frame, Session | None]:
        """Return where an agent acts, and the nested session that ends with its turn, if one does."""
        actor, frame = session.here()
        if frame.of_agent and name == actor.agent_id:
            return frame, None
        lasting = self._running is not None and frame.of_agent
        if lasting and name in self._acting:
            return self._acting[name].here()[1], None
        giver = self._giver.pop(name, None)
        if lasting and giver is not None and giver is not actor and giver in self._acting.values():
            nested = giver.agent(name).open()
        else:
            nested = actor.agent(name).open()
        if lasting:
            self._acting[name] = nested
        return nested.here()[1], None if lasting else nested


def _answered(
    session: Session, text: str, by: str | None, asked: Approval | None, granted: Callable[[str], bool] | None
) -> None:
    """Record what a person wrote: the answer to a question, or a message."""
    if asked is None or granted is None:
        message = {"direction": "received"} if by is None else {"direction": "received", "from": by}
        session.event("message", message=message, prompt=digests.text_block(text))
    elif granted(text):
        asked.granted(by=by)
    else:
        asked.denied(by=by)


def _text(task: Any) -> str:
    if isinstance(task, str):
        return task
    return "\n".join(each.to_text() for each in (task if isinstance(task, list | tuple) else [task]))


def _framework() -> Any:
    try:
        return import_module("autogen_agentchat.agents")
    except ImportError as error:
        raise missing("AutoGen", VERSIONS, error) from error
