"""`auditlog prove`: the files of a proof, written and read."""

from __future__ import annotations

import os

from auditlog_cli import notefiles, proofs
from auditlog_cli.cli import show
from auditlog_cli.errors import EXIT_FOUND, EXIT_OK, InputError, UsageError
from auditlog_cli.sealing import consistency, tlogproof
from auditlog_cli.signing import signers
from auditlog_cli.sources.opening import read_small

_LARGEST = 64 * 1024 * 1024
_INCLUSION = (".tlog-proof", ".jsonl")
_GROWTH = (".consistency", ".checkpoint")


def prove(wanted: str, path: str | None, beside: str | None, output: str | None, *, index: bool) -> int:
    """Write the record and its proof; return the exit code."""
    log = show.paths([path] if path else None)
    if len(log) != 1 or log[0] == "-":
        raise UsageError("prove: needs the log as a file", help=f"auditlog prove {wanted} audit.jsonl")
    base = output or f"record-{wanted}"
    made = proofs.prove(log[0], wanted, beside, index=index)
    return _write({f"{base}.jsonl": made.line + b"\n", f"{base}.tlog-proof": tlogproof.render(made.proof).encode()})


def prove_growth(path: str, old: str, beside: str | None, output: str | None, *, index: bool) -> int:
    """Write the later checkpoint and the proof that the log began as `old`; return the exit code."""
    base = output or "grown"
    made = proofs.prove_growth(path, earlier(old), beside, index=index)
    return _write(
        {f"{base}.consistency": consistency.render(made.proof).encode(), f"{base}.checkpoint": made.note.encode()}
    )


def check(base: str, keys: str | None, old: str | None) -> int:
    """Say whether the proof holds; return the exit code."""
    if keys is None:
        raise UsageError("--check: a proof is worth nothing without the key that signed", help="add --signers FILE")
    trusted = signers.load(keys)
    if _is_growth(base, old):
        verdict = _check_growth(_bare(base, _GROWTH), trusted, old)
    else:
        verdict = _check_record(_bare(base, _INCLUSION), trusted)
    out = show.output(None)
    out.line(("proved: " if verdict.holds else "NOT proved: ") + verdict.why)
    show.finish(out)
    return EXIT_OK if verdict.holds else EXIT_FOUND


def earlier(text: str) -> proofs.Earlier:
    """Understand an earlier state: a file that holds a checkpoint, or `SIZE:ROOT`.

    Raises:
        InputError: If the file holds none.
        UsageError: If it is neither.
    """
    from auditlog_cli.verification import heads

    if os.path.lexists(text):
        note = notefiles.read(text)[1]
        return proofs.Earlier(note.size, note.root, note.origin)
    try:
        head = heads.known(text)
    except UsageError as error:
        raise UsageError("--consistency: neither a file nor SIZE:ROOT", help=error.help) from error
    return proofs.Earlier(head.size, head.root)


def _check_record(base: str, trusted: signers.Signers) -> proofs.Verdict:
    line, text = read_small(f"{base}.jsonl", _LARGEST), read_small(f"{base}.tlog-proof", _LARGEST)
    try:
        proof = tlogproof.parse(text.decode())
    except ValueError as error:
        raise InputError(
            f"{base}.tlog-proof: is no proof",
            help="auditlog prove ID LOG -o NAME makes one; name it without its ending",
        ) from error
    return proofs.check(line.removesuffix(b"\n"), proof, trusted)


def _check_growth(base: str, trusted: signers.Signers, old: str | None) -> proofs.Verdict:
    text = read_small(f"{base}.consistency", _LARGEST)
    note = notefiles.read(f"{base}.checkpoint")[0]
    try:
        proof = consistency.parse(text.decode())
    except ValueError as error:
        raise InputError(
            f"{base}.consistency: is no proof",
            help="auditlog prove --consistency OLD.checkpoint LOG -o NAME makes one; name it without its ending",
        ) from error
    kept = earlier(old) if old is not None else None
    verdict = proofs.check_growth(proofs.Grown(proof, note), trusted, kept)
    if verdict.holds and kept is None:
        show.Notices().say("compare that state with the one you kept, or give it: --consistency OLD")
    return verdict


def _is_growth(base: str, old: str | None) -> bool:
    if old is not None or base.endswith(_GROWTH):
        return True
    if base.endswith(_INCLUSION):
        return False
    both = [os.path.lexists(f"{base}{each[0]}") for each in (_INCLUSION, _GROWTH)]
    if all(both):
        raise UsageError(f"{base}: two proofs are called that", help=f"name one: {base}.tlog-proof")
    return both[1]


def _bare(base: str, endings: tuple[str, str]) -> str:
    return base.removesuffix(endings[0]).removesuffix(endings[1])


def _write(files: dict[str, bytes]) -> int:
    for name in files:
        if os.path.lexists(name):
            raise UsageError(f"{name}: is there already", help="name another with -o")
    for name, data in files.items():
        out = show.output(name)
        out.write(data)
        show.finish(out)
    out = show.output(None)
    for name in files:
        out.line(name)
    show.finish(out)
    return EXIT_OK
