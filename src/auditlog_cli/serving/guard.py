"""Who may speak to the server: judged before any route sees a request.

On loopback, a page in somebody's browser can reach the server, too: by a form, or by a name that it lets point to
127.0.0.1 (DNS rebinding). So the Host must be a name of this machine, and no other site may be the Origin.
"""

from __future__ import annotations

import secrets
from base64 import b64decode
from binascii import Error
from collections.abc import Callable
from ipaddress import ip_address
from typing import TYPE_CHECKING

from auditlog_cli.serving.keys import Keys
from auditlog_cli.serving.refusals import Refused

if TYPE_CHECKING:
    from starlette.datastructures import State
    from starlette.types import ASGIApp, Receive, Scope, Send

_STRANGE = ("cross-site", "same-site")


def person(state: State) -> str:
    """Return who sends a request that only a person may send.

    Raises:
        Refused: 403, if the key is that of a program, or there is none: nobody knows then who it was.
    """
    if not state.person:
        raise Refused(
            403, "person_needed", "this needs the key of a person (auditlog serve LOG --new-key NAME --person)"
        )
    return str(state.caller)


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, spoken to from itself.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """Gives each request an id, and refuses those that nobody may send.

    Args:
        app: What serves the rest.
        keys: Who may speak; none: everybody.
        remote: Whether other machines may.
        refuse: Makes the answer to a refused request: the refusal, the Content-Type of the request, the request's id.
    """

    def __init__(
        self, app: ASGIApp, keys: Keys, *, remote: bool, refuse: Callable[[Refused, str, str], ASGIApp]
    ) -> None:
        self._app = app
        self._keys = keys
        self._remote = remote
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI 3)."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
        state = scope.setdefault("state", {})
        state["request_id"] = secrets.token_hex(8)
        try:
            self._judge_place(headers, scope.get("scheme", "http"), [name for name, _ in scope["headers"]])
            state["caller"] = self._caller(headers)
            state["person"] = self._keys.is_person(state["caller"])
        except Refused as error:
            await self._refuse(error, headers.get("content-type", ""), state["request_id"])(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _judge_place(self, headers: dict[str, str], scheme: str, names: list[bytes]) -> None:
        host = headers.get("host", "")
        if names.count(b"host") != 1 or (not self._remote and not is_loopback(_name(host))):
            raise Refused(403, "forbidden_host", "the Host is not a name of this server")
        origin = headers.get("origin")
        if (origin is not None and origin.lower() != f"{scheme}://{host}".lower()) or (
            headers.get("sec-fetch-site", "") in _STRANGE
        ):
            raise Refused(403, "forbidden_origin", "pages of other sites may not use this server")

    def _caller(self, headers: dict[str, str]) -> str:
        if not self._keys:
            return ""
        found = self._keys.name_of(_key(headers))
        if found is None:
            raise Refused(
                401, "unauthorized", "a valid API key is needed: X-API-Key, or Authorization: Bearer",
                {"WWW-Authenticate": "Bearer"},
            )  # fmt: skip
        return found


def _name(host: str) -> str:
    """The host without its port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _key(headers: dict[str, str]) -> str:
    if "x-api-key" in headers:
        return headers["x-api-key"]
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":  # Langfuse: public key as the name, secret key as the password
        try:
            return b64decode(rest.strip(), validate=True).decode("latin-1").partition(":")[2]
        except Error:
            pass
    return ""
