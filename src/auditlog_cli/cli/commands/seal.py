"""`auditlog seal`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def seal(
    path: o.Log,
    key: o.Key,
    watch: o.Watch = False,
    every: o.Every = None,
    checkpoint: o.CheckpointFile = None,
    redactable: o.Redactable = False,
    successor: o.Successor = None,
    quiet: o.Quiet = False,
) -> int:
    """Sign the state of a log: how many records, and the one hash that stands for all of them.

    Refuses, and changes nothing, if the log does not extend what was signed last, or if the key has handed over to
    another one. The signature goes into the log, if this user may write there, and into PATH.checkpoint; `ssh-keygen -Y
    verify` and openssl check it as well as `auditlog verify`. A log that was never sealed (anybody's JSON Lines) is
    signed as it is, from outside; with --redactable, each of its values gets a salt in PATH.salts, so that `auditlog
    redact` can withhold it later.

    The agents must not be able to read the key: run `auditlog seal --watch` as another user.

    Examples:
      auditlog seal audit.jsonl --key seal.key
      auditlog seal audit.jsonl --key seal.key --watch --every 30
      auditlog seal audit.jsonl --key seal.key --checkpoint /srv/elsewhere/audit.checkpoint
      auditlog seal audit.jsonl --key seal.key --successor seal-2027.key > signers
      auditlog seal old.jsonl --key seal.key --redactable
    """
    from auditlog_cli.cli import fitting, sealing, show
    from auditlog_cli.errors import UsageError
    from auditlog_cli.signing import signer

    if every is not None and every < 1:
        raise UsageError("--every: at least 1 second", help="such as --every 60")
    fitting.goes_with(
        "--watch", watch, {"--every": every is not None}, "auditlog seal LOG --key FILE --watch --every 30"
    )
    if successor and (checkpoint or redactable):
        raise UsageError(
            "--successor: is recorded in the log, which --checkpoint and --redactable do not touch",
            help="auditlog seal LOG --key FILE --successor FILE",
        )
    notices = show.Notices(quiet=quiet)
    with sealing.opened(path, signer.load(key), checkpoint, redactable=redactable) as sealed:
        if successor:
            sealing.hand_over(sealed, signer.load(successor), notices)
        else:
            sealing.sign(sealed, notices)
        if watch:
            sealing.watch(sealed, every or 60, notices)
    return 0
