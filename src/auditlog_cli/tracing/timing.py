"""How long: extents, self time, clock skew, the critical path, gaps. Clocks are never trusted to agree."""

from __future__ import annotations

from auditlog_cli.tracing.trees import Gap, Node, Trace

_TOLERANCE = 1_000  # microseconds: what rounding to milliseconds can do
_COARSE_TOLERANCE = 1_000_000  # what whole seconds can do
_GAP_SHARE = 10  # a gap is worth a line if it is at least this part of the whole
_SHORTEST_GAP = 1_000
_GAPS_KEPT = 100


def measure(trace: Trace) -> None:
    """Fill in all times of a trace whose nodes have their places."""
    for node in reversed(trace.nodes):  # children before parents
        _extent(node)
        _self_time(node)
    for node in trace.nodes:
        if node.parent is not None:
            _skew(node, node.parent)
    spans = [root.extent for root in trace.roots if root.extent is not None]
    if not spans:
        return
    trace.start, trace.end = min(start for start, _ in spans), max(end for _, end in spans)
    _critical_path(trace)
    _gaps(trace)


def _extent(node: Node) -> None:
    known = [child.extent for child in node.children if child.extent is not None]
    own = [instant for instant in (node.start, node.end) if instant is not None]
    starts, ends = [start for start, _ in known] + own, [end for _, end in known] + own
    node.extent = (min(starts), max(ends)) if starts else None


def _self_time(node: Node) -> None:
    if node.duration is None or node.start is None or node.end is None:
        return
    busy, reached = 0, node.start
    for start, end in sorted(child.extent for child in node.children if child.extent is not None):
        start, end = max(start, reached), min(end, node.end)
        if end > start:
            busy += end - start
            reached = end
    node.self_time = max(node.duration - busy, 0)


def _skew(node: Node, parent: Node) -> None:
    """Name what cannot be, or should not: a child outside of its parent's time."""
    if node.start is None or parent.start is None or node.evidence in ("time", "approval"):
        return
    tolerance = _COARSE_TOLERANCE if node.coarse or parent.coarse else _TOLERANCE
    if parent.started and node.start < parent.start - tolerance:
        node.note("before-parent", parent.start - node.start)
    if parent.end is None or not parent.started or parent.end < parent.start:
        return
    if node.start > parent.end + tolerance:
        node.note("after-closed" if parent.closed else "later", node.start - parent.end)
    elif node.end is not None and node.end > parent.end + tolerance:
        node.note("after-parent", node.end - parent.end)


def _critical_path(trace: Trace) -> None:
    """Walk from the end back to the start: what was at work last before each moment, as deep as it is told.

    Source: the last-finishing-child rule of critical-path tracing (CRISP, USENIX ATC 2022, section 3).
    """
    assert trace.end is not None
    shares: dict[Node, int] = {}
    firsts: dict[Node, int] = {}
    # One entry for each node on the way down: the node, where the walk stands, its children yet to look at.
    stack: list[tuple[Node | None, int, list[Node]]] = [(None, trace.end, _by_end(trace.roots))]
    while stack:
        node, cursor, left = stack.pop()
        child = None
        while left:
            child = left.pop()
            assert child.extent is not None
            if child.extent[0] < cursor:
                break
            child = None
        floor = node.extent[0] if node is not None and node.extent is not None else trace.start or 0
        if child is None or child.extent is None:
            _share(shares, firsts, node, floor, cursor)
            continue
        end = min(child.extent[1], cursor)
        _share(shares, firsts, node, end, cursor)
        stack.append((node, max(child.extent[0], floor), left))
        stack.append((child, end, _by_end(child.children)))
    trace.critical = [(node, shares[node]) for node in sorted(shares, key=lambda each: (firsts[each], each.depth))]
    for node, share in trace.critical:
        node.critical = share


def _by_end(nodes: list[Node]) -> list[Node]:
    """The nodes that take any time, the one that ends last at the end of the list."""
    timed = [node for node in nodes if node.extent is not None and node.extent[1] > node.extent[0]]
    return sorted(timed, key=lambda node: (node.extent or (0, 0))[1])


def _share(shares: dict[Node, int], firsts: dict[Node, int], node: Node | None, start: int, end: int) -> None:
    if node is not None and end > start:
        shares[node] = shares.get(node, 0) + end - start
        firsts[node] = min(start, firsts.get(node, start))


def _gaps(trace: Trace) -> None:
    whole = trace.duration or 0
    shortest = max(whole // _GAP_SHARE, _SHORTEST_GAP)
    found = _between(None, trace.roots, shortest)
    for node in trace.nodes:
        if len(node.children) > 1:
            found += _between(node, node.children, shortest)
    found.sort(key=lambda gap: -gap.duration)
    trace.gaps = sorted(found[:_GAPS_KEPT], key=lambda gap: (gap.start, -gap.duration))


def _between(node: Node | None, children: list[Node], shortest: int) -> list[Gap]:
    found: list[Gap] = []
    before: Node | None = None
    reached = 0
    timed = [child for child in children if child.extent is not None]
    for child in sorted(timed, key=lambda each: each.extent or (0, 0)):
        assert child.extent is not None
        start, end = child.extent
        if before is not None and start - reached >= shortest:
            tolerance = _COARSE_TOLERANCE if child.coarse or before.coarse else 0
            if start - reached > tolerance:
                found.append(Gap(node, before, child, reached, start - reached))
        if before is None or end > reached:
            before, reached = child, end
    return found
