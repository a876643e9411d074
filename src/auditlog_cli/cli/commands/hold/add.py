"""`auditlog hold add`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def add(
    path: o.Log,
    session: o.Session = None,
    agent: o.Agent = None,
    subject: o.HeldSubject = None,
    since: o.Since = None,
    until: o.Until = None,
    everything: o.HoldAll = False,
    by: o.Holder = "",
    reason: o.Reason = "",
    key: o.HolderKey = None,
    quiet: o.Quiet = False,
) -> int:
    """Put records under a legal hold: prune does not delete them, redact does not withhold from them.

    Values of one option are alternatives, options add up; records that come later are held as well. What cannot be
    judged (a withheld session, a missing time) is held. The name of the hold is printed. With --key it is signed, and
    only the same key releases it. What --subject names stands in the log, and can be withheld once it is released.

    Examples:
      auditlog hold add audit.jsonl --session s-42 --by counsel@example.org --reason "case 17"
      auditlog hold add audit.jsonl --subject u-17 --by counsel@example.org --reason "case 17" --key counsel.key
      auditlog hold add audit.jsonl --since 2026-03-01 --until 2026-04-01 --by counsel --reason "audit of March"
      auditlog hold add audit.jsonl --all --by counsel --reason "case 18"
    """
    from auditlog_cli.cli import holding
    from auditlog_cli.retention.holding import covers

    what = covers(session=session, agent=agent, subject=subject, since=since, until=until, everything=everything)
    return holding.add(path, what, by=by, reason=reason, key=key, quiet=quiet)
