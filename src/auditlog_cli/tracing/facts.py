"""What one record says that decides where it stands in the tree. Nothing is guessed; what is withheld is unknown."""

from __future__ import annotations

from sys import intern

from auditlog_cli import times

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.record import Record

TOOL = "tool_invocation"
APPROVAL = "approval"
_TOOL_TYPES = frozenset((TOOL, "tool_call", "tool_use"))
_SHARED = ("agent", "kind", "parent", "span", "status", "tool", "trace")
_LONGEST_MS = 1e14  # more than 3,000 years: no latency
_BEGINNINGS = ("_start", "_begin", "_started")
_ENDINGS = ("_end", "_ended", "_finished", "_completed")
_RESULTS = frozenset(("tool_result", "tool_output", "tool_response", "tool_error"))
_ANSWERS = {"success": "approved", "granted": "approved"}


class Fact:
    """One record, taken apart.

    Attributes:
        record: The record.
        position: Its place among the records of the tree.
        kind: `action.type` without its synonyms; the stem, where a foreign word tells the phase (`crew_start`).
        role: `start`, `end`, or `whole` for a record that stands for all of it.
        worded: Whether the role follows from such a word only: without a partner the record stands for itself.
        time: Its timestamp, or None.
        latency: What it says that it took, microseconds, or None.
        coarse: Whether the timestamp is in whole seconds.
        imported: Whether the record was imported: one that stands for all of an act then bears the time at which it
            began (frameworks.md, 10.1); ours are written when it is over.
    """

    __slots__ = (
        "_chain", "agent", "approval", "call", "coarse", "imported", "kind", "latency", "parent", "position", "record",
        "role", "span", "status", "time", "tool", "trace", "worded",
    )  # fmt: skip

    def __init__(self, record: Record, position: int) -> None:
        content = record.content
        action = content.get("action")
        if not isinstance(action, dict):
            action = {}
        self.record = record
        self.position = position
        self.trace = text(content.get("trace_id"))
        self.span = text(content.get("span_id"))
        self.parent = text(content.get("parent_span_id"))
        self.call = text(action.get("call_id"))
        self.tool = text(action.get("tool"))
        self.status = text(action.get("result_status"))
        agent = content.get("agent")
        if isinstance(agent, dict):
            self.agent = text(agent.get("id")) or text(agent.get("name"))
        else:
            self.agent = text(agent)
        approval = content.get("approval")
        self.approval = text(approval.get("id")) if isinstance(approval, dict) else ""
        stamp = content.get("timestamp")
        self.time = times.parse(stamp)
        self.coarse = isinstance(stamp, str) and "." not in stamp
        provenance = content.get("provenance")
        self.imported = isinstance(provenance, dict) and "import" in provenance
        latency = action.get("latency_ms")
        self.latency: int | None = None
        if isinstance(latency, (int, float)) and not isinstance(latency, bool) and 0 <= latency < _LONGEST_MS:
            self.latency = round(latency * 1000)
        self._chain: tuple[str, ...] | None = None
        self.worded = False
        self.kind = text(action.get("type"))
        phase = action.get("phase")
        self.role = phase if phase in ("start", "end") else "whole"
        if self.kind in _TOOL_TYPES:
            self.kind = TOOL
            if record.shape == "tutorial" and self.role == "whole":
                self._may_have_a_result("result" in action)
        elif self.kind.startswith(APPROVAL):
            self._as_approval(approval)
        elif self.role == "whole" and record.shape != "auditlog":
            self._phase_of_word()

    def _as_approval(self, approval: object) -> None:
        self.kind = APPROVAL
        said = text(approval.get("status")) if isinstance(approval, dict) else ""
        self.status = said or _ANSWERS.get(self.status, self.status)
        self.role = "start" if self.status == "pending" else "end"

    def _may_have_a_result(self, has_result: bool) -> None:
        """The tutorial writes the call before it is made; its result, if any, comes as an event of its own."""
        if text(self.record.stored.get("event_type")).lower() in _RESULTS:
            self.role = "end"
            self.worded = True
        elif not has_result and not self.status and self.latency is None:
            self.role = "start"
            self.worded = True

    def _phase_of_word(self) -> None:
        """AgentAudit and the tutorial's kind of log tell the phase by the event's name."""
        if self.kind in _RESULTS:
            self.kind, self.role = TOOL, "end"
            return
        for role, endings in (("start", _BEGINNINGS), ("end", _ENDINGS)):
            for ending in endings:
                if self.kind.endswith(ending) and len(self.kind) > len(ending):
                    self.kind = self.kind[: -len(ending)]
                    self.role = role
                    self.worded = True
                    return

    @property
    def chain(self) -> tuple[str, ...]:
        """The actors of the delegation chain, root first; empty if it is not told in full."""
        if self._chain is None:
            self._chain = _chain(self.record.content.get("delegation_chain"))
        return self._chain

    def settle(self) -> None:
        """Need the record no longer, and hold texts of which a trace has few only once."""
        self._chain = tuple(map(intern, self.chain))
        for name in _SHARED:
            setattr(self, name, intern(getattr(self, name)))

    @property
    def has_own_id(self) -> bool:
        """Whether a missing parent means "a root": a span id that the writer gave, not merely the record's id."""
        return bool(self.span) and self.record.shape != "agentaudit"


def text(value: object) -> str:
    """Return a text or a number as text; anything else, a withheld value too, as an empty text."""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return ""


def _chain(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    actors = tuple(text(link.get("actor")) if isinstance(link, dict) else "" for link in value)
    return actors if all(actors) else ()


def says_the_same(one: Record, other: Record) -> bool:
    """Tell whether two records have the same content, their place in a log aside."""
    return one.content is other.content or _bare(one.content) == _bare(other.content)


_PLACE = frozenset(("record_id", "source", "seq", "prev", "_salts", "provenance"))


def _bare(content: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in content.items() if name not in _PLACE}


def argument_value(record: Record) -> object:
    """Return `action.arguments`, or None."""
    action = record.content.get("action")
    return action.get("arguments") if isinstance(action, dict) else None


def has_hole(value: object) -> bool:
    """Tell whether something in `value` was withheld."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            if "_redacted" in item:
                return True
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
    return False
