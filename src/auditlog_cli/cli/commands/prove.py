"""`auditlog prove`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def prove(
    wanted: o.Proved,
    path: o.ProvedLog = None,
    consistency: o.EarlierState = None,
    check: o.CheckProof = False,
    signers: o.Signers = None,
    checkpoint: o.Elsewhere = None,
    no_index: o.NoIndex = False,
    output: o.ProofOutput = None,
) -> int:
    """Prove to somebody who does not have the log that a record is in it, as it stands.

    Two files are written: OUT.jsonl, the record, and OUT.tlog-proof, a proof of a kilobyte under the newest signed
    checkpoint (c2sp.org/tlog-proof). Who has them and the public key can check them, here with --check, or with
    any tool for transparency logs. Values that were withheld stay withheld, and the proof holds all the same.

    With --consistency OLD it proves that the log, as it was signed last, begins with the state OLD that somebody kept,
    unchanged: OUT.consistency, the proof, and OUT.checkpoint, the later state.

    Examples:
      auditlog prove 17 audit.jsonl -o evidence
      auditlog prove --check evidence --signers signers
      auditlog prove --consistency july.checkpoint audit.jsonl -o since-july
      auditlog prove --check since-july --consistency july.checkpoint --signers signers
    """
    from auditlog_cli.cli import proving
    from auditlog_cli.errors import UsageError

    if check:
        if path is not None or output is not None or checkpoint is not None or no_index:
            raise UsageError("--check: takes the name of a proof, and no log", help="auditlog prove --check evidence …")
        return proving.check(wanted, signers, consistency)
    if signers is not None:
        raise UsageError("--signers: goes with --check")
    if consistency is not None:
        if path is not None:
            raise UsageError("--consistency: takes a log, and no record")
        return proving.prove_growth(wanted, consistency, checkpoint, output, index=not no_index)
    return proving.prove(wanted, path, checkpoint, output, index=not no_index)
