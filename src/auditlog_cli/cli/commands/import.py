"""`auditlog import`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def import_(
    paths: o.ImportSources = None,
    shape: o.ImportFrom = None,
    output: o.ImportLog = None,
    user: o.ImportUser = None,
    agent: o.ImportAgent = None,
    session: o.ImportSession = None,
    scopes: o.ImportScopes = None,
    approved_by: o.ImportApprover = None,
    approved_at: o.ImportApproved = None,
    tz: o.ImportZone = None,
    map: o.ImportMap = None,  # noqa: A002 - the option's word
    all: o.ImportAll = False,  # noqa: A002 - the option's word
    again: o.ImportAgain = False,
    quiet: o.Quiet = False,
) -> int:
    """Bring in what other programs logged: traces, transcripts, audit logs.

    One unit of the source (a span, a run, a line) is one record; ids and parents stay. Nothing is guessed: what the
    source does not say stays absent, or is said here and marked as supplied. Importing the same again adds nothing.

    Every command that reads takes the same files as they are.

    Examples:
      auditlog import trace.json -o audit.jsonl
      auditlog import ~/.claude/projects/app/ -o audit.jsonl --user ann@example.com
      auditlog import spans.json | auditlog trace 0af76519
      auditlog import --from '?'
    """
    from auditlog_cli.cli import fitting, importing, show
    from auditlog_cli.errors import UsageError

    notices = show.Notices(quiet=quiet)
    if shape is not None:
        importing.refuse_unknown(shape)
    if not paths:
        raise UsageError("Missing argument 'SRC...'.", help="auditlog import --help")
    into_log = output not in (None, "-")
    fitting.goes_with("-o LOG", into_log, {"--again": again}, "auditlog import SRC -o LOG --again")
    said = importing.Said(user, agent, session, scopes, approved_by, approved_at, tz, map)
    return importing.run(paths, output, shape, said, notices, everything=all, again=again)
