"""The stored bytes, untouched."""

from __future__ import annotations

from auditlog_cli.record import BadLine, Record
from auditlog_cli.renderers.style import Style

HINT = "the stored bytes"
START = END = b""


def item(found: Record | BadLine, style: Style, *, first: bool) -> bytes:
    """Return the line as it stands in the file, and an LF."""
    del style, first
    return found.line.raw + b"\n"
