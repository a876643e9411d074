"""One JSON object a line under the names of `auditlog.record/1`, whatever the shape it was stored in."""

from __future__ import annotations

from auditlog_cli.record import BadLine, Record
from auditlog_cli.renderers.style import Style

HINT = "one object a line under the names of auditlog.record/1"
START = END = b""


def item(found: Record | BadLine, style: Style, *, first: bool) -> bytes:
    """Return the record and an LF; nothing for a bad line, which is said on standard error."""
    del style, first
    data = encoded(found)
    return data + b"\n" if data else b""


def encoded(found: Record | BadLine) -> bytes:
    """Return the record as JSON. Where it bears our names already, the stored bytes: no number is rewritten."""
    if isinstance(found, BadLine):
        return b""
    if found.content is found.stored:
        return found.line.raw.strip(b" \t\r")
    import json

    return json.dumps(found.content, ensure_ascii=False, separators=(",", ":"), default=_number).encode()


def _number(value: object) -> object:
    # A number of thousands of digits is kept as a Decimal (strictjson.py); it is written as a text here.
    return str(value)
