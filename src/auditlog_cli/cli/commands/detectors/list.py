"""`auditlog detectors list`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def list_(own: o.DetectorFile = None, format: o.ListFormat = "text") -> int:  # noqa: A002
    """List the entities that are found, and what others call them.

    Every name and every alias can be given where an entity is asked for; SECRET stands for every SECRET_*.

    Examples:
      auditlog detectors list
      auditlog detectors list --detectors acme.yaml
      auditlog detectors list --format json
    """
    from auditlog_cli.cli import detecting

    return detecting.list_all(own, format)
