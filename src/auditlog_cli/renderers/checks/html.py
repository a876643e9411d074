"""A report as one HTML file to read, keep and print: no script, nothing from outside."""

from __future__ import annotations

from auditlog_cli.renderers import html
from auditlog_cli.renderers.checks._document import document
from auditlog_cli.report import Report

HINT = "one self-contained HTML file, to read and print"
_PLACES = 50


def render(report: Report, *, merge: bool = False) -> str:
    """Return the report as HTML."""
    return html.render(document(report, places=_PLACES, merge=merge))
