"""`auditlog alerts show`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def show(
    fingerprint: o.OneFingerprint,
    alerts: o.AlertsLog = None,
    policy: o.PolicyFile = None,
    format: o.AlertsFormat = "text",  # noqa: A002 - the word of the option
    output: o.Output = None,
) -> int:
    """Show one alert: every rule and clause that names the fact, where, what to do, who was told, who said what.

    Examples:
      auditlog alerts show 3f9a1c2b --alerts alerts.jsonl
    """
    from auditlog_cli.cli import alerting

    return alerting.show_one(alerting.find(alerts, policy), fingerprint, format, output)
