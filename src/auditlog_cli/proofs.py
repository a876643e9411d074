"""Proofs for somebody who does not have the log (integrity.md, 5.5): that one record is in it, as it stands; that a
later state of it only added to an earlier one.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable
from typing import NamedTuple

from auditlog_cli import notefiles, pipeline, strictjson
from auditlog_cli.counts import many
from auditlog_cli.errors import InputError, SealRefused, UsageError
from auditlog_cli.record import BadLine, Record
from auditlog_cli.salting import settling
from auditlog_cli.salting.files import Snapshot
from auditlog_cli.sealing import consistency, merkle, notes, tlogproof
from auditlog_cli.sealing.line import Unsealed, unseal
from auditlog_cli.sealing.salted import SALTED
from auditlog_cli.signing import checkpoints, signers
from auditlog_cli.verification import covered, reading, walking
from auditlog_cli.writer.growth import is_sealed


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


class Earlier(NamedTuple):
    """A state of a log that somebody kept: `size` records, their root (32 bytes), and its name if that was kept."""

    size: int
    root: bytes
    origin: str = ""


class Grown(NamedTuple):
    """A later state of a log and the proof that it began as an earlier one.

    Attributes:
        proof: From which state, and how that leads to the later one.
        note: The later state: a signed checkpoint as text.
    """

    proof: consistency.Consistency
    note: str


def prove(path: str, wanted: str, beside: str | None = None, *, index: bool = True) -> Proved:
    """Prove that a record is in the log at `path`, under its newest checkpoint.

    Args:
        wanted: Its `record_id`, or its number (`seq`).
        beside: The newest checkpoint, if it is not beside the log.
        index: Use the index of the log, if there is one. The proof is the same.

    Raises:
        InputError: If there is no such record, or no checkpoint that covers it, or if others write the log.
        UsageError: If several records bear that id.
        SealRefused: If the log is not the one that was signed.
    """
    _refuse_foreign(path)
    line = _find(path, wanted, index)
    seq = unseal(line).seq
    text, note = notefiles.newest(path, beside)
    if seq >= note.size:
        raise InputError(
            f"{path}: record {seq} is not covered yet: the newest checkpoint is of {many(note.size, 'record')}",
            help=f"auditlog seal {path} --key FILE",
        )
    return _proved(path, text, note, [line], index)[0]


def prove_all(
    path: str,
    wanted: Callable[[Record], bool],
    beside: str | None = None,
    among: Iterable[Record | BadLine] | None = None,
    *,
    index: bool = True,
) -> list[Proved]:
    """Prove that each record that is wanted, and that the newest checkpoint covers, is in the log at `path`.

    Args:
        among: Lines of the log, all that are wanted among them, where somebody knows which; None: all are read.
        beside: The newest checkpoint, if it is not beside the log.
        index: As for `prove`.

    Raises:
        InputError: If there is no checkpoint, or if others write the log.
        SealRefused: If the log is not the one that was signed.
    """
    _refuse_foreign(path)
    read = pipeline.read([path]) if among is None else among
    lines = [each.line.raw for each in read if isinstance(each, Record) and wanted(each)]
    text, note = notefiles.newest(path, beside)
    covered = []
    for line in lines:
        try:
            covered += [line] if unseal(line).seq < note.size else []
        except Unsealed:
            continue
    return _proved(path, text, note, covered, index)


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
    trouble = checkpoints.trouble(note, trusted)
    if trouble:
        return Verdict(False, trouble)
    try:
        root = merkle.root_by_inclusion(bytes.fromhex(found.leaf), proof.number, note.size, proof.hashes)
    except merkle.ProofError as error:
        return Verdict(False, f"the proof does not fit: {error}")
    if root != note.root:
        return Verdict(False, f"record {found.seq} was changed, or is not in that log")
    if found.tombstone:
        said = f"record {found.seq} of {note.origin}, withheld as a whole, is one of {note.size} that were signed"
        return Verdict(True, said)
    return Verdict(True, f"this is record {found.seq} of {note.origin}, one of {note.size} that were signed")


def prove_growth(path: str, earlier: Earlier, beside: str | None = None, *, index: bool = True) -> Grown:
    """Prove that the log at `path`, as its newest checkpoint has it, only added to an earlier state.

    Args:
        earlier: What it was, as somebody kept it.
        beside: The later checkpoint, if it is not the one beside the log.
        index: As for `prove`.

    Raises:
        InputError: If there is no checkpoint, or what the proof needs was pruned.
        UsageError: If the earlier state is empty, or that of another log.
        SealRefused: If the log is not the one that was signed, or did not begin with that state.
    """
    text, note = notefiles.newest(path, beside)
    if earlier.origin and earlier.origin != note.origin:
        raise UsageError(
            f"{path}: the earlier checkpoint is that of another log ({earlier.origin})",
            help="name the checkpoint of this log that was kept; its first line is the name of the log",
        )
    if not earlier.size:
        raise UsageError(
            "an empty log is the beginning of every log: there is nothing to prove",
            help="keep a checkpoint that covers a record: auditlog head LOG shows the newest",
        )
    if earlier.size > note.size:
        raise SealRefused(
            f"{path}: the newest checkpoint covers {many(note.size, 'record')}, and the earlier one {earlier.size}",
            help=f"auditlog verify {path}; or seal first",
        )
    stretches = merkle.consistency_stretches(earlier.size, note.size)
    tree = _collect(path, note, stretches, index)
    try:
        hashes = tuple(tree.roots(stretches))
    except merkle.ProofError as error:
        raise _pruned(path) from error
    if merkle.roots_by_consistency(earlier.size, note.size, earlier.root, hashes) != (earlier.root, note.root):
        raise SealRefused(
            f"{path}: its first {earlier.size} records are not those of the earlier checkpoint",
            help=f"auditlog verify {path}",
        )
    return Grown(consistency.Consistency(earlier.size, earlier.root, hashes), text)


def hashes_since(path: str, size: int, beside: str | None = None) -> tuple[bytes, ...]:
    """Return the proof that the newest checkpoint only added to the first `size` records (RFC 6962, 2.1.2).

    Raises:
        InputError: If there is no checkpoint, or what the proof needs was pruned.
        SealRefused: If the log is not the one that was signed.
    """
    _, note = notefiles.newest(path, beside)
    stretches = merkle.consistency_stretches(size, note.size)
    try:
        return tuple(_collect(path, note, stretches, True).roots(stretches))
    except merkle.ProofError as error:
        raise _pruned(path) from error


def check_growth(made: Grown, trusted: signers.Signers, earlier: Earlier | None = None) -> Verdict:
    """Tell whether a signed later state of a log only added to an earlier one.

    Args:
        made: The proof.
        trusted: Whose signature under the later state counts.
        earlier: The earlier state, as who asks kept it; None: what the proof says it was.
    """
    proof, note = made.proof, notes.parse(made.note)
    if earlier is not None and earlier[:2] != (proof.size, proof.root):
        kept = f"the one of {many(earlier.size, 'record')} that was kept"
        return Verdict(False, f"the proof begins at another state than {kept}")
    if earlier is not None and earlier.origin and earlier.origin != note.origin:
        return Verdict(False, "what was kept is the state of another log")
    trouble = checkpoints.trouble(note, trusted)
    if trouble:
        return Verdict(False, trouble)
    try:
        old, new = merkle.roots_by_consistency(proof.size, note.size, proof.root, proof.hashes)
    except merkle.ProofError as error:
        return Verdict(False, f"the proof does not fit: {error}")
    if (old, new) != (proof.root, note.root):
        return Verdict(False, f"the {note.size} records that were signed do not begin with those {proof.size}")
    state = f"{proof.size}:{b64encode(proof.root).decode()}"
    return Verdict(True, f"{note.origin} of {note.size} signed records begins with the state {state}")


def _proved(path: str, text: str, note: notes.Note, lines: list[bytes], index: bool) -> list[Proved]:
    """The lines with their proofs, in one pass over the log."""
    found = [unseal(line) for line in lines]
    stretches = {each.seq: merkle.inclusion_stretches(each.seq, note.size) for each in found}
    tree = _collect(path, note, [each for some in stretches.values() for each in some], index)
    made = []
    for line, each in zip(lines, found, strict=True):
        try:
            hashes = tuple(tree.roots(stretches[each.seq]))
        except merkle.ProofError as error:
            raise _pruned(path) from error
        if merkle.root_by_inclusion(bytes.fromhex(each.leaf), each.seq, note.size, hashes) != note.root:
            raise SealRefused(
                f"{path}: record {each.seq} is not the one that was signed; it cannot be proved",
                help=f"auditlog verify {path}",
            )
        made.append(Proved(line, tlogproof.TlogProof(each.seq, hashes, text)))
    return made


def _begins(path: str) -> int:
    """How many records were pruned, as the stub says; 0 without one."""
    with reading.Snapshot(path) as snapshot:
        return 0 if snapshot.stub is None else snapshot.stub.records


def _pruned(path: str) -> InputError:
    return InputError(
        f"{path}: its beginning was pruned, so this cannot be proved from it any more",
        help="take it from a copy of the log, or a bundle, made before it was pruned",
    )


def _refuse_foreign(path: str) -> None:
    """Refuse a log that others write: its checkpoint covers all lines at once, and no line says which one it is."""
    if not is_sealed(path):
        raise InputError(
            f"{path}: others write it: no record of it can be proved by itself, only all of its lines together",
            help="hand over the log with what lies beside it (.checkpoint, .salts, .redactions): auditlog verify",
        )


def _find(path: str, wanted: str, index: bool) -> bytes:
    number = int(wanted) if wanted.isascii() and wanted.isdigit() else -1
    name, value = ("seq", number) if number >= 0 else ("record_id", wanted)
    needle = strictjson.needle(wanted)
    read: Iterable[Record | BadLine]
    if number >= 0:
        read = walking.numbered(path, number, index=index)
    else:
        read = pipeline.containing([path], [needle]) if needle else pipeline.read([path])
    found = [item.line for item in read if isinstance(item, Record) and item.stored.get(name) == value]
    if not found and 0 <= number < _begins(path):
        raise _pruned(path)
    if not found:
        raise InputError(f"{path}: there is no record {wanted!r} in it", help="give its record_id, or its seq")
    if len(found) > 1:
        raise UsageError(f"{path}: {len(found)} records bear the id {wanted!r}", help="give the seq")
    try:
        unseal(found[0].raw)
    except Unsealed as error:
        raise InputError(
            f"{found[0].where}: is no sealed record",
            help="only a record of the sealed part can be proved: auditlog seal LOG, then again",
        ) from error
    return found[0].raw


def _collect(path: str, note: notes.Note, stretches: list[merkle.Stretch], index: bool) -> merkle.Roots:
    """The tree under `note`, with the roots of the stretches, if the log is the one that was signed."""
    if note.origin.endswith(SALTED):
        tree = merkle.Roots(stretches)
        with Snapshot(path) as files:
            new = files.has_new and settling.root_at(files, note.size, new=True) == note.root
            settling.root_at(files, note.size, new=new, tree=tree)
        if tree.size < note.size or tree.root() != note.root:
            raise SealRefused(
                f"{path}: is not the log that was signed ({many(note.size, 'record')}); nothing can be proved from it",
                help=f"auditlog verify {path}",
            )
        return tree
    with covered.Log(path, note) as log:
        return log.tree(stretches, indexed=index)
