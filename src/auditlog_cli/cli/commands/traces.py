"""`auditlog traces`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def traces(
    paths: o.Paths = None,
    limit: o.Latest = None,
    user: o.User = None,
    agent: o.Agent = None,
    session: o.Session = None,
    tool: o.Tool = None,
    status: o.Status = None,
    type: o.Type = None,  # noqa: A002
    approved_by: o.ApprovedBy = None,
    since: o.Since = None,
    until: o.Until = None,
    where: o.Where = None,
    shape: o.From = None,
    format: o.TableFormat = None,  # noqa: A002
    color: o.Color = "auto",
    output: o.Output = None,
    no_index: o.NoIndex = False,
    verbose: o.Verbose = False,
    quiet: o.Quiet = False,
) -> int:
    """List the traces of a log, the newest first: when, who, which agents, calls, errors, how long.

    With selectors: every trace with a record that matches; the numbers are of the whole trace. What bears
    no trace id is listed by its session; what bears neither, as `-`.

    Examples:
      auditlog traces audit.jsonl
      auditlog traces logs/ --user alice@example.org --since 7d
      auditlog traces audit.jsonl --status denied -n 20
      auditlog traces audit.jsonl --format csv -o traces.csv
    """
    from auditlog_cli import listing as traced
    from auditlog_cli import pipeline
    from auditlog_cli.cli import show
    from auditlog_cli.counts import Counts
    from auditlog_cli.errors import UsageError
    from auditlog_cli.renderers import listing
    from auditlog_cli.selection import select_by

    if limit is not None and limit < 0:
        raise UsageError("--limit: at least 0", help="without --limit all traces are listed")
    chosen = select_by(
        user=user, agent=agent, session=session, tool=tool, status=status, type=type,
        approved_by=approved_by, since=since, until=until, where=where,
    )  # fmt: skip
    asked = {"user": user, "agent": agent, "session": session, "tool": tool, "status": status, "type": type}
    logs = show.paths(paths, shape)
    notices = show.Notices(quiet=quiet, verbose=verbose)
    counts = Counts()
    found = None
    if not no_index and shape is None:
        found = traced.looked_up(logs, chosen, counts=counts, say=notices.explain, on_bad=notices.bad)
    if found is None:
        found = traced.summarize(pipeline.judged(logs, chosen, shape=shape, counts=counts, search=False), notices.bad)
    if not counts.read:
        return notices.done(counts, logs)  # says so, in place of a list of nothing
    everything = found.summaries()
    shown = everything[:limit]
    if format in ("json", "jsonl", "csv"):
        from auditlog_cli.cli import tables

        tables.print_rows(*listing.rows(shown), format, output)
    else:
        out = show.output(output)
        for line in listing.lines(shown, show.style(color, output), left_out=len(everything) - len(shown)):
            out.line(line)
        show.finish(out)
    return notices.done(counts, logs, asked)
