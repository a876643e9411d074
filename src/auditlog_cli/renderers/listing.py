"""Traces as a list, a line each; on a terminal too narrow for that, two lines each."""

from __future__ import annotations

from auditlog_cli.renderers import labels, safe, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditlog_cli.renderers.style import Style
    from auditlog_cli.tracing.summaries import Summary

_COLUMNS = (
    "kind", "id", "session_id", "start", "end", "duration_ms", "user", "agents", "records", "calls", "errors",
    "denied", "approvals",
)  # fmt: skip
_HEAD = ("trace", "began", "calls", "errors", "denied", "took", "who")
_WHO_AT_LEAST = 24
_AGENTS_SHOWN = 3


def rows(found: list[Summary]) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Return the columns and one row per trace. Times are RFC 3339; a user that is withheld is `[withheld]`."""
    return _COLUMNS, [
        (each.kind, each.id, each.session or None, labels.instant(each.start), labels.instant(each.end),
         None if each.duration is None else round(each.duration / 1000, 3),
         words.WITHHELD if each.user is None else each.user or None, list(each.agents), each.records, each.calls,
         each.failed, each.denied, each.approvals)
        for each in found
    ]  # fmt: skip


def lines(found: list[Summary], style: Style, *, left_out: int = 0) -> Iterator[str]:
    """Yield the list line by line.

    Args:
        found: What is listed.
        style: Colours, characters, columns.
        left_out: How many more there are.
    """
    cells = [_cells(each, style) for each in found]
    widths = [max(map(safe.width, column)) for column in zip(_HEAD[:-1], *(row[:-1] for row in cells), strict=True)]
    room = style.columns - sum(widths) - 2 * len(widths) if style.columns else 1 << 30
    is_wide = room >= _WHO_AT_LEAST
    if found and is_wide:
        yield style.paint(_line(_HEAD, widths), "dim")
    for summary, row in zip(found, cells, strict=True):
        if is_wide:
            yield _coloured(summary, row, widths, room, style)
        else:
            yield from _narrow(summary, row, style)
    if left_out:
        yield style.paint(style.glyphs(f"… and {left_out:,} older"), "dim")


def _cells(each: Summary, style: Style) -> tuple[str, ...]:
    began = labels.instant(each.start)
    name = f"session {safe.one_line(each.id)}" if each.kind == "session" else safe.one_line(each.id)
    return tuple(
        map(
            style.glyphs,
            (
                name,
                began[:19].replace("T", " ") if began else "-",
                f"{each.calls:,}",
                f"{each.failed:,}" if each.failed else "",
                f"{each.denied:,}" if each.denied else "",
                "" if each.duration is None else words.milliseconds(each.duration / 1000),
                _who(each),
            ),
        )
    )


def _who(each: Summary) -> str:
    user = words.WITHHELD if each.user is None else safe.one_line(each.user)
    agents = ", ".join(map(safe.one_line, each.agents[:_AGENTS_SHOWN]))
    more = len(each.agents) - _AGENTS_SHOWN
    if more > 0:
        agents += f", {more} more" if not each.more_agents else ", …"
    return " ▸ ".join(part for part in (user, agents) if part)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    """Names and times to the left, numbers to the right, and who last, for it may be long."""
    first, began, *numbers = (safe.fill(cell, width) for cell, width in zip(cells, widths, strict=False))
    right = [" " * (len(cell) - len(cell.rstrip())) + cell.rstrip() for cell in numbers]
    return "  ".join((first, began, *right, cells[-1])).rstrip()


def _coloured(summary: Summary, row: tuple[str, ...], widths: list[int], room: int, style: Style) -> str:
    line = _line((*row[:-1], safe.clip(row[-1], room, "…" if style.unicode else "...")), widths)
    if not style.colour:
        return line
    name = row[0]
    colour = "error" if summary.failed else "denied" if summary.denied else "call"
    return style.paint(name, colour) + line[len(name) :]


def _narrow(summary: Summary, row: tuple[str, ...], style: Style) -> Iterator[str]:
    name, began, calls, errors, denied, took, who = row
    yield style.paint(name, "error" if summary.failed else "denied" if summary.denied else "call")
    counts = [f"{calls} {'call' if calls == '1' else 'calls'}"]
    counts += [f"{number} {word}" for number, word in ((errors, "failed"), (denied, "denied")) if number]
    yield from _packed([began, took, *counts], style)
    if who:
        yield "  " + safe.clip(who, max(style.columns - 2, 8), "…" if style.unicode else "...")


def _packed(parts: list[str], style: Style) -> Iterator[str]:
    """As many parts on a line as fit."""
    between = style.glyphs(" · ")
    held = ""
    for part in filter(None, parts):
        longer = f"{held}{between}{part}" if held else f"  {part}"
        if held and safe.width(longer) > style.columns:
            yield held
            longer = f"  {part}"
        held = longer
    yield held
