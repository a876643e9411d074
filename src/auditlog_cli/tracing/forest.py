"""Nodes with parents become trees: circles are cut, children sorted, every node counted once."""

from __future__ import annotations

from auditlog_cli.tracing import timing
from auditlog_cli.tracing.edges import attach
from auditlog_cli.tracing.facts import APPROVAL, TOOL
from auditlog_cli.tracing.grouping import group
from auditlog_cli.tracing.trees import DENIALS, EVIDENCE, FAILURES, Node, Tally, Trace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditlog_cli.record import Record

_OPEN = frozenset(("no-end", "unanswered"))
_CIRCLE_NAMED = 8  # span ids of a circle that its note lists


def build(records: Iterable[Record], id: str, kind: str = "trace") -> Trace:  # noqa: A002 - the word on the screen
    """Return the records of one trace, or of one session, as a tree.

    Args:
        records: In the order of the logs. Each ends up in exactly one node.
        id: The trace id or the session id, for the header.
        kind: `trace` or `session`.

    Time and memory are linear in the records, but for sorting.
    """
    trace = Trace(id, kind)
    nodes = attach(group(records))
    _resumed(nodes)
    _cut_circles(nodes)
    for node in nodes:
        (trace.roots if node.parent is None else node.parent.children).append(node)
    trace.roots.sort(key=_order)
    for node in nodes:
        if len(node.children) > 1:
            node.children.sort(key=_order)
    trace.nodes = _preorder(trace.roots)
    timing.measure(trace)
    trace.tally = _tally(trace.nodes)
    return trace


def _order(node: Node) -> tuple[int, int]:
    return node.order


def _preorder(roots: list[Node]) -> list[Node]:
    found: list[Node] = []
    stack = list(reversed(roots))
    while stack:
        node = stack.pop()
        found.append(node)
        for child in reversed(node.children):
            child.depth = node.depth + 1
            stack.append(child)
    return found


def _cut_circles(nodes: list[Node]) -> None:
    """Cut every circle of parents: at its weakest edge, or, where all are told by span ids, at its earliest node."""
    done: set[Node] = set()
    for begin in nodes:
        path: dict[Node, None] = {}
        node: Node | None = begin
        while node is not None and node not in done and node not in path:
            path[node] = None
            node = node.parent
        if node is not None and node in path:
            members = list(path)
            circle = members[members.index(node) :]
            _cut(circle)
        done.update(path)


def _cut(circle: list[Node]) -> None:
    weakest = max(circle, key=lambda node: EVIDENCE.index(node.evidence))
    if weakest.evidence == "span":
        weakest = min(circle, key=_order)
        ids = tuple(node.span_id for node in circle[:_CIRCLE_NAMED])
        weakest.note("cycle", len(circle), ids)
    weakest.parent, weakest.evidence = None, ""


def _resumed(nodes: list[Node]) -> None:
    """Say of a call without an end where the same call goes on: a run that waited for an approval is a new run."""
    waiting = [node for node in nodes if node.call_id and any(note.code == "no-end" for note in node.notes)]
    if not waiting:
        return
    ended: dict[tuple[str, str], Node] = {}
    for node in nodes:
        if node.kind == TOOL and node.call_id and node.ended:
            ended.setdefault((node.tool, node.call_id), node)
    for node in waiting:
        later = ended.get((node.tool, node.call_id))
        if later is not None and later.order > node.order and later.span_id:
            node.note("resumed", 0, (later.span_id,))


def _tally(nodes: list[Node]) -> Tally:
    tally = Tally()
    for node in nodes:
        tally.records += len(node.records)
        tally.nodes += not node.virtual
        tally.calls += node.kind == TOOL
        tally.models += node.kind == "llm_call"
        if node.kind == APPROVAL:
            tally.approvals += 1
            tally.refused += node.status in DENIALS
        elif node.kind != "lifecycle":
            tally.failed += node.status in FAILURES
            tally.denied += node.status in DENIALS
        tally.open += any(note.code in _OPEN for note in node.notes)
        tally.problems += node.is_problem
    return tally
