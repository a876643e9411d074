"""`auditlog tail`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def tail(
    paths: o.Paths = None,
    lines: o.Lines = 10,
    follow: o.Follow = False,
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
    own: o.Own = False,
    shape: o.From = None,
    format: o.Format = None,  # noqa: A002
    color: o.Color = "auto",
    output: o.Output = None,
    verbose: o.Verbose = False,
    quiet: o.Quiet = False,
) -> int:
    """Show the last actions of a log, and go on as they arrive.

    Only the end of the log is read. With selectors, the last records that match.

    Examples:
      auditlog tail audit.jsonl
      auditlog tail -20 audit.jsonl
      auditlog tail -f audit.jsonl --status denied --status error
      auditlog tail -n 50 logs/ --agent refunder --format story
    """
    from auditlog_cli import pipeline
    from auditlog_cli.cli import show
    from auditlog_cli.cli.printing import Printer
    from auditlog_cli.counts import Counts
    from auditlog_cli.errors import EXIT_OK, UsageError
    from auditlog_cli.selection import select_by

    chosen = select_by(
        user=user, agent=agent, session=session, trace=trace, tool=tool, status=status, type=type,
        approved_by=approved_by, since=since, until=until, where=where, own=own,
    )  # fmt: skip
    if lines < 0:
        raise UsageError("--lines: at least 0", help="the last records are counted from the end")
    asked = {"user": user, "agent": agent, "session": session, "trace": trace, "tool": tool,
             "status": status, "type": type}  # fmt: skip
    logs = show.paths(paths, shape)
    notices = show.Notices(quiet=quiet, verbose=verbose)
    counts = Counts()
    if follow and logs != ["-"]:
        from auditlog_cli.cli import following

        notices.unknown({"status": status, "type": type})
        with Printer(format, color, output, eager=True) as printer:
            return following.run(logs, lines, chosen, shape, printer, notices)
    from auditlog_cli.sources import backwards, files

    with Printer(format, color, output, eager=follow) as printer:
        if follow:
            for item, wanted in pipeline.judged(logs, chosen, shape=shape, counts=counts, search=False):
                if wanted or chosen.everything:
                    printer.item(item)
        else:
            streams = [backwards.backwards(log) for log in files.find(logs, documents=True)]
            for item in pipeline.last(streams, lines, chosen, shape=shape, counts=counts):
                printer.item(item)
    if lines <= 0:
        return EXIT_OK  # none was wanted: nothing is said of the log
    return notices.done(counts, logs, asked)
