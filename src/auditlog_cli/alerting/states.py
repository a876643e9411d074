"""What became of each finding: the newest of its records in the alerts log (compliance.md, 9.2). No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from auditlog_cli import fields, times
from auditlog_cli.errors import InputError, UsageError
from auditlog_cli.finding import SEVERITIES

OPEN, ACKNOWLEDGED, RESOLVED = STATES = ("open", "acknowledged", "resolved")
FIXED, FALSE_POSITIVE, ACCEPTED, NOT_APPLICABLE = OUTCOMES = ("fixed", "false_positive", "accepted", "not_applicable")
NOTIFIED, NOTIFY_FAILED = "notified", "notify_failed"
_SHORTEST_PREFIX = 4


@dataclass(slots=True)
class Alert:
    """One fact that needs somebody.

    Attributes:
        fingerprint: `sha256:` and 64 hex digits; the same under every rule that names the fact.
        finding: The finding (`auditlog.finding/1`) as it was when the alert was opened last.
        state: One of STATES.
        opened: When it was opened last: microseconds since the epoch.
        since: Since when it is in its state.
        record_id: Of the record that opened it last: what notifications refer to.
        reopened: How often it came back.
        by: Who acknowledged or resolved it, or empty.
        why: What they said.
        outcome: One of OUTCOMES if it is resolved, or empty.
        attempts: How often each channel was tried since it was opened last, by the channel's name.
        tried: When each channel was tried last.
        told: The channels that need not be tried any more, with what they answered last.
        owed: The channels that were to be told when it was opened last.
        first: When it was opened first.
    """

    fingerprint: str
    finding: Mapping[str, Any]
    state: str
    opened: int
    since: int
    record_id: str
    reopened: int = 0
    by: str = ""
    why: str = ""
    outcome: str = ""
    attempts: dict[str, int] = field(default_factory=dict)
    tried: dict[str, int] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    owed: frozenset[str] = frozenset()
    first: int = 0


def read(records: Iterable[Mapping[str, Any]]) -> dict[str, Alert]:
    """Return the state of every alert, by fingerprint, those opened first in front.

    Args:
        records: Of an alerts log, in any order; those of other types are passed over.
    """
    told = [(_when(each), _number(each), place, each) for place, each in enumerate(records) if _is_alert(each)]
    alerts: dict[str, Alert] = {}
    for when, _, _, record in sorted(told, key=lambda each: each[:3]):
        _take(alerts, when, record)
    return alerts


def one(alerts: Mapping[str, Alert], prefix: str) -> Alert:
    """Return the alert whose fingerprint begins with `prefix` (`sha256:` may be left out).

    Raises:
        UsageError: If the prefix is too short, or fits several.
        InputError: If it fits none.
    """
    bare = prefix.removeprefix("sha256:")
    if len(bare) < _SHORTEST_PREFIX:
        raise UsageError(
            f"at least {_SHORTEST_PREFIX} digits of a fingerprint are needed", help="auditlog alerts list shows them"
        )
    found = [alert for name, alert in alerts.items() if name.removeprefix("sha256:").startswith(bare)]
    if len(found) > 1:
        raise UsageError(f"{len(found)} fingerprints begin like that", help="give more digits")
    if not found:
        raise InputError("no alert has a fingerprint that begins like that", help="auditlog alerts list")
    return found[0]


def _is_alert(record: Mapping[str, Any]) -> bool:
    action = record.get("action")
    return isinstance(action, dict) and action.get("type") == "alert" and isinstance(action.get("resource"), str)


def _when(record: Mapping[str, Any]) -> int:
    stamp = record.get("timestamp")
    return times.parse(stamp) or 0


def _finding(stored: object) -> Mapping[str, Any]:
    """What is stored, if it is a finding; nothing if not: who can write to an alerts log can write anything into it."""
    if not isinstance(stored, dict) or stored.get("severity") not in SEVERITIES:
        return {}
    texts = [stored.get(name) for name in ("fingerprint", "rule", "kind")]
    objects = [stored.get(name, {}) for name in ("record", "at")]
    lists = [stored.get(name, []) for name in ("rules", "related")]
    if not all(isinstance(each, str) for each in texts) or not all(isinstance(each, list) for each in lists):
        return {}
    objects += [each for listed in lists for each in listed]
    if not all(isinstance(each, dict) and isinstance(each.get("clauses", []), list) for each in (stored, *objects)):
        return {}
    return stored


def _names(stored: object) -> frozenset[str]:
    return frozenset(each for each in stored if isinstance(each, str)) if isinstance(stored, list) else frozenset()


def _number(record: Mapping[str, Any]) -> int:
    number = record.get("seq")
    return number if isinstance(number, int) else 0


def _take(alerts: dict[str, Alert], when: int, record: Mapping[str, Any]) -> None:
    fingerprint = record["action"]["resource"]
    phase = record["action"].get("phase")
    alert = alerts.get(fingerprint)
    if phase == OPEN:
        known = _finding(fields.get(record, "metadata.finding"))
        identity = fields.text(record, "record_id")
        owed = _names(fields.get(record, "metadata.owed"))
        if alert is None:
            alerts[fingerprint] = Alert(fingerprint, known, OPEN, when, when, identity, owed=owed, first=when)
        elif alert.state == RESOLVED:
            first, often = alert.first, alert.reopened + 1
            alerts[fingerprint] = Alert(fingerprint, known, OPEN, when, when, identity, often, owed=owed, first=first)
        return
    if alert is None:
        return  # its opening was pruned, or withheld
    if phase in (ACKNOWLEDGED, RESOLVED):
        alert.state, alert.since = phase, when
        alert.by = fields.text(record, "user.id")
        alert.why = fields.text(record, "review.reason")
        alert.outcome = fields.text(record, "review.outcome") if phase == RESOLVED else ""
    elif phase in (NOTIFIED, NOTIFY_FAILED) and fields.text(record, "metadata.alert") == alert.record_id:
        channel = fields.text(record, "metadata.channel")
        alert.attempts[channel] = alert.attempts.get(channel, 0) + 1
        alert.tried[channel] = when
        if phase == NOTIFIED or fields.get(record, "metadata.final") is True:
            alert.told[channel] = fields.text(record, "metadata.status")
