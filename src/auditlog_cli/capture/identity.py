"""Who acts, for whom, and with what authority: the blocks that every record of a session carries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from auditlog_cli import times
from auditlog_cli.capture import given
from auditlog_cli.capture import scopes as scope_rules
from auditlog_cli.capture.digests import frozen
from auditlog_cli.capture.scopes import Scopes
from auditlog_cli.errors import ScopeDenied, UsageError

User = str | Mapping[str, Any] | None
"""An id, or `{"id", "name", "email", "type", "auth_method", "tenant"}`. None: nobody is known, and the log says so."""
Agent = str | Mapping[str, Any]
"""An id, or `{"id", "name", "version", "model", "provider", "owner"}`."""
Chain = str | Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
"""On whose behalf: an actor's id, a list of `{actor, role}`, root first, or RFC 8693 claims with `act`."""
Moment = str | datetime | None
"""RFC 3339 text, or a datetime with a time zone."""
USER = ("id", "name", "email", "type", "auth_method", "tenant")
AGENT = ("id", "name", "version", "model", "provider", "owner", "auth_method")
_CHAIN = 'on_behalf_of=[{"actor": "carol", "role": "initiator"}], root first'


@dataclass(frozen=True, slots=True)
class Identity:
    """The blocks of one acting agent.

    Attributes:
        user: None if nobody is known.
        scopes: None if what the agent may do is not known.
        chain: Root first, the acting agent last.
    """

    user: dict[str, Any] | None
    agent: dict[str, Any]
    authorization: dict[str, Any]
    chain: tuple[dict[str, Any], ...]
    scopes: tuple[str, ...] | None

    @property
    def agent_id(self) -> str:
        """The id of the acting agent."""
        return str(self.agent["id"])

    def members(self) -> dict[str, Any]:
        """Return the members of a record that say who acted."""
        who: dict[str, Any] = {} if self.user is None else {"user": self.user}
        who["agent"] = self.agent
        who["authorization"] = self.authorization
        who["delegation_chain"] = list(self.chain)
        return who

    def nested(self, agent: Agent, scopes: Scopes | None = None) -> Identity:
        """Return the identity of an agent that this one starts: the chain one longer, the scopes narrowed.

        Raises:
            ScopeDenied: If `scopes` holds one that this agent does not have.
            UsageError: If `agent` has no id, or the id of the user.
        """
        block = _agent(agent, self.user)
        chain = tuple(_with_role(each, "delegate") if each.get("role") == "executor" else each for each in self.chain)
        chain += ({"actor": block["id"], "role": "executor"},)
        if scopes is None:
            return replace(self, agent=block, chain=chain)
        narrowed = scope_rules.listed(scopes)
        beyond = narrowed if self.scopes is None else scope_rules.uncovered(self.scopes, narrowed)
        if beyond:
            raise ScopeDenied(
                f"agent {self.agent_id} cannot give agent {block['id']} what it does not have: {', '.join(beyond)}",
                help="the scopes of a nested agent may only be narrower than those of the agent that starts it",
            )
        return replace(
            self,
            agent=block,
            chain=chain,
            scopes=narrowed,
            authorization={**self.authorization, "scopes": list(narrowed)},
        )


def of_session(
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
) -> Identity:
    """Return the identity that a session begins with.

    Raises:
        UsageError: If something is missing or contradicts something else.
    """
    who = _user(user)
    block = _agent(agent, who)
    granted = None if scopes is None else scope_rules.listed(scopes)
    if approved_at is not None and approved_by is None:
        raise UsageError("approved_at: approved by whom?", help='approved_by="bob@example.org"')
    authorization: dict[str, Any] = {} if granted is None else {"scopes": list(granted)}
    authorization["session_type"] = "autonomous" if approved_by is None else "human_approved"
    for name, value in (
        ("approved_by", given.text("approved_by", approved_by)),
        ("approved_at", moment("approved_at", approved_at)),
        ("expires_at", moment("expires_at", expires_at)),
        ("grant_id", given.text("grant_id", grant_id)),
        ("emergency", _emergency(emergency)),
    ):
        if value is not None:
            authorization[name] = value
    return Identity(who, block, authorization, _chain(on_behalf_of, who, str(block["id"])), granted)


def moment(name: str, value: Moment) -> str | None:
    """Return a time as the log writes it.

    Raises:
        UsageError: If it is neither RFC 3339 nor a datetime with a time zone.
    """
    if value is None:
        return None
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise UsageError(f"{name}: a datetime without a time zone", help="datetime.now(timezone.utc)")
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if times.parse(value) is None:
        raise UsageError(f"{name}: not an RFC 3339 time with offset", help='such as "2026-06-01T14:21:03Z"')
    return value


