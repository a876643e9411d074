"""What `AuditMiddleware` does around the models and tools of an agent made by `create_agent`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from auditlog_cli import times
from auditlog_cli.adapters import _langchain_shapes as shapes
from auditlog_cli.adapters import chosen, underway
from auditlog_cli.adapters._langchain_approvals import SessionFor
from auditlog_cli.adapters._langchain_handler import Recorder, Requires, conclude, models_seen
from auditlog_cli.adapters.underway import Underway
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
        frame, key, call, fresh = self._call(request)
        now = underway.of(frame.session)
        if fresh:
            with context.active(frame):
                call.start()
            now.started(call, key)
        try:
            with context.active(call.frame):
                output = handler(request)
        except BaseException as error:
            _failed(now, call, key, error)
            raise
        _succeeded(now, call, key, output, request.tool_call.get("id"))
        return output

    async def awrap_tool_call(self, request: Any, handler: Callable[[Any], Any]) -> Any:
        """Do as `wrap_tool_call`."""
        frame, key, call, fresh = self._call(request)
        now = underway.of(frame.session)
        if fresh:
            with context.active(frame):
                await call.start_async()
            now.started(call, key)
        try:
            with context.active(call.frame):
                output = await handler(request)
        except BaseException as error:
            _failed(now, call, key, error)
            raise
        _succeeded(now, call, key, output, request.tool_call.get("id"))
        return output

    def wrap_model_call(self, request: Any, handler: Callable[[Any], Any]) -> Any:
        """Record a call of the model, unless a handler does."""
        asked = _Asked(self._here()[0], request)
        try:
            answer = handler(request)
        except BaseException as error:
            asked.failed(error)
            raise
        asked.answered(answer)
        return answer

    async def awrap_model_call(self, request: Any, handler: Callable[[Any], Any]) -> Any:
        """Do as `wrap_model_call`."""
        asked = _Asked(self._here()[0], request)
        try:
            answer = await handler(request)
        except BaseException as error:
            asked.failed(error)
            raise
        asked.answered(answer)
        return answer

    def _call(self, request: Any) -> tuple[Frame, underway.Key | None, ToolCall, bool]:
        """Where a call belongs, what tells it from others, the call, and whether it is yet to be started."""
        frame, scope = self._here()
        asked = request.tool_call
        call_id, name = asked.get("id"), asked["name"]
        key, needs = underway.key(scope, call_id), self._requires.get(name)
        return frame, key, *underway.of(frame.session).call(frame, name, asked["args"], call_id, key, needs)

    def _here(self) -> tuple[Frame, object]:
        """Where the agent is, and where ids of its calls are unique.

        As the handler knows it, if there is one, for it is told where nested agents begin.
        """
        from langgraph.config import get_config

        config = get_config()
        callbacks = config.get("callbacks")
        for each in getattr(callbacks, "handlers", ()):
            if isinstance(each, Recorder):
                place = each.place_of(getattr(callbacks, "parent_run_id", None))
                if place is not None:
                    return place.frame, place.scope
        metadata = config.get("metadata") or {}
        frame = chosen(self._session, self._session_for, metadata).here()[1]
        agent, now = metadata.get("lc_agent_name"), underway.of(frame.session)
        if isinstance(agent, str) and agent and agent != frame.session.agent_id and now.is_call(frame):
            frame = now.agent_in(frame, agent).here()[1]
        return frame, metadata.get("thread_id")


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
        latency = times.since(self._began)
        prompt, system = shapes.prompt(self._request.messages)
        system = shapes.member(self._request, "system_prompt") or system
        model = shapes.member(self._request.model, "model_name") or shapes.member(self._request.model, "model")
        named = shapes.named_model({}, {"model": model})
        with context.active(self._frame):
            asked = {"prompt": prompt, "system": system, **named}
            self._frame.session.model_call(**{**asked, **told}, latency_ms=latency)


def _failed(now: Underway, call: ToolCall, key: underway.Key | None, error: BaseException) -> None:
    """A call that was interrupted stays as it is: pending."""
    if shapes.interrupts(error) is None and now.ends(call, key):
        told = None if shapes.moves_on(error) else error
        now.end_agents(call, told)
        call.finish(told)


def _succeeded(now: Underway, call: ToolCall, key: underway.Key | None, output: Any, call_id: str | None) -> None:
    if now.ends(call, key):
        now.end_agents(call, None)
        conclude(call, output, call_id)
