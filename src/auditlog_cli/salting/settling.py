"""Which logs have salts, and who may touch them: one at a time (integrity.md, 2.8)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from auditlog_cli import segments
from auditlog_cli.errors import AuditWriteError, InputError, SealRefused, UsageError
from auditlog_cli.salting.files import Snapshot
from auditlog_cli.sealing import merkle, notes, salted
from auditlog_cli.sealing.line import Unsealed
from auditlog_cli.sources.opening import read_small
from auditlog_cli.writer import disk, mounts
from auditlog_cli.writer.lock import FileLock

TIMEOUT_S = 30.0
_LARGEST = 1 << 16  # of a checkpoint


def wanted(path: str, *, redactable: bool, beside: str | None) -> bool:
    """Tell whether the log at `path`, which nobody sealed line by line, is one with salts, or is to become one.

    Its checkpoint says so, if there is one; it is never guessed.

    Args:
        path: The log.
        redactable: Whether the user wants salts.
        beside: Where the user wants the checkpoint, if not beside the log.

    Raises:
        UsageError: If what the user wants does not fit what is there.
        SealRefused: If what lies there is no checkpoint.
    """
    name, salts = segments.checkpoint_name(path), segments.salts_name(path)
    note = None
    if os.path.lexists(name):
        note = note_of(path, read_small(name, _LARGEST, named=False))
    if note is not None and redactable and not note.origin.endswith(salted.SALTED):
        raise UsageError(
            f"{path}: was signed without salts, which fixes its lines as they are; nothing was signed",
            help=f"keep {name} elsewhere, it stays a proof; then seal the log anew",
        )
    if note is None and not redactable and os.path.lexists(salts):
        raise UsageError(
            f"{salts}: is there, and no checkpoint says whether it counts; nothing was signed",
            help="--redactable takes it, or move it away",
        )
    if note is not None and note.origin.endswith(salted.SALTED):
        redactable = True
    if redactable and beside is not None:
        raise UsageError(
            f"{path}: --checkpoint does not go with salts: both lie beside the log, where a redaction looks for them",
            help="leave --checkpoint out",
        )
    if redactable and os.path.islink(path):
        raise UsageError(f"{path}: is a link; salts lie beside the log itself", help=f"name {os.path.realpath(path)}")
    return redactable


def note_of(path: str, checkpoint: bytes | None) -> notes.Note:
    """Return the checkpoint beside the log at `path`, given the bytes of its file.

    Raises:
        SealRefused: If there is none, or it is none.
    """
    name = segments.checkpoint_name(path)
    if checkpoint is None:
        raise SealRefused(f"{name}: is not there", help=f"auditlog seal {path} --redactable --key FILE")
    try:
        return notes.parse(checkpoint.decode())
    except ValueError as error:
        raise SealRefused(
            f"{name}: is no checkpoint, so nobody knows what was signed last; nothing was done",
            help=f"auditlog verify {path}",
        ) from error


@contextmanager
def alone(path: str) -> Iterator[None]:
    """Keep sealers, redactors and readers of the log away; finish a redaction that was cut short between two names.

    Raises:
        LockTimeout, AuditWriteError: If that cannot be done, or the log lies where locks may not hold.
        SealRefused: If the log fits neither salts.
        InputError: If a file cannot be read.
    """
    if mounts.shared_filesystem(path) is not None:
        raise AuditWriteError(
            f"{path}: lies on a file system shared between hosts, where a lock may not hold; nothing was changed",
            help="seal and redact it where it is written, on a local disk",
        )
    lock = FileLock(path, TIMEOUT_S)
    try:
        lock.acquire()
        _settle(path)
        yield
    finally:
        lock.close()


def _settle(path: str) -> None:
    """Give `.salts.new` its name if the log was put anew already, or remove it."""
    new = segments.new_salts_name(path)
    if not os.path.lexists(new):
        return
    with Snapshot(path, locked=True) as snapshot:
        note = note_of(path, snapshot.checkpoint)
        which = next((each for each in (False, True) if root_at(snapshot, note.size, new=each) == note.root), None)
    if which is None:
        raise SealRefused(
            f"{path}: a redaction was cut short, and the log is not the one that was signed; nothing was done",
            help=f"auditlog verify {path}",
        )
    try:
        if which:
            os.rename(new, segments.salts_name(path))
        else:
            os.unlink(new)
        disk.sync_folder(path)
    except OSError as error:
        raise disk.refused(new, "cannot be put in its place", error) from error


def root_at(
    snapshot: Snapshot, size: int, *, new: bool = False, tree: merkle.Range | None = None
) -> bytes | None:  # fmt: skip
    """Return the root over the first `size` lines, or None if the salts do not fit them.

    Args:
        snapshot: The files.
        size: How many lines.
        new: Whether the salts are those in `.salts.new`.
        tree: What grows, if it is to keep more than its root.
    """
    tree = merkle.Range() if tree is None else tree
    for number, (line, text) in enumerate(snapshot.pairs(new=new)):
        if number == size:
            break
        if line is None or text is None:
            return None
        try:
            tree.add(leaf_of(line.raw, number, salted.read(text, len(line.raw))))
        except Unsealed:
            return None
    return tree.root() if tree.size == size else None


class State(NamedTuple):
    """A log that is all sealed.

    Attributes:
        note: Its checkpoint.
        head: The leaf of its last line, 64 hex digits.
        new: Whether its salts are still called `.salts.new`.
    """

    note: notes.Note
    head: str
    new: bool


def whole(snapshot: Snapshot) -> State:
    """Make sure that every line was signed and is what it was.

    Raises:
        InputError: If lines are not sealed yet.
        SealRefused: If the log is not the one that was signed.
    """
    path = snapshot.path
    note = note_of(path, snapshot.checkpoint)
    if not note.origin.endswith(salted.SALTED):
        raise InputError(f"{path}: was signed without salts: no value of it can be withheld", help="see docs/redact.md")
    for new in (False, True) if snapshot.has_new else (False,):
        tree, head, behind = merkle.Range(), "", 0
        try:
            for number, (line, text) in enumerate(snapshot.pairs(new=new)):
                if number >= note.size:
                    behind += line is not None
                elif line is None or text is None:
                    break
                else:
                    leaf = leaf_of(line.raw, number, salted.read(text, len(line.raw)))
                    tree.add(leaf)
                    head = leaf.hex()
        except Unsealed:
            continue
        if tree.size == note.size and tree.root() == note.root:
            if behind:
                raise InputError(
                    f"{path}: what follows line {note.size} is not sealed yet; nothing was withheld",
                    help=f"auditlog seal {path} --key FILE",
                )
            return State(note, head, new)
    raise SealRefused(
        f"{path}: is not the log that was signed, or its salts are not; nothing was withheld",
        help=f"auditlog verify {path}",
    )


def rows(snapshot: Snapshot) -> list[bytes]:
    """Return the lines of `.redactions`, without LF.

    Raises:
        InputError: If the last one is torn: our files are whole.
    """
    found = snapshot.declarations.split(b"\n")
    if found.pop():
        raise InputError(
            f"{segments.redactions_name(snapshot.path)}: is damaged: it does not end in a whole line",
            help="take the lost end of the line from a copy; a power failure may have cut it",
        )
    return found


def is_salted(path: str) -> bool:
    """Tell whether the checkpoint beside the log at `path` says that its salts lie beside it, too.

    Raises:
        InputError: If there is one and it cannot be read.
    """
    name = segments.checkpoint_name(path)
    if not os.path.lexists(name):
        return False
    try:
        return notes.parse(read_small(name, _LARGEST, named=False).decode()).origin.endswith(salted.SALTED)
    except ValueError:
        return False


def leaf_of(raw: bytes, number: int, spans: list[salted.Span]) -> bytes:
    """Return the leaf of a line, also of one that is withheld as a whole."""
    buried = salted.tombstone(raw, number, spans)
    return bytes.fromhex(buried) if buried else salted.leaf(raw, spans)
