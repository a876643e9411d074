"""`auditlog index build`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def build(paths: o.Paths = None, quiet: o.Quiet = False) -> int:
    """Make the index of a log, or bring it up to date.

    What was indexed before and has not changed since is taken over. Bad lines are in it, too: a query says of them
    what it would say without an index.

    Examples:
      auditlog index build audit.jsonl
      auditlog index build logs/
    """
    from auditlog_cli.cli import indexing

    return indexing.build(paths, quiet=quiet)
