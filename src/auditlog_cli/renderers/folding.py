"""Which nodes of a trace are drawn, and where others are only counted. Nothing is left out without a number.

Small traces are drawn whole (`rows`). In larger ones runs of the same call fold, long lists keep their beginning,
their end and what went wrong between them, and deep trees end at a depth; the way to a marked node is always
drawn.
"""

from __future__ import annotations

from auditlog_cli.renderers.rows import Fold, Row, way_to
from auditlog_cli.tracing.trees import DENIALS, FAILURES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.tracing.trees import Node, Trace

    Signature = tuple[object, ...]

_LEVELS = 12  # of a larger trace, if that makes no more than
_MANY = 300  # rows
_RUN = 5  # the same call so often in a row is a run
_RUN_HEAD, _RUN_TAIL = 2, 1
_WIDE = 30  # so many children are too many
_WIDE_HEAD, _WIDE_TAIL, _WIDE_KEPT = 14, 4, 10
_LONG_WAY = 8  # levels below the last one drawn, to a marked node
_END_OF_WAY = 3


class _Sizes:
    """For each node how many there are from it downwards, and how many of them a reader wants to see."""

    __slots__ = ("denied", "failed", "levels", "noted", "size", "trouble")

    def __init__(self, trace: Trace) -> None:
        self.size: dict[Node, int] = {}
        self.trouble: dict[Node, int] = {}
        self.levels: dict[Node, int] = {}
        self.failed: dict[Node, int] = {}
        self.denied: dict[Node, int] = {}
        self.noted: dict[Node, int] = {}
        for node in reversed(trace.nodes):
            below = node.children
            self.size[node] = 1 + sum(self.size[child] for child in below)
            self.levels[node] = 1 + max((self.levels[child] for child in below), default=0)
            self.failed[node] = (node.status in FAILURES) + sum(self.failed[child] for child in below)
            self.denied[node] = (node.status in DENIALS) + sum(self.denied[child] for child in below)
            self.noted[node] = node.is_problem + sum(self.noted[child] for child in below)
            interesting = node.has_failed or node.is_problem or node.kind == "approval"
            self.trouble[node] = interesting + sum(self.trouble[child] for child in below)

    def fold(self, nodes: list[Node], *, levels: int = 0, but: Node | None = None) -> Fold:
        """What folding `nodes`, and all below them, leaves out; `but` a part of it."""
        fold = Fold(nodes[0], levels=levels)
        signature = _signature(nodes[0])
        for node in nodes:
            fold.count += self.size[node]
            fold.failed += self.failed[node]
            fold.denied += self.denied[node]
            fold.noted += self.noted[node]
            fold.same = fold.same and _signature(node) == signature
        fold.siblings = 0 if levels else len(nodes)
        if but is not None:
            fold.count -= self.size[but]
            fold.failed -= self.failed[but]
            fold.denied -= self.denied[but]
            fold.noted -= self.noted[but]
        return fold


class _TooMany(Exception):
    """The drawing would be longer than somebody reads."""


def rows(trace: Trace, depth: int | None, *, whole: bool, marked: Node | None) -> list[Row]:
    """Return the lines of the drawing.

    Args:
        trace: What is drawn.
        depth: How many levels; None: as many as make sense.
        whole: Draw all siblings.
        marked: A node that must be seen, or None.
    """
    sizes = _Sizes(trace)
    if depth is not None:
        return _rows(trace, sizes, depth, whole=whole, marked=marked, most=0)
    for levels in range(_LEVELS, 2, -1):
        try:
            return _rows(trace, sizes, levels, whole=False, marked=marked, most=_MANY)
        except _TooMany:
            continue
    return _rows(trace, sizes, 2, whole=False, marked=marked, most=0)


