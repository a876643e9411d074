"""`auditlog alerts list`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def list_(
    state: o.AlertState = None,
    since: o.AlertsSince = None,
    alerts: o.AlertsLog = None,
    policy: o.PolicyFile = None,
    format: o.AlertsFormat = "text",  # noqa: A002 - the word of the option
    output: o.Output = None,
) -> int:
    """List alerts: what state each is in, since when, which rule, where, and who spoke about it last.

    Exit code: 0; 3 if there is no alerts log; 6 if it has bad lines.

    Examples:
      auditlog alerts list --alerts alerts.jsonl --state open
      auditlog alerts list --since 2d --format jsonl
    """
    from auditlog_cli.cli import alerting

    return alerting.list_all(alerting.find(alerts, policy), state, since, format, output)
