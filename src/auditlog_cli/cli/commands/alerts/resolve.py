"""`auditlog alerts resolve`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def resolve(
    fingerprint: o.Fingerprints,
    by: o.Person,
    why: o.Why,
    outcome: o.AlertOutcome,
    alerts: o.AlertsLog = None,
    policy: o.PolicyFile = None,
) -> int:
    """Say that a person has dealt with alerts, and what came of it. All of them are resolved, or none.

    This is no waiver: the finding counts in the next check unless it is gone, waived or in the baseline, and the alert
    opens again when the fact comes back in a younger record.

    Examples:
      auditlog alerts resolve 3f9a1c2b --by ann@example.org --why "fixed in 1.5" --outcome fixed --alerts alerts.jsonl
    """
    from auditlog_cli.cli import alerting

    return alerting.say(
        alerting.find(alerts, policy), fingerprint, by,
        lambda keeper, alert, now: keeper.resolve(alert, by=by, why=why, outcome=outcome, now=now),
    )  # fmt: skip
