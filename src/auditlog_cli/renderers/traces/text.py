"""A trace as a person would draw it: header, tree, what it waited for, gaps, and the meaning of the marks."""

from __future__ import annotations

from auditlog_cli.renderers import labels, safe
from auditlog_cli.renderers.traces import _margins as margins
from auditlog_cli.tracing.trees import DENIALS, FAILURES, MISSING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditlog_cli.renderers.rows import Row
    from auditlog_cli.renderers.style import Style
    from auditlog_cli.tracing.trees import Node, Trace

    Drawn = tuple[Trace, list[Row], Node | None]
    Part = tuple[str, str]  # a text and its colour

HINT = "a tree for people"
_LEFT_IN_A_PIPE = 64
_DETAILS = 24  # columns kept for what follows a duration on a wide terminal
_LEFT_AT_LEAST = 14
_STATUS_AND_TIME = 12
_DEEPEST = 40  # levels that are indented; deeper ones bear their number


class _Lines:
    """The characters that branches are drawn with."""

    def __init__(self, style: Style) -> None:
        narrow = 0 < style.columns < margins.NARROW
        if style.unicode:
            names = ("│ ", "├ ", "└ ", "├╌", "└╌") if narrow else ("│  ", "├─ ", "└─ ", "├╌ ", "└╌ ")
        else:
            names = ("| ", "+ ", "` ", "+~", "`~") if narrow else ("|  ", "+- ", "`- ", "+~ ", "`~ ")
        self.bar, self.fork, self.end, self.weak_fork, self.weak_end = names
        self.step = len(self.bar)
        room = (style.columns - _LEFT_AT_LEAST - _STATUS_AND_TIME) // self.step if style.columns else _DEEPEST
        self.deepest = max(min(room, _DEEPEST), 2)


class _Line:
    """A row, ready to be aligned."""

    __slots__ = (
        "agent", "below", "colour", "details", "duration", "extra", "label", "own", "prefix", "sign", "status_colour",
        "width", "word",
    )  # fmt: skip

    def __init__(self, prefix: str, below: str, label: str, colour: str) -> None:
        self.prefix = prefix
        self.below = below
        self.label = label
        self.width = safe.width(label)
        self.colour = colour
        self.agent = ""
        self.sign = self.word = self.status_colour = self.duration = self.own = ""
        self.details: list[Part] = []
        self.extra: list[Part] = []  # worth saying only where there is room


def lines(id: str, kind: str, parts: list[Drawn], style: Style, *, chain: bool = False) -> Iterator[str]:  # noqa: A002
    """Yield the drawing line by line.

    Args:
        id: What was found.
        kind: `trace` or `session`.
        parts: Each trace, its rows from `rows`, and the node that was asked for, or None.
        style: Colours, characters, columns.
        chain: Whether the rows are only those that lead to the node that was asked for.
    """
    if len(parts) > 1:
        yield style.paint(style.glyphs(f"{kind} {safe.one_line(id)}: {len(parts):,} traces"), "call")
    for place, (trace, rows, marked) in enumerate(parts):
        if place or len(parts) > 1:
            yield ""
        yield from _one(trace, rows, style, marked, chain=chain)


def _one(trace: Trace, rows: list[Row], style: Style, marked: Node | None, *, chain: bool) -> Iterator[str]:
    yield from margins.header(trace, style)
    yield ""
    yield from _tree(trace, rows, style, marked)
    footer = list(margins.meanings(rows, style) if chain else margins.footer(trace, rows, style))
    if footer:
        yield ""
        yield from footer


