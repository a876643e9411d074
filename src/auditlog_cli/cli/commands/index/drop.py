"""`auditlog index drop`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def drop(paths: o.Paths = None, quiet: o.Quiet = False) -> int:
    """Delete the index of a log. The log itself is not touched.

    Examples:
      auditlog index drop audit.jsonl
    """
    from auditlog_cli.cli import indexing

    return indexing.drop(paths, quiet=quiet)
