"""Who acts and where in the trace, told from outside: environment, headers, access tokens; and told onwards.

Tokens themselves are never kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypedDict
from urllib.parse import quote, unquote

from auditlog_cli import times
from auditlog_cli.capture import scopes as scope_rules
from auditlog_cli.capture.identity import Agent, Chain, Identity, Moment, User, claims_chain
from auditlog_cli.capture.run import OnError
from auditlog_cli.capture.scopes import Scopes
from auditlog_cli.errors import UsageError

LOG, USER, AGENT, SCOPES = "AUDITLOG_LOG", "AUDITLOG_USER", "AUDITLOG_AGENT", "AUDITLOG_SCOPES"
SESSION, CHAIN, GRANT, TRACEPARENT = "AUDITLOG_SESSION", "AUDITLOG_CHAIN", "AUDITLOG_GRANT", "TRACEPARENT"
_GRANT = ("approved_by", "approved_at", "expires_at", "grant_id", "emergency")
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?", re.DOTALL)
_HEX32 = re.compile(r"[0-9a-f]{32}")


class Options(TypedDict, total=False):
    """The arguments of `AuditLog.session`."""

    user: User
    agent: Agent
    scopes: Scopes | None
    on_behalf_of: Chain
    approved_by: str | None
    approved_at: Moment
    expires_at: Moment
    grant_id: str | None
    emergency: str | Mapping[str, Any] | None
    session_id: str | None
    trace_id: str | None
    parent_span_id: str | None
    traceparent: str | None
    enforce: bool
    on_error: OnError
    digest_key: bytes | None
    metadata: Mapping[str, Any] | None


def parse_traceparent(text: object) -> tuple[str, str] | None:
    """Return (trace id, parent's span id) of a `traceparent`, or None if it is not valid.

    Source: W3C Trace Context, 3.2: lower-case hex; version ff and all-zero ids are invalid; version 00 has
    nothing behind the flags; what a later version has behind them begins with a dash and is passed over.

    >>> parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    ('4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7')
    """
    found = _TRACEPARENT.fullmatch(text) if isinstance(text, str) else None
    if found is None or found[1] == "ff" or (found[1] == "00" and found[4]):
        return None
    trace, span = found[2], found[3]
    return None if not trace.strip("0") or not span.strip("0") else (trace, span)


def traceparent(trace_id: str, span_id: str) -> str | None:
    """Return the `traceparent` for these ids (flags 01: recorded); None if the trace id has not W3C's form."""
    return f"00-{trace_id}-{span_id}-01" if _HEX32.fullmatch(trace_id) and trace_id.strip("0") else None


# --- environment ------------------------------------------------------------------------------


def to_env(log_path: str, session_id: str, identity: Identity, place: str | None) -> dict[str, str]:
    """Return the variables that `from_env` reads."""
    told = {LOG: log_path, AGENT: _compact(identity.agent), SESSION: session_id, CHAIN: json.dumps(identity.chain)}
    if identity.user is not None:
        told[USER] = _compact(identity.user)
    if identity.scopes is not None:
        told[SCOPES] = " ".join(identity.scopes)
    grant = {name: identity.authorization[name] for name in _GRANT if name in identity.authorization}
    if grant:
        told[GRANT] = json.dumps(grant)
    if place is not None:
        told[TRACEPARENT] = place
    return told


def from_env(environ: Mapping[str, str], given: Options) -> Options:
    """Return the arguments of a session that goes on from the environment.

    Args:
        environ: The variables.
        given: What the caller says himself; it wins, but scopes can only get narrower.

    Raises:
        UsageError: If nobody says who the user and the agent are, or a variable cannot be read.
    """
    told: Options = {}
    if USER in environ:
        told["user"] = _block(USER, environ[USER])
    if AGENT in environ:
        told["agent"] = _block(AGENT, environ[AGENT])
    if SCOPES in environ:
        told["scopes"] = scope_rules.listed(environ[SCOPES], SCOPES)
    if CHAIN in environ:
        told["on_behalf_of"] = _parsed(CHAIN, environ[CHAIN], list)
    if environ.get(SESSION):
        told["session_id"] = environ[SESSION]
    grant = _parsed(GRANT, environ[GRANT], dict) if GRANT in environ else {}
    told.update({name: grant[name] for name in _GRANT if name in grant})  # type: ignore[typeddict-item]
    _narrow(told, given)
    ignored = _place(told, environ.get(TRACEPARENT), given)
    told.update(given)
    _note(told, ignored)
    return _known(told, f"{USER}, or user=…", f"{AGENT}, or agent=…")


def _compact(block: Mapping[str, Any]) -> str:
    """The id alone if that is all there is and it cannot be taken for JSON."""
    only = block["id"] if len(block) == 1 else "{"
    return json.dumps(block) if only.startswith("{") else str(only)


def _block(name: str, text: str) -> Any:
    return _parsed(name, text, dict) if text.startswith("{") else text


def _parsed(name: str, text: str, kind: type) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, kind):
        raise UsageError(f"{name}: not what Session.env() puts there", help="pass s.env() on as it is")
    return value


