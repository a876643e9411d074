"""What `auditlog sql` prints: a table, JSON or CSV."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from auditlog_cli.cli import show
from auditlog_cli.database import Answer
from auditlog_cli.renderers import grid
from auditlog_cli.renderers.records.csv import row as csv_row
from auditlog_cli.renderers.text import Style
from auditlog_cli.sinks import Output

_NUMBERS = (int, float, Decimal)


def write(answer: Answer, wanted: str, out: Output, style: Style) -> None:
    """Write an answer.

    Args:
        wanted: `table`, `json`, `jsonl` or `csv`.
        out: Where to; its end is the caller's.
        style: How a table is drawn.
    """
    if wanted == "table":
        _table(answer, out, style)
    elif wanted == "csv":
        looked_at = out.fd == 1 and show.is_terminal(1)
        out.write(csv_row(tuple(answer.names), terminal=looked_at))
        for row in answer.rows:
            out.write(csv_row(tuple(_plain(value) for value in row), terminal=looked_at))
    elif wanted == "jsonl":
        for text in _objects(answer):
            out.line(text)
    else:
        between = "["
        for text in _objects(answer):
            out.write(f"{between}\n {text}".encode())
            between = ","
        out.line("[]" if between == "[" else "\n]")


def _objects(answer: Answer) -> Iterator[str]:
    """The rows as JSON in ASCII. Columns of one name get a number; a column of JSON is what it says."""
    names: list[str] = []
    for name in answer.names:
        number, free = 2, name
        while free in names:
            number, free = number + 1, f"{name}_{number}"
        names.append(free)
    for row in answer.rows:
        values = [
            json.loads(value) if kind == "JSON" and isinstance(value, str) else _plain(value)
            for kind, value in zip(answer.types, row, strict=True)
        ]
        yield json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=True)


def _table(answer: Answer, out: Output, style: Style) -> None:
    rows = list(answer.rows)
    right = [
        any(isinstance(value, _NUMBERS) for value in column)
        and all(value is None or isinstance(value, _NUMBERS) for value in column)
        for column in zip(*rows, strict=True)
    ] or [False] * len(answer.names)
    for line in grid.lines(answer.names, [[_shown(value) for value in row] for row in rows], right, style):
        out.line(line)


def _shown(value: object) -> str:
    if value is None:
        return "NULL"
    plain = _plain(value)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """The value in the types of JSON: times as RFC 3339 has them, what JSON has no type for as a text."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return str(value)
