"""`auditlog prune`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def prune(
    path: o.Log,
    older_than: o.OlderThan,
    reason: o.PruneReason = None,
    keep_holds: o.KeepHolds = False,
    despite_hold: o.DespiteHold = False,
    dry_run: o.DryRun = False,
    yes: o.Yes = False,
    quiet: o.Quiet = False,
) -> int:
    """Delete the oldest closed segments of a log once all of their records are older than TIME.

    The log says that, when and why they went, and PATH.pruned.json keeps the few hashes that let what stays be
    verified and proved as before. A segment with a record under a legal hold (`auditlog hold`, or
    retention.legal_hold) stays, and with it all that is newer; --despite-hold deletes it all the same, and the log says
    which holds were passed over. There is no way back: keep a copy elsewhere if you may need one.

    Examples:
      auditlog prune audit.jsonl --older-than 400d --dry-run
      auditlog prune audit.jsonl --older-than 400d --reason "retention schedule 7" --yes
    """
    from auditlog_cli import times
    from auditlog_cli.cli import pruning
    from auditlog_cli.errors import UsageError

    before = times.moment(older_than)
    if before is None:
        raise UsageError(f"--older-than: {older_than!r} is no time", help="400d, or 2025-01-01")
    if keep_holds and despite_hold:
        raise UsageError(
            "--keep-holds and --despite-hold contradict each other",
            help="--keep-holds leaves what is held; --despite-hold deletes it, and says so in the log",
        )
    return pruning.run(
        path, before, reason or f"older than {older_than}", despite_hold=despite_hold, dry_run=dry_run, yes=yes,
        quiet=quiet,
    )  # fmt: skip
