"""A report as Markdown for a pull request or a ticket: at most 64 KiB, the rest counted (compliance.md, 8)."""

from __future__ import annotations

from auditlog_cli.renderers import markdown
from auditlog_cli.renderers.checks._document import document
from auditlog_cli.report import Report

HINT = "Markdown for a pull request or a ticket, at most 64 KiB"
_ALL = 1 << 30
_STEPS = ((20, _ALL, True), (5, _ALL, True), (5, _ALL, False), (2, 100, False), (1, 50, False), (0, 0, False))
_CUT = "\n\nThe rest does not fit into 64 KiB; the format json has all.\n"


def render(report: Report, *, merge: bool = False) -> str:
    """Return the report as Markdown, with as many places and rules as there is room for."""
    text = ""
    for places, groups, tables in _STEPS:
        text = markdown.render(document(report, places=places, groups=groups, tables=tables, merge=merge))
        if len(text.encode()) <= markdown.LARGEST:
            return text
    # Hundreds of rules of the user's own, or paths a mile long: what comes last gives way, by whole lines.
    kept = text.encode()[: markdown.LARGEST - len(_CUT)].decode("utf-8", "ignore")
    return kept.rpartition("\n")[0] + _CUT
