"""A trace as a person would draw it: header, tree, what it waited for, gaps, and the meaning of the marks."""

from __future__ import annotations

from auditlog_cli.renderers import labels, safe, words
from auditlog_cli.tracing.trees import DENIALS, FAILURES, MISSING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditlog_cli.renderers.folding import Row
    from auditlog_cli.renderers.text import Style
    from auditlog_cli.tracing.trees import Node, Trace

    Drawn = tuple[Trace, list[Row], Node | None]
    Part = tuple[str, str]  # a text and its colour

HINT = "a tree for people"
_UNLIMITED = 1 << 30
_NARROW = 60  # columns below which a level takes two of them, and a status is a sign
_WIDE = 80  # columns from which the self time has its own
_LEFT_IN_A_PIPE = 64
_DETAILS = 24  # columns kept for what follows a duration on a wide terminal
_LEFT_AT_LEAST = 14
_STATUS_AND_TIME = 12
_DEEPEST = 40  # levels that are indented; deeper ones bear their number
_STEPS = 6  # of the critical path that are named
_GAPS = 5
_WARNING = "denied"  # the colour


class _Lines:
    """The characters that branches are drawn with."""

    def __init__(self, style: Style) -> None:
        narrow = 0 < style.columns < _NARROW
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
        parts: Each trace, its rows from `folding`, and the node that was asked for, or None.
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
    yield from _header(trace, style)
    yield ""
    yield from _tree(trace, rows, style, marked)
    footer = list(_meanings(rows, style) if chain else _footer(trace, rows, style))
    if footer:
        yield ""
        yield from footer


def _header(trace: Trace, style: Style) -> Iterator[str]:
    session = labels.first_of(trace, "session_id")
    parts = [(f"{trace.kind} {safe.one_line(trace.id)}" if trace.id else "records without an id", "call")]
    if session and trace.kind == "trace" and session != trace.id:
        parts.append((f"session {session}", ""))
    yield from _wrapped(parts, style, "  ")
    yield from _wrapped(_who_and_when(trace, style), style)
    yield from _wrapped(_numbers(trace), style)


def _who_and_when(trace: Trace, style: Style) -> list[Part]:
    users: dict[str, None] = {}
    agents: dict[str, None] = {}
    for node in trace.nodes:
        for record in node.records:
            users.setdefault(words.user(record.content))
        if not agents:
            agents.update(dict.fromkeys([labels.agent(node)] if node.agent else []))
    users.pop("", None)
    agents.pop("", None)
    who = [_few(list(users), "users"), next(iter(agents), "")]
    parts: list[Part] = [(" ▸ ".join(part for part in who if part), "user")]
    kind = labels.first_of(trace, "authorization.session_type")
    by = labels.first_of(trace, "authorization.approved_by")
    if kind == "human_approved":
        parts.append((f"session approved by {by or 'nobody named'}", ""))
    elif kind:
        parts.append((kind, ""))
    if trace.start is None or trace.end is None or (first := _clock(trace.start)) is None:
        parts.append(("no time is told", _WARNING))
    else:
        last = _clock(trace.end) or "?"
        if 0 < style.columns < _NARROW:
            first, last = first[:19], last[:19]
        parts.append((f"{first} → {last[11:] if last[:10] == first[:10] else last} UTC", "time"))
        parts.append((words.milliseconds((trace.end - trace.start) / 1000), ""))
    return [part for part in parts if part[0]]


def _clock(micros: int) -> str | None:
    text = labels.instant(micros)
    return None if text is None else text[:23].replace("T", " ")


def _few(names: list[str], many: str) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1:,} more {many}" if names else ""


