"""The server as an ASGI application: the guard in front, the routes behind it, every failure answered in one shape."""

from __future__ import annotations

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from auditlog_cli import times
from auditlog_cli.errors import InputError
from auditlog_cli.rules.sitefacts import EMPTY, Policy
from auditlog_cli.serving import answers
from auditlog_cli.serving.guard import Guard
from auditlog_cli.serving.keys import Keys
from auditlog_cli.serving.ledger import Ledger
from auditlog_cli.serving.refusals import Refused
from auditlog_cli.serving.routes import Handler, Routes

_UNROUTED = {
    404: ("not_found", "there is nothing here"),
    405: ("method_not_allowed", "the route does not take this method"),
}


def _any(route: str) -> str:
    """A trace may have any name, also one with slashes."""
    return route.replace("{trace}", "{trace:path}")


def application(
    ledger: Ledger,
    path: str,
    keys: Keys,
    *,
    limit: int,
    remote: bool = False,
    alerts: str | None = None,
    site: Policy = EMPTY,
    trouble: Callable[[str], None] = lambda _: None,
) -> ASGIApp:
    """Return the server as an ASGI application.

    Args:
        ledger: Writes the log.
        path: The log.
        keys: Who may speak to it; none: everybody on this machine.
        limit: How many bytes a body may have.
        remote: Whether other machines may speak to it.
        alerts: The alerts log, or None.
        site: The policy file.
        trouble: Told what the operator should know; never a value out of a request.
    """
    routes = Routes(ledger, path, limit, alerts, site, keyed=bool(keys))
    routes.learn(times.parse(times.now()) or 0)

    def endpoint(handlers: dict[str, Handler]) -> Handler:
        async def handled(request: Request) -> Response:
            failing = ledger.failing
            try:
                return await handlers["GET" if request.method == "HEAD" else request.method](request)
            except Refused as error:
                refused = error
            except InputError:
                refused = Refused(500, "log_unreadable", "the log cannot be read")
            except Exception as error:
                trouble(f"{request.method} of a route failed: this is a bug ({type(error).__name__})")
                refused = Refused(500, "internal", "the server failed; nothing was acknowledged")
            finally:
                if ledger.failing != failing:
                    trouble(ledger.failing or "the log can be written again")
            return answers.refusal(refused, request.headers.get("content-type", ""), request.state.request_id)

        return handled

    async def unrouted(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code, message = _UNROUTED.get(error.status_code, ("refused", "the request was refused"))
        refused = Refused(error.status_code, code, message, dict(error.headers or {}))
        return answers.refusal(refused, request.headers.get("content-type", ""), request.state.request_id)

    by_path: dict[str, dict[str, Handler]] = {}
    for method, route, handler in routes.table():
        by_path.setdefault(route, {})[method] = handler
    starlette = Starlette(
        routes=[Route(_any(route), endpoint(handlers), methods=list(handlers)) for route, handlers in by_path.items()],
        exception_handlers={HTTPException: unrouted},
    )
    return Guard(starlette, keys, remote=remote, refuse=answers.refusal)
