"""A summary as one HTML file to read, keep and print: no script, nothing from outside."""

from __future__ import annotations

from typing import Any

from auditlog_cli.renderers import html
from auditlog_cli.renderers.summaries._document import document

HINT = "one self-contained HTML file, to read and print"


def render(summary: dict[str, Any]) -> str:
    """Return the summary as HTML."""
    return html.render(document(summary))
