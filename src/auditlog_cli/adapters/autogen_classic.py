"""pyautogen 0.2: AssistantAgent and UserProxyAgent, whose doings become records of a session (frameworks.md, 7.8).

    audit = Audit(by="bob@example.com")
    for agent in (assistant, user_proxy):
        audit.agent(agent)
    with log.session(user="alice@example.com", agent="assistant", scopes=["refunds:write"]):
        audit.initiate_chat(user_proxy, assistant, message="Refund order 42")

A call is the deed of the agent whose model asked for it, also where a user proxy runs it. An agent of another name than
the session's acts as a nested agent. Exceptions of ours come out of the chat unchanged.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module, metadata
from typing import Any, TypeVar

from auditlog_cli import times
from auditlog_cli.adapters import _autogen_classic_words as words
from auditlog_cli.adapters import chosen, missing
from auditlog_cli.adapters._autogen_classic_chat import Chat
from auditlog_cli.capture import context as places
from auditlog_cli.capture import digests
from auditlog_cli.capture.context import Frame
from auditlog_cli.capture.session import Session
from auditlog_cli.capture.toolcall import ToolCall
from auditlog_cli.errors import Denied, UsageError

T = TypeVar("T")


class Audit:
    """What the agents of one chat do, recorded. It follows one chat at a time, with those that its tools start.

    Args:
        session: Where to record. Default: the session of the code that starts the chat.
        by: Who answers where an agent asks for human input. None: nobody knows.
    """

    def __init__(self, session: Session | None = None, *, by: str | None = None) -> None:
        self._session = session
        self._by = by
        self._now: Chat | None = None

    # --- what the application passes on ---------------------------------------------------------

    def agent(self, agent: T) -> T:
        """Record what an agent does; return the same object.

        Its model, the functions and the code that it runs, what it is sent, and what a person answers through it.

        Raises:
            FrameworkMissing: If pyautogen is not there, or another package of its name.
            UsageError: If it is something else.
        """
        known = _framework().ConversableAgent
        if not isinstance(agent, known):
            raise UsageError(
                "agent: an autogen.ConversableAgent, such as an AssistantAgent",
                help="assistant = audit.agent(AssistantAgent(…))",
            )
        parts: Any = agent
        if hasattr(parts.execute_function, "auditlog"):
            return agent
        self._messages(parts)
        self._functions(parts)
        self._person(parts, apart=type(parts).a_get_human_input is not known.a_get_human_input)
        self._code(parts)
        return agent

    def initiate_chat(self, sender: Any, recipient: Any, *, message: Any, **more: Any) -> Any:
        """Start a chat as `sender.initiate_chat(recipient, message=…)` does; record the request and the answer.

        Raises:
            AuditWriteError: If anything could not be recorded.
            UsageError: If this object follows a chat already.
        """
        with self._following(recipient, message) as answer:
            return answer(sender.initiate_chat(recipient, message=message, **more))

    async def a_initiate_chat(self, sender: Any, recipient: Any, *, message: Any, **more: Any) -> Any:
        """As `initiate_chat`, for `a_initiate_chat`."""
        with self._following(recipient, message) as answer:
            return answer(await sender.a_initiate_chat(recipient, message=message, **more))

    @contextmanager
    def _following(self, recipient: Any, message: Any) -> Iterator[Callable[[Any], Any]]:
        if self._now is not None:
            raise UsageError("this Audit follows a chat already", help="an Audit and agents for each request")
        session = chosen(self._session, None, recipient)
        told = {"framework": f"pyautogen {metadata.version('pyautogen')}"}
        text = message.get("content") if isinstance(message, dict) else message
        session.user_message(text if isinstance(text, str) else "", metadata=told)
        chat = self._now = Chat(session)

        def answer(result: Any) -> Any:
            session.run.check()
            said = [each.get("content") for each in result.chat_history if each.get("role") == "user"]
            if said and said[-1]:
                session.final_answer(said[-1])
            return result

        try:
            yield answer
        except BaseException as error:
            self._now = None
            chat.end(error)
            raise
        self._now = None
        chat.end(None)

    @property
    def _chat(self) -> Chat:
        if self._now is None:
            raise UsageError("nothing records this chat", help="audit.initiate_chat(user_proxy, assistant, message=…)")
        self._now.session.run.check()
        return self._now

    # --- messages, people -----------------------------------------------------------------------

    def _messages(self, agent: Any) -> None:
        receive, a_receive = agent.receive, agent.a_receive

        def note(message: Any, sender: Any) -> None:
            chat = self._chat
            if agent.client is not None:  # a new one after each function that it is told of
                self._model(agent)
            by = chat.received(agent, sender, message)
            text = message.get("content") if isinstance(message, dict) else message
            # Relays of a group chat say nothing of their own, nor do stand-ins of people.
            if text and by == sender.name and getattr(sender, "client", None) is not None:
                session, frame = chat.actor(by)
                with places.active(frame):
                    session.message_to(agent.name, str(text))

        def received(message: Any, sender: Any, *args: Any, **more: Any) -> Any:
            note(message, sender)
            return receive(message, sender, *args, **more)

        async def a_received(message: Any, sender: Any, *args: Any, **more: Any) -> Any:
            note(message, sender)
            return await a_receive(message, sender, *args, **more)

        _replace(agent, receive=received, a_receive=a_received)

    def _person(self, agent: Any, *, apart: bool) -> None:
        ask, a_ask = agent.get_human_input, agent.a_get_human_input

        def asked() -> Callable[[str], str]:
            """Ask for the calls that wait for this agent. An empty answer lets them run, any other one stops them."""
            chat, questions = self._chat, []
            for each in chat.suggested(agent):
                session, frame = chat.actor(each.by)
                with places.active(frame):
                    questions.append(session.ask_approval(each.name, words.arguments(each.arguments)))

            def answered(reply: str) -> str:
                for question in questions:
                    if reply:
                        question.denied(by=self._by, reason=reply)
                    else:
                        question.granted(by=self._by)
                if reply and not questions:
                    message = {"direction": "received"} | ({} if self._by is None else {"from": self._by})
                    chat.session.event("message", message=message, prompt=digests.text_block(reply))
                return reply

            return answered

        def human(prompt: str) -> str:
            answered = asked()
            return answered(ask(prompt))

        async def a_human(prompt: str) -> str:
            answered = asked()
            return answered(await a_ask(prompt))

        _replace(agent, get_human_input=human)
        if apart:  # else it calls the other one
            _replace(agent, a_get_human_input=a_human)

    # --- functions, code, models ----------------------------------------------------------------

    def _functions(self, agent: Any) -> None:
        execute, a_execute = agent.execute_function, agent.a_execute_function

        def planned(told: dict[str, Any]) -> tuple[Chat, Frame, ToolCall]:
            chat = self._chat
            found = chat.begun(agent, told.get("name", ""), told.get("arguments", "{}"))
            session, frame = chat.actor(found.by)
            about = {"executed_by": agent.name}
            call = session.tool(found.name, words.arguments(found.arguments), call_id=found.call_id, metadata=about)
            return chat, frame, call

        def ended(chat: Chat, call: ToolCall, outcome: Any) -> Any:
            done, said = outcome
            if done:
                call.result(said["content"])
            else:
                call.error(said["content"])
            chat.finish(call)
            return outcome

        def run(told: dict[str, Any], *args: Any, **more: Any) -> Any:
            chat, frame, call = planned(told)
            try:
                with places.active(frame):
                    call.start()
            except Denied as error:
                return words.refused(call.name, error)
            try:
                with places.active(call.frame):
                    outcome = execute(told, *args, **more)
            except BaseException as error:
                chat.finish(call, error)
                raise
            return ended(chat, call, outcome)

        async def a_run(told: dict[str, Any], *args: Any, **more: Any) -> Any:
            chat, frame, call = planned(told)
            try:
                with places.active(frame):
                    await call.start_async()
            except Denied as error:
                return words.refused(call.name, error)
            chat.session.run.check()  # a parallel call may have found meanwhile that nothing can be recorded any more
            try:
                with places.active(call.frame):
                    outcome = await a_execute(told, *args, **more)
            except BaseException as error:
                chat.finish(call, error)
                raise
            return ended(chat, call, outcome)

        _replace(agent, execute_function=run, a_execute_function=a_run)

    def _code(self, agent: Any) -> None:
        """Both ways of running code: an executor of its own, and the agent's older method."""

        def recorded(execute: Any) -> Any:
            def run(code_blocks: Any) -> Any:
                chat = self._chat
                session, frame = chat.actor(chat.last.get(id(agent)) or agent.name)
                blocks = [words.block(each) for each in code_blocks]
                about = {"executed_by": agent.name}
                call = session.tool("execute_code_blocks", {"code_blocks": blocks}, effect="execute", metadata=about)
                with places.active(frame), call:
                    result = execute(code_blocks)
                    code, said = result if isinstance(result, tuple) else (result.exit_code, result.output)
                    if code:
                        call.error(f"exit code {code}: {said}")
                    else:
                        call.result(said)
                return result

            return run

        _replace(agent, execute_code_blocks=recorded(agent.execute_code_blocks))
        executor = agent.code_executor
        if executor is not None and not hasattr(executor.execute_code_blocks, "auditlog"):
            _replace(executor, execute_code_blocks=recorded(executor.execute_code_blocks))

    def _model(self, agent: Any) -> None:
        create = agent.client.create

        def asked(**config: Any) -> Any:
            session, frame = self._chat.actor(agent.name)
            messages = config.get("messages") or ()
            told: dict[str, Any] = {
                "prompt": [each for each in messages if each.get("role") != "system"],
                "system": "\n".join(str(each["content"]) for each in messages if each.get("role") == "system") or None,
            }
            began = time.monotonic_ns()
            try:
                response = create(**config)
            except Exception as error:
                if not session.run.broken:
                    with places.active(frame):
                        session.model_call(**told, error=error, latency_ms=times.since(began))
                raise
            with places.active(frame):
                session.model_call(**told, **words.answer(response), latency_ms=times.since(began))
            return response

        if not hasattr(create, "auditlog"):
            _replace(agent.client, create=asked)


def _framework() -> Any:
    try:
        framework = import_module("autogen")
        framework.ConversableAgent, framework.runtime_logging  # noqa: B018 - ag2 1.x has neither
    except (ImportError, AttributeError) as error:
        raise missing("pyautogen", "pyautogen==0.2.35", ImportError(str(error))) from error
    return framework


def _replace(owner: Any, **functions: Any) -> None:
    """Put these functions in the place of methods of this one object."""
    for name, function in functions.items():
        function.auditlog = True
        setattr(owner, name, function)
