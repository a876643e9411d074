"""`auditlog stats`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def stats(
    paths: o.Paths = None,
    by: o.By = None,
    top: o.Top = 10,
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
    shape: o.From = None,
    format: o.TableFormat = None,  # noqa: A002
    color: o.Color = "auto",
    output: o.Output = None,
    no_index: o.NoIndex = False,
    verbose: o.Verbose = False,
    quiet: o.Quiet = False,
) -> int:
    """Say what a log adds up to: how many, when, who, which tools, errors, approvals, latencies.

    Examples:
      auditlog stats audit.jsonl
      auditlog stats logs/ --by user.id --by action.tool --since 7d
      auditlog stats audit.jsonl --by agent.id --format csv
    """
    from auditlog_cli import breakdown, parallel
    from auditlog_cli.cli import show
    from auditlog_cli.counts import Counts
    from auditlog_cli.renderers import summary
    from auditlog_cli.renderers.style import Style
    from auditlog_cli.selection import select_by

    chosen = select_by(
        user=user, agent=agent, session=session, trace=trace, tool=tool, status=status, type=type,
        approved_by=approved_by, since=since, until=until, where=where,
    )  # fmt: skip
    asked = {"user": user, "agent": agent, "session": session, "trace": trace, "tool": tool,
             "status": status, "type": type}  # fmt: skip
    logs = show.paths(paths, shape)
    notices = show.Notices(quiet=quiet, verbose=verbose)
    index = None if no_index else notices.explain
    counts = Counts()
    found = None
    if by and index is not None and chosen.everything and shape is None:
        found = breakdown.counted(logs, tuple(by), top, counts=counts, on_bad=notices.bad, say=index, parallel=True)
    if found is None:
        counts = Counts()
        found = breakdown.scanned(
            logs, tuple(by or ()), chosen,
            shape=shape, counts=counts, on_bad=notices.bad, index=index, processes=parallel.cores(),
        )  # fmt: skip
    if not counts.read:
        return notices.done(counts, logs)  # says so, in place of a summary of nothing
    for path, groups in found.groups.items():
        if list(groups) == ["(none)"] and not found.beyond.get(path) and counts.selected:
            from auditlog_cli.cli import hinting

            notices.say(hinting.nothing_at(path))
    if format in ("json", "jsonl", "csv"):
        from auditlog_cli.cli import tables

        tables.print_rows(*summary.rows(found, top), format, output)
    else:
        out = show.output(output)
        style = Style(colour=show.in_colour(color), unicode=show.in_unicode(), columns=show.columns() or 100)
        for line in summary.lines(found, top, style, tables_only=bool(by)):
            out.line(line)
        show.finish(out)
    return notices.done(counts, logs, asked)
