"""One readable line per action."""

from __future__ import annotations

from auditlog_cli.record import BadLine, Record
from auditlog_cli.renderers.text import Style, line

HINT = "one readable line per action"
START = END = b""


def item(found: Record | BadLine, style: Style, *, first: bool) -> bytes:
    """Return the line that a person reads."""
    del first
    return line(found, style).encode("utf-8", "backslashreplace") + b"\n"
