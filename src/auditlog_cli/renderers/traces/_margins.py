"""What stands above and below a drawn trace: whose it is and what it adds up to; what it waited for, gaps, and
the meaning of the marks."""

from __future__ import annotations

from auditlog_cli.counts import many
from auditlog_cli.renderers import labels, safe, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditlog_cli.renderers.rows import Row
    from auditlog_cli.renderers.style import Style
    from auditlog_cli.tracing.trees import Trace

    Part = tuple[str, str]  # a text and its colour

NARROW = 60  # columns below which little is said beside a node, and a level takes two of them
WIDE = 80  # columns from which the self time has its own
UNLIMITED = 1 << 30
WARNING = "denied"  # the colour
_STEPS = 6  # of the critical path that are named
_GAPS = 5


def header(trace: Trace, style: Style) -> Iterator[str]:
    """Yield who, when, and how many of what."""
    session = labels.first_of(trace, "session_id")
    parts = [(labels.title(trace.kind, trace.id), "call")]
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
        parts.append(("no time is told", WARNING))
    else:
        last = _clock(trace.end) or "?"
        if 0 < style.columns < NARROW:
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
        (f"{tally.open:,} without an end", WARNING) if tally.open else ("", ""),
        (f"{tally.problems:,} with ⚠", WARNING) if tally.problems > tally.open else ("", ""),
        (_count(tally.records, "record"), ""),
    ]
    return [part for part in parts if part[0]]


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def footer(trace: Trace, rows: list[Row], style: Style) -> Iterator[str]:
    """Yield what the trace waited for, where nothing happened, what is folded, what marks mean."""
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
            f"{left_out:,} of {many(len(trace.nodes), 'node')} {'is' if left_out == 1 else 'are'} only counted: "
            "--all draws them, --depth N that many levels"
        )
        yield from _entry("folded", said, style)
    yield from meanings(rows, style)


def meanings(rows: list[Row], style: Style) -> Iterator[str]:
    """Yield what the marks mean that were drawn."""
    shown = [row.node for row in rows if row.node is not None]
    marks = {mark for node in shown for mark in (node.evidence, node.joined)} - {"", "span"}
    for name in ("call", "approval", "delegation", "time"):
        if name in marks:
            yield from _entry(f"[{name}]", f"told by no span id, but by {labels.evidence_meaning(name)}", style)
    if (not style.columns or style.columns >= WIDE) and any(labels.self_time(node) for node in shown):
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
    if 0 < style.columns < NARROW:
        yield style.paint(name, "dim")
        front = "  "
        text = text if isinstance(text, str) else " ".join(text)
    room = style.columns - len(front) if style.columns else UNLIMITED
    for place, piece in enumerate(pieces(text, max(room, 8), style)):
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
            shown = safe.clip(shown, style.columns, ellipsis(style))
        if held and style.columns and used + len(between) + safe.width(shown) > style.columns:
            yield between.join(held)
            held, used = [], 0
        used += safe.width(shown) + (len(between) if held else 0)
        held.append(style.paint(shown, colour))
    if held:
        yield between.join(held)


def ellipsis(style: Style) -> str:
    """Return what stands for what is cut off."""
    return "…" if style.unicode else "..."


def pieces(text: str | list[str], room: int, style: Style) -> list[str]:
    """Return the text broken at blanks into pieces of at most `room` columns; what isolates close off stays whole."""
    if isinstance(text, str):
        text = style.glyphs(text)
        if safe.width(text) <= room or "\u2068" in text:
            return [safe.clip(text, room, ellipsis(style))]
        text = text.split(" ")
    found: list[str] = []
    for word in map(style.glyphs, text):
        if found and safe.width(found[-1]) + 1 + safe.width(word) <= room:
            found[-1] += f" {word}"
        else:
            found.append(safe.clip(word, room, ellipsis(style)))
    return found
