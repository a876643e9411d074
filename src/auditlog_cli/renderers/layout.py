"""Lines and tables that keep to a terminal's width."""

from __future__ import annotations

from auditlog_cli.renderers import safe
from auditlog_cli.renderers.text import Style

_NARROW = 64  # columns below which tables become lists
_WIDEST = 110


def table(title: str, heads: list[str], rows: list[tuple[str, list[str]]], style: Style) -> list[str]:
    """Return a heading and aligned rows, or a list where the columns do not fit; an empty line follows.

    Args:
        title: Of the table.
        heads: Of the columns of numbers.
        rows: A name and what stands in the columns.
        style: How to draw it.
    """
    rows = [(style.glyphs(name), cells) for name, cells in rows]
    widths = [max(len(head), *(len(cells[place]) for _, cells in rows)) for place, head in enumerate(heads)]
    right = sum(widths) + 2 * len(widths)
    if style.columns and style.columns < max(_NARROW, right + 30):
        out = [style.paint(title, "call")]
        for name, cells in rows:
            out += wrapped(" ".join(name.split()), style)
            said = ", ".join(f"{head}: {cell}" for head, cell in zip(heads, cells, strict=True))
            out += [f"  {line}" for line in wrapped(said, style)]
        return [*out, ""]
    left = max(len(title), *(len(name) for name, _ in rows))
    if style.columns:
        left = min(left, style.columns - right)

    def row(name: str, cells: list[str]) -> str:
        shown = safe.fill(clip(name, left, style), left)
        return shown + "".join(f"  {cell:>{width}}" for cell, width in zip(cells, widths, strict=True))

    return [style.paint(row(title, heads), "call"), *(row(*each) for each in rows), ""]


def packed(parts: list[str], style: Style) -> list[str]:
    """Return the parts by two blanks in as few lines as they need; a part that is too long is clipped."""
    room = (style.columns or 1 << 20) - 2
    out: list[str] = []
    for part in map(style.glyphs, parts):
        if out and safe.width(out[-1]) + 2 + safe.width(part) <= room:
            out[-1] += f"  {part}"
        else:
            out.append(clip(part, room, style))
    return out


def clip(text: str, columns: int, style: Style) -> str:
    """Return text cut to so many columns."""
    return safe.clip(text, columns, "…" if style.unicode else "...")


def wrapped(text: str, style: Style) -> list[str]:
    """Return text in lines of the terminal's width, less the two blanks that a caller may put in front."""
    text = style.glyphs(text)  # what the terminal does not have takes more room
    if not style.columns:
        return [text]
    room = min(style.columns, _WIDEST) - 2
    out: list[str] = []
    for word in text.split(" "):
        if out and safe.width(out[-1]) + 1 + safe.width(word) <= room:
            out[-1] += f" {word}"
        else:
            out.append(clip(word, room, style))
    return out
