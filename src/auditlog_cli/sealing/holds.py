"""Legal holds: what the log's own records `hold` and `hold-release` say, and which records that concerns.

A hold is a record of the log itself, so that it is sealed and signed with everything else (docs/decisions/0040). What
is held is neither deleted by `prune` nor withheld by `redact`. In doubt a record is held. No I/O.
"""

from __future__ import annotations

from typing import NamedTuple

import orjson

from auditlog_cli import times
from auditlog_cli.fields import is_hole, is_missing
from auditlog_cli.identifiers import Identifiers
from auditlog_cli.matching import any_of, exactly, found, like

NAMESPACE = "auditlog-hold"
"""Of the signatures over both kinds of record."""
FLAG = "retention.legal_hold"
"""A record that says `true` here is held by itself."""
NEEDLE = b'"legal_hold"'
OWN_NEEDLE = b'"auditlog":{"type":"hold'
"""Where a record of either kind begins in a line; no string can hold these quotes."""
_NOT_CONTENT = ("seq", "prev", "_salts", "_leaf")


class Covers(NamedTuple):
    """What a hold names. Values of one kind are alternatives, kinds add up; nothing named is the whole log.

    Attributes:
        session: Session ids; `*` and `?` are wildcards.
        agent: Ids or names of agents; the same.
        since, until: RFC 3339; the first moment that is meant, and the first that is not. Empty for no limit.
        subject: Identifiers of one person.
    """

    session: tuple[str, ...] = ()
    agent: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    subject: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        """Whether the whole log is meant."""
        return self == Covers()

    def told(self) -> dict[str, object]:
        """Return the member `covers`: all but the subject, which stands beside it, for it can be withheld."""
        named = {"session": [*self.session], "agent": [*self.agent], "since": self.since, "until": self.until}
        return {name: value for name, value in named.items() if value}


class Hold:
    """One hold, as a record states it.

    Attributes:
        id: Its name.
        by, reason: Who set it, and why.
        covers: What it names.
        at: When it was set (RFC 3339), as the first record of it says.
        seq: The number of that record, or of the newest one that restates it.
        first: The number of the record that set it.
        own: The `auditlog` member.
        unreadable: Whether what it covers was withheld or is malformed: then everything is held.
    """

    __slots__ = ("_identifiers", "at", "by", "covers", "first", "id", "own", "reason", "seq", "unreadable")

    def __init__(self, seq: int, timestamp: object, own: dict[str, object]) -> None:
        self.seq = seq
        self.own = own
        self.id = _text(own.get("id"))
        self.by = _text(own.get("by"))
        self.reason = _text(own.get("reason"))
        again = own.get("restates")
        told = again if isinstance(again, dict) else {}
        self.at = _text(told.get("at")) or _text(timestamp)
        first = told.get("seq")
        self.first = first if isinstance(first, int) and not isinstance(first, bool) else seq
        covers = _covers(own)
        self.unreadable = covers is None
        self.covers = covers or Covers()
        self._identifiers = Identifiers([*self.covers.subject]) if self.covers.subject else None

    @property
    def identifiers(self) -> Identifiers | None:
        """What the person is known by whom it is about."""
        return self._identifiers

    def holds(self, content: dict[str, object]) -> bool:
        """Tell whether a record is held by it. What cannot be known is held: a member that is withheld or missing, too.

        Records of the log about itself have no session and no agent, and are none of what a hold on these names.
        """
        if self.unreadable:
            return True
        covers = self.covers
        if covers.session and not _may_be(covers.session, content, "session_id"):
            return False
        if covers.agent and not _may_be(covers.agent, content, "agent.id", "agent.name"):
            return False
        if covers.since or covers.until:
            moment = times.parse(content.get("timestamp"))
            since, until = times.parse(covers.since), times.parse(covers.until)
            if moment is not None and (
                (since is not None and moment < since) or (until is not None and moment >= until)
            ):
                return False
        if self._identifiers is None:
            return True
        return self._identifiers.in_value({name: each for name, each in content.items() if name not in _NOT_CONTENT})


def flagged(content: dict[str, object]) -> bool:
    """Tell whether a record holds itself: `retention.legal_hold` is true, or was withheld."""
    return any_of(exactly(True), found(content, FLAG)) is not False


def record(
    which: str, name: str, by: str, reason: str, covers: Covers | None = None, armour: str | None = None
) -> dict[str, object]:
    """Return the `auditlog` member of a `hold` or `hold-release` record, but for its type."""
    made: dict[str, object] = {"id": name, "by": by, "reason": reason}
    if which == "hold" and covers is not None:
        made["covers"] = covers.told()
        if covers.subject:
            made["subject"] = [*covers.subject]
    if armour is not None:
        made["sshsig"] = armour
    return made


def message(origin: str, own: dict[str, object]) -> bytes:
    """Return what is signed, under `NAMESPACE`: origin, type, id, who, why, and what is covered as JSON by name.

    >>> message("o", {"type": "hold", "id": "h", "by": "b", "reason": "r", "covers": {"session": ["s"]}})
    b'o\\nhold\\nh\\nb\\nr\\n{"covers":{"session":["s"]},"subject":null}\\n'
    """
    lines = [origin, *(_text(own.get(name)) for name in ("type", "id", "by", "reason"))]
    told = {"covers": own.get("covers"), "subject": own.get("subject")}
    return b"".join(
        (
            *(f"{line}\n".encode("utf-8", "surrogatepass") for line in lines),
            orjson.dumps(told, option=orjson.OPT_SORT_KEYS),
            b"\n",
        )
    )


def _may_be(patterns: tuple[str, ...], content: dict[str, object], *paths: str) -> bool:
    """Whether one of these members is meant, or could be: it is withheld, or no text, or none says anything."""

    def test(value: object) -> bool | None:
        return any(like(value, pattern) for pattern in patterns) if isinstance(value, str) else None

    said = [value for value in (found(content, path) for path in paths) if not is_missing(value)]
    if not said:
        return not isinstance(content.get("auditlog"), dict)
    return any(any_of(test, value) is not False for value in said)


def _covers(own: dict[str, object]) -> Covers | None:
    """What a `hold` record names; None if that cannot be read."""
    told, subject = own.get("covers"), own.get("subject")
    if not isinstance(told, dict) or is_hole(subject) or not {*told} <= {"session", "agent", "since", "until"}:
        return None
    session, agent, person = (_texts(each) for each in (told.get("session"), told.get("agent"), subject))
    limits = [told.get(name, "") for name in ("since", "until")]
    if session is None or agent is None or person is None:
        return None
    if any(not isinstance(limit, str) or (limit and times.parse(limit) is None) for limit in limits):
        return None
    return Covers(session, agent, str(limits[0]), str(limits[1]), person)


def _texts(value: object) -> tuple[str, ...] | None:
    """A list of texts, none of them empty, as a tuple; () where there is none, None for anything else."""
    if value is None:
        return ()
    if not isinstance(value, list) or not value or not all(isinstance(each, str) and each.strip() for each in value):
        return None
    return tuple(value)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
