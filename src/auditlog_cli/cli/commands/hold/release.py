"""`auditlog hold release`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def release(
    path: o.Log,
    hold: o.HoldName,
    by: o.Holder = "",
    reason: o.Reason = "",
    key: o.HolderKey = None,
    quiet: o.Quiet = False,
) -> int:
    """Release a legal hold: from now on prune and redact may take what it held.

    The release is written down, too, with who and why. A signed hold is released with the key that signed it,
    and none by an agent: what an agent appends to the log by itself counts for nothing.

    Examples:
      auditlog hold release audit.jsonl hold-1c9a77e0 --by counsel@example.org --reason "case 17 is closed"
      auditlog hold release audit.jsonl hold-1c9a77e0 --by counsel --reason "settled" --key counsel.key
    """
    from auditlog_cli.cli import holding

    return holding.release(path, hold, by=by, reason=reason, key=key, quiet=quiet)
