"""Nodes become trees: each gets its parent by the strongest evidence it has (trees.EVIDENCE), circles are cut,
children sorted, every node counted once."""

from __future__ import annotations

from auditlog_cli.tracing import timing
from auditlog_cli.tracing.facts import APPROVAL, TOOL
from auditlog_cli.tracing.grouping import group
from auditlog_cli.tracing.trees import DENIALS, EVIDENCE, FAILURES, MISSING, Node, Tally, Trace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditlog_cli.record import Record
    from auditlog_cli.tracing.grouping import Draft, Groups

_OPEN = frozenset(("no-end", "unanswered"))
_CIRCLE_NAMED = 8  # span ids of a circle that its note lists


def build(records: Iterable[Record], id: str, kind: str = "trace") -> Trace:  # noqa: A002 - the word on the screen
    """Return the records of one trace, or of one session, as a tree.

    Args:
        records: In the order of the logs. Each ends up in exactly one node.
        id: The trace id or the session id, for the header.
        kind: `trace`, `session` or `none`.

    Time and memory are linear in the records, but for sorting.
    """
    trace = Trace(id, kind)
    nodes = _attach(group(records))
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


def _attach(groups: Groups) -> list[Node]:
    """Give every node its parent, where something tells it; return all nodes, those made up for parents
    that are not in the logs included.

    A parent id counts most, even where it leads nowhere: a node whose parent is missing is never put
    elsewhere on weaker evidence. A record with a span id and without a parent says that it is a root; only
    a tool-call id, an approval's id or the delegation chain can say more.
    """
    missing: dict[tuple[str, str], Node] = {}
    anywhere = {span: draft for (_, span), draft in reversed(groups.by_span.items())}
    unplaced: list[Draft] = []
    for draft in groups.drafts:
        node = draft.node
        main = groups.inside.get(draft)
        if main is not None:
            _hang(node, main.node, "span")
        elif node.parent_id:
            above = groups.by_span.get((node.trace_id, node.parent_id))
            if above is None and node.parent_id in anywhere:
                above = anywhere[node.parent_id]
                node.note("other-trace", 0, (above.node.trace_id,))
            if above is not None and above is not draft:
                _hang(node, above.node, "span")
            else:
                _hang(node, _missing(missing, node), "span")
        elif not any(note.code == "self-parent" for note in node.notes):
            unplaced.append(draft)
    _by_ids(groups, unplaced)
    nodes = [draft.node for draft in groups.drafts]
    rest = [draft for draft in unplaced if draft.node.parent is None]
    # A span id without a parent says "a root"; only a chain of delegation can say more.
    if len(nodes) > 1 and any(not draft.facts[0].has_own_id or len(draft.node.chain) > 2 for draft in rest):
        from auditlog_cli.tracing.guessing import Guesses

        guesses = Guesses(groups.drafts)
        guesses.place({draft.node: draft.facts[0].has_own_id for draft in rest})
        nodes += guesses.made
    return nodes + list(missing.values())


def _hang(node: Node, parent: Node, evidence: str) -> None:
    node.parent = parent
    node.evidence = evidence


def _missing(missing: dict[tuple[str, str], Node], node: Node) -> Node:
    key = (node.trace_id, node.parent_id)
    found = missing.get(key)
    if found is None:
        found = missing[key] = Node(node.trace_id, node.parent_id, MISSING)
        found.order = node.order
        found.note("missing-parent", 0, (node.parent_id,))
    found.order = min(found.order, node.order)
    return found


def _by_ids(groups: Groups, unplaced: list[Draft]) -> None:
    """Place what bears the id of a tool call or of an approval that some other node bears, too."""
    wanted = [draft.node for draft in unplaced if draft.node.call_id or draft.node.approval_id]
    if not wanted:
        return
    calls: dict[tuple[str, str], Node] = {}
    approved: dict[tuple[str, str], Node] = {}
    for draft in groups.drafts:
        node = draft.node
        if node.kind == TOOL and node.call_id:
            _earliest(calls, (node.trace_id, node.call_id), node)
        if node.kind != APPROVAL and node.approval_id:
            _earliest(approved, (node.trace_id, node.approval_id), node)
    for node in wanted:
        owner = calls.get((node.trace_id, node.call_id)) if node.call_id else None
        evidence = "call"
        if (owner is None or owner is node) and node.kind == APPROVAL and node.approval_id:
            owner, evidence = approved.get((node.trace_id, node.approval_id)), "approval"
        if owner is None or owner is node:
            continue
        if node.kind != TOOL or node.agent != owner.agent:
            _hang(node, owner, evidence)


def _earliest(known: dict[tuple[str, str], Node], key: tuple[str, str], node: Node) -> None:
    if key not in known or node.order < known[key].order:
        known[key] = node
