"""Which traces there are: one short summary each, so that memory grows with the traces and not with the records.

Names that many traces share are interned: one text for an agent, however many traces it acted in.
"""

from __future__ import annotations

from sys import intern

from auditlog_cli.fields import is_hole
from auditlog_cli.tracing.facts import APPROVAL, TOOL, Fact, text
from auditlog_cli.tracing.search import NO_ID, has_no_id
from auditlog_cli.tracing.trees import DENIALS, FAILURES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.record import Record

_AGENTS_KEPT = 8


class Summary:
    """One trace; or a session's records that name no trace; or all records that name neither.

    Attributes:
        id: The trace id, or the session id, or `-`.
        kind: `trace`, `session` or `none`.
        session: The session id of its first record.
        user: The first one named: e-mail, else id, else name; None if that is withheld, empty if nobody is.
        agents: The acting agents by name, else id, in the order of their first act; the first few.
        more_agents: Whether there are more.
        start: The earliest instant, microseconds since the epoch, or None.
        end: The latest one.
        records: How many there are.
        calls: Tool calls; a start and its end are one.
        failed: Records that ended in an error or a timeout, those of sessions and agents aside.
        denied: Records that ended in `denied` or `blocked`, answers to approvals aside.
        approvals: Approvals that were answered.
        wanted: Whether the selection wants one of its records.
    """

    __slots__ = (
        "_ends", "_starts", "agents", "approvals", "denied", "end", "failed", "id", "kind", "more_agents", "records",
        "session", "start", "user", "wanted",
    )  # fmt: skip

    def __init__(self, id: str, kind: str) -> None:  # noqa: A002 - the word on the screen
        self.id = id
        self.kind = kind
        self.session = ""
        self.user: str | None = ""
        self.agents: tuple[str, ...] = ()
        self.more_agents = False
        self.start: int | None = None
        self.end: int | None = None
        self.records = self.failed = self.denied = self.approvals = 0
        self.wanted = False
        self._starts = self._ends = 0

    @property
    def calls(self) -> int:
        """Tool calls. Without looking at ids: as many as there are starts, or ends, whichever are more."""
        return max(self._starts, self._ends)

    @property
    def duration(self) -> int | None:
        """From the first instant to the last, microseconds."""
        return None if self.start is None or self.end is None else self.end - self.start

    def add(self, record: Record) -> None:
        """Count a record in."""
        fact = Fact(record, 0)
        self.records += 1
        self.session = self.session or intern(text(record.content.get("session_id")))
        if self.user == "":
            user = _user(record.content.get("user"))
            self.user = user and intern(user)
        self._agent(record.content.get("agent"))
        if fact.time is not None:
            start = end = fact.time
            if fact.role == "whole" and fact.imported:
                end += fact.latency or 0
            elif fact.role == "whole":
                start -= fact.latency or 0
            self.start = start if self.start is None else min(self.start, start)
            self.end = end if self.end is None else max(self.end, end)
        if fact.kind == TOOL:
            self._starts += fact.role != "end"
            self._ends += fact.role != "start"
        if fact.kind == APPROVAL:
            self.approvals += fact.role == "end"
        elif fact.kind != "lifecycle":
            self.failed += fact.status in FAILURES
            self.denied += fact.status in DENIALS

    def _agent(self, agent: object) -> None:
        name = text(agent.get("name")) or text(agent.get("id")) if isinstance(agent, dict) else text(agent)
        if name and name not in self.agents:
            if len(self.agents) < _AGENTS_KEPT:
                self.agents = (*self.agents, intern(name))
            else:
                self.more_agents = True


def _user(user: object) -> str | None:
    if is_hole(user):
        return None
    if not isinstance(user, dict):
        return text(user)
    members = [user.get(name) for name in ("email", "id", "name")]
    said = next((text(member) for member in members if text(member)), "")
    return said or (None if any(map(is_hole, members)) else "")


class Listing:
    """Takes records, and knows the traces they belong to."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Summary] = {}

    def add(self, record: Record, *, wanted: bool = True) -> None:
        """Count a record in.

        Args:
            wanted: Whether the trace is to be listed for this record's sake.
        """
        kind, id_ = trace_of(record)
        found = self._found.get((kind, id_))
        if found is None:
            found = self._found[kind, id_] = Summary(id_, kind)
        found.add(record)
        found.wanted = found.wanted or wanted

    def summaries(self) -> list[Summary]:
        """Return the wanted ones, the one that began last first, those without any time last."""
        wanted = [each for each in reversed(self._found.values()) if each.wanted]
        return sorted(wanted, key=lambda each: 1 << 62 if each.start is None else -each.start)


def trace_of(record: Record) -> tuple[str, str]:
    """Return kind and id of the trace that a record is listed with; see `Summary`."""
    kind, id_ = "trace", text(record.content.get("trace_id"))
    if not id_:
        kind, id_ = "session", text(record.content.get("session_id"))
    if not id_ or (id_ == NO_ID and has_no_id(record)):
        return "none", NO_ID
    return kind, id_
