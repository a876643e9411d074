"""`auditlog detectors show`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def show(entity: o.EntityName, own: o.DetectorFile = None, format: o.ListFormat = "text") -> int:  # noqa: A002
    """Show how an entity is found: where its candidates come from, context words, source, aliases.

    Examples:
      auditlog detectors show CREDIT_CARD
      auditlog detectors show SECRET
      auditlog detectors show US_SOCIAL_SECURITY_NUMBER
    """
    from auditlog_cli.cli import detecting

    return detecting.show_one(entity, own, format)
