"""`auditlog alerts acknowledge`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def acknowledge(
    fingerprint: o.Fingerprints,
    by: o.Person,
    why: o.Why,
    alerts: o.AlertsLog = None,
    policy: o.PolicyFile = None,
) -> int:
    """Say that a person has seen alerts and looks after them. All of them are acknowledged, or none.

    Examples:
      auditlog alerts acknowledge 3f9a1c2b --by ann@example.org --why "asking the vendor" --alerts alerts.jsonl
    """
    from auditlog_cli.cli import alerting

    return alerting.say(
        alerting.find(alerts, policy), fingerprint, by,
        lambda keeper, alert, now: keeper.acknowledge(alert, by=by, why=why, now=now),
    )  # fmt: skip