def _tree(trace: Trace, rows: list[Row], style: Style, marked: Node | None) -> Iterator[str]:
    branch = _Lines(style)
    drawn = list(_rows(trace, rows, style, branch, marked))
    narrow = 0 < style.columns < margins.NARROW
    signs = [row.sign if narrow else " ".join(part for part in (row.sign, row.word) if part) for row in drawn]
    # Signs, branches and durations are made of characters one column wide each.
    status = max(map(len, signs), default=0)
    took = max((len(row.duration) for row in drawn), default=0)
    selves = 0 if 0 < style.columns < margins.WIDE else max((len(row.own) for row in drawn), default=0)
    columns = style.columns or margins.UNLIMITED
    widest = max((len(row.prefix) + row.width for row in drawn), default=0)
    fixed = sum(2 + width for width in (status, took, selves) if width)
    if not style.columns:
        left = min(widest, _LEFT_IN_A_PIPE)
    else:
        # What follows has its own lines where the terminal is too narrow for it.
        spare = _DETAILS + 2 if columns - fixed - _DETAILS - 2 >= min(widest, 44) else 0
        left = min(widest, max(columns - fixed - spare, _LEFT_AT_LEAST))
    for row, sign in zip(drawn, signs, strict=True):
        text, used = row.label, len(row.prefix) + row.width
        stands_alone = not (sign or row.duration or row.details or row.extra)
        if style.columns and used > (columns if stands_alone else left):
            text = safe.clip(text, (columns if stands_alone else left) - len(row.prefix), margins.ellipsis(style))
            used = len(row.prefix) + safe.width(text)
        parts = [style.paint(row.prefix, "dim") + _painted(text, row, style)]
        if not stands_alone:
            parts.append(" " * max(left - used, 0))
            used = max(used, left)
        if status and (sign or row.duration or row.details or row.extra):
            parts.append("  " + style.paint(sign, row.status_colour) + " " * (status - len(sign)))
            used += 2 + status
        if took and (row.duration or row.details or row.extra):
            parts.append("  " + " " * (took - len(row.duration)) + row.duration)
            used += 2 + took
        if selves and (row.own or row.details or row.extra):
            parts.append("  " + " " * (selves - len(row.own)) + style.paint(row.own, "dim"))
            used += 2 + selves
        details = row.details
        while details and used + 2 + safe.width(details[0][0]) <= columns:
            text, colour = details[0]
            parts.append("  " + style.paint(text, colour))
            used += 2 + safe.width(text)
            details = details[1:]
        for text, colour in row.extra if not details else ():
            if used + 2 + safe.width(text) <= columns:
                parts.append("  " + style.paint(text, colour))
                used += 2 + safe.width(text)
        yield "".join(parts).rstrip()
        yield from _below(details, row.below, columns, style)


def _painted(text: str, row: _Line, style: Style) -> str:
    if row.agent and text.startswith(row.agent):
        return style.paint(row.agent, "agent") + style.paint(text[len(row.agent) :], row.colour)
    return style.paint(text, row.colour)


def _below(details: list[Part], prefix: str, columns: int, style: Style) -> Iterator[str]:
    """What did not fit on the line, on lines of its own under it."""
    room = max(columns - len(prefix), 8)
    front = style.paint(prefix, "dim")
    held: list[str] = []
    used = 0
    for text, colour in details:
        pieces = margins.pieces(text, room, style)
        if held and used + 2 + safe.width(pieces[0]) > room:
            yield front + "  ".join(held)
            held, used = [], 0
        for piece in pieces[:-1]:
            yield front + "  ".join([*held, style.paint(piece, colour)])
            held, used = [], 0
        held.append(style.paint(pieces[-1], colour))
        used += 2 + safe.width(pieces[-1])
    if held:
        yield front + "  ".join(held)


def _rows(trace: Trace, rows: Iterable[Row], style: Style, branch: _Lines, marked: Node | None) -> Iterator[_Line]:
    more: list[bool] = []  # for each level, whether a sibling follows below
    asked = {node.approval_id for node in trace.nodes if node.kind == "approval"}
    for row in rows:
        level = row.level
        del more[level:]
        more.append(not row.last)
        prefix, below = _prefix(row, more, branch, style)
        if row.node is None:
            assert row.fold is not None
            yield _Line(prefix, below, style.glyphs(labels.folded(row.fold)), "dim")
        else:
            drawn = _node(trace, row, row.node, prefix, below, style)
            said = _details(trace, row.node, style, is_marked=row.node is marked, asked=asked)
            drawn.details = [(style.glyphs(text), colour) for text, colour in said if text]
            yield drawn


