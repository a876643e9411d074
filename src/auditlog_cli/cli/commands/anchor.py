"""`auditlog anchor`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def anchor(
    path: o.Log,
    git: o.Repository = None,
    tsa: o.Tsa = None,
    tsa_ca: o.TsaCa = None,
    witness: o.WitnessUrl = None,
    witness_key: o.WitnessKey = None,
    checkpoint: o.Elsewhere = None,
    output: o.AnchorOutput = None,
    quiet: o.Quiet = False,
) -> int:
    """Keep the newest checkpoint where who holds the log and its key cannot change it.

    --git commits it into a repository, as auditlog/ORIGIN.checkpoint: push it to where the agents cannot. --tsa asks a
    time-stamping authority to sign that it existed by now; only its hash is sent, and nothing is sent anywhere else.
    OUT.checkpoint and OUT.checkpoint.tsr are written once the answer has been checked. --witness asks a witness
    (c2sp.org/tlog-witness), who remembers the newest state and signs only what extends it. `auditlog head` prints what
    to put into a ticket or the output of a CI job.

    Examples:
      auditlog anchor audit.jsonl --git /srv/heads
      auditlog anchor audit.jsonl --tsa https://tsa.example.org/ --tsa-ca tsa.pem
      auditlog anchor audit.jsonl --witness https://witness.example.org/w1 --witness-key witnesses
      auditlog verify audit.jsonl --anchor git:/srv/heads --anchor audit.jsonl.4096.checkpoint --tsa-ca tsa.pem
    """
    from auditlog_cli.cli import anchoring, show
    from auditlog_cli.errors import UsageError

    if sum(each is not None for each in (git, tsa, witness)) != 1:
        raise UsageError(
            "anchor: where? one of --git REPOSITORY, --tsa URL and --witness URL",
            help="auditlog anchor LOG --git ../anchors",
        )
    if (witness is None) != (witness_key is None):
        raise UsageError(
            "--witness and --witness-key go together: whose signature counts?",
            help="auditlog anchor LOG --witness URL --witness-key FILE",
        )
    notices = show.Notices(quiet=quiet)
    if git is not None:
        if tsa_ca is not None or output is not None:
            raise UsageError(
                "--tsa-ca and -o: go with --tsa or --witness",
                help="auditlog anchor LOG --tsa URL --tsa-ca FILE -o NAME",
            )
        return anchoring.commit(path, git, checkpoint, notices)
    if witness is not None and witness_key is not None:
        if tsa_ca is not None:
            raise UsageError("--tsa-ca: goes with --tsa", help="auditlog anchor LOG --tsa URL --tsa-ca FILE")
        return anchoring.cosign(path, witness, witness_key, checkpoint, output, notices)
    assert tsa is not None
    if tsa_ca is None:
        raise UsageError("--tsa: whose certificate is trusted?", help="add --tsa-ca FILE, the authority's, in PEM")
    return anchoring.stamp(path, tsa, tsa_ca, checkpoint, output, notices)
