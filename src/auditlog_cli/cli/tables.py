"""Counts as a table: `filter --count`, `--count-by`, `stats`."""

from __future__ import annotations

from auditlog_cli.cli import show
from auditlog_cli.record import Record
from auditlog_cli.renderers import safe
from auditlog_cli.statistics import values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditlog_cli.record import BadLine

_LEAST = 20  # columns that a text is still read in


def counted(
    judged: Iterable[tuple[Record | BadLine, bool]],
    path: str | None,
    wanted: str | None,
    output: str | None,
    notices: show.Notices,
) -> None:
    """Print how many records were selected, or how many for each value at `path`, most frequent first."""
    total = 0
    tally: dict[str, int] = {}
    for item, selected in judged:
        if selected and isinstance(item, Record):
            total += 1
            if path is not None:
                for value in values(item.content, path):
                    tally[value] = tally.get(value, 0) + 1
        elif not isinstance(item, Record):
            notices.bad(item)
    if path is None:
        rows: list[tuple[object, ...]] = [(total,)]
        print_rows(("count",), rows, wanted, output)
    else:
        if list(tally) == ["(none)"]:
            from auditlog_cli.cli import hinting

            notices.say(hinting.nothing_at(path))
        ranked = sorted(tally.items(), key=lambda entry: (-entry[1], entry[0]))
        print_rows(("count", path), [(number, value) for value, number in ranked], wanted, output)


def print_rows(
    columns: tuple[str, ...], rows: list[tuple[object, ...]], wanted: str | None, output: str | None
) -> None:
    """Print a table: aligned for people, or as jsonl, json or csv."""
    out = show.output(output)
    if wanted in ("jsonl", "json"):
        import json

        objects = [dict(zip(columns, row, strict=True)) for row in rows]
        if wanted == "json":
            out.line(json.dumps(objects, ensure_ascii=False, indent=1))
        for each in objects if wanted == "jsonl" else ():
            out.line(json.dumps(each, ensure_ascii=False))
    elif wanted == "csv":
        from auditlog_cli.renderers.records.csv import row as csv_row

        for cells in (columns, *rows):
            out.write(csv_row(cells))
    else:
        texts = [[safe.one_line(f"{cell:,}" if isinstance(cell, int) else str(cell)) for cell in row] for row in rows]
        numbered = all(isinstance(row[0], int) for row in rows)
        head = [list(columns)] if len(columns) > 2 else []  # of a number and a value it is plain which is which
        for line in aligned(head + texts, show.columns() if output is None else 0, numbered=numbered):
            out.line(line)
    show.finish(out)


def aligned(rows: list[list[str]], width: int = 0, *, numbered: bool = False) -> Iterator[str]:
    """Yield rows of texts in columns; where the last one is too wide for the terminal, it goes on below itself.

    Args:
        rows: Each with the same number of cells.
        width: Of the terminal; 0 for no limit.
        numbered: Whether the first column holds numbers, which stand at its right.
    """
    widths = [max(map(safe.width, column), default=0) for column in zip(*rows, strict=True)]
    left = sum(widths[:-1]) + 2 * (len(widths) - 1)
    for row in rows:
        first = " " * (widths[0] - safe.width(row[0])) + row[0] if numbered else safe.fill(row[0], widths[0])
        cells = [first, *(safe.fill(text, wide) for text, wide in zip(row[1:], widths[1:], strict=True))]
        if not width or len(row) < 2 or left + safe.width(row[-1]) <= width:
            yield "  ".join(cells).rstrip()
        elif width - left >= _LEAST:
            begun, *more = safe.wrapped(row[-1], width - left)
            yield "  ".join([*cells[:-1], begun]).rstrip()
            yield from (" " * left + line for line in more)
        else:
            for line in safe.wrapped("  ".join(cells[:-1]).rstrip(), width, hang="    "):
                yield line.rstrip()
            yield from (f"    {line}" for line in safe.wrapped(row[-1], max(width - 4, _LEAST)))
