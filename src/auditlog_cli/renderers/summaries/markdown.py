"""A summary as Markdown. Not cut: it goes into a file, not into a comment."""

from __future__ import annotations

from typing import Any

from auditlog_cli.renderers import markdown
from auditlog_cli.renderers.summaries._document import document

HINT = "Markdown"


def render(summary: dict[str, Any]) -> str:
    """Return the summary as Markdown."""
    return markdown.render(document(summary))
