"""What others are told of a finding: never a value of the log's content (compliance.md, 9.3)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from auditlog_cli import times
from auditlog_cli.finding import SEVERITIES
from auditlog_cli.renderers import safe

OPENED, REOPENED, UNAVAILABLE = "finding.opened", "finding.reopened", "check.unavailable"
AWAY = "CHECK-UNAVAILABLE"
"""The rule of the finding that a log cannot be read: told as `check.unavailable`."""
_LARGEST = 20 * 1024
_IN_SUBJECT = 3


def body(kind: str, data: Mapping[str, Any], now: int) -> bytes:
    """Return the message about one finding: at most 20 KiB of JSON; `related` is shortened first.

    Args:
        kind: `finding.opened`, `finding.reopened` or `check.unavailable`.
        data: The finding, or what is not available.
        now: When it happened: microseconds since the epoch.

    Source: Standard Webhooks, "Payload structure".
    """
    data = dict(data)
    while True:
        made = _json({"type": kind, "timestamp": times.render(now), "data": data})
        if len(made) <= _LARGEST:
            return made
        related = data.get("related")
        if related:
            data["related"] = list(related)[: len(related) // 2]
            continue
        # Nothing long is left but texts of a user's own pack.
        data = {name: data[name] for name in ("fingerprint", "rule", "severity", "kind") if name in data}


def subject(findings: Sequence[Mapping[str, Any]]) -> str:
    """Return the subject of a mail.

    >>> subject([{"severity": "high", "rule": "A-1"}, {"severity": "medium", "rule": "B-2"}])
    '[auditlog] 1 high, 1 medium: A-1, B-2'
    """
    counts = [(sum(each["severity"] == severity for each in findings), severity) for severity in SEVERITIES]
    rules = list(dict.fromkeys(str(each["rule"]) for each in findings))
    shown = ", ".join(rules[:_IN_SUBJECT]) + (" …" if len(rules) > _IN_SUBJECT else "")
    graded = ", ".join(f"{count} {severity}" for count, severity in counts if count)
    return _whole(safe.one_line(f"[auditlog] {graded}: {shown}"))


def letter(findings: Sequence[Mapping[str, Any]]) -> str:
    """Return the text of a mail about some findings."""
    parts = []
    for each in sorted(findings, key=lambda each: SEVERITIES.index(each["severity"])):
        record = each.get("record") or {}
        where = f"{record.get('source', '')}:{record.get('line', '')}"
        owner = f"  owner: {record['owner']}" if record.get("owner") else ""
        lines = [
            f"{each['severity'].upper()} {each['rule']}: {each.get('title', '')}",
            f"  where: {where}",
            f"  record: {record.get('record_id') or '-'}  agent: {record.get('agent') or '-'}{owner}",
            f"  fix: {each.get('fix', '')}",
            f"  {each['fingerprint']}",
        ]
        parts.append("".join(f"{safe.one_line(line)}\n" for line in lines))
    parts.append(
        "A finding is evidence that something in the log needs an explanation; a run without findings is evidence\n"
        "for compliance, never proof of it.\n\nauditlog alerts acknowledge FINGERPRINT --by WHO --why TEXT\n"
    )
    return _whole("\n".join(parts))


def _whole(text: str) -> str:
    """A text without half characters, which no letter can hold."""
    return text.encode("utf-8", "backslashreplace").decode()


def _json(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return text.encode("utf-8", "backslashreplace")
