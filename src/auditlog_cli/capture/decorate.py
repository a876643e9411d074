"""`@log.tool`: a function whose every call is recorded, before it runs and after."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator, Iterable
from functools import wraps
from typing import Any, TypeVar, cast

from auditlog_cli.capture import context, given
from auditlog_cli.capture.given import Effect
from auditlog_cli.capture.scopes import Scopes, listed
from auditlog_cli.capture.session import Session
from auditlog_cli.capture.toolcall import ToolCall
from auditlog_cli.errors import UsageError
from auditlog_cli.writer.log import AuditLog

F = TypeVar("F", bound=Callable[..., Any])


def decorated(
    function: F,
    log: Callable[[], AuditLog],
    *,
    name: str | None,
    requires: Scopes | None,
    effect: Effect | None,
    skip: Iterable[str],
    session: Session | None,
) -> F:
    """Return `function` with its calls recorded.

    Args:
        function: Plain, coroutine, generator or asynchronous generator function.
        log: Gives the log, asked at each call. Only sessions on it count.
        name: Of the tool; default: of the function.
        requires, effect: As for `Session.tool`.
        skip: Parameters that are no arguments of the tool, such as a database connection.
        session: Default: that of the context, asked for at each call.

    Raises:
        UsageError: If it is no function, or has no parameter that `skip` names: what was to be left out would be
            recorded.
    """
    if isinstance(function, (staticmethod, classmethod)) or inspect.isclass(function) or not callable(function):
        raise UsageError(
            "@log.tool belongs on a function, below @staticmethod and @classmethod",
            help="of a class, put it on its methods: @staticmethod first, @log.tool below it",
        )
    called = name or getattr(function, "__name__", None) or getattr(getattr(function, "func", None), "__name__", None)
    if called is None:
        raise UsageError("@log.tool: this callable has no name", help='@log.tool(name="…")')
    left_out = frozenset([skip] if isinstance(skip, str) else skip)
    bind = _binder(function, left_out)
    scopes = None if requires is None else listed(requires, "requires")
    given.effect(effect)

    def call(args: tuple[Any, ...], kwargs: dict[str, Any]) -> ToolCall:
        acting = session or _session(log())
        return acting.tool(called, bind(args, kwargs), requires=scopes, effect=effect)

    if inspect.isasyncgenfunction(function):

        async def begin(*args: Any, **kwargs: Any) -> tuple[ToolCall, AsyncGenerator[Any, Any]]:
            return await call(args, kwargs).start_async(), function(*args, **kwargs)

        return cast(F, wraps(function)(_streaming(begin)))
    if inspect.isgeneratorfunction(function):

        @wraps(function)
        def steps(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            return (yield from _steps(call(args, kwargs).start(), lambda: function(*args, **kwargs)))

        return cast(F, steps)
    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def task(*args: Any, **kwargs: Any) -> Any:
            async with call(args, kwargs) as running:
                return running.result(await function(*args, **kwargs))

        return cast(F, task)

    @wraps(function)
    def plain(*args: Any, **kwargs: Any) -> Any:
        running = call(args, kwargs).start()
        try:
            with context.active(running.frame):
                value = function(*args, **kwargs)
        except BaseException as error:
            running.finish(error)
            raise
        # A plain function may give something that has yet to run: it is recorded when that has run.
        if inspect.iscoroutine(value):
            return _later(running, value)
        if inspect.isgenerator(value):
            return _steps(running, lambda: value)
        if inspect.isasyncgen(value):

            async def begun() -> tuple[ToolCall, AsyncGenerator[Any, Any]]:
                return running, value

            return _streaming(begun)()
        running.result(value)
        running.finish()
        return value

    return cast(F, plain)


def _session(log: AuditLog) -> Session:
    """The innermost session of this context that writes to `log`."""
    frame = context.current()
    while frame is not None and frame.session.log is not log:
        frame = frame.outer
    if frame is None:
        raise context.none_open()
    return frame.session


def _binder(function: Callable[..., Any], skip: frozenset[str]) -> Callable[..., dict[str, Any]]:
    """Return what turns the arguments of a call into `action.arguments`: by name, defaults included."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some functions written in C have none
        signature = None
    if signature is not None:
        kinds = {each.kind for each in signature.parameters.values()}
        unknown = sorted(skip - signature.parameters.keys())
        if unknown and inspect.Parameter.VAR_KEYWORD not in kinds:
            raise UsageError(
                f"skip: the function has no parameter {', '.join(unknown)}",
                help=f"its parameters: {', '.join(signature.parameters) or 'none'}",
            )
    own = next(iter(signature.parameters), "") if signature is not None else ""
    is_method = own in ("self", "cls") and "." in getattr(function, "__qualname__", "")
    left_out = skip | {own} if is_method else skip

    def bind(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        try:
            if signature is None:
                raise TypeError
            bound = signature.bind(*args, **kwargs)
        except TypeError:
            # A call that cannot be made is an attempt all the same; the function itself will say what is wrong.
            return {"args": list(args[1:] if is_method else args), "kwargs": kwargs}
        bound.apply_defaults()
        named: dict[str, Any] = {}
        for name, value in bound.arguments.items():
            if name in left_out:
                continue
            if signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
                named.update({key: item for key, item in value.items() if key not in left_out})
            else:
                named[name] = list(value) if isinstance(value, tuple) else value
        return named

    return bind


def _steps(running: ToolCall, make: Callable[[], Generator[Any, Any, Any]]) -> Generator[Any, Any, Any]:
    count = 0

    def one_more() -> None:
        nonlocal count
        count += 1

    try:
        returned = yield from context.drive(make(), running.frame, one_more)
    except BaseException as error:
        if isinstance(error, GeneratorExit):
            running.partial({"yielded": count})
        running.finish(error)
        raise
    running.result({"yielded": count} | ({} if returned is None else {"returned": returned}))
    running.finish()
    return returned


def _streaming(
    begin: Callable[..., Awaitable[tuple[ToolCall, AsyncGenerator[Any, Any]]]],
) -> Callable[..., AsyncGenerator[Any, Any]]:
    """Return an asynchronous generator function that runs what `begin` gives, and records how it ended."""

    async def stream(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        running, items = await begin(*args, **kwargs)
        count, sent = 0, None
        thrown: BaseException | None = None
        try:
            while True:
                try:
                    with context.active(running.frame):
                        item = await (items.asend(sent) if thrown is None else items.athrow(thrown))
                except StopAsyncIteration:
                    break
                count += 1
                sent = thrown = None
                try:
                    sent = yield item
                except GeneratorExit:
                    running.partial({"yielded": count})
                    with context.active(running.frame):
                        await items.aclose()
                    raise
                except BaseException as error:
                    thrown = error
        except BaseException as error:
            running.finish(error)
            raise
        running.result({"yielded": count})
        running.finish()

    return stream


async def _later(running: ToolCall, work: Coroutine[Any, Any, Any]) -> Any:
    try:
        with context.active(running.frame):
            value = running.result(await work)
    except BaseException as error:
        running.finish(error)
        raise
    running.finish()
    return value