def _numbers(trace: Trace) -> list[Part]:
    tally = trace.tally
    agents = len({node.agent for node in trace.nodes} - {""})
    refused = f" ({tally.refused:,} refused)" if tally.refused else ""
    parts: list[Part] = [
        (_count(agents, "agent"), ""),
        (_count(tally.calls, "call"), ""),
        (f"{tally.failed:,} failed", "error") if tally.failed else ("", ""),
        (f"{tally.denied:,} denied", "denied") if tally.denied else ("", ""),
        (f"{_count(tally.approvals, 'approval')}{refused}", "") if tally.approvals else ("", ""),
        (f"{tally.open:,} without an end", _WARNING) if tally.open else ("", ""),
        (f"{tally.problems:,} with ⚠", _WARNING) if tally.problems > tally.open else ("", ""),
        (_count(tally.records, "record"), ""),
    ]
    return [part for part in parts if part[0]]


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def _tree(trace: Trace, rows: list[Row], style: Style, marked: Node | None) -> Iterator[str]:
    branch = _Lines(style)
    drawn = list(_rows(trace, rows, style, branch, marked))
    narrow = 0 < style.columns < _NARROW
    signs = [row.sign if narrow else " ".join(part for part in (row.sign, row.word) if part) for row in drawn]
    # Signs, branches and durations are made of characters one column wide each.
    status = max(map(len, signs), default=0)
    took = max((len(row.duration) for row in drawn), default=0)
    selves = 0 if 0 < style.columns < _WIDE else max((len(row.own) for row in drawn), default=0)
    columns = style.columns or _UNLIMITED
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
        if style.columns and used > left:
            text = safe.clip(text, left - len(row.prefix), _ellipsis(style))
            used = len(row.prefix) + safe.width(text)
        parts = [style.paint(row.prefix, "dim") + _painted(text, row, style)]
        if sign or row.duration or row.details or row.extra:
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
        pieces = _pieces(text, room, style)
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


def _pieces(text: str | list[str], room: int, style: Style) -> list[str]:
    """The text broken at blanks into pieces of at most `room` columns; what is closed off by isolates stays whole."""
    if isinstance(text, str):
        text = style.glyphs(text)
        if safe.width(text) <= room or "\u2068" in text:
            return [safe.clip(text, room, _ellipsis(style))]
        text = text.split(" ")
    found: list[str] = []
    for word in map(style.glyphs, text):
        if found and safe.width(found[-1]) + 1 + safe.width(word) <= room:
            found[-1] += f" {word}"
        else:
            found.append(safe.clip(word, room, _ellipsis(style)))
    return found


def _rows(trace: Trace, rows: Iterable[Row], style: Style, branch: _Lines, marked: Node | None) -> Iterator[_Line]:
    more: list[bool] = []  # for each level, whether a sibling follows below
    for row in rows:
        level = row.level
        del more[level:]
        more.append(not row.last)
        prefix, below = _prefix(row, more, branch, style)
        if row.node is None:
            assert row.fold is not None
            yield _Line(prefix, below, style.glyphs(labels.folded(row.fold)), "dim")
        else:
            yield _node(trace, row, row.node, prefix, below, style, is_marked=row.node is marked)


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
        bars = style.glyphs(f"…{row.level} ").ljust(branch.step * (branch.deepest - 1))
        below = " " * len(bars)
    else:
        bars = below = "".join(branch.bar if each else blank for each in more[1 : row.level])
    return bars + own, below + under + (branch.bar if row.has_below else blank)


def _node(trace: Trace, row: Row, node: Node, prefix: str, below: str, style: Style, *, is_marked: bool) -> _Line:
    label = style.glyphs(labels.what(node))
    colour = "call" if node.kind == "tool_invocation" else ""
    agent = ""
    if node.virtual == MISSING:
        colour = _WARNING
    elif node.virtual or node.kind == "lifecycle":
        colour = "agent"
    elif _changes_agent(trace, row, node):
        agent = style.glyphs(f"{labels.agent(node)} ▸ ")
    drawn = _Line(prefix, below, agent + label, colour)
    drawn.agent = agent
    sign, word = labels.status(node)
    if not style.unicode:
        sign, word = ("", word) if word else ("ok" if sign else "", "")
        if 0 < style.columns < _NARROW:
            sign, word = sign or word[:7], ""
    drawn.sign, drawn.word = sign, word
    drawn.status_colour = _colour(node, sign)
    drawn.duration = labels.duration(node)
    drawn.own = labels.self_time(node)
    by, is_plain = labels.delegated(node)
    held = labels.policy(node)
    extra = [by if is_plain else "", held if held == labels.SCOPE_HELD else ""]
    drawn.extra = [(style.glyphs(text), "dim") for text in extra if text]
    drawn.details = [(style.glyphs(text), colour) for text, colour in _details(trace, node, is_marked) if text]
    return drawn


def _colour(node: Node, sign: str) -> str:
    if node.status in FAILURES or node.status in DENIALS:
        return node.status
    return "success" if sign in ("✓", "ok") else "pending"


def _changes_agent(trace: Trace, row: Row, node: Node) -> bool:
    """Whether the reader would otherwise take another agent for the one that acts."""
    if not node.agent:
        return False
    if row.above is not None:
        return row.above.agent != node.agent
    return len(trace.roots) > 1 and any(root.agent not in ("", node.agent) for root in trace.roots[:100])


