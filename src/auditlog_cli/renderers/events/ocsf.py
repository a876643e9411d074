"""The Open Cybersecurity Schema Framework 1.4: Detection Finding, class 2004 (compliance.md, 8.4)."""

from __future__ import annotations

from typing import Any

from auditlog_cli import times
from auditlog_cli._version import __version__
from auditlog_cli.finding import Finding
from auditlog_cli.renderers.findings import jsonl

HINT = "OCSF 1.4, Detection Finding"
SEVERITIES = {"critical": 5, "high": 4, "medium": 3, "low": 2, "info": 1}
_WORDS = {5: "Critical", 4: "High", 3: "Medium", 2: "Low", 1: "Informational"}
_CONFIDENCES = {"low": 1, "medium": 2, "high": 3}
_CATEGORY, _CLASS, _CREATE = 2, 2004, 1
_NEW = 1


def event(finding: Finding, now: int) -> dict[str, Any]:
    """Return a finding as an event: its time is that of the record.

    Args:
        finding: The finding.
        now: When it was found: microseconds since the epoch.
    """
    rule, where = finding.rule, finding.where
    severity = SEVERITIES[rule.severity]
    happened = times.parse(where.timestamp)
    made: dict[str, Any] = {
        "activity_id": _CREATE,
        "category_uid": _CATEGORY,
        "class_uid": _CLASS,
        "type_uid": _CLASS * 100 + _CREATE,
        "time": (now if happened is None else happened) // 1000,
        "severity_id": severity,
        "severity": _WORDS[severity],
        "status_id": _NEW,
        "confidence_id": _CONFIDENCES[rule.confidence],
        "message": finding.message,
        "metadata": {
            "version": "1.4.0",
            "product": {"name": "auditlog", "vendor_name": "auditlog", "version": __version__},
            "logged_time": now // 1000,
        },
        "finding_info": {
            "uid": finding.fingerprint,
            "title": rule.title,
            "desc": rule.why,
            "created_time": now // 1000,
            "analytic": {"uid": rule.id, "name": rule.title, "version": rule.version, "type_id": 1, "type": "Rule"},
        },
        "remediation": {"desc": finding.fix},
        "unmapped": {"auditlog": {"finding": jsonl.as_object(finding)}},
    }
    if where.user:
        made["actor"] = {"user": {"uid": where.user}}
    return made