def _narrow(told: Options, given: Options) -> None:
    wanted = given.get("scopes")
    granted = told.get("scopes")
    if wanted is not None and granted is not None:
        beyond = scope_rules.uncovered(granted, scope_rules.listed(wanted))
        if beyond:
            raise UsageError(
                f"scopes: {', '.join(beyond)} goes beyond what {SCOPES} grants",
                help=f"ask for less here, or start this process with a wider {SCOPES}",
            )


# --- headers ----------------------------------------------------------------------------------

Headers = Mapping[str, str] | Iterable[tuple[str, str]]


def to_headers(session_id: str, place: str | None) -> dict[str, str]:
    """Return the headers that `from_headers` reads (W3C Trace Context; W3C Baggage with OTel's `session.id`)."""
    headers = {"baggage": f"session.id={quote(session_id, safe='')}"}
    return headers if place is None else {"traceparent": place, **headers}


def from_headers(headers: Headers, user_header: str | None, given: Options) -> Options:
    """Return the arguments of a session that a request begins.

    Args:
        headers: A mapping, or pairs; names in any case.
        user_header: The header in which a gateway you trust puts the user. None: the caller says `user=`.
        given: What the caller says himself; it wins.

    Raises:
        UsageError: If the user header is missing, empty, or there twice.
    """
    told: Options = {}
    if user_header is not None and "user" not in given:
        found = _values(headers, user_header)
        if len(found) != 1 or not found[0].strip():
            raise UsageError(
                f"the header {user_header} {'is there more than once' if len(found) > 1 else 'names no user'}",
                help="refuse the request, or say user=None",
            )
        told["user"] = found[0].strip()
    for text in _values(headers, "baggage"):
        for member in text.split(","):
            name, _, value = member.partition(";")[0].partition("=")
            if name.strip() == "session.id" and value.strip():
                told["session_id"] = unquote(value.strip())
    places = _values(headers, "traceparent")
    ignored = _place(told, places[0] if len(places) == 1 else "several" if places else None, given)
    told.update(given)
    _note(told, ignored)
    return _known(told, "user=…, or user_header=… and a request that has it", "agent=…")


def _values(headers: Headers, wanted: str) -> list[str]:
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return [str(value) for name, value in pairs if str(name).lower() == wanted.lower()]


# --- access tokens ----------------------------------------------------------------------------


def from_token(token: object, given: Options) -> Options:
    """Return the arguments of a session that a verified access token begins.

    Args:
        token:
            MCP's `AccessToken` (`client_id`, `scopes`, `subject`, `claims`, `expires_at`), or a mapping of
            the claims of a verified JWT (`sub`, `client_id` or `azp`, `scope`, `exp`, `act`).
        given: What the caller says himself; it wins.

    Raises:
        UsageError: If it names no user apart from its client.
    """

    def member(name: str) -> Any:
        return token.get(name) if isinstance(token, Mapping) else getattr(token, name, None)

    found = member("claims")
    claims: Mapping[str, Any] = found if isinstance(found, Mapping) else token if isinstance(token, Mapping) else {}
    subject = member("subject") or claims.get("sub")
    client = member("client_id") or claims.get("client_id") or claims.get("azp")
    scopes = member("scopes")
    if scopes is None:
        scopes = claims.get("scope")
    told: Options = {}
    if isinstance(client, str) and client:
        told["agent"] = client
    if isinstance(subject, str) and subject and subject != client:
        told["user"] = {"id": subject, "auth_method": "oauth"}
    if scopes is not None:
        told["scopes"] = scope_rules.listed(scopes)
    expires = member("expires_at")
    ends = times.epoch(claims.get("exp") if expires is None else expires)
    if ends is not None:
        told["expires_at"] = times.render(ends)
    if claims.get("act") is not None:
        told["on_behalf_of"] = claims_chain({"sub": subject, "act": claims["act"]})
    told.update(given)
    issuer = claims.get("iss")
    if isinstance(issuer, str):
        told["metadata"] = {"issuer": issuer, **(given.get("metadata") or {})}
    return _known(told, "user=…: the token has no subject apart from its client", "agent=…: the token names no client")


def _place(told: Options, found: str | None, given: Options) -> bool:
    """Take the place in the trace over, unless the caller says it. An invalid one is ignored: W3C, 3.2.2."""
    if found is None or any(given.get(name) is not None for name in ("trace_id", "traceparent", "parent_span_id")):
        return False
    if parse_traceparent(found) is None:
        return True
    told["traceparent"] = found
    return False


def _note(told: Options, ignored: bool) -> None:
    if ignored:
        told["metadata"] = {"ignored": ["traceparent"], **(told.get("metadata") or {})}


def _known(told: Options, user: str, agent: str) -> Options:
    if "user" not in told:
        raise UsageError(f"nobody says who the user is: {user}", help="user=None if nobody is known")
    if "agent" not in told:
        raise UsageError(
            f"nobody says which agent acts: {agent}", help='agent="planner", by which the log names the program'
        )
    return told