def _details(trace: Trace, node: Node, is_marked: bool) -> Iterator[Part]:
    """What has to be known about a node, the most important first."""
    if is_marked:
        yield "◀ asked for", "call"
    yield labels.error(node), "error"
    yield labels.approval(node), "success" if node.status not in DENIALS else "denied"
    policy = labels.policy(node)
    if policy != labels.SCOPE_HELD:
        yield policy, "denied"
    for note in node.notes:
        if note.code != "no-time" or trace.start is not None:
            said = labels.remark(note)
            yield said, _WARNING if said.startswith("⚠") else "dim"
    for mark in labels.evidence(node):
        yield mark, _WARNING
    by, is_plain = labels.delegated(node)
    if not is_plain:
        yield by, ""


def _footer(trace: Trace, rows: list[Row], style: Style) -> Iterator[str]:
    yield from _critical(trace, style)
    gaps = sorted(trace.gaps, key=lambda gap: -gap.duration)[:_GAPS]
    for gap in sorted(gaps, key=lambda gap: gap.start):
        took = words.milliseconds(gap.duration / 1000)
        where = f", in {labels.short(gap.node)}" if gap.node is not None else ""
        said = f"{took} after {labels.short(gap.before)}, before {labels.short(gap.after)}{where}"
        yield from _entry("gap", said, style)
    if len(trace.gaps) > len(gaps):
        yield from _entry("gaps", f"{len(trace.gaps) - len(gaps):,} more", style)
    left_out = sum(row.fold.count for row in rows if row.fold is not None)
    if left_out:
        said = (
            f"{left_out:,} of {len(trace.nodes):,} nodes are only counted: --all draws them, --depth N that many levels"
        )
        yield from _entry("folded", said, style)
    yield from _meanings(rows, style)


def _meanings(rows: list[Row], style: Style) -> Iterator[str]:
    """What the marks mean that were drawn."""
    shown = [row.node for row in rows if row.node is not None]
    marks = {mark for node in shown for mark in (node.evidence, node.joined)} - {"", "span"}
    for name in ("call", "approval", "delegation", "time"):
        if name in marks:
            yield from _entry(f"[{name}]", f"told by no span id, but by {labels.evidence_meaning(name)}", style)
    if (not style.columns or style.columns >= _WIDE) and any(labels.self_time(node) for node in shown):
        yield from _entry("self", "the time in which nothing below was at work", style)


def _critical(trace: Trace, style: Style) -> Iterator[str]:
    whole = trace.duration or 0
    if len(trace.critical) < 2 or not whole:
        return
    named = [each for each in sorted(trace.critical, key=lambda each: -each[1])[:_STEPS] if each[1] * 100 >= whole]
    steps = []
    for node, share in trace.critical:
        if (node, share) in named:
            steps.append(f"{labels.short(node)} {words.milliseconds(share / 1000)} ({100 * share / whole:.0f} %)")
    if len(trace.critical) > len(steps):
        steps.append(f"{len(trace.critical) - len(steps):,} shorter")
    yield from _entry("critical path", [f"{step} ›" for step in steps[:-1]] + steps[-1:], style)


def _entry(name: str, text: str | list[str], style: Style) -> Iterator[str]:
    """A line of the footer, its continuation indented; a list is broken between its elements only."""
    front = " " * 15
    if 0 < style.columns < _NARROW:
        yield style.paint(name, "dim")
        front = "  "
        text = text if isinstance(text, str) else " ".join(text)
    room = style.columns - len(front) if style.columns else _UNLIMITED
    for place, piece in enumerate(_pieces(text, max(room, 8), style)):
        first = place == 0 and len(front) > 2
        yield style.paint(f"{name:<15}" if first else front, "dim") + piece


def _wrapped(parts: list[Part], style: Style, between: str = " · ") -> Iterator[str]:
    """Parts of a sentence, as many on a line as fit."""
    between = style.glyphs(between)
    held: list[str] = []
    used = 0
    for text, colour in parts:
        shown = style.glyphs(text)
        if style.columns:
            shown = safe.clip(shown, style.columns, _ellipsis(style))
        if held and style.columns and used + len(between) + safe.width(shown) > style.columns:
            yield between.join(held)
            held, used = [], 0
        used += safe.width(shown) + (len(between) if held else 0)
        held.append(style.paint(shown, colour))
    if held:
        yield between.join(held)


def _ellipsis(style: Style) -> str:
    return "…" if style.unicode else "..."
