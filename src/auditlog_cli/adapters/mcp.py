"""MCP servers and clients (frameworks.md, 7.3).

    MCPServer("orders", middleware=[middleware(session=s)])        # mcp 2.x
    instrument(FastMCP("orders"), session=s)                       # mcp 1.x
    FastMCP("orders", middleware=[fastmcp_middleware(session=s)])  # fastmcp
    client(session_or_client, session=s).call_tool(…)              # what an agent calls, all of them

Over HTTP with a `TokenVerifier`, user, agent, scopes and delegation come from the access token:

    with Identities(log) as who:
        MCPServer("orders", middleware=[middleware(session_for=who)], token_verifier=…, auth=…)

A call that cannot be recorded does not reach the tool: the client gets the JSON-RPC error -32603.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self

from auditlog_cli.adapters import FrameworkMissing, chosen, missing
from auditlog_cli.capture.log import AuditLog
from auditlog_cli.capture.session import Session
from auditlog_cli.errors import AuditWriteError, NoSession
from auditlog_cli.mcp.calls import Call, Waiting
from auditlog_cli.mcp.wire import CALL, ELICIT, INTERNAL_ERROR, UNWRITABLE

SessionFor = Callable[[Any], Session]
_KNOWN = {"mcp 2": "mcp>=2.3,<3", "mcp 1": "mcp>=1.30,<2", "fastmcp": "fastmcp>=4.1"}
_SPELLED = {"structured_content": "structuredContent", "is_error": "isError"}
_current: ContextVar[Call | None] = ContextVar("auditlog_mcp_call", default=None)


def middleware(*, session: Session | None = None, session_for: SessionFor | None = None) -> Any:
    """Return the middleware for an `MCPServer` of mcp 2.x.

    Args:
        session: Where calls are recorded.
        session_for: What finds the session in the request's context (`ServerRequestContext`), such as `Identities`.

    Raises:
        FrameworkMissing: If mcp 2.x is not installed.
    """
    try:
        from mcp.server.mcpserver import MCPServer  # noqa: F401 - is it 2.x?
    except ImportError as error:
        raise missing("MCP 2.x", _KNOWN["mcp 2"], error) from error
    recorder = Recorder(session, session_for, _server_error())

    async def audit(context: Any, call_next: Callable[[Any], Awaitable[Any]]) -> Any:
        if context.method != CALL:
            return await call_next(context)
        _watch(context.session)
        return await recorder.around(
            context, context.request_id, dict(context.params or {}), lambda: call_next(context)
        )

    return audit


def instrument(server: Any, *, session: Session | None = None, session_for: SessionFor | None = None) -> Any:
    """Record the calls of a server of mcp 1.x, which has no middleware, and return it.

    Args:
        server: A `FastMCP`, or the low-level `Server`, its tools registered.
        session, session_for: As for `middleware`; the context is `RequestContext`.

    Raises:
        FrameworkMissing: If mcp 1.x is not installed, or the server is none of it.
    """
    low = getattr(server, "_mcp_server", server)
    handlers = getattr(low, "request_handlers", None)
    try:
        from mcp.types import CallToolRequest

        handler = handlers[CallToolRequest] if isinstance(handlers, dict) else None
    except ImportError as error:
        raise missing("MCP 1.x", _KNOWN["mcp 1"], error) from error
    except KeyError:
        handler = None
    if handler is None:
        raise FrameworkMissing(
            f"{type(server).__name__} is no server of mcp 1.x with tools",
            help=f"pip install '{_KNOWN['mcp 1']}'; for mcp 2.x use middleware()",
        )
    recorder = Recorder(session, session_for, _server_error())

    async def audit(request: Any) -> Any:
        context = low.request_context
        _watch(context.session)
        params = _plain(request).get("params", {})
        return await recorder.around(context, context.request_id, params, lambda: handler(request))

    low.request_handlers[CallToolRequest] = audit
    return server


def fastmcp_middleware(*, session: Session | None = None, session_for: SessionFor | None = None) -> Any:
    """Return the middleware for a `FastMCP` of the package fastmcp.

    Args:
        session, session_for: As for `middleware`; the context is `MiddlewareContext`.

    Raises:
        FrameworkMissing: If fastmcp is not installed.
    """
    try:
        from fastmcp.server.middleware import Middleware
    except ImportError as error:
        raise missing("FastMCP", _KNOWN["fastmcp"], error) from error
    recorder = Recorder(session, session_for, _server_error())

    class Audit(Middleware):  # type: ignore[misc,unused-ignore]
        async def on_call_tool(self, context: Any, call_next: Callable[[Any], Awaitable[Any]]) -> Any:
            inner = context.fastmcp_context
            if inner is not None:
                _watch(inner.session)
            id = None if inner is None else inner.request_id  # noqa: A001 - the member's name
            return await recorder.around(context, id, _plain(context.message), lambda: call_next(context))

    return Audit()


class client:
    """A client whose calls of tools are recorded; everything else is the client's own.

        async with Client(server) as inner:
            orders = client(inner, session=s)
            await orders.call_tool("lookup_order", {"order_id": 42})

    Serves `mcp.ClientSession` of 1.x and 2.x, `mcp.Client` of 2.x and `fastmcp.Client`.

    Args:
        inner: The client, connected.
        session, session_for: As for `middleware`; the context is `inner`.
    """

    def __init__(self, inner: Any, *, session: Session | None = None, session_for: SessionFor | None = None) -> None:
        self._inner = inner
        self._recorder = Recorder(session, session_for, None)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def call_tool(self, name: str, arguments: dict[str, Any] | None = None, *args: Any, **options: Any) -> Any:
        """Call a tool, as the client's own method does.

        Raises:
            AuditWriteError: If the call cannot be recorded: the server has not been asked. Or if its result cannot be.
        """
        params: dict[str, Any] = {"name": name, "arguments": {} if arguments is None else arguments}
        for option, member in (("input_responses", "inputResponses"), ("request_state", "requestState")):
            if options.get(option) is not None:
                params[member] = _jsonable(options[option])
        return await self._recorder.around(
            self._inner, None, params, lambda: self._inner.call_tool(name, arguments, *args, **options)
        )


class Identities:
    """A `session_for` that opens a session for each access token that comes with a request (OAuth 2, RFC 8693 `act`).

    User, agent, scopes, expiry and delegation are those of the token, which itself is never kept. A session ends when
    this is closed; the requests with one token are one session.

    Args:
        log: Where the sessions are recorded.
        options: As for `AuditLog.session`; they win over what the token says.
    """

    def __init__(self, log: AuditLog, **options: Any) -> None:
        self._log = log
        self._options = options
        self._sessions: dict[object, Session] = {}
        self._lock = threading.Lock()

    def __call__(self, context: Any) -> Session:
        """Return the session of the request that runs here.

        Raises:
            NoSession: If no access token came with it.
            UsageError: If the token names no user.
        """
        from mcp.server.auth.middleware.auth_context import get_access_token

        token = get_access_token()
        if token is None:
            raise NoSession("no access token came with the request, so nobody knows who calls", help="session=…")
        who = _jsonable({name: value for name, value in _plain(token).items() if name != "token"})
        key = repr(sorted(who.items(), key=lambda item: item[0]))
        with self._lock:
            if key not in self._sessions:
                self._sessions[key] = self._log.session_from_mcp(token, **self._options).open()
            return self._sessions[key]

    def close(self) -> None:
        """End the sessions.

        Raises:
            AuditWriteError: If something in one of them could not be recorded.
        """
        with self._lock:
            sessions, self._sessions = list(self._sessions.values()), {}
        failure: AuditWriteError | None = None
        for each in sessions:
            try:
                each.close()
            except AuditWriteError as error:
                failure = failure or error
        if failure is not None:
            raise failure

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Recorder:
    """What all of them do: the intent before the call, the outcome after it, approvals in between.

    Args:
        session, session_for: Where.
        refusal: Makes the error in the framework's dialect out of our own; None: our own is raised.
    """

    def __init__(
        self, session: Session | None, session_for: SessionFor | None, refusal: Callable[[], Exception] | None
    ) -> None:
        self._session, self._session_for, self._refusal = session, session_for, refusal
        self._waiting = Waiting()

    async def around(
        self, context: Any, id: object, params: Mapping[str, Any], work: Callable[[], Awaitable[Any]]  # noqa: A002
    ) -> Any:  # fmt: skip
        """Run `work`, which is the call that `params` describe, recorded."""
        try:
            return await self._around(context, id, params, work)
        except AuditWriteError as error:
            if self._refusal is None:
                raise
            raise self._refusal() from error

    async def _around(
        self, context: Any, id: object, params: Mapping[str, Any], work: Callable[[], Awaitable[Any]]  # noqa: A002
    ) -> Any:  # fmt: skip
        session = chosen(self._session, self._session_for, context)
        session.run.check()
        fresh = Call(session, id, params)
        call = self._waiting.resumed(fresh, params)
        if call is fresh:
            await call.tool.start_async()
        else:
            call.answered(params.get("inputResponses"))
        token = _current.set(call)
        try:
            result = await work()
        except BaseException as error:
            call.tool.finish(error)
            raise
        finally:
            _current.reset(token)
        said = _result(result)
        if call.waits(said):
            session.run.check()
            self._waiting.keep(call, said)
            return result
        call.said(said)
        call.tool.finish()
        return result


def _watch(session: Any) -> None:
    """Let elicitations that a server sends as requests of their own (up to 2025-11-25) be recorded."""
    send = session.send_request
    if getattr(send, "recorded_by_auditlog", False):
        return

    async def send_request(request: Any, *args: Any, **options: Any) -> Any:
        call = _current.get()
        asked = _plain(request)
        if call is None or asked.get("method") != ELICIT:
            return await send(request, *args, **options)
        question = call.ask(asked.get("params"))
        answer = await send(request, *args, **options)
        question.answered(_plain(answer))
        return answer

    send_request.recorded_by_auditlog = True  # type: ignore[attr-defined]
    session.send_request = send_request


def _server_error() -> Callable[[], Exception]:
    try:
        from mcp.shared.exceptions import MCPError

        return lambda: MCPError(INTERNAL_ERROR, UNWRITABLE)
    except ImportError:
        from mcp.shared.exceptions import McpError
        from mcp.types import ErrorData

        return lambda: McpError(ErrorData(code=INTERNAL_ERROR, message=UNWRITABLE))


def _result(result: Any) -> dict[str, Any]:
    """The members of a result under the protocol's names: a model of mcp, a dictionary, or fastmcp's own kinds."""
    said = _plain(result) or {name: _jsonable(getattr(result, name, None)) for name in ("content", *_SPELLED)}
    asks = said.get("input_required")
    if isinstance(asks, dict):
        return asks
    return {_SPELLED.get(name, name): value for name, value in said.items() if value is not None}


def _plain(held: Any) -> dict[str, Any]:
    said = _jsonable(held)
    return said if isinstance(said, dict) else {}


def _jsonable(held: Any) -> Any:
    if hasattr(held, "model_dump"):
        return held.model_dump(mode="json", by_alias=True, exclude_none=True)
    if isinstance(held, Mapping):
        return {name: _jsonable(value) for name, value in held.items()}
    return [_jsonable(each) for each in held] if isinstance(held, list) else held
