"""The doors into capture that `AuditLog` and `AsyncAuditLog` share: sessions, and functions as tools."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, Unpack, overload

from auditlog_cli.capture import decorate, given, identity, propagation
from auditlog_cli.capture.given import Effect
from auditlog_cli.capture.identity import Agent, Chain, Moment, User
from auditlog_cli.capture.propagation import Headers, Options
from auditlog_cli.capture.run import OnError, Run
from auditlog_cli.capture.scopes import Scopes
from auditlog_cli.capture.session import Session
from auditlog_cli.errors import UsageError
from auditlog_cli.writer import ids
from auditlog_cli.writer.log import AuditLog

F = TypeVar("F", bound=Callable[..., Any])


class Doors:
    """What a log offers to an application beside appending. It says which writer stands behind it."""

    def _writer(self) -> AuditLog:
        raise NotImplementedError

    def session(
        self,
        *,
        user: User,
        agent: Agent,
        scopes: Scopes | None = None,
        on_behalf_of: Chain = None,
        approved_by: str | None = None,
        approved_at: Moment = None,
        expires_at: Moment = None,
        grant_id: str | None = None,
        emergency: str | Mapping[str, Any] | None = None,
        session_id: str | None = None,
        trace_id: str | None = None,
        parent_span_id: str | None = None,
        traceparent: str | None = None,
        enforce: bool = False,
        on_error: OnError = "raise",
        digest_key: bytes | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Session:
        """Return a session, to be used with `with` or `async with`.

            with log.session(user="alice@example.org", agent="planner", scopes=["orders:read"]) as s:
                with s.tool("lookup_order", {"order_id": 42}, requires="orders:read") as t:
                    t.result(lookup_order(42))

        Args:
            user: An id, or `{"id", "name", "email", "type", "auth_method", "tenant"}`. None, written out,
                if nobody is known.
            agent: An id, or `{"id", "name", "version", "model", "provider", "owner"}`.
            scopes: What the agent may do; `[]` is nothing. Default: not said, and the log will not say it.
            on_behalf_of: Who stands before the agent: an actor, a list of `{"actor", "role"}`, root first, or
                RFC 8693 claims with `act`. Default: the user.
            approved_by, approved_at: The person who approved the session, and when. Else it is `autonomous`.
            expires_at, grant_id: Of the authorization.
            emergency: Why normal authorization was passed over: a reason, or `{"active", "reason", "ticket"}`.
            session_id, trace_id: Default: new ones.
            parent_span_id: The span, recorded elsewhere, that this session belongs under.
            traceparent: Both at once, as W3C Trace Context writes them.
            enforce: Stop calls that the scopes or the approval do not allow. Default: only record that.
            on_error: What to do when a record cannot be written. `raise` (default): the call and every later
                one raise. `abort`: the process says why on stderr and ends with exit code 70. `warn`: go on
                with a warning; the log says that it was asked for.
            digest_key: Key of `arguments_sha256` (HMAC), 16 bytes or more, for arguments that can be guessed.
            metadata: For the first record, such as versions of frameworks.

        Raises:
            UsageError: If something is missing or contradicts something else.
        """
        if on_error not in ("raise", "abort", "warn"):
            raise UsageError(
                f"on_error={on_error!r}: one of raise, abort, warn",
                help="raise is the default; abort ends the process, warn goes on unrecorded",
            )
        who = identity.of_session(
            user=user,
            agent=agent,
            scopes=scopes,
            on_behalf_of=on_behalf_of,
            approved_by=approved_by,
            approved_at=approved_at,
            expires_at=expires_at,
            grant_id=grant_id,
            emergency=emergency,
        )
        if enforce and who.scopes is None:
            raise UsageError(
                "enforce=True needs scopes=[…]: nothing can be held against scopes nobody named",
                help='scopes=["orders:read"], or scopes=[] if nothing is granted',
            )
        if traceparent is not None:
            if trace_id is not None or parent_span_id is not None:
                raise UsageError(
                    "traceparent says what trace_id and parent_span_id would: give one or the other",
                    help="leave trace_id and parent_span_id out to go on in the trace of the caller",
                )
            place = propagation.parse_traceparent(traceparent)
            if place is None:
                raise UsageError(
                    "traceparent: not valid (W3C Trace Context, 3.2)",
                    help="00-32 hex digits-16 hex digits-01, as the header came; leave it out to begin a trace",
                )
            trace_id, parent_span_id = place
        for name, value in (("session_id", session_id), ("trace_id", trace_id), ("parent_span_id", parent_span_id)):
            given.text(name, value)
        log = self._writer()
        run = Run(
            log,
            session_id=session_id or f"sess_{ids.span_id()}",
            trace_id=trace_id or ids.trace_id(),
            enforce=enforce,
            on_error=on_error,
            digest_key=given.key(digest_key),
        )
        told = {"on_error": on_error} | ({"fsync": "none"} if log.fsync == "none" else {})
        told |= given.block("metadata", {} if metadata is None else metadata)
        return Session(run, who, within=None, parent=parent_span_id, metadata=told)

    @overload
    def tool(self, function: F, /) -> F: ...
    @overload
    def tool(
        self,
        function: None = None,
        /,
        *,
        name: str | None = None,
        requires: Scopes | None = None,
        effect: Effect | None = None,
        skip: Iterable[str] = (),
        session: Session | None = None,
    ) -> Callable[[F], F]: ...
    def tool(
        self,
        function: Callable[..., Any] | None = None,
        /,
        *,
        name: str | None = None,
        requires: Scopes | None = None,
        effect: Effect | None = None,
        skip: Iterable[str] = (),
        session: Session | None = None,
    ) -> Any:
        """Record every call of a function: its intent before it runs, its outcome after.

            @log.tool(requires="refunds:write")
            def issue_refund(order_id: int, amount: float) -> str: ...

        Serves plain, coroutine, generator and asynchronous generator functions. Arguments are recorded by
        name. Of a generator, how many items it gave.

        Args:
            name: Of the tool. Default: of the function.
            requires: The scopes that a call needs.
            effect: `read`, `write`, `delete`, `execute`, `send`, `pay`, `post`, `configure` or `decide`.
            skip: Parameters that are not recorded, such as a database connection. One that there is not is an error.
            session: Default: the session on this log that is open where the function is called.

        Raises:
            NoSession: At the call, if there is no session.
        """

        def decorator(wrapped: F) -> F:
            return decorate.decorated(
                wrapped, self._writer, name=name, requires=requires, effect=effect, skip=skip, session=session
            )

        return decorator if function is None else decorator(function)

    def session_from_env(self, environ: Mapping[str, str] | None = None, **options: Unpack[Options]) -> Session:
        """Return the session that a parent process handed on with `Session.env()`.

        The same session and trace, under the span that was open there. Pass `agent=` if another agent works
        here: the chain gets longer. Scopes can only get narrower.

        Args:
            environ: Default: `os.environ`. Read are `AUDITLOG_USER`, `_AGENT`, `_SCOPES`, `_SESSION`, `_CHAIN`,
                `_GRANT` and `TRACEPARENT`.
            options: As for `session`; they win.

        Raises:
            UsageError: If nobody says who the user or the agent is.
        """
        return self.session(**propagation.from_env(os.environ if environ is None else environ, options))

    def session_from_headers(
        self, headers: Headers, *, user_header: str | None = None, **options: Unpack[Options]
    ) -> Session:
        """Return the session that an HTTP request begins or goes on with.

        Args:
            headers: A mapping, or (name, value) pairs. Read are `traceparent` and, of `baggage`, `session.id`.
                An invalid `traceparent` is ignored, as W3C asks, and the first record says so.
            user_header: The header in which a gateway that you trust names the user. No other is believed.
            options: As for `session`; they win. `agent` is needed, and `user` without `user_header`.

        Raises:
            UsageError: If the request does not name the user.
        """
        return self.session(**propagation.from_headers(headers, user_header, options))

    def session_from_mcp(self, access_token: object, **options: Unpack[Options]) -> Session:
        """Return the session that a verified access token begins. The token itself is never kept.

        Args:
            access_token:
                What MCP's `get_access_token()` gives, or the claims of a verified JWT. User: `subject`; agent:
                `client_id`; scopes; expiry; delegation from nested `act` claims (RFC 8693, 4.1).
            options: As for `session`; they win.

        Raises:
            UsageError: If the token names no user apart from its client, or no client.
        """
        return self.session(**propagation.from_token(access_token, options))
