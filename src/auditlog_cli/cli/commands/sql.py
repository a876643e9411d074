"""`auditlog sql`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def sql(
    query: o.Query,
    paths: o.Paths = None,
    own: o.Own = False,
    format: o.QueryFormat = "table",  # noqa: A002
    output: o.Output = None,
    quiet: o.Quiet = False,
) -> int:
    """Ask logs a question in SQL. Needs the extra `duckdb`.

    The table `records` has the envelope in columns and the whole record as JSON in the column `record`; `describe
    records` lists them. A query reads that table and nothing else: no file, no network.

    Examples:
      auditlog sql "select tool, count(*) from records group by all order by 2 desc" audit.jsonl
      auditlog sql "select user_id, record->>'$.action.error.type' as error from records where error is not null" logs/
      auditlog sql "from records where 'refunds:write' in scopes" audit.jsonl --format jsonl
    """
    from auditlog_cli.cli import answers, exporting, show
    from auditlog_cli.counts import Counts
    from auditlog_cli.database import Database, question
    from auditlog_cli.selection import select_by

    asked = question(query)
    logs = show.paths(paths)
    exporting.spare(output or "-")
    notices = show.Notices(quiet=quiet)
    counts = Counts()
    source = exporting.selected(logs, select_by(own=own), counts, notices)
    with Database(source.entries) as records:
        answer = records.ask(asked)
        out = show.output(output)
        try:
            answers.write(answer, format, out)
            show.finish(out)
        except BaseException:
            show.discard(out)
            raise
    return notices.done(counts, logs)
