"""`auditlog hold list`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def list_(path: o.Log, signers: o.HoldSigners = None, format: o.ListFormat = "text") -> int:  # noqa: A002
    """List the legal holds of a log: those in force, those that were released, and releases that do not count.

    Who a hold is about is counted, not shown. Records with `retention.legal_hold: true` hold themselves and are not
    listed. Exit code: 0; 1 if a release does not count, or with --signers a hold is not signed by whom it names.

    Examples:
      auditlog hold list audit.jsonl
      auditlog hold list audit.jsonl --signers signers --format json
    """
    from auditlog_cli.cli import holding

    return holding.show_all(path, signers, format)
