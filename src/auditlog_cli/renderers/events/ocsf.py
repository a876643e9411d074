"""The Open Cybersecurity Schema Framework 1.4: Detection Finding, class 2004 (compliance.md, 8.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditlog_cli import times
from auditlog_cli._version import __version__

HINT = "OCSF 1.4, Detection Finding"
SEVERITIES = {"critical": 5, "high": 4, "medium": 3, "low": 2, "info": 1}
_WORDS = {5: "Critical", 4: "High", 3: "Medium", 2: "Low", 1: "Informational"}
_CONFIDENCES = {"low": 1, "medium": 2, "high": 3}
_CATEGORY, _CLASS, _CREATE = 2, 2004, 1
_NEW = 1


def event(finding: Mapping[str, Any], identity: str, now: int) -> dict[str, Any]:
    """Return a finding as an event: its time is that of the record.

    Args:
        finding: `auditlog.finding/1`.
        identity: The id of the event.
        now: When it was found: microseconds since the epoch.
    """
    record, title = finding.get("record", {}), finding.get("title", "")
    severity = SEVERITIES[finding["severity"]]
    happened = times.parse(record.get("timestamp"))
    made: dict[str, Any] = {
        "activity_id": _CREATE,
        "category_uid": _CATEGORY,
        "class_uid": _CLASS,
        "type_uid": _CLASS * 100 + _CREATE,
        "time": (now if happened is None else happened) // 1000,
        "severity_id": severity,
        "severity": _WORDS[severity],
        "status_id": _NEW,
        "confidence_id": _CONFIDENCES.get(str(finding.get("confidence")), _CONFIDENCES["high"]),
        "message": finding.get("message", ""),
        "metadata": {
            "version": "1.4.0",
            "uid": identity,
            "product": {"name": "auditlog", "vendor_name": "auditlog", "version": __version__},
            "logged_time": now // 1000,
        },
        "finding_info": {
            "uid": finding["fingerprint"],
            "title": title,
            "desc": finding.get("why", ""),
            "created_time": now // 1000,
            "analytic": {
                "uid": finding["rule"],
                "name": title,
                "version": finding.get("pack_version", ""),
                "type_id": 1,
                "type": "Rule",
            },
        },
        "remediation": {"desc": finding.get("fix", "")},
        "unmapped": {"auditlog": {"finding": finding}},
    }
    if record.get("user"):
        made["actor"] = {"user": {"uid": record["user"]}}
    return made
