"""The nouns of evaluation: where something stands, what was found there, how often (compliance.md, 7.2, 7.4)."""

from __future__ import annotations

from hashlib import sha256
from sys import intern
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auditlog_cli.record import Line
    from auditlog_cli.rules.binding import Bound


class Place:
    """A line of a log, and what identifies the record on it.

    Attributes:
        source: The file as the user named it; `-` for standard input.
        line: Counted from 1; 0 if not known.
        offset: Bytes from the start of the (decompressed) file.
        seq: Its number in a sealed log, or None.
        record_id, timestamp, session_id, trace_id, agent, user: As they stand in the record; empty where they do not.
        anchor: What names the record in fingerprints: its `record_id`, else its leaf, else the SHA-256 of the line.
        log: The log that the file is a segment of; the same for all its segments.
        said: Messages of correlations about this record, made while its values were at hand; mostly None.
    """

    __slots__ = (
        "agent", "anchor", "line", "log", "offset", "record_id", "said", "seq", "session_id", "source",
        "timestamp", "trace_id", "user",
    )  # fmt: skip

    def __init__(
        self,
        source: str = "",
        line: int = 0,
        offset: int = 0,
        *,
        seq: int | None = None,
        record_id: str = "",
        timestamp: str = "",
        session_id: str = "",
        trace_id: str = "",
        agent: str = "",
        user: str = "",
        anchor: str = "",
        log: str = "",
    ) -> None:
        self.source = source
        self.line = line
        self.offset = offset
        self.seq = seq
        self.record_id = record_id
        self.timestamp = timestamp
        self.session_id = session_id
        self.trace_id = trace_id
        self.agent = agent
        self.user = user
        self.anchor = anchor
        self.log = log or source
        self.said: dict[int, dict[str, str]] | None = None

    @property
    def place(self) -> Place:
        """Itself: see `Spot`."""
        return self

    def __repr__(self) -> str:
        return f"Place({self.source}:{self.line})"


class Spot:
    """A record of which a place is made only if somebody wants to keep one: of most records nobody does.

    Attributes:
        line: Its line.
        content: The record.
        log: As of a place.
    """

    __slots__ = ("_place", "content", "line", "log")

    def __init__(self, line: Line, content: dict[str, Any], log: str) -> None:
        self.line = line
        self.content = content
        self.log = log
        self._place: Place | None = None

    @property
    def place(self) -> Place:
        """The place, made when it is first asked for."""
        if self._place is None:
            content, line = self.content, self.line
            agent, user = content.get("agent"), content.get("user")
            place = self._place = Place(line.path, line.number, line.offset, log=self.log)
            seq, record_id = content.get("seq"), text(content.get("record_id"))
            if seq.__class__ is int:
                place.seq = seq
            place.record_id = record_id
            place.timestamp = text(content.get("timestamp"))
            place.session_id = text(content.get("session_id"))
            place.trace_id = text(content.get("trace_id"))
            if isinstance(agent, dict):
                place.agent = intern(text(agent.get("id")))  # agents and users are few, places many
            if isinstance(user, dict):
                place.user = intern(text(user.get("id")))
            place.anchor = record_id or sha256(line.raw).hexdigest()
        return self._place


class Fact:
    """Something that a rule found.

    Attributes:
        bound: The rule, with its policy.
        message: One sentence; no value out of arguments, results, prompts, responses, messages or metadata.
        path: The dotted path that is shown.
        pointer: The same as a JSON pointer (RFC 6901).
        place: The anchor record.
        entity: What a detector found there, or empty.
        start, end: Where in the text (code points), for an entity; else None.
        group: Values of the group key.
        related: The other records, in time order.
    """

    __slots__ = ("bound", "end", "entity", "group", "message", "path", "place", "pointer", "related", "start")

    def __init__(
        self,
        bound: Bound,
        message: str,
        path: str,
        pointer: str,
        place: Place,
        *,
        entity: str = "",
        start: int | None = None,
        end: int | None = None,
        group: tuple[str, ...] = (),
        related: tuple[Place, ...] = (),
    ) -> None:
        self.bound = bound
        self.message = message
        self.path = path
        self.pointer = pointer
        self.place = place
        self.entity = entity
        self.start = start
        self.end = end
        self.group = group
        self.related = related

    def __repr__(self) -> str:
        return f"Fact({self.bound.rule.id}, {self.place}, {self.pointer})"


class Tally:
    """How often a rule was asked, and what came of it.

    Attributes:
        in_scope: Records (or groups, or lines) that it judged.
        withheld: Records that it could not judge, because a value was withheld.
        open: Records whose time is not up yet.
        left_out: Records without the key by which they are grouped, or without a time that a window needs.
        exhausted: Whether it ended before the log did, for want of room (`--max-state`) or order.
        findings: Facts.
        why: Why nothing was judged, if the rule can say; else empty.
    """

    __slots__ = ("exhausted", "findings", "in_scope", "left_out", "open", "why", "withheld")

    def __init__(self) -> None:
        self.in_scope = 0
        self.withheld = 0
        self.open = 0
        self.left_out = 0
        self.exhausted = False
        self.findings = 0
        self.why = ""

    def add(self, other: Tally) -> None:
        """Add what another run over other records came to."""
        for name in ("in_scope", "withheld", "open", "left_out", "findings"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.exhausted = self.exhausted or other.exhausted
        self.why = self.why or other.why

    def __repr__(self) -> str:
        return f"Tally({ {name: getattr(self, name) for name in self.__slots__} })"


def pointer(path: str) -> str:
    """Return a dotted path as a JSON pointer.

    >>> pointer("delegation_chain.0.actor")
    '/delegation_chain/0/actor'
    """
    return "".join(f"/{name.replace('~', '~0').replace('/', '~1')}" for name in path.split(".")) if path else ""


def text(value: Any) -> str:
    """Return an id as text, empty where it is none."""
    return value if isinstance(value, str) else ""
