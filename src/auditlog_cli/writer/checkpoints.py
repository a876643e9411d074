"""Signing the state of a log (integrity.md, 5.1 and 5.2): only what is durable, and only what extends the state that
was signed last.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol

from auditlog_cli import segments
from auditlog_cli.errors import SealRefused
from auditlog_cli.sealing import merkle, notes
from auditlog_cli.writer import disk, own
from auditlog_cli.writer.growth import Growth

if TYPE_CHECKING:
    from auditlog_cli.signing.signer import Signer

_LARGEST = 64 * 1024
Append = Callable[[dict[str, object]], object]


class Grows(Protocol):
    """The tree over a log that grows: see `growth.Growth`."""

    tree: merkle.Range
    head: str
    origin: str
    signed: notes.Note | None
    raw: bool
    suffix: str
    begun: int

    def grow(self, until: int | None = None, *, sync: bool = False, seen: Callable[[], None] = ...) -> int:
        """Take in what the log holds by now; return how many records the tree covers."""
        ...


class Checkpoint(NamedTuple):
    """What was signed: the name of the log, how many records, their root (32 bytes), and the leaf of the last."""

    origin: str
    size: int
    root: bytes
    head: str


class Sealer:
    """Signs one log, again and again.

    Args:
        path: The log.
        signer: With which key.
        beside: Where the newest checkpoint lies; default: beside the log.
        raw: Whether the log is one that nobody sealed; its name then ends in `#raw`.
        growth: What reads the log, if not `growth.Growth`.
        origin: The name of a raw log that was never signed; default: host, file and random digits.
    """

    def __init__(
        self, path: str, signer: Signer, *, beside: str | None = None, raw: bool = False, growth: Grows | None = None,
        origin: str | None = None,
    ) -> None:  # fmt: skip
        self.path = path
        self.signer = signer
        self.beside = beside or segments.checkpoint_name(path)
        self.growth: Grows = Growth(path, raw=raw) if growth is None else growth
        self.last: notes.Note | None = None
        self._origin = origin
        self._appended = False

    def seal(
        self,
        until: Callable[[], int] | None = None,
        append: Append | None = None,
        *,
        seen: Callable[[], None] = lambda: None,
    ) -> Checkpoint:
        """Sign the log as it is now; the newest checkpoint is put beside it, and appended if that is possible.

        Args:
            until: Tells how many records are durable; None: all whole lines, which are synced first.
            append: Appends a record to the log; None: the log is only read.
            seen: Called after each record that is read.

        Raises:
            SealRefused: If the log does not extend what was signed last, or is broken. Nothing was changed.
            InputError: If it cannot be read.
            AuditWriteError: If the key cannot sign, or the checkpoint cannot be written.
        """
        said = [note for note in (self.last, self._side()) if note is not None]
        watched = {note.size: note for note in said}

        def each() -> None:
            note = watched.get(self.growth.tree.size)
            if note is not None:
                self._hold(note, self.growth.tree)
            seen()

        if self.growth.tree.size in watched:
            self._hold(watched[self.growth.tree.size], self.growth.tree)
        # Asked after the file beside the log was read: another signer may be at work, and is never ahead of the log.
        size = self.growth.grow(until() if until else None, sync=until is None, seen=each)
        recorded = self.growth.signed
        origin = self._name([*said, *([recorded] if recorded is not None else [])])
        if recorded is not None and all(note.size < recorded.size for note in said):
            self._hold_again(recorded)
            self._fit(recorded, origin, size)
        for note in said:
            self._fit(note, origin, size)
            self._reach(note)
        root = self.growth.tree.root()
        text, armour = self.signer.note(origin, size, root)
        self.last = notes.parse(text)
        try:
            # With the armour where the key could sign no note.
            disk.keep(self.beside, (text if self.last.signatures else text + armour).encode())
        except OSError as error:
            raise disk.refused(self.beside, "cannot be written", error, "the checkpoint was not kept") from error
        self._appended = append is not None
        if append is not None:
            append(own.record("checkpoint", note=text, sshsig=armour))
        return Checkpoint(origin, size, root, self.growth.head)

    def behind(self) -> int:
        """Return how many records came after the last checkpoint of this signer, that checkpoint not counted.

        Raises:
            SealRefused: If the log is broken, or no longer holds what was read before.
            InputError: If it cannot be read.
        """
        size = self.growth.grow()
        return size if self.last is None else size - self.last.size - self._appended

    def _side(self) -> notes.Note | None:
        try:
            with open(self.beside, "rb") as file:
                return notes.parse(file.read(_LARGEST).decode())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise SealRefused(
                f"{self.beside}: is no checkpoint, so nobody knows what was signed last; nothing was signed",
                help=f"auditlog verify {self.path}; then move that file away",
            ) from error

    def _name(self, said: list[notes.Note]) -> str:
        if not self.growth.raw:
            return self.growth.origin
        if said:
            return said[0].origin
        return f"{self._origin or own.origin(os.path.abspath(self.path))}{self.growth.suffix}"

    def _fit(self, note: notes.Note, origin: str, size: int) -> None:
        if note.origin != origin:
            raise SealRefused(
                f"{self.path}: the last checkpoint is that of another log; nothing was signed",
                help=f"auditlog verify {self.path}; then move {self.beside} away",
            )
        if note.size > size:
            raise SealRefused(
                f"{self.path}: {note.size} records were signed, and only {size} are there; nothing was signed",
                help=f"auditlog verify {self.path}",
            )

    def _reach(self, note: notes.Note) -> None:
        """Look whether there is an unbroken way from what was signed to what is to be signed."""
        if 0 < note.size < self.growth.begun:
            raise SealRefused(
                f"{self.path}: {note.size} records were signed, and {self.growth.begun} are pruned: nobody can tell "
                "whether those in between were the ones that followed; nothing was signed",
                help=f"auditlog verify {self.path} with a head you know; then move {self.beside} away",
            )

    def _hold(self, note: notes.Note, tree: merkle.Range) -> None:
        """Look whether the log still hashes to what was signed at this size."""
        if tree.root() != note.root:
            raise SealRefused(
                f"{self.path}: its first {note.size} records are not those that were signed; nothing was signed",
                help=f"auditlog verify {self.path}",
            )

    def _hold_again(self, note: notes.Note) -> None:
        """Read the log once more, up to what a checkpoint record in it says: no file beside it told in time."""
        again = Growth(self.path)
        again.grow(note.size)
        if again.tree.size == note.size:
            self._hold(note, again.tree)
