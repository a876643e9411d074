"""`auditlog prove`: the files of a proof, written and read."""

from __future__ import annotations

import os

from auditlog_cli import proofs
from auditlog_cli.cli import show
from auditlog_cli.errors import EXIT_FOUND, EXIT_OK, InputError, UsageError
from auditlog_cli.sealing import tlogproof
from auditlog_cli.signing import signers

_LARGEST = 64 * 1024 * 1024


def prove(wanted: str, path: str | None, output: str | None) -> int:
    """Write the record and its proof; return the exit code."""
    log = show.paths([path] if path else None)
    if len(log) != 1 or log[0] == "-":
        raise UsageError("prove: needs the log as a file", help=f"auditlog prove {wanted} audit.jsonl")
    base = output or f"record-{wanted}"
    made = proofs.prove(log[0], wanted)
    files = {f"{base}.jsonl": made.line + b"\n", f"{base}.tlog-proof": tlogproof.render(made.proof).encode()}
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


def check(base: str, keys: str | None) -> int:
    """Say whether the proof holds; return the exit code."""
    if keys is None:
        raise UsageError("--check: a proof is worth nothing without the key that signed", help="add --signers FILE")
    trusted = signers.load(keys)
    base = base.removesuffix(".tlog-proof").removesuffix(".jsonl")
    line, text = _read(f"{base}.jsonl"), _read(f"{base}.tlog-proof")
    try:
        proof = tlogproof.parse(text.decode())
    except ValueError as error:
        raise InputError(f"{base}.tlog-proof: is no proof") from error
    verdict = proofs.check(line.removesuffix(b"\n"), proof, trusted)
    out = show.output(None)
    out.line(("proved: " if verdict.holds else "NOT proved: ") + verdict.why)
    show.finish(out)
    return EXIT_OK if verdict.holds else EXIT_FOUND


def _read(name: str) -> bytes:
    try:
        with open(name, "rb") as file:
            return file.read(_LARGEST)
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror})") from error
