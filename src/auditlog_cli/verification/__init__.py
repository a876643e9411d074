"""Whether a log is what was written: the public function `verify`, and what the command shares with it.

`reading` takes a snapshot and judges its lines in pieces (`lines`, `pieces`: on several cores); `chain` puts them
together; `own`, `keys`, `declarations` and `judging` say what checkpoints and declarations come to.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from auditlog_cli import segments, times
from auditlog_cli.errors import InputError, UsageError
from auditlog_cli.signing import signers as allowed
from auditlog_cli.sources import files
from auditlog_cli.verdict import Verdict
from auditlog_cli.verification import anchored, heads, keys, partial, reading
from auditlog_cli.verification import revoked as revocations
from auditlog_cli.verification.partial import Some
from auditlog_cli.verification.whole import Progress, Question, Reading, could_not, missing

Path = str | os.PathLike[str]


def verify(
    path: Path,
    *,
    signers: Path | None = None,
    vkey: Path | None = None,
    at: str | None = None,
    revoked: Path | None = None,
    known: str | None = None,
    anchors: Sequence[Path] = (),
    tsa_ca: Path | None = None,
    witness_key: Path | None = None,
    manifest: Path | None = None,
    checkpoint: Path | None = None,
    memory: Path | None = None,
    require_signed_tail: bool = False,
    require_heartbeat: bool = False,
    session: str | None = None,
    trace: str | None = None,
    index: bool = True,
    processes: int = 1,
) -> Verdict:
    """Return whether a log is what was written (integrity.md, 4.2). Reads a snapshot; works while others write.

    Args:
        path: The log: its active segment; `-` is standard input.
        signers: An `allowed_signers` file, or a public key. Without any, signatures are not checked.
        vkey: A C2SP verifier key instead.
        at: When keys must be valid: `2026-12-01`; default: when each record was made.
        revoked: Keys that count no more: a KRL, or public keys, one a line.
        known: A head seen earlier: `SIZE:ROOT`.
        anchors: Where earlier checkpoints are kept: files, with time stamps beside them (`FILE.tsr`), or
            `git:REPOSITORY[@REVISION]`.
        tsa_ca: Certificates of the time-stamping authorities that are trusted, PEM.
        witness_key: Verifier keys of the witnesses that are trusted, one a line.
        manifest: The manifest of a shared copy: declares what is withheld in it.
        checkpoint: Where the newest checkpoint lies, if not beside the log.
        memory: A file that remembers heads from call to call; None: nothing is remembered or written.
        require_signed_tail: Records behind the newest checkpoint make it incomplete.
        require_heartbeat: Checkpoints too far apart are a finding, not a warning.
        session: Look only at the records of this session (docs/verify.md).
        trace: Look only at those of this trace.
        index: Find them by the index of the log, if there is one; the answer is the same.
        processes: How many may share the work. They are forked: more than one only in a program of one thread.

    Raises:
        DefinitionError: If a key file or another such file is wrong.
        UsageError: If `at` or `known` is no such thing, or what is asked does not go together.
    """
    given = {"known": known, "anchors": anchors, "manifest": manifest, "require_heartbeat": require_heartbeat}
    some = which(session, trace, index=index, whole=given)
    question = asked(
        signers=_text(signers), vkey=_text(vkey), at=at,
        revoked=_text(revoked), known=known, anchors=[os.fspath(each) for each in anchors], tsa_ca=_text(tsa_ca),
        witness_key=_text(witness_key),
        memory=_text(memory),
        manifest=_text(manifest), checkpoint=_text(checkpoint), require_signed_tail=require_signed_tail,
        require_heartbeat=require_heartbeat, processes=processes,
    )  # fmt: skip
    verdict = run(os.fspath(path), question, some=some)
    remember(verdict, question)
    return verdict


def _text(path: Path | None) -> str | None:
    return None if path is None else os.fspath(path)


def asked(
    *,
    signers: str | None = None,
    vkey: str | None = None,
    at: str | None = None,
    revoked: str | None = None,
    known: str | None = None,
    anchors: list[str] | None = None,
    tsa_ca: str | None = None,
    witness_key: str | None = None,
    memory: str | None = None,
    manifest: str | None = None,
    checkpoint: str | None = None,
    require_signed_tail: bool = False,
    require_heartbeat: bool = False,
    processes: int | None = None,
) -> Question:
    """Understand what is asked; the words are those of `verify`.

    Raises:
        DefinitionError: If a key file is wrong.
        UsageError: If something else is.
    """
    if tsa_ca is not None and not anchors:
        raise UsageError("--tsa-ca: is about time stamps beside anchors", help="--anchor FILE is needed, too")
    if witness_key is not None and not anchors:
        raise UsageError("--witness-key: is about checkpoints that were kept", help="--anchor FILE is needed, too")
    return Question(
        trust=_trust(signers, vkey, at, revoked),
        known=[heads.known(known)] if known is not None else [],
        anchors=anchored.load(anchors or [], tsa_ca, witness_key),
        memory=memory,
        require_signed_tail=require_signed_tail,
        require_heartbeat=require_heartbeat,
        manifest=manifest,
        checkpoint=checkpoint,
        processes=processes,
    )


def which(
    session: str | None, trace: str | None, *, whole: Mapping[str, object], index: bool = True,
    say: Callable[[str], None] = lambda text: None,
) -> Some | None:  # fmt: skip
    """Understand which records are asked about; None: all.

    Args:
        session: Those of this session.
        trace: Those of this trace.
        whole: What is asked besides that is about a log as a whole, by its name.
        index: Whether to use the index of a log.
        say: Told what became of it.

    Raises:
        UsageError: If both are given, or one is empty, or something of `whole` is asked.
    """
    given = [(name, value) for name, value in (("session", session), ("trace", trace)) if value is not None]
    if not given:
        return None
    if len(given) > 1:
        raise UsageError("a session or a trace: one of them", help="leave one of them out")
    ((name, value),) = given
    if not value:
        raise UsageError(f"no {name} has an empty id", help="give the whole id")
    for option, asked_for in whole.items():
        if asked_for:
            raise UsageError(
                f"{option}: is about the whole log, and not about one {name}", help="verify the whole log with it"
            )
    return Some(name, value, index, say)


def _trust(signers: str | None, vkey: str | None, at: str | None, gone: str | None) -> keys.Trust | None:
    if signers is not None and vkey is not None:
        raise UsageError("--signers and --vkey: one of them", help="put the key into the file of --signers")
    moment = None
    if at is not None:
        moment = times.moment(at)
        if moment is None:
            raise UsageError("--at: no time", help="such as 2026-12-01 or 2026-12-01T14:00Z")
    given = signers if signers is not None else vkey
    if given is None:
        if gone is not None or moment is not None:
            raise UsageError(
                "--at and --revoked are about keys: --signers is needed, too",
                help="--signers FILE, allowed_signers or a public key",
            )
        return None
    trusted = allowed.load(given)
    return keys.Trust(trusted, moment, revocations.load(gone) if gone is not None else lambda key: False)


def logs(paths: list[str]) -> list[str]:
    """Return the logs that `paths` name (files, folders, globs), each once; a closed segment stands for its log.

    What is not there stays in the list: its verdict is that it is missing.
    """
    found: list[str] = []
    for path in paths:
        try:
            names = [log.path for log in files.find([path])]
        except InputError:
            names = [path]
        found += [segments.active_of(name) or name for name in names]
    return list(dict.fromkeys(found))


def run(path: str, question: Question, progress: Progress | None = None, some: Some | None = None) -> Verdict:
    """Judge one log, or some of its records.

    Raises:
        DefinitionError: If the memory of heads is not understood.
    """
    verdict = Verdict(path)
    verdict.key_given = question.trust is not None
    if some is not None:
        return partial.judge(verdict, question, some)
    remembered = heads.load(question.memory) if question.memory is not None else {}
    try:
        with reading.Snapshot(path, question.checkpoint) as snapshot:
            if not snapshot.segments:
                return missing(verdict)
            return Reading(snapshot, question, verdict, remembered, progress).judge()
    except InputError as error:
        return could_not(verdict, "unreadable", error.message.removeprefix(f"{path}: "), error.help)


def remember(verdict: Verdict, question: Question) -> None:
    """Keep the head of a log that was found intact, for the next time.

    Raises:
        AuditWriteError: If it cannot be written.
    """
    if question.memory is not None and verdict.origin and verdict.root and verdict.exit_code in (0, 6):
        from base64 import b64decode

        heads.remember(question.memory, verdict.origin, heads.Head(verdict.head_at, b64decode(verdict.root)))
