"""`auditlog redact`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def redact(
    paths: o.Paths = None,
    fields: o.Fields = None,
    subject: o.Subject = None,
    whole: o.Whole = False,
    despite_hold: o.DespiteHold = False,
    record: o.RecordId = None,
    user: o.User = None,
    agent: o.Agent = None,
    session: o.Session = None,
    trace: o.Trace = None,
    tool: o.Tool = None,
    status: o.Status = None,
    type: o.Type = None,  # noqa: A002
    approved_by: o.ApprovedBy = None,
    since: o.Since = None,
    until: o.Until = None,
    where: o.Where = None,
    by: o.Redactor = "",
    reason: o.Reason = "",
    request: o.CaseNumber = None,
    key: o.RedactorKey = None,
    unsigned: o.Unsigned = False,
    dry_run: o.DryRun = False,
    yes: o.Yes = False,
    resume: o.Resume = False,
    output: o.Copy = None,
    quiet: o.Quiet = False,
) -> int:
    """Withhold values of a sealed log for ever; its hashes and signatures stay valid.

    There is no way back: what is withheld is gone from these files. Copies elsewhere (backups, shippers, search
    indexes) are not reached. A signed record in the log says which places were withheld, by whom and why. Digests
    of the same content go with it. Writers may go on meanwhile. Exit code: 0 done, or nothing to do; 1 something
    was left readable, or with --dry-run something would go; 6 a line could not be looked at.

    Examples:
      auditlog redact audit.jsonl --fields user.email --session s-42 --dry-run
      auditlog redact audit.jsonl --fields user.email,action.arguments.to --by me --reason "case 17" --key my.key
      auditlog redact audit.jsonl --subject u-17 --request 17 --by me --reason erasure --key my.key
      auditlog redact audit.jsonl --fields user,prompt,response -o shared.jsonl --key my.key
    """
    from auditlog_cli.cli import redacting, show
    from auditlog_cli.selection import select_by
    from auditlog_cli.withholding.wish import Wish

    chosen = select_by(
        user=user, agent=agent, session=session, trace=trace, tool=tool, status=status, type=type,
        approved_by=approved_by, since=since, until=until, where=where,
    )  # fmt: skip
    split = [path.strip() for words in fields or () for path in words.split(",")]
    wish = Wish(tuple(split), tuple(subject or ()), tuple(record or ()), whole, request)
    work = redacting.Work(
        wish,
        chosen,
        by=by,
        reason=reason,
        key=key,
        unsigned=unsigned,
        sure=yes,
        despite_hold=despite_hold,
        notices=show.Notices(quiet=quiet),
    )
    logs = redacting.logs(show.paths(paths))
    if resume:
        return work.each(logs, work.resume)
    if dry_run:
        return work.each(logs, work.rehearse)
    if output is not None:
        return work.share(logs, output)
    return work.each(logs, work.withhold)