def claims_chain(claims: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the chain that a token's `sub` and nested `act` claims tell, root first.

    Source: RFC 8693, section 4.1: the outermost `act` is the current actor, the innermost the earliest.
    `may_act` (4.4) says who could act, not who did: it is passed over.

    Raises:
        UsageError: If an actor has no `sub`, or the nesting has no end.
    """
    actors: list[str] = []
    act = claims.get("act")
    while act is not None:
        if not isinstance(act, Mapping) or not isinstance(act.get("sub"), str) or not act["sub"] or len(actors) > 63:
            raise UsageError(
                "act: each actor of the delegation is an object with a sub (RFC 8693, 4.1)",
                help='"act": {"sub": "planner", "act": {"sub": "orchestrator"}}, at most 64 of them',
            )
        actors.insert(0, act["sub"])
        act = act.get("act")
    subject = claims.get("sub")
    chain = [{"actor": subject, "role": "initiator"}] if isinstance(subject, str) and subject else []
    return chain + [{"actor": actor, "role": "delegate"} for actor in actors]


def _user(user: User) -> dict[str, Any] | None:
    if user is None:
        return None
    if isinstance(user, str):
        user = {"id": user}
    return _block("user", user, USER, 'user="alice@example.org"; user=None if nobody is known')


def _agent(agent: Agent, user: dict[str, Any] | None) -> dict[str, Any]:
    if isinstance(agent, str):
        agent = {"id": agent}
    block = _block("agent", agent, AGENT, 'agent="planner"')
    if user is not None and user["id"] == block["id"]:
        raise UsageError(
            "agent: has the id of the user; the log could not tell them apart",
            help='agent="planner" and user="alice@example.org": the program and the person it acts for',
        )
    return block


def _block(name: str, told: Mapping[str, Any], members: tuple[str, ...], example: str) -> dict[str, Any]:
    found = told.get("id") if isinstance(told, Mapping) else None
    if not isinstance(found, str) or not found.strip():
        raise UsageError(f"{name}: an id is needed, as text or as the member id", help=example)
    for member in told:
        if member not in members:
            meant = given.similar(str(member), members)
            raise UsageError(
                f"{name}: {member} is none of its members: {', '.join(members)}",
                help=f"{meant}members of your own go into metadata={{…}}",
            )
    made = frozen(told)
    assert isinstance(made, dict)
    return {member: value for member, value in made.items() if value is not None}


def _emergency(told: str | Mapping[str, Any] | None) -> object:
    if told is None:
        return None
    if isinstance(told, str):
        return {"active": True, "reason": given.text("emergency", told)}
    if not isinstance(told, Mapping) or not told:
        raise UsageError(
            "emergency: a reason", help='emergency="orders stuck since 9:00", or {"active", "reason", "ticket"}'
        )
    return frozen(told)


def _chain(told: Chain, user: dict[str, Any] | None, agent: str) -> tuple[dict[str, Any], ...]:
    if isinstance(told, Mapping):
        chain = claims_chain(told)
        if user is not None and not told.get("sub"):
            chain.insert(0, {"actor": user["id"], "role": "initiator"})
    else:
        chain = [] if told is None else _entries([{"actor": told}] if isinstance(told, str) else told)
        if user is not None and all(each["actor"] != user["id"] for each in chain):
            chain.append({"actor": user["id"], "role": "delegate" if chain else "initiator"})
    if chain and chain[-1]["actor"] == agent:
        chain[-1] = _with_role(chain[-1], "executor")
    else:
        chain.append({"actor": agent, "role": "executor"})
    before = [_with_role(each, "delegate") if each["role"] == "executor" else each for each in chain[:-1]]
    return (*before, chain[-1])


def _entries(told: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    if not isinstance(told, Iterable):
        raise UsageError("on_behalf_of: an actor, or a list of actors", help=_CHAIN)
    chain: list[dict[str, Any]] = []
    for place, each in enumerate(told):
        actor = each.get("actor") if isinstance(each, Mapping) else None
        if not isinstance(actor, str) or not actor.strip():
            raise UsageError(
                f"on_behalf_of: entry {place} names no actor",
                help=_CHAIN,
            )
        made = frozen(each)
        assert isinstance(made, dict)
        chain.append({"role": "delegate" if place else "initiator", **made})
    return chain


def _with_role(entry: dict[str, Any], role: str) -> dict[str, Any]:
    return {**entry, "role": role}
