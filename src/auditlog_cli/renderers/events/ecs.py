"""The Elastic Common Schema (9.x): one alert a finding (compliance.md, 8.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditlog_cli import times

HINT = "Elastic Common Schema, event.kind alert"
SEVERITIES = {"critical": 99, "high": 73, "medium": 47, "low": 21, "info": 1}
"""As Elastic's own detection rules grade them."""


def event(finding: Mapping[str, Any], identity: str, now: int) -> dict[str, Any]:
    """Return a finding as an event: its time is that of the record, `event.created` that of the check.

    Args:
        finding: `auditlog.finding/1`.
        identity: The id of the event.
        now: When it was found: microseconds since the epoch.
    """
    record = finding.get("record", {})
    made: dict[str, Any] = {
        "@timestamp": record.get("timestamp") or times.render(now),
        "ecs": {"version": "9.0.0"},
        "event": {
            "id": identity,
            "kind": "alert",
            "module": "auditlog",
            "dataset": "auditlog.finding",
            "created": times.render(now),
            "severity": SEVERITIES[finding["severity"]],
        },
        "message": finding.get("message", ""),
        "rule": {
            "id": finding["rule"],
            "name": finding.get("title", ""),
            "ruleset": finding.get("pack", ""),
            "version": finding.get("pack_version", ""),
        },
        "log": {"file": {"path": record.get("source", "")}},
        "auditlog": {"finding": finding},
    }
    if record.get("user"):
        made["user"] = {"id": record["user"]}
    if record.get("trace_id"):
        made["trace"] = {"id": record["trace_id"]}
    return made
