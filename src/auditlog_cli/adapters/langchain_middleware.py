"""What `AuditMiddleware` does around the models and tools of an agent made by `create_agent`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from auditlog_cli.adapters import chosen, underway
from auditlog_cli.adapters import langchain_shapes as shapes
from auditlog_cli.adapters.langchain_approvals import SessionFor
from auditlog_cli.adapters.langchain_handler import Recorder, Requires, conclude, models_seen
from auditlog_cli.capture import context
from auditlog_cli.capture.context import Frame
from auditlog_cli.capture.session import Session
from auditlog_cli.capture.toolcall import ToolCall


class Gate:
    """Records each model and tool call of one agent, and lets none run whose intent is not on the disk.

        create_agent(model, tools, middleware=[…, AuditMiddleware(session)])

    Put it last, nearest to the tools. In asynchronous runs the event loop goes on while the disk works. Requests,
    answers and approvals are the handler's to record: install both.
    """

    def __init__(
        self,
        session: Session | None = None,
        *,
        session_for: SessionFor | None = None,
        requires: Requires | None = None,
    ) -> None:
        """Record into a session; arguments as for `AuditHandler`."""
        super().__init__()
        self._session = session
        self._session_for = session_for
        self._requires = dict(requires or {})

    def wrap_tool_call(self, request: Any, handler: Callable[[Any], Any]) -> Any:
        """Record a call of a tool around it."""
        call, call_id, fresh = self._call(request)
        if fresh:
            with context.active(self._here()):
                call.start()
            underway.of(call.frame.session).started(call, call_id)
        try:
            with context.active(call.frame):
                output = handler(request)
        except BaseException as error:
            _failed(call, call_id, error)
            raise
        _succeeded(call, call_id, output)
        return output

    async def awrap_tool_call(self, request: Any, handler: Callable[[Any], Any]) -> Any:
        """Do as `wrap_tool_call`."""
        call, call_id, fresh = self._call(request)
        if fresh:
            with context.active(self._here()):
                await call.start_async()
            underway.of(call.frame.session).started(call, call_id)
        try:
            with context.active(call.frame):
                output = await handler(request)
        except BaseException as error:
            _failed(call, call_id, error)
            raise
        _succeeded(call, call_id, output)
        return output

    def wrap_model_call(self, request: Any, handler: Callable[[Any], Any]) -> Any:
        """Record a call of the model, unless a handler does."""
        asked = _Asked(self._here(), request)
        try:
            answer = handler(request)
        except BaseException as error:
            asked.failed(error)
            raise
        asked.answered(answer)
        return answer

    async def awrap_model_call(self, request: Any, handler: Callable[[Any], Any]) -> Any:
        """Do as `wrap_model_call`."""
        asked = _Asked(self._here(), request)
        try:
            answer = await handler(request)
        except BaseException as error:
            asked.failed(error)
            raise
        asked.answered(answer)
        return answer

    def _call(self, request: Any) -> tuple[ToolCall, str | None, bool]:
        frame, asked = self._here(), request.tool_call
        call_id, name = asked.get("id"), asked["name"]
        call, fresh = underway.of(frame.session).call(frame, name, asked["args"], call_id, self._requires.get(name))
        return call, call_id, fresh

    def _here(self) -> Frame:
        """Where the agent is: as the handler knows it, if there is one, for it follows nested agents."""
        from langgraph.config import get_config

        config = get_config()
        callbacks = config.get("callbacks")
        for each in getattr(callbacks, "handlers", ()):
            if isinstance(each, Recorder):
                frame = each.place_of(getattr(callbacks, "parent_run_id", None))
                if frame is not None:
                    return frame
        metadata = config.get("metadata") or {}
        frame = chosen(self._session, self._session_for, metadata).here()[1]
        agent, now = metadata.get("lc_agent_name"), underway.of(frame.session)
        if isinstance(agent, str) and agent and agent != frame.session.agent_id and now.is_call(frame):
            return now.agent_in(frame, agent).here()[1]
        return frame


class _Asked:
    """A call of a model that goes on."""

    def __init__(self, frame: Frame, request: Any) -> None:
        frame.session.run.check()
        self._frame = frame
        self._request = request
        self._seen: list[Any] = []
        self._token = models_seen.set(self._seen)
        self._began = time.monotonic_ns()

    def answered(self, answer: Any) -> None:
        self._record(shapes.answered(answer))

    def failed(self, error: BaseException) -> None:
        if not self._frame.session.run.broken:
            self._record({"error": error})

    def _record(self, told: dict[str, Any]) -> None:
        models_seen.reset(self._token)
        if self._seen:
            return  # the handler records what it saw, and sees more
        latency = round((time.monotonic_ns() - self._began) / 1e6, 3)
        prompt, system = shapes.prompt(self._request.messages)
        system = shapes.member(self._request, "system_prompt") or system
        model = shapes.member(self._request.model, "model_name") or shapes.member(self._request.model, "model")
        named = shapes.named_model({}, {"model": model})
        with context.active(self._frame):
            asked = {"prompt": prompt, "system": system, **named}
            self._frame.session.model_call(**{**asked, **told}, latency_ms=latency)


def _failed(call: ToolCall, call_id: str | None, error: BaseException) -> None:
    """A call that was interrupted stays as it is: pending."""
    if shapes.interrupts(error) is None and not call.ended:
        told, now = None if shapes.moves_on(error) else error, underway.of(call.frame.session)
        if now.ends(call, call_id):
            now.end_agents(call, told)
            call.finish(told)


def _succeeded(call: ToolCall, call_id: str | None, output: Any) -> None:
    if call.ended:
        return
    now = underway.of(call.frame.session)
    if now.ends(call, call_id):
        now.end_agents(call, None)
        conclude(call, output, call_id)
