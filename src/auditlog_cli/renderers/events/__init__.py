"""Findings as events for a SIEM (compliance.md, 8.4). One file = one form: `event(finding, now) -> object`.

One alert there on the kind of event covers all rules. An event holds what the finding holds: no value of the log's
content.
"""

from __future__ import annotations

from auditlog_cli import registry
from auditlog_cli.finding import Finding


def line(form: str, finding: Finding, now: int) -> str:
    """Return a finding as one line of JSON, in ASCII.

    Args:
        form: `ecs` or `ocsf`.
        finding: The finding.
        now: When it was found: microseconds since the epoch.
    """
    from json import dumps

    made = registry.load("renderers/events", form).event(finding, now)
    return dumps(made, ensure_ascii=True, separators=(",", ":"))
