"""Calls of tools and models while a crew runs: hooks around them, and the bodies that the hooks stand around.

CrewAI's tool hooks do not say whether a tool failed, and between the two of one call it runs a failing body up to six
times. So the hook before a call writes the intent of the first run, and the body itself that of each further one.
"""

from __future__ import annotations

import inspect
import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

from auditlog_cli import times
from auditlog_cli.capture import context as places
from auditlog_cli.capture.context import Frame
from auditlog_cli.capture.toolcall import ToolCall
from auditlog_cli.errors import AuditWriteError

Where = Callable[[Any], Frame]


class Asked:
    """A call that a model asked for: what CrewAI's hooks stand around.

    Attributes:
        call: Begun and not ended, or None.
        runs: How often the body was begun.
        inside: Whether the body runs now.
    """

    def __init__(self, frame: Frame, name: str, arguments: dict[str, Any], ended: Callable[[ToolCall, Any], None]):
        self._frame = frame
        self._name = name
        self._arguments = dict(arguments)
        self._ended = ended
        self._lock = threading.Lock()
        self.given = arguments  # kept, so that its id is nobody else's
        self.call: ToolCall | None = None
        self.runs = 0
        self.inside = False

    def start(self) -> ToolCall:
        """Write an intent, durably."""
        with places.active(self._frame):
            call = self._frame.session.tool(self._name, self._arguments)
            call.start()
        self.call = call
        return call

    def enter(self) -> ToolCall:
        """Begin a run of the body; it needs an intent of its own after the first."""
        with self._lock:
            call = self.call or self.start()
            self._frame.session.run.check()  # a parallel tool may have found that nothing can be recorded any more
            self.runs += 1
            self.inside = True
        return call

    def leave(self, call: ToolCall, error: BaseException | None) -> None:
        """Write the outcome of a run, or of a call whose body never ran."""
        self.inside = False
        self.call = None
        self._ended(call, error)
        if error is None:
            call.finish()
        else:
            with suppress(AuditWriteError):  # it stays with the session; the hook after the call raises
                call.finish(error)


_asked: ContextVar[Asked | None] = ContextVar("auditlog_crewai_call", default=None)
followed: ContextVar[Where | None] = ContextVar("auditlog_crewai_run", default=None)
"""In a run that is recorded: tells in which frame an agent acts."""


def begin(asked: Asked) -> None:
    """Write the intent; the body that runs in this context next is that of the call.

    Raises:
        AuditWriteError: If it cannot be written.
    """
    asked.start()
    _asked.set(asked)


def over() -> None:
    """Nothing that runs in this context from now on is the body of the call before."""
    _asked.set(None)


def tool(structured: Any) -> None:
    """Record the runs of a tool's body, in place."""
    original = getattr(structured, "_original_tool", None)
    if original is not None and callable(getattr(original, "func", None)):
        _record(original, "func")  # what `@tool` made: both ways to call it end there
        return
    if original is not None:
        _drop(original, "_run")
        _record(original, "_run")
    if structured is not None and callable(structured.func):
        _record(structured, "func")


def _record(owner: Any, name: str) -> None:
    body = getattr(owner, name)
    if hasattr(body, "auditlog"):
        return

    async def awaited(asked: Asked, call: ToolCall, result: Any) -> Any:
        try:
            with places.active(call.frame):
                value = _said(call, await result)
        except BaseException as error:
            asked.leave(call, error)
            raise
        asked.leave(call, None)
        return value

    def run(*args: Any, **kwargs: Any) -> Any:
        asked = _asked.get()
        if asked is None or asked.inside:
            return body(*args, **kwargs)
        call = asked.enter()
        token = _asked.set(asked)
        try:
            with places.active(call.frame):
                value = body(*args, **kwargs)
                if not inspect.iscoroutine(value):
                    _said(call, value)
        except BaseException as error:
            asked.leave(call, error)
            raise
        finally:
            _asked.reset(token)  # an agent that acts inside has calls of its own
        if inspect.iscoroutine(value):
            return awaited(asked, call, value)
        asked.leave(call, None)
        return value

    async def run_async(*args: Any, **kwargs: Any) -> Any:
        value = run(*args, **kwargs)
        return await value if inspect.isawaitable(value) else value

    put(owner, name, run_async if inspect.iscoroutinefunction(body) else run)