def _rows(trace: Trace, sizes: _Sizes, limit: int, *, whole: bool, marked: Node | None, most: int) -> list[Row]:
    way = way_to(marked)
    found: list[Row] = []
    # What is still to be drawn, last first: (node or fold, level, last, node above, where a fold of levels goes on).
    stack: list[tuple[Node | Fold, int, bool, Node | None, Node | None]] = []
    _push(stack, _side_by_side(trace.roots, whole, sizes, way), 0, None)
    while stack:
        if most and len(found) == most:
            raise _TooMany
        item, level, last, above, goes_on = stack.pop()
        if isinstance(item, Fold):
            row = Row(None, item, level, last, above)
            if goes_on is not None:
                row.has_below = True
                stack.append((goes_on, level + 1, True, goes_on.parent, None))
            found.append(row)
            continue
        row = Row(item, None, level, last, above)
        found.append(row)
        if not item.children:
            continue
        row.has_below = True
        if item.depth < limit:
            _push(stack, _side_by_side(item.children, whole, sizes, way), level + 1, item)
        else:
            _push_below_the_limit(stack, item, level + 1, sizes, way, marked)
    return found


def _push(
    stack: list[tuple[Node | Fold, int, bool, Node | None, Node | None]],
    items: list[Node | Fold],
    level: int,
    above: Node | None,
) -> None:
    for place in range(len(items) - 1, -1, -1):
        stack.append((items[place], level, place == len(items) - 1, above, None))


def _push_below_the_limit(
    stack: list[tuple[Node | Fold, int, bool, Node | None, Node | None]],
    node: Node,
    level: int,
    sizes: _Sizes,
    way: set[Node],
    marked: Node | None,
) -> None:
    """What stands deeper than is drawn: a number, or the way to the marked node."""
    ahead = next((child for child in node.children if child in way), None)
    if ahead is None or marked is None:
        deepest = max(sizes.levels[child] for child in node.children)
        stack.append((sizes.fold(node.children, levels=deepest), level, True, node, None))
        return
    if marked.depth - node.depth > _LONG_WAY:
        there = marked
        for _ in range(_END_OF_WAY):
            there = there.parent or there
        skipped = there.depth - node.depth - 1
        stack.append((sizes.fold(node.children, levels=skipped, but=there), level, True, node, there))
        return
    others = [child for child in node.children if child is not ahead]
    items: list[Node | Fold] = [ahead]
    if others:
        items.append(sizes.fold(others))
    _push(stack, items, level, node)


def _signature(node: Node) -> Signature:
    return node.kind, node.tool, node.agent, node.status, node.virtual, tuple(note.code for note in node.notes)


def _side_by_side(children: list[Node], whole: bool, sizes: _Sizes, way: set[Node]) -> list[Node | Fold]:
    """The children that are drawn, and folds between them."""
    if whole or len(children) < _RUN:
        return list(children)
    hidden = _hidden_in_runs(children, sizes, way)
    left = [place for place in range(len(children)) if place not in hidden]
    if len(left) > _WIDE:
        middle = left[_WIDE_HEAD:-_WIDE_TAIL]
        kept = [place for place in middle if sizes.trouble[children[place]]][:_WIDE_KEPT]
        kept += [place for place in middle if children[place] in way]
        hidden.update(set(middle) - set(kept))
    items: list[Node | Fold] = []
    place = 0
    while place < len(children):
        if place not in hidden:
            items.append(children[place])
            place += 1
            continue
        begin = place
        while place < len(children) and place in hidden:
            place += 1
        if place - begin == 1:
            items.append(children[begin])  # a line that says "1 more" is no shorter
        else:
            items.append(sizes.fold(children[begin:place]))
    return items


def _hidden_in_runs(children: list[Node], sizes: _Sizes, way: set[Node]) -> set[int]:
    """The places of children that only repeat the one before: the same call with the same end, and nothing
    of interest below."""
    hidden: set[int] = set()
    begin = 0
    signatures = [_signature(child) for child in children]
    while begin < len(children):
        end = begin + 1
        while end < len(children) and signatures[end] == signatures[begin]:
            end += 1
        if end - begin >= _RUN:
            for place in range(begin + _RUN_HEAD, end - _RUN_TAIL):
                child = children[place]
                own = child.has_failed or child.is_problem or child.kind == "approval"
                if child not in way and sizes.trouble[child] == own:
                    hidden.add(place)
        begin = end
    return hidden
