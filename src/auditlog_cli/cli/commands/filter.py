"""`auditlog filter`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def filter(  # noqa: A001 - the command's name
    paths: o.Paths = None,
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
    invert: o.Invert = False,
    own: o.Own = False,
    count: o.Count = False,
    count_by: o.CountBy = None,
    limit: o.Limit = None,
    after: o.After = 0,
    before: o.Before = 0,
    context: o.Context = 0,
    shape: o.From = None,
    format: o.Format = None,  # noqa: A002
    color: o.Color = "auto",
    output: o.Output = None,
    no_index: o.NoIndex = False,
    verbose: o.Verbose = False,
    quiet: o.Quiet = False,
) -> int:
    """Print the records that match, as they are stored.

    Values of one option are alternatives, options add up: --user ann --user bob --status denied is what was
    denied to ann or to bob.

    Examples:
      auditlog filter audit.jsonl --user alice@example.com --since 3h
      auditlog filter logs/ --agent 'refund*' --status denied --status error --format text
      auditlog filter audit.jsonl --where 'action.latency_ms > 500 and not action.tool = search'
      auditlog filter audit.jsonl --session s-42 | jq -r .action.tool
      auditlog filter audit.jsonl --status denied --count-by user.id
    """
    from auditlog_cli import pipeline
    from auditlog_cli.cli import fitting, show
    from auditlog_cli.counts import Counts
    from auditlog_cli.errors import UsageError
    from auditlog_cli.selection import select_by

    chosen = select_by(
        user=user, agent=agent, session=session, trace=trace, tool=tool, status=status, type=type,
        approved_by=approved_by, since=since, until=until, where=where, own=own,
    )  # fmt: skip
    if limit is not None and (limit < 0 or count or count_by):
        raise UsageError(
            "--limit: at least 0, and not with a count", help="without --limit all are printed; counts count all"
        )
    around = {"--after-context": after > 0, "--before-context": before > 0, "--context": context > 0}
    around["--count"] = count and count_by is not None
    fitting.stands_alone("--count-by" if count_by else "--count", count or count_by, around, "leave one of them out")
    asked = {"user": user, "agent": agent, "session": session, "trace": trace, "tool": tool,
             "status": status, "type": type}  # fmt: skip
    logs = show.paths(paths, shape)
    notices = show.Notices(quiet=quiet, verbose=verbose)
    index = None if no_index else notices.explain
    counts = Counts()
    before, after = max(before, context), max(after, context)
    judged = pipeline.judged(
        logs,
        chosen,
        shape=shape,
        inverted=invert,
        counts=counts,
        parallel=True,
        search=not (before or after),
        index=index,
    )
    if count or count_by:
        from auditlog_cli.cli import tables

        tables.counted(judged, count_by, format, output, notices)
        return notices.done(counts, logs, asked)
    from auditlog_cli.cli.printing import Printer

    shown = 0
    with Printer(format, color, output) as printer:
        for item in show.with_context(judged, before, after, notices):
            if limit != 0:
                printer.item(item)
            shown += 1
            if limit is not None and shown >= limit:
                break  # before the next one is looked for: what is said to be selected was printed
    return notices.done(counts, logs, asked)
