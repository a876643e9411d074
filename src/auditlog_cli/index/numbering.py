"""A record of a sealed log found by its number: in a part whose lines are numbered one by one it is known where."""

from __future__ import annotations

from auditlog_cli.index import opening
from auditlog_cli.index.pages import Damaged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from auditlog_cli.index import layout
    from auditlog_cli.index.searching import Segment
    from auditlog_cli.record import BadLine, Line


def bearing(seq: int) -> Callable[[Segment, layout.Covered, int], list[Line | BadLine]]:
    """Return what tells, for `searching.walk`, the lines of a part that may be record `seq`."""

    def look(segment: Segment, covered: layout.Covered, inode: int) -> list[Line | BadLine]:
        if not opening.is_same(segment.source, segment.fd, covered):
            raise Damaged("is older than they are")
        part = covered.open(inode)
        tree = part.tree()
        if tree is None:
            raise Damaged("does not tell their numbers")
        line = seq - tree[0]
        if not 0 <= line < part.lines:
            return []
        ((begin, end),) = part.offsets([line])
        found = segment.line(covered, line, begin, end)
        if found is None:
            raise Damaged
        return [found]

    return look
