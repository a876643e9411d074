"""The parts of AutoGen's agents that act: model clients, workbenches, code executors. Each is recorded in place.

Methods of one object are replaced, never of a class: what this adapter was not given stays as it is.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from importlib import import_module
from typing import Any

from auditlog_cli import times
from auditlog_cli.capture import context as places
from auditlog_cli.capture.session import Session
from auditlog_cli.errors import AuditWriteError

STOPPED = "audit log not writable"
Here = Callable[[Any], Session]
Items = AsyncGenerator[Any, None]


def replace(owner: Any, name: str, function: Any) -> None:
    """Put `function` in the place of a method of this one object."""
    function.auditlog = True
    setattr(owner, name, function)


def client(owner: Any, here: Here) -> None:
    """Record the calls of a model client; none is made once the session has failed."""
    create, create_stream = owner.create, owner.create_stream
    if hasattr(create, "auditlog"):
        return

    async def answer(messages: Any, **more: Any) -> Any:
        async def once() -> Items:
            yield await create(messages, **more)

        return await _last(_asked(owner, here, messages, once()))

    def stream(messages: Any, **more: Any) -> Items:
        return _asked(owner, here, messages, create_stream(messages, **more))

    replace(owner, "create", answer)
    replace(owner, "create_stream", stream)


async def _asked(owner: Any, here: Here, messages: Any, items: Any) -> Items:
    session = here(owner)
    session.run.check()
    options = getattr(owner, "_create_args", None)
    asked: dict[str, Any] = {
        "model": options.get("model") if isinstance(options, dict) else None,
        "prompt": [each.model_dump(mode="json") for each in messages if each.type != "SystemMessage"],
        "system": "\n".join(each.content for each in messages if each.type == "SystemMessage") or None,
    }
    began = time.monotonic_ns()
    try:
        async for item in items:
            if hasattr(item, "finish_reason"):
                told = {"input_tokens": item.usage.prompt_tokens, "output_tokens": item.usage.completion_tokens}
                said = item.model_dump(mode="json")["content"]
                session.model_call(**asked, response=said, usage=told, latency_ms=times.since(began))
            yield item
    except Exception as error:
        if not session.run.broken:
            session.model_call(**asked, error=error, latency_ms=times.since(began))
        raise


def workbench(owner: Any, here: Here) -> None:
    """Record the calls of a workbench's tools."""
    call_tool, stream = owner.call_tool, getattr(owner, "call_tool_stream", None)
    if hasattr(call_tool, "auditlog"):
        return

    async def whole(name: str, arguments: Any = None, cancellation_token: Any = None, call_id: Any = None) -> Any:
        async def once() -> Items:
            yield await call_tool(name, arguments, cancellation_token, call_id)

        return await _last(_called(owner, here, name, arguments, call_id, once()))

    def pieces(name: str, arguments: Any = None, cancellation_token: Any = None, call_id: Any = None) -> Items:
        assert stream is not None
        return _called(owner, here, name, arguments, call_id, stream(name, arguments, cancellation_token, call_id))

    replace(owner, "call_tool", whole)
    if stream is not None:
        replace(owner, "call_tool_stream", pieces)


def handoff_tool(owner: Any, here: Here) -> None:
    """Record the calls of a tool that hands over to another agent."""
    run_json = owner.run_json
    if hasattr(run_json, "auditlog"):
        return

    async def transfer(arguments: Any, cancellation_token: Any, call_id: Any = None) -> Any:
        async def once() -> Items:
            yield _result(owner.name, str(await run_json(arguments, cancellation_token, call_id=call_id)))

        return (await _last(_called(owner, here, owner.name, arguments, call_id, once()))).to_text()

    replace(owner, "run_json", transfer)


async def _called(owner: Any, here: Here, name: str, arguments: Any, call_id: Any, items: Items) -> Items:
    """Record a call around what it yields.

    Nothing of ours is raised here: AutoGen would wait for ever for the end of the stream. What is stopped has an
    error for its result, and the agent's next step raises.
    """
    try:
        session = here(owner)
        call = session.tool(name, arguments, call_id=call_id)
        await call.start_async()
        session.run.check()  # a parallel tool may have found meanwhile that nothing can be recorded any more
    except Exception as error:
        await items.aclose()
        yield _result(name, STOPPED if isinstance(error, AuditWriteError) else str(error), failed=True)
        return
    result: Any = None
    try:
        async for item in places.drive_async(items, call.frame):
            if hasattr(item, "is_error"):
                result = item
            elif not session.run.broken:
                yield item
    except BaseException as error:
        with suppress(AuditWriteError):
            call.finish(error)
        raise
    if result is None or result.is_error:
        call.error("no result" if result is None else result.to_text())
    else:
        call.result(result.to_text())
    try:
        call.finish()
    except AuditWriteError:
        result = _result(name, STOPPED, failed=True)
    yield result


def code(owner: Any, here: Here) -> None:
    """Record the code that is executed, as a tool of that name. What is raised here comes out of the run."""
    execute = owner.execute_code_blocks
    if hasattr(execute, "auditlog"):
        return

    async def executed(code_blocks: Any, cancellation_token: Any) -> Any:
        blocks = [{"language": each.language, "code": each.code} for each in code_blocks]
        async with here(owner).tool("execute_code_blocks", {"code_blocks": blocks}, effect="execute") as call:
            result = await execute(code_blocks, cancellation_token)
            if result.exit_code:
                call.error(f"exit code {result.exit_code}: {result.output}")
            else:
                call.result(result.output)
        return result

    replace(owner, "execute_code_blocks", executed)


async def _last(items: Items) -> Any:
    """Return the last item, which is the result."""
    found: Any = None
    async with aclosing(items):
        async for item in items:
            found = item
    return found


def _result(name: str, text: str, *, failed: bool = False) -> Any:
    tools = import_module("autogen_core.tools")
    return tools.ToolResult(name=name, result=[tools.TextResultContent(content=text)], is_error=failed)
