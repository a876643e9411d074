"""ag2 1.x: middleware that becomes records of a session (frameworks.md, 7.9; ag2 1.2).

    audit = Audit(by="bob@example.com")
    planner = Agent("planner", config=config, tools=[…], middleware=[audit.middleware("planner")])
    with log.session(user="alice@example.com", agent="planner", scopes=["refunds:write"]):
        reply = await planner.ask("Refund order 42")

ag2 does not tell middleware whose it is, so each agent's is made with its name; one of another name than the session's
acts as a nested agent. An exception in a tool would be handed to the model: a tool whose intent cannot be written does
not run, and the next call of the model raises.
"""

from __future__ import annotations

import time
import types
from collections.abc import Awaitable, Callable
from contextlib import suppress
from importlib import import_module, metadata
from typing import Any

from auditlog_cli import times
from auditlog_cli.adapters import chosen, missing
from auditlog_cli.capture import context as places
from auditlog_cli.capture import digests
from auditlog_cli.capture.approval import Approval
from auditlog_cli.capture.session import Session
from auditlog_cli.capture.toolcall import ToolCall
from auditlog_cli.errors import AuditWriteError

Next = Callable[[Any, Any], Awaitable[Any]]


def yes(text: str) -> bool:
    """Tell whether an answer means yes, as `approval_required()` of ag2 takes it."""
    return text.lower() in ("y", "yes", "1", "always")


