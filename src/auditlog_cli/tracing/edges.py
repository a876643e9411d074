"""What hangs under what, and what says so: the strongest evidence that a node has decides (trees.EVIDENCE)."""

from __future__ import annotations

from auditlog_cli.tracing.facts import APPROVAL, TOOL
from auditlog_cli.tracing.guessing import Guesses
from auditlog_cli.tracing.trees import MISSING, Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.tracing.grouping import Draft, Groups


def attach(groups: Groups) -> list[Node]:
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
    if len(rest) > 1 or len(nodes) > len(rest):
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
