"""The Elastic Common Schema (9.x): one alert a finding (compliance.md, 8.4)."""

from __future__ import annotations

from typing import Any

from auditlog_cli import times
from auditlog_cli.finding import Finding
from auditlog_cli.renderers.findings import jsonl

HINT = "Elastic Common Schema, event.kind alert"
SEVERITIES = {"critical": 99, "high": 73, "medium": 47, "low": 21, "info": 1}
"""As Elastic's own detection rules grade them."""


def event(finding: Finding, now: int) -> dict[str, Any]:
    """Return a finding as an event: its time is that of the record, `event.created` that of the check.

    Args:
        finding: The finding.
        now: When it was found: microseconds since the epoch.
    """
    rule, where = finding.rule, finding.where
    made: dict[str, Any] = {
        "@timestamp": where.timestamp or times.render(now),
        "ecs": {"version": "9.0.0"},
        "event": {
            "kind": "alert",
            "module": "auditlog",
            "dataset": "auditlog.finding",
            "created": times.render(now),
            "severity": SEVERITIES[rule.severity],
        },
        "message": finding.message,
        "rule": {"id": rule.id, "name": rule.title, "ruleset": rule.pack, "version": rule.version},
        "log": {"file": {"path": where.path}},
        "auditlog": {"finding": jsonl.as_object(finding)},
    }
    if where.user:
        made["user"] = {"id": where.user}
    if where.trace_id:
        made["trace"] = {"id": where.trace_id}
    return made