class Audit:
    """Records what agents do. One object serves any number of agents, sessions and runs.

    Args:
        session: Where to record. Default: the session of the running code.
        session_for: Finds the session for ag2's context, which has `variables` and `dependencies`.
        by: Who answers, or what tells it from ag2's context. None: nobody knows.
        granted: Whether an answer means yes. To be given where `approval_required` is not ag2's own, or is told
            `allow_always=False`.
    """

    def __init__(
        self,
        session: Session | None = None,
        *,
        session_for: Callable[[Any], Session] | None = None,
        by: str | Callable[[Any], str | None] | None = None,
        granted: Callable[[str], bool] = yes,
    ) -> None:
        self._session = session
        self._session_for = session_for
        self._by = by
        self._granted = granted
        self._open: dict[str, ToolCall] = {}
        self._refused: set[str] = set()

    def __deepcopy__(self, memo: Any) -> Audit:
        return self  # ag2 copies the tools of agents, and what belongs to them

    def middleware(self, name: str) -> Any:
        """Return what goes into `Agent(name, middleware=[…])`.

        Raises:
            FrameworkMissing: If ag2 is not there, or too old.
        """
        base = _framework().BaseMiddleware

        async def on_turn(_: Any, call_next: Next, event: Any, context: Any) -> Any:
            return await self._turn(name, call_next, event, context)

        def hook(record: Callable[[Next, Any, Any], Awaitable[Any]]) -> Any:
            async def method(_: Any, call_next: Next, event: Any, context: Any) -> Any:
                return await record(call_next, event, context)

            return method

        body = {
            "on_turn": on_turn,
            "on_llm_call": hook(self._model),
            "on_tool_execution": hook(self._tool),
            "on_human_input": hook(self._human),
            "__module__": __name__,
        }
        made = types.new_class("AuditMiddleware", (base,), {}, lambda names: names.update(body))
        return _framework().Middleware(made)

    def _chosen(self, context: Any) -> Session:
        session = chosen(self._session, self._session_for, context)
        session.run.check()
        return session

    # --- hooks --------------------------------------------------------------------------------

    async def _turn(self, name: str, call_next: Next, event: Any, context: Any) -> Any:
        """Record the request and the answer, or the begin and end of a nested agent."""
        session = self._chosen(context)
        actor, frame = session.here()
        if frame.outermost:
            told = {"framework": f"ag2 {metadata.version('ag2')}"}
            session.user_message(_text(getattr(event, "parts", ())), metadata=told)
            if name == actor.agent_id:
                with places.active(frame):
                    response = await call_next(event, context)
            else:
                async with session.agent(name):
                    response = await call_next(event, context)
            if response.message is not None:
                session.final_answer(response.message.content)
        elif frame.of_agent and name == actor.agent_id:
            response = await call_next(event, context)
        else:
            async with session.agent(name):
                response = await call_next(event, context)
        session.run.check()
        return response

    async def _model(self, call_next: Next, events: Any, context: Any) -> Any:
        """Record the call of the model, after it."""
        session = self._chosen(context)
        prompt = [str(each) for each in context.prompt or ()]
        asked: dict[str, Any] = {"prompt": "\n".join(map(str, events)), "system": "\n".join(prompt) or None}
        began = time.monotonic_ns()
        try:
            response = await call_next(events, context)
        except Exception as error:
            if not session.run.broken:
                session.model_call(**asked, error=error, latency_ms=times.since(began))
            raise
        calls = [{"id": each.id, "name": each.name, "arguments": each.arguments} for each in response.tool_calls.calls]
        text = None if response.message is None else response.message.content
        used = {"input_tokens": response.usage.prompt_tokens, "output_tokens": response.usage.completion_tokens}
        counted = {key: int(count) for key, count in used.items() if count is not None}
        session.model_call(
            **asked, model=response.model, provider=response.provider, call_id=response.response_id,
            response=text if not calls else [*([text] if text else []), *calls], usage=counted or None,
            latency_ms=times.since(began),
        )  # fmt: skip
        return response

    async def _tool(self, call_next: Next, event: Any, context: Any) -> Any:
        """Record the intent, durably, then the outcome. If the intent fails, the tool does not run."""
        session = self._chosen(context)
        call = session.tool(event.name, _arguments(event), call_id=event.id)
        await call.start_async()
        session.run.check()  # a parallel tool may have found meanwhile that nothing can be recorded any more
        self._open[event.id] = call
        try:
            with places.active(call.frame):
                outcome = await call_next(event, context)
        except BaseException as error:
            with suppress(AuditWriteError):  # it stays with the session; the next call of the model raises
                call.finish(error)
            raise
        finally:
            del self._open[event.id]
            refused = event.id in self._refused
            self._refused.discard(event.id)
        failure = getattr(outcome, "error", None)
        if refused:
            call.denied("refused by a person")
        elif failure is not None:
            call.finish(failure)
            return outcome
        elif hasattr(outcome, "result"):
            call.result(_text(outcome.result.parts))
        else:
            call.pending()  # it runs where the client is
        call.finish()
        return outcome

    async def _human(self, call_next: Next, event: Any, context: Any) -> Any:
        """Record what a person is asked and answers: an approval, if it is about a call."""
        session = self._chosen(context)
        call = self._open.get(getattr(event, "tool_call_id", ""))
        asked: Approval | None = None if call is None else call.ask_approval()
        answer = await call_next(event, context)
        by = self._by(context) if callable(self._by) else self._by
        if asked is None or call is None:
            message = {"direction": "received"} if by is None else {"direction": "received", "from": by}
            session.event("message", message=message, prompt=digests.text_block(answer.content))
        elif self._granted(answer.content):
            asked.granted(by=by)
        else:
            self._refused.add(event.tool_call_id)
            asked.denied(by=by)
        return answer


def _framework() -> Any:
    try:
        import_module("ag2.testing")  # not there before 1.0, which is another library
        return import_module("ag2.middleware")
    except ImportError as error:
        raise missing("ag2", "ag2>=1.2", error) from error


def _arguments(event: Any) -> Any:
    try:
        return event.serialized_arguments
    except ValueError:
        return event.arguments


def _text(parts: Any) -> Any:
    """What stands in parts: one text, if they are nothing but text."""
    said = [each.content if hasattr(each, "content") else getattr(each, "data", str(each)) for each in parts]
    if all(isinstance(each, str) for each in said):
        return "\n".join(said)
    return said[0] if len(said) == 1 else said
