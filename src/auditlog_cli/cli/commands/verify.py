"""`auditlog verify`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def verify(
    paths: o.Paths = None,
    session: o.VerifiedSession = None,
    trace: o.VerifiedTrace = None,
    signers: o.Signers = None,
    vkey: o.Vkey = None,
    at: o.At = None,
    revoked: o.Revoked = None,
    known: o.Known = None,
    anchor: o.Anchors = None,
    tsa_ca: o.TsaCa = None,
    witness_key: o.WitnessKey = None,
    manifest: o.Manifest = None,
    checkpoint: o.Elsewhere = None,
    remember: o.Remember = True,
    require_signed_tail: o.RequireSignedTail = False,
    require_heartbeat: o.RequireHeartbeat = False,
    no_index: o.NoIndex = False,
    format: o.VerdictFormat = "text",  # noqa: A002 - the word of the option
    json: o.AsJson = False,
    color: o.Color = "auto",
    output: o.Output = None,
    verbose: o.Verbose = False,
    quiet: o.Quiet = False,
) -> int:
    """Prove that a log is what was written: nothing changed, removed, reordered, withheld in secret, put back.

    Without a key it says whether the records form one unbroken chain. With --signers (get the file from somebody
    else than the log) it says who signed which of them. It always says what it could not check. It works while others
    write. Exit code: 0 intact, 1 tampering found, 3 could not look, 4 a key file is wrong, 6 the end is torn, or not
    signed although that was asked for.

    With --session or --trace it looks only at the records of that id, by the index of the log where there is one:
    whether each is well formed, is the one that the record behind it names, and is one of those that were signed. It
    says nothing of other records, nor whether one of them was changed so that it names another session.

    Examples:
      auditlog verify audit.jsonl
      auditlog verify audit.jsonl --signers allowed_signers --require-signed-tail
      auditlog verify audit.jsonl --signers allowed_signers --checkpoint /srv/sealer/audit.checkpoint
      auditlog verify audit.jsonl --anchor git:/srv/heads --anchor audit.jsonl.4096.checkpoint --tsa-ca tsa.pem
      auditlog verify audit.jsonl --session refund-1042 --signers allowed_signers
      auditlog verify logs/ --format junit -o verify.xml
    """
    from auditlog_cli import verification
    from auditlog_cli.cli import failure, progress, show, verdicts
    from auditlog_cli.errors import UsageError
    from auditlog_cli.verdict import counted, overall

    if json and format not in ("text", "json"):
        raise UsageError(f"--json and --format {format}: one of them", help="--format alone says it")
    given = show.paths(paths)
    if checkpoint is not None and len(given) != 1:
        raise UsageError("--checkpoint: is that of one log", help="name one log")
    question = verification.asked(
        signers=signers, vkey=vkey, at=at, revoked=revoked, known=known, anchors=anchor, tsa_ca=tsa_ca,
        witness_key=witness_key, manifest=manifest, checkpoint=checkpoint,
        memory=verdicts.memory() if remember else None,
        require_signed_tail=require_signed_tail, require_heartbeat=require_heartbeat,
    )  # fmt: skip
    notices = show.Notices(quiet=quiet)
    some = verification.which(
        session, trace, index=not no_index, say=notices.say if verbose else lambda text: None,
        whole={"--known": known, "--anchor": anchor, "--manifest": manifest, "--require-heartbeat": require_heartbeat},
    )  # fmt: skip
    bar = progress.Bar(enabled=not quiet and show.is_terminal(2))
    found = []
    try:
        for path in verification.logs(given):
            found.append(verification.run(path, question, bar.update, some))
            bar.hide()
            verdicts.remember(found[-1], question, notices)
    finally:
        bar.hide()
    out = show.output(output)
    try:
        verdicts.write(out, found, "json" if json else format, show.style(color, output))
        show.finish(out)
    except BaseException:
        show.discard(out)
        raise
    for verdict in counted(found):
        if verdict.exit_code == 3:
            failure.say("input", f"{verdict.path}: {verdict.findings[0].message}", verdict.help)
    if json or format != "text" or (output is not None and output != "-"):
        for verdict in (each for each in found if each.exit_code != 3):
            notices.say(f"{verdict.path}: {verdict.sentence}")
    return overall(found)
