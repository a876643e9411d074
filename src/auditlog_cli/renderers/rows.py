"""The lines of a drawing: nodes, and folds in place of nodes that are only counted."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditlog_cli.tracing.trees import Node, Trace

_FEW = 40  # nodes that are drawn whole: a screen


class Fold:
    """Nodes that are counted in place of being drawn.

    Attributes:
        count: How many, all levels together.
        sample: The first of them, for its name.
        same: Whether all of them that stand side by side are the same call with the same end.
        siblings: How many stand side by side; 0 where levels are folded.
        levels: How many levels are folded; 0 where siblings are.
        failed: How many of all failed.
        denied: How many were denied or blocked.
        noted: How many have a note that makes a reader doubt the log.
    """

    __slots__ = ("count", "denied", "failed", "levels", "noted", "same", "sample", "siblings")

    def __init__(self, sample: Node, *, levels: int = 0) -> None:
        self.sample = sample
        self.levels = levels
        self.same = True
        self.count = self.siblings = self.failed = self.denied = self.noted = 0


class Row:
    """One line of the drawing: a node or a fold, how deep it stands, and whether a sibling follows.

    Attributes:
        node: The node, or None for a fold.
        fold: What is folded here, or None.
        level: 0 for a root. Where levels above are folded it is less than the node's depth.
        last: Whether it is the last of its siblings.
        above: The node whose branch it stands on, or None.
        has_below: Whether something is drawn below it.
    """

    __slots__ = ("above", "fold", "has_below", "last", "level", "node")

    def __init__(self, node: Node | None, fold: Fold | None, level: int, last: bool, above: Node | None) -> None:
        self.node = node
        self.fold = fold
        self.level = level
        self.last = last
        self.above = above
        self.has_below = False


def rows(trace: Trace, *, depth: int | None = None, everything: bool = False, marked: Node | None = None) -> list[Row]:
    """Return the lines of the drawing.

    Args:
        trace: What is drawn.
        depth: How many levels; None: as many as make sense.
        everything: Fold nothing, but for `depth`.
        marked: A node that must be seen.
    """
    whole = everything or len(trace.nodes) <= _FEW
    if depth is None and whole:
        return _all(trace)
    from auditlog_cli.renderers import folding

    return folding.rows(trace, depth, whole=whole, marked=marked)


def _all(trace: Trace) -> list[Row]:
    found = []
    for node in trace.nodes:
        siblings = trace.roots if node.parent is None else node.parent.children
        row = Row(node, None, node.depth - 1, node is siblings[-1], node.parent)
        row.has_below = bool(node.children)
        found.append(row)
    return found


def linked(rows: list[Row], numbers: Iterator[int]) -> Iterator[tuple[int, Row, int]]:
    """Yield each line of a graph: its number, the line, and the number of the one that it hangs on; 0 if on none.

    Args:
        rows: The lines of one tree.
        numbers: From 1 on; the same for all trees of the graph.
    """
    drawn: dict[Node | None, int] = {None: 0}
    fold = 0
    for row in rows:
        number = next(numbers)
        above = fold or drawn.get(row.above, 0)
        fold = number if row.fold is not None and row.has_below else 0
        if row.node is not None:
            drawn[row.node] = number
        yield number, row, above


def way(node: Node) -> list[Row]:
    """Return the lines of a node and its parents, from the root down."""
    nodes = sorted(way_to(node), key=lambda each: each.depth)
    found = [Row(each, None, place, True, each.parent) for place, each in enumerate(nodes)]
    for row in found[:-1]:
        row.has_below = True
    return found


def way_to(marked: Node | None) -> set[Node]:
    """Return a node and all above it."""
    way: set[Node] = set()
    while marked is not None:
        way.add(marked)
        marked = marked.parent
    return way
