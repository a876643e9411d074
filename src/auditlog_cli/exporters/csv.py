"""CSV: one row a record, the envelope in columns, the whole record as JSON in the last one (RFC 4180, with LF)."""

from __future__ import annotations

from collections.abc import Iterator

from auditlog_cli import cells, times
from auditlog_cli.exporters import Piece, Settings, Source
from auditlog_cli.exporters._envelope import Losses, Row, one_line, row

HINT = "CSV: the envelope in columns, the whole record as JSON in the last one"
FOLDER = False
SEALED = False


def export(source: Source, settings: Settings) -> Iterator[Piece]:
    """Yield a header, then a line for each record. Each cell is quoted, no cell is a formula or holds a line end."""
    losses = Losses()
    yield Piece("", ",".join(Row._fields).encode() + b"\n")
    for entry in source.entries:
        texts = [_text(name, value) for name, value in zip(Row._fields, row(entry), strict=True)]
        safe = [cells.guarded(text) for text in texts]
        if safe != texts:
            losses.add("a cell could be a formula, or begins with ': it has a ' in front")
        yield Piece("", ",".join(map(cells.quoted, safe)).encode("utf-8", "backslashreplace") + b"\n")
    losses.tell(settings.say)


def _text(name: str, value: object) -> str:
    if value is None:
        return ""
    if name == "timestamp" and isinstance(value, int):
        return times.render(value)
    if isinstance(value, list):
        return one_line(" ".join(value))
    return one_line(str(value))