def _said(call: ToolCall, value: Any) -> Any:
    if type(value).__name__ == "ToolFailure" and hasattr(value, "as_agent_message"):
        call.error(value.as_agent_message())
    else:
        call.result(plain(value))
    return value


def not_run(call: ToolCall, context: Any) -> None:
    """Say why a call that was begun had no run: its result was kept from an earlier one, or CrewAI refused it."""
    handler = getattr(context.agent, "tools_handler", None)
    cache = getattr(handler, "cache", None)
    arguments = json.dumps(context.tool_input, default=str) if context.tool_input else ""
    kept = None if cache is None else cache.read(tool=context.tool_name, input=arguments)
    if kept is not None and context.raw_tool_result is kept:
        call.result(plain(kept))
    else:
        call.error(str(context.tool_result))


def model(llm: Any, stopped: Callable[[AuditWriteError], Exception]) -> None:
    """Record the calls of a model, in place, in whatever run makes them.

    Args:
        llm: CrewAI's object for it.
        stopped: The exception that ends the run.
    """
    if not hasattr(llm, "call"):
        return  # a name only
    _drop(llm, "call", "acall")
    if hasattr(llm.call, "auditlog"):
        return
    call: Callable[..., Any] = llm.call
    acall: Callable[..., Any] | None = getattr(llm, "acall", None)

    def begun(messages: Any, more: dict[str, Any]) -> Callable[..., None] | None:
        where = followed.get()
        if where is None:
            return None
        try:
            frame = where(more.get("from_agent"))
            frame.session.run.check()
        except AuditWriteError as error:
            raise stopped(error) from error
        told = _prompt(messages) | {"model": llm.model, "provider": getattr(llm, "provider", None)}
        began = time.monotonic_ns()

        def ended(**said: Any) -> None:
            if frame.session.run.broken:
                return
            try:
                with places.active(frame):
                    spent = times.since(began)
                    frame.session.model_call(**told, **said, latency_ms=spent)
            except AuditWriteError as error:
                raise stopped(error) from error

        return ended

    def asked(messages: Any, *args: Any, **more: Any) -> Any:
        ended = begun(messages, more)
        if ended is None:
            return call(messages, *args, **more)
        try:
            answer = call(messages, *args, **more)
        except Exception as error:
            ended(error=error)
            raise
        ended(response=_answer(answer))
        return answer

    async def asked_async(messages: Any, *args: Any, **more: Any) -> Any:
        assert acall is not None
        ended = begun(messages, more)
        if ended is None:
            return await acall(messages, *args, **more)
        try:
            answer = await acall(messages, *args, **more)
        except Exception as error:
            ended(error=error)
            raise
        ended(response=_answer(answer))
        return answer

    put(llm, "call", asked)
    if acall is not None:
        put(llm, "acall", asked_async)


def _prompt(messages: Any) -> dict[str, Any]:
    if isinstance(messages, str):
        return {"prompt": messages, "system": None}
    shown = [dict(each) for each in messages]
    system = "\n".join(str(each.get("content")) for each in shown if each.get("role") == "system")
    return {"prompt": [each for each in shown if each.get("role") != "system"], "system": system or None}


def _answer(answer: Any) -> Any:
    """A text, or the calls that the model asks for."""
    return [plain(each) for each in answer] if isinstance(answer, list) else plain(answer)


def plain(value: Any) -> Any:
    """Return what a tool or a model gave, as JSON can hold it."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    return value if isinstance(value, str | int | float | bool | dict | list | type(None)) else str(value)


def put(owner: Any, name: str, function: Any) -> None:
    """Put `function` in the place of a method of this one object, past pydantic."""
    function.auditlog = owner
    object.__setattr__(owner, name, function)


def _drop(owner: Any, *names: str) -> None:
    """Take off what a copy brought along: it would act on the object that was copied."""
    for name in names:
        if getattr(vars(owner).get(name), "auditlog", owner) is not owner:
            object.__delattr__(owner, name)
