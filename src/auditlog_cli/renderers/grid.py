"""Tables of any columns, such as answers to SQL: aligned; on a terminal they keep to its width, and nothing is cut.

What is too wide is folded inside its column. Where that would make rows of many lines, each row becomes a list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from auditlog_cli.renderers import safe
from auditlog_cli.renderers.text import Style

_LEAST = 12  # columns that a folded column keeps
_MOST_LINES = 4  # of a row; what needs more is read more easily as a list
_BETWEEN = "  "


def lines(heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool], style: Style) -> Iterator[str]:
    """Yield a table line by line.

    Args:
        heads: Of the columns.
        rows: What stands in them, as it is: it is made safe for a terminal here.
        right: Which columns are set to the right, as numbers are; they are never folded.
        style: Which characters there are, and how many columns; 0 for no end of them.
    """
    heads = [style.glyphs(safe.one_line(head)) for head in heads]
    cells = [[style.glyphs(safe.one_line(cell)) for cell in row] for row in rows]
    widths = [max(map(safe.width, column)) for column in zip(heads, *cells, strict=True)]
    fitting = _fitting(widths, right, style.columns)
    if fitting is None:
        yield from _list(heads, cells, style.columns)
        return
    for line in (heads, ["-" * width for width in fitting], *cells):
        yield from _row([folded(cell, width) for cell, width in zip(line, fitting, strict=True)], fitting, right)


def _fitting(widths: list[int], right: Sequence[bool], columns: int) -> list[int] | None:
    """The widths that columns get; None where they cannot be made to fit."""
    room = columns - len(_BETWEEN) * (len(widths) - 1)
    if not columns or sum(widths) <= room:
        return widths
    for most in range(room, _LEAST - 1, -1):
        made = [width if numbers else min(width, most) for width, numbers in zip(widths, right, strict=True)]
        if sum(made) <= room:
            # Words are broken earlier than letters, so this is a guess of how many lines it takes; a good one.
            many = max(-(-width // cut) for width, cut in zip(widths, made, strict=True))
            return made if many <= _MOST_LINES else None
    return None


def _row(cells: list[list[str]], widths: list[int], right: Sequence[bool]) -> Iterator[str]:
    for number in range(max(map(len, cells))):
        pieces = [cell[number] if number < len(cell) else "" for cell in cells]
        filled = [
            " " * (width - safe.width(text)) + text if numbers else safe.fill(text, width)
            for text, width, numbers in zip(pieces, widths, right, strict=True)
        ]
        yield _BETWEEN.join(filled).rstrip()


def _list(heads: list[str], rows: list[list[str]], columns: int) -> Iterator[str]:
    """Each row by itself: a line a column, its name in front; an empty line between two rows."""
    first = min(max(map(safe.width, heads)), columns // 2)
    names = [folded(head, first) for head in heads]
    room = max(columns - first - len(_BETWEEN), 1)
    for number, row in enumerate(rows):
        if number:
            yield ""
        for name, cell in zip(names, row, strict=True):
            yield from _row([name, folded(cell, room)], [first, room], (False, False))


def folded(text: str, columns: int) -> list[str]:
    """Return a text in pieces of so many columns: between words where that is near, else between letters.

    >>> folded("refund approved by user_bob", 16)
    ['refund approved', 'by user_bob']
    >>> folded("0123456789", 4)
    ['0123', '4567', '89']
    """
    # Letters from right to left are closed off from what stands around them (`safe`): each piece for itself.
    inner = text.removeprefix(safe.ISOLATE).removesuffix(safe.POP) if text.startswith(safe.ISOLATE) else text
    out: list[str] = []
    while len(inner) > 4 * columns or safe.width(inner) > columns:
        end = _fill(inner, columns)
        blank = inner.rfind(" ", 0, end + 1)
        if blank > end // 2:
            out.append(inner[:blank])
            inner = inner[blank + 1 :]
        else:
            out.append(inner[:end])
            inner = inner[end:]
    pieces = [*out, inner] if inner or not out else out
    return [f"{safe.ISOLATE}{each}{safe.POP}" for each in pieces] if text.startswith(safe.ISOLATE) else pieces


def _fill(text: str, columns: int) -> int:
    """How many characters of a text fill so many columns; at least one."""
    used = 0
    for number, char in enumerate(text):
        used += safe.width(char)
        if used > columns:
            return number or 1
    return len(text)
