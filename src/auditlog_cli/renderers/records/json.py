"""One JSON array of records under the names of `auditlog.record/1`."""

from __future__ import annotations

from auditlog_cli.record import BadLine, Record
from auditlog_cli.renderers.records import jsonl
from auditlog_cli.renderers.style import Style

HINT = "one array of records under the names of auditlog.record/1"
START = b"["
END = b"\n]\n"


def item(found: Record | BadLine, style: Style, *, first: bool) -> bytes:
    """Return the record as an element of the array; nothing for a bad line."""
    del style
    data = jsonl.encoded(found)
    return (b"\n" if first else b",\n") + data if data else b""
