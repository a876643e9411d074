"""Proofs for somebody who does not have the log: that one record is in it, as it stands (integrity.md, 5.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from auditlog_cli import pipeline, segments, strictjson
from auditlog_cli.errors import InputError, SealRefused, UsageError
from auditlog_cli.record import Record
from auditlog_cli.sealing import merkle, notes, sshsig, tlogproof
from auditlog_cli.sealing.line import Unsealed, unseal
from auditlog_cli.signing import checks, signers
from auditlog_cli.writer.growth import Growth, is_sealed

_LARGEST = 64 * 1024


class Proved(NamedTuple):
    """A record and its proof.

    Attributes:
        line: The record as it stands in the log, without LF.
        proof: That it is there.
    """

    line: bytes
    proof: tlogproof.TlogProof


class Verdict(NamedTuple):
    """What a check found.

    Attributes:
        holds: Whether everything fits.
        why: What does not, in words; or what was proved.
    """

    holds: bool
    why: str


def prove(path: str, wanted: str) -> Proved:
    """Prove that a record is in the log at `path`, under its newest checkpoint.

    Args:
        wanted: Its `record_id`, or its number (`seq`).

    Raises:
        InputError: If there is no such record, or no checkpoint that covers it, or if others write the log.
        UsageError: If several records bear that id.
        SealRefused: If the log is not the one that was signed.
    """
    _refuse_foreign(path)
    line = _find(path, wanted)
    seq = unseal(line).seq
    text, note = _newest(path)
    if seq >= note.size:
        raise InputError(
            f"{path}: record {seq} is not covered yet: the newest checkpoint is of {note.size} records",
            help=f"auditlog seal {path} --key FILE",
        )
    return _proved(path, text, note, [line])[0]


def prove_all(path: str, wanted: Callable[[Record], bool]) -> list[Proved]:
    """Prove that each record that is wanted, and that the newest checkpoint covers, is in the log at `path`.

    Raises:
        InputError: If there is no checkpoint, or if others write the log.
        SealRefused: If the log is not the one that was signed.
    """
    _refuse_foreign(path)
    lines = [each.line.raw for each in pipeline.read([path]) if isinstance(each, Record) and wanted(each)]
    text, note = _newest(path)
    covered = []
    for line in lines:
        try:
            covered += [line] if unseal(line).seq < note.size else []
        except Unsealed:
            continue
    return _proved(path, text, note, covered)


def check(line: bytes, proof: tlogproof.TlogProof, trusted: signers.Signers) -> Verdict:
    """Tell whether `proof` proves that `line` is a record of a log that a trusted key has signed."""
    try:
        found = unseal(line)
        if not found.tombstone:
            strictjson.exact(line)
    except Unsealed:
        return Verdict(False, "the line is no sealed record")
    except strictjson.Malformed:
        return Verdict(False, "the line is no strict JSON")
    note = notes.parse(proof.note)
    if found.seq != proof.number:
        return Verdict(False, f"the proof is for record {proof.number}, the line is record {found.seq}")
    signed = _signed(note, trusted)
    if signed is not None:
        return Verdict(False, signed)
    try:
        root = merkle.root_by_inclusion(bytes.fromhex(found.leaf), proof.number, note.size, proof.hashes)
    except merkle.ProofError as error:
        return Verdict(False, f"the proof does not fit: {error}")
    if root != note.root:
        return Verdict(False, f"record {found.seq} was changed, or is not in that log")
    what = "withheld as a whole, is" if found.tombstone else "this is"
    return Verdict(True, f"{what} record {found.seq} of {note.origin}, one of {note.size} that were signed")


def _proved(path: str, text: str, note: notes.Note, lines: list[bytes]) -> list[Proved]:
    """The lines with their proofs, in one pass over the log."""
    numbers = [unseal(line).seq for line in lines]
    stretches = {number: merkle.inclusion_stretches(number, note.size) for number in numbers}
    tree = _collect(path, note, [each for some in stretches.values() for each in some])
    try:
        return [
            Proved(line, tlogproof.TlogProof(number, tuple(tree.roots(stretches[number])), text))
            for line, number in zip(lines, numbers, strict=True)
        ]
    except merkle.ProofError as error:
        raise InputError(f"{path}: its beginning was pruned, so this cannot be proved from it any more") from error


def _refuse_foreign(path: str) -> None:
    """Refuse a log that others write: its checkpoint covers all lines at once, and no line says which one it is."""
    if not is_sealed(path):
        raise InputError(
            f"{path}: others write it: no record of it can be proved by itself, only all of its lines together",
            help="hand over the log with what lies beside it (.checkpoint, .salts, .redactions): auditlog verify",
        )


def _find(path: str, wanted: str) -> bytes:
    number = int(wanted) if wanted.isascii() and wanted.isdigit() else -1
    name, value = ("seq", number) if number >= 0 else ("record_id", wanted)
    needle = f'"seq":{number},'.encode() if number >= 0 else strictjson.needle(wanted)
    read = pipeline.containing([path], [needle]) if needle else pipeline.read([path])
    found = [item.line for item in read if isinstance(item, Record) and item.stored.get(name) == value]
    if not found:
        raise InputError(f"{path}: there is no record {wanted!r} in it", help="give its record_id, or its seq")
    if len(found) > 1:
        raise UsageError(f"{path}: {len(found)} records bear the id {wanted!r}", help="give the seq")
    try:
        unseal(found[0].raw)
    except Unsealed as error:
        raise InputError(f"{found[0].where}: is no sealed record") from error
    return found[0].raw


def _newest(path: str) -> tuple[str, notes.Note]:
    name = segments.checkpoint_name(path)
    try:
        with open(name, "rb") as file:
            text = file.read(_LARGEST).decode()
        return text, notes.parse(text)
    except OSError as error:
        raise InputError(
            f"{name}: there is no checkpoint ({error.strerror})", help=f"auditlog seal {path} --key FILE"
        ) from error
    except ValueError as error:
        raise InputError(f"{name}: is no checkpoint", help=f"auditlog verify {path}") from error


def _collect(path: str, note: notes.Note, stretches: list[merkle.Stretch]) -> merkle.Roots:
    """The tree under `note`, with the roots of the stretches, if the log is the one that was signed."""
    tree = merkle.Roots(stretches)
    size = Growth(path, tree=tree).grow(note.size)
    if size < note.size or tree.root() != note.root:
        raise SealRefused(
            f"{path}: is not the log that was signed ({note.size} records); nothing can be proved from it",
            help=f"auditlog verify {path}",
        )
    return tree


def _signed(note: notes.Note, trusted: signers.Signers) -> str | None:
    """Why the signature under `note` is not good, or None if it is."""
    keys = trusted.ssh_keys(note.origin, signers.CHECKPOINTS)
    if not keys:
        return f"no key was given for the log {note.origin}"
    if note.armour:
        try:
            signature = sshsig.parse(note.armour)
        except sshsig.SshsigError:
            return "the signature is malformed"
        if signature.key not in keys:
            return "signed by a key that was not given"
        held = checks.ssh(signature, note.armour, signers.CHECKPOINTS, note.text)
        return _said(held)
    by_id = {notes.key_id(note.origin, public): public for key in keys if (public := sshsig.ed25519(key))}
    for each in note.signatures:
        if each.name == note.origin and each.key_id in by_id:
            return _said(checks.ed25519(by_id[each.key_id], note.text, each.raw))
    return "signed by a key that was not given"


def _said(held: bool | None) -> str | None:
    if held is None:
        return "nobody here can check the signature: pip install 'auditlog-cli[seal]'"
    return None if held else "the signature is broken"
