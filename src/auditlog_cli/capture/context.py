"""Where in a session the running code is: one context variable, carried by threads only on request (`bind`)."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from auditlog_cli.errors import NoSession

if TYPE_CHECKING:
    from auditlog_cli.capture.session import Session

P = ParamSpec("P")
R = TypeVar("R")
_HELP = "with log.session(user=…, agent=…) as s: …; in a thread of your own: s.bind(function), or session=s"


class Frame:
    """An open span: a session, a nested agent, or a running tool.

    Attributes:
        session: Who acts in it.
        span_id: What the records made in it have as their parent.
        outer: The frame around it, or None.
        of_agent: Whether an agent begins here; else a tool.
        closed: Whether it has ended. A closed frame may still be the current one of a forgotten thread.
    """

    __slots__ = ("closed", "of_agent", "outer", "session", "span_id")

    def __init__(self, session: Session, span_id: str, outer: Frame | None, *, of_agent: bool) -> None:
        self.session = session
        self.span_id = span_id
        self.outer = outer
        self.of_agent = of_agent
        self.closed = False

    @property
    def outermost(self) -> bool:
        """Whether its session begins here: a person asks and is answered, and no tool of the same session."""
        return self.of_agent and (self.outer is None or self.outer.session.run is not self.session.run)


_current: ContextVar[Frame | None] = ContextVar("auditlog_frame", default=None)


def current() -> Frame | None:
    """Return the innermost frame of this context that is still open.

    A tool that has ended is passed over. Not so an agent that has ended: what still runs in its context
    is not to be taken for a deed of the agent around it.
    """
    frame = _current.get()
    while frame is not None and frame.closed and not frame.of_agent:
        frame = frame.outer
    return None if frame is None or frame.closed else frame


def current_session() -> Session:
    """Return the session of this context; inside `with s.agent(…)`, that of the nested agent.

    Raises:
        NoSession: If none is open here. Threads do not inherit it: see `Session.bind`.
    """
    frame = current()
    if frame is None:
        raise none_open()
    return frame.session


def none_open() -> NoSession:
    """Return the error that says that nothing can be recorded here."""
    left = _current.get()
    if left is not None:
        return NoSession(f"the session of agent {left.session.agent_id} has ended; nothing was recorded", help=_HELP)
    return NoSession("no audit session is open here; nothing was recorded", help=_HELP)


def enter(frame: Frame) -> Token[Frame | None]:
    """Make `frame` the current one."""
    return _current.set(frame)


def leave(token: Token[Frame | None]) -> None:
    """Go back to the frame that was current before `enter`."""
    try:
        _current.reset(token)
    except ValueError:
        return  # entered in another context, as when an event loop closes an async generator: that one is gone
    # Generators may end in another order than they began. What has ended is not to be current again.
    frame = _current.get()
    if frame is not None and frame.closed:
        while frame is not None and frame.closed:
            frame = frame.outer
        _current.set(frame)


@contextmanager
def active(frame: Frame) -> Iterator[None]:
    """Make `frame` the current one for a while."""
    token = enter(frame)
    try:
        yield
    finally:
        leave(token)


def bound(function: Callable[P, R], frame: Frame) -> Callable[P, R]:
    """Return `function` made to run in `frame`, whatever thread or task calls it."""
    if inspect.isasyncgenfunction(function):

        @wraps(function)
        def stream(*args: P.args, **kwargs: P.kwargs) -> R:
            return cast(R, drive_async(cast(Any, function(*args, **kwargs)), frame))

        return stream
    if inspect.isgeneratorfunction(function):

        @wraps(function)
        def steps(*args: P.args, **kwargs: P.kwargs) -> R:
            return cast(R, drive(cast(Any, function(*args, **kwargs)), frame))

        return steps
    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def task(*args: P.args, **kwargs: P.kwargs) -> Any:
            with active(frame):
                return await cast(Any, function(*args, **kwargs))

        return cast("Callable[P, R]", task)

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        with active(frame):
            return function(*args, **kwargs)

    return call


def drive(
    generator: Generator[Any, Any, Any], frame: Frame, seen: Callable[[], None] | None = None
) -> Generator[Any, Any, Any]:
    """Run a generator in `frame`: step by step, so that its consumer never finds itself in it (PEP 568).

    Args:
        generator: Not begun.
        frame: Where its body runs.
        seen: Called for each item before it is handed out.
    """
    sent: Any = None
    thrown: BaseException | None = None
    while True:
        with active(frame):
            try:
                item = generator.send(sent) if thrown is None else generator.throw(thrown)
            except StopIteration as stop:
                return stop.value
        if seen is not None:
            seen()
        sent = thrown = None
        try:
            sent = yield item
        except GeneratorExit:
            with active(frame):
                generator.close()
            raise
        except BaseException as error:
            thrown = error


async def drive_async(generator: AsyncGenerator[Any, Any], frame: Frame) -> AsyncGenerator[Any, Any]:
    """Run an asynchronous generator in `frame`, step by step, as `drive` does."""
    sent: Any = None
    thrown: BaseException | None = None
    while True:
        with active(frame):
            try:
                item = await (generator.asend(sent) if thrown is None else generator.athrow(thrown))
            except StopAsyncIteration:
                return
        sent = thrown = None
        try:
            sent = yield item
        except GeneratorExit:
            with active(frame):
                await generator.aclose()
            raise
        except BaseException as error:
            thrown = error