def _prefix(row: Row, more: list[bool], branch: _Lines, style: Style) -> tuple[str, str]:
    blank = " " * branch.step
    weak = row.node is not None and row.node.evidence not in ("", "span") and row.level > 0
    if row.level == 0:
        own = under = ""
    elif more[row.level]:
        own, under = branch.weak_fork if weak else branch.fork, branch.bar
    else:
        own, under = branch.weak_end if weak else branch.end, blank
    if row.level > branch.deepest:
        bars = style.glyphs(f"…{row.level} ")
        below = " " * len(bars)
    else:
        bars = below = "".join(branch.bar if each else blank for each in more[1 : row.level])
    return bars + own, below + under + (branch.bar if row.has_below else blank)


def _node(trace: Trace, row: Row, node: Node, prefix: str, below: str, style: Style) -> _Line:
    label = style.glyphs(labels.what(node))
    colour = "call" if node.kind == "tool_invocation" else ""
    agent = ""
    if node.virtual == MISSING:
        colour = margins.WARNING
    elif node.virtual or node.kind == "lifecycle":
        colour = "agent"
    elif _changes_agent(trace, row, node):
        agent = style.glyphs(f"{labels.agent(node)} ▸ ")
    drawn = _Line(prefix, below, agent + label, colour)
    drawn.agent = agent
    sign, word = labels.status(node)
    if not style.unicode:
        sign, word = ("", word) if word else ("ok" if sign else "", "")
        if 0 < style.columns < margins.NARROW:
            sign, word = sign or word[:7], ""
    drawn.sign, drawn.word = sign, word
    drawn.status_colour = _colour(node)
    drawn.duration = labels.duration(node)
    drawn.own = labels.self_time(node)
    by, is_plain = labels.delegated(node)
    held = labels.policy(node)
    extra = [by if is_plain else "", held if held == labels.SCOPE_HELD else ""]
    drawn.extra = [(style.glyphs(text), "dim") for text in extra if text]
    return drawn


def _colour(node: Node) -> str:
    if node.status in FAILURES or node.status in DENIALS:
        return node.status
    return "success" if node.status in ("success", "approved") else "pending"


def _changes_agent(trace: Trace, row: Row, node: Node) -> bool:
    """Whether the reader would otherwise take another agent for the one that acts."""
    if not node.agent:
        return False
    if row.above is not None and row.above.agent:
        return row.above.agent != node.agent
    return len(trace.roots) > 1 and any(root.agent not in ("", node.agent) for root in trace.roots[:100])


def _details(trace: Trace, node: Node, style: Style, *, is_marked: bool, asked: set[str]) -> Iterator[Part]:
    """What has to be known about a node, the most important first. `asked`: approvals with a line of their own."""
    if is_marked:
        yield "◀ asked for", "call"
    yield labels.error(node), "error"
    when = node.kind == "approval" or node.approval_id not in asked
    given = labels.approval(node, when=when)
    if 0 < style.columns < margins.NARROW and (node.kind == "approval" or node.status == "pending"):
        given = " ".join(part for part in (labels.status(node)[1], given) if part)  # there is room for the sign only
    yield given, "denied" if node.status in DENIALS else "pending" if node.status == "pending" else "success"
    policy = labels.policy(node)
    if policy != labels.SCOPE_HELD:
        yield policy, "denied"
    for note in node.notes:
        if note.code != "no-time" or trace.start is not None:
            said = labels.remark(note)
            yield said, margins.WARNING if said.startswith("⚠") else "dim"
    for mark in labels.evidence(node):
        yield mark, margins.WARNING
    by, is_plain = labels.delegated(node)
    if not is_plain:
        yield by, ""
