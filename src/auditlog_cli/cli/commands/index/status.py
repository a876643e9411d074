"""`auditlog index status`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def status(
    paths: o.Paths = None,
    compare: o.CompareIndex = False,
    format: o.TableFormat = None,  # noqa: A002 - the word of the option
    output: o.Output = None,
) -> int:
    """Say which index there is, and how much of the log it covers.

    With --check all that is indexed is indexed once more, and compared. Exit code: 0; 1 if that differs; an index
    that is missing, stale or behind costs time only, and is no finding.

    Examples:
      auditlog index status audit.jsonl
      auditlog index status logs/ --check
    """
    from auditlog_cli.cli import indexing

    return indexing.status(paths, compare=compare, format=format, output=output)
