"""`auditlog recover`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def recover(path: o.Log, accept_loss: o.AcceptLoss = False, quiet: o.Quiet = False) -> int:
    """Begin a log anew that is gone, though its checkpoint or its stub is still there.

    No writer does that by itself: who deletes a log must not get a clean one. Look for a copy first. The new log has a
    name of its own; its second record says for ever which log is gone, and how many records that were. What was left
    of that one is kept as PATH.checkpoint.lost. A torn end needs no command: the next append repairs it.

    Examples:
      auditlog recover audit.jsonl --accept-loss
    """
    from auditlog_cli.cli import show
    from auditlog_cli.counts import many
    from auditlog_cli.errors import UsageError
    from auditlog_cli.writer import renewing

    if not accept_loss:
        raise UsageError(
            "recover: what is gone stays gone: --accept-loss says that you know",
            help="look for a copy of the log first",
        )
    done = renewing.renew(path)
    out = show.output(None)
    are = "is" if done.gone == 1 else "are"
    gone = f"{many(done.gone, 'record')} of the log before it {are} gone"
    out.line(f"{path}: begun anew as {done.origin}; it says that {gone}")
    show.finish(out)
    show.Notices(quiet=quiet).say(f"kept: {', '.join(done.kept)}; `auditlog keygen --log` gives auditors the new name")
    return 0
