"""Findings as events for a SIEM (compliance.md, 8.4). One file = one form: `event(finding, identity, now) -> object`.

One alert there on the kind of event covers all rules. An event holds what the finding holds: no value of the log's
content. An event that is written twice has the same id both times.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from auditlog_cli import registry

Finding = Mapping[str, Any]
"""`auditlog.finding/1`."""


def line(form: str, finding: Finding, now: int, *, reopened: int = 0) -> str:
    """Return a finding as one line of JSON, in ASCII.

    Args:
        form: `ecs` or `ocsf`.
        finding: The finding.
        now: When it was found: microseconds since the epoch.
        reopened: How often its alert was resolved and came back.
    """
    from json import dumps

    made = registry.load("renderers/events", form).event(finding, identity(finding, reopened), now)
    return dumps(made, ensure_ascii=True, default=str, separators=(",", ":"))


def identity(finding: Finding, reopened: int = 0) -> str:
    """Return the id of the event of a finding: the same whenever it is told, another one when it came back.

    Args:
        finding: The finding.
        reopened: How often its alert was resolved and came back.
    """
    from json import dumps

    policy = finding.get("policy")
    name = policy.get("name", "") if isinstance(policy, dict) else ""
    named = ["auditlog.event/1", finding["fingerprint"], finding["rule"], name, reopened]
    return sha256(dumps(named, default=str, separators=(",", ":")).encode()).hexdigest()[:32]
