"""A trace as a tree: the nouns that travel from `tracing` to the renderers.

Times and durations are whole microseconds; instants count from 1970-01-01T00:00:00Z.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.record import Record

EVIDENCE = ("span", "call", "approval", "delegation", "time")
"""What an edge, or the joining of two records, can rest on, strongest first.

    span        the record names its parent's span id (or both records bear the same span id)
    call        the same tool-call id
    approval    the same approval id
    delegation  the delegation chain is one longer than that of the agent above, or that agent names this
                one, or has a call open meanwhile
    time        within the interval of an open call or session of the same agent; of anyone, if it names no agent
"""

MISSING = "missing"
AGENT = "agent"


class Note:
    """Something about a node that a reader has to know.

    Attributes:
        code: Which: a key of `PROBLEMS` or `REMARKS`.
        amount: Microseconds, or how many, as the code says; 0 where it says nothing.
        other: Ids that it is about, out of the log.
    """

    __slots__ = ("amount", "code", "other")

    def __init__(self, code: str, amount: int = 0, other: tuple[str, ...] = ()) -> None:
        self.code = code
        self.amount = amount
        self.other = other

    def __repr__(self) -> str:
        return f"Note({self.code}, {self.amount}, {self.other})"


PROBLEMS = {
    "missing-parent": "a record names a parent that is not in these logs",
    "self-parent": "a record names itself as its parent",
    "cycle": "the parents lead round in a circle; it is cut at the earliest",
    "duplicate": "records with different content bear the same id",
    "parents-differ": "the records of one span name different parents",
    "arguments-differ": "the arguments at the end are not those at the start",
    "no-end": "a start without an end",
    "no-start": "an end without a start",
    "unanswered": "an approval was asked for and never answered",
    "before-parent": "begins before its parent: the clocks disagree, or the parent is wrong",
    "after-parent": "ends after its parent",
    "after-closed": "begins after its parent had ended",
    "ends-before-start": "ends before it starts: the clock was set back",
    "ambiguous-end": "several such calls were open; that this end belongs to the latest is a guess",
    "no-time": "has no time that can be read",
}
"""Codes of notes that make a reader doubt the log or the run, and what they mean."""

REMARKS = {
    "later": "begins after its parent, a single record, was written",
    "repeated": "the same record stands more than once in the logs",
    "restarted": "started more than once",
    "other-trace": "the parent belongs to another trace",
    "resumed": "goes on under another span with the same tool-call id",
}
"""Codes of notes that only explain the drawing."""


class Node:
    """One thing that happened: one span, or one record without a span.

    Attributes:
        records: What the logs say about it, in their order. Empty where `virtual` is set.
        virtual:
            Empty, or why there is no record: `missing`: a parent that is named but not in the logs;
            `agent`: an agent whose records say that it was delegated to, but not by which call.
        trace_id: As the records say; empty if they do not.
        span_id: The same.
        parent_id: The span id that the records name as the parent.
        kind: `action.type`, its synonyms read as `tool_invocation`; `approval` for all kinds of approvals.
        tool: The tool, where it is told.
        agent: The acting agent by id, else by name, else empty.
        chain: The actors of the delegation chain, root first; empty if it is not told in full.
        call_id: The framework's id of the tool call.
        approval_id: Of the approval that this is, or that this was given.
        status: Of the last record; for an approval `approved`, `denied` or `pending`.
        started: Whether `start` was recorded, or follows from a latency.
        ended: Whether an end was recorded.
        closed: Whether start and end were recorded on their own: nothing can happen in it afterwards.
        start: When it began; None if nothing tells.
        end: When it ended; for a start without an end None.
        duration: How long it took: the latency that was measured, else end less start.
        self_time: `duration` less the time in which a child was at work.
        coarse: Whether its times are whole seconds.
        parent: The node above, or None.
        evidence: What the edge to the parent rests on: one of EVIDENCE; empty for a root.
        joined: What the joining of its records rests on; empty for a single record.
        children: In the order of time.
        notes: What has to be said about it.
        order: Where it stands in time: sorts before what came later.
        depth: 1 for a root.
        extent: First and last instant of it and all below it, or None.
        critical: How much of the critical path is its own.
    """

    __slots__ = (
        "agent", "approval_id", "call_id", "chain", "children", "closed", "coarse", "critical", "depth", "duration",
        "end", "ended", "evidence", "extent", "joined", "kind", "notes", "order", "parent", "parent_id", "records",
        "self_time", "span_id", "start", "started", "status", "tool", "trace_id", "virtual",
    )  # fmt: skip

    def __init__(self, trace_id: str = "", span_id: str = "", virtual: str = "") -> None:
        self.records: list[Record] = []
        self.virtual = virtual
        self.trace_id = trace_id
        self.span_id = span_id
        self.parent_id = ""
        self.kind = ""
        self.tool = ""
        self.agent = ""
        self.chain: tuple[str, ...] = ()
        self.call_id = ""
        self.approval_id = ""
        self.status = ""
        self.started = False
        self.ended = False
        self.closed = False
        self.start: int | None = None
        self.end: int | None = None
        self.duration: int | None = None
        self.self_time: int | None = None
        self.coarse = False
        self.parent: Node | None = None
        self.evidence = ""
        self.joined = ""
        self.children: list[Node] = []
        self.notes: list[Note] = []
        self.order: tuple[int, int] = (0, 0)
        self.depth = 1
        self.extent: tuple[int, int] | None = None
        self.critical = 0

    def __repr__(self) -> str:
        return f"Node({self.span_id or self.virtual or '-'}, {self.kind} {self.tool}, {len(self.records)} records)"

    def note(self, code: str, amount: int = 0, other: tuple[str, ...] = ()) -> None:
        """Say something about the node, each code once."""
        if all(each.code != code for each in self.notes):
            self.notes.append(Note(code, amount, other))

    @property
    def is_problem(self) -> bool:
        """Whether a note makes a reader doubt it."""
        return any(note.code in PROBLEMS for note in self.notes)

    @property
    def has_failed(self) -> bool:
        """Whether it failed, was denied or was blocked."""
        return self.status in FAILURES or self.status in DENIALS


FAILURES = frozenset(("error", "timeout"))
DENIALS = frozenset(("denied", "blocked"))


class Gap:
    """A time in which nothing below `node` was at work.

    Attributes:
        node: Between two of its children; None: between two roots.
        before: What ended last before it.
        after: What began after it.
        start: When it began.
        duration: How long it took.
    """

    __slots__ = ("after", "before", "duration", "node", "start")

    def __init__(self, node: Node | None, before: Node, after: Node, start: int, duration: int) -> None:
        self.node = node
        self.before = before
        self.after = after
        self.start = start
        self.duration = duration


class Tally:
    """How many of what there are in a trace.

    Attributes:
        records: Lines.
        nodes: Things that happened; those without a record of their own are not among them.
        calls: Tool calls.
        models: Model calls.
        failed: Nodes that failed or timed out, other than sessions and agents.
        denied: Nodes that were denied or blocked, other than approvals.
        approvals: Approvals that were asked for.
        refused: Of these: answered with no.
        open: Starts without an end, and approvals without an answer.
        problems: Nodes with a note that is in `PROBLEMS`.
    """

    __slots__ = ("approvals", "calls", "denied", "failed", "models", "nodes", "open", "problems", "records", "refused")

    def __init__(self) -> None:
        self.records = self.nodes = self.calls = self.models = self.failed = 0
        self.denied = self.approvals = self.refused = self.open = self.problems = 0


class Trace:
    """The records of one trace, or of one session, as a tree.

    Attributes:
        id: The trace id; for a session, or for records without a trace, the session id; `-` for those without both.
        kind: `trace`, `session` or `none`.
        roots: The nodes without a parent, in the order of time.
        nodes: All nodes, each after its parent, in the order in which they are drawn.
        start: The first instant that is told, or None.
        end: The last one, or None.
        critical:
            The critical path: what the trace waited for at each moment between its start and its end, in
            the order of time, as (node, microseconds). A node occurs once, with all of its share.
        gaps: The longer idle times, in the order of time.
        tally: How many of what there are.
    """

    __slots__ = ("critical", "end", "gaps", "id", "kind", "nodes", "roots", "start", "tally")

    def __init__(self, id: str, kind: str) -> None:  # noqa: A002 - the word on the screen
        self.id = id
        self.kind = kind
        self.roots: list[Node] = []
        self.nodes: list[Node] = []
        self.start: int | None = None
        self.end: int | None = None
        self.critical: list[tuple[Node, int]] = []
        self.gaps: list[Gap] = []
        self.tally = Tally()

    def __repr__(self) -> str:
        return f"Trace({self.id!r}, {self.tally.nodes} nodes, {self.tally.records} records)"

    @property
    def duration(self) -> int | None:
        """From the first instant to the last."""
        return None if self.start is None or self.end is None else self.end - self.start
