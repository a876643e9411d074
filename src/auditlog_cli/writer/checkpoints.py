"""Signing the state of a log (integrity.md, 5.1 and 5.2): only what is durable, and only what extends the state that
was signed last.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol

from auditlog_cli import segments
from auditlog_cli.counts import many
from auditlog_cli.errors import DefinitionError, SealRefused
from auditlog_cli.sealing import merkle, notes, sshsig
from auditlog_cli.signing import succession
from auditlog_cli.signing.checkpoints import judge
from auditlog_cli.writer import disk, lock, own
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
    handed: list[dict[str, object]]
    raw: bool
    suffix: str
    begun: int

    def grow(self, until: int | None = None, *, sync: bool = False, seen: Callable[[], None] = ...) -> int:
        """Take in what the log holds by now; return how many records the tree covers."""
        ...

    def afresh(self) -> Grows:
        """Return the same that has read nothing yet."""
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
        self._held: tuple[notes.Note | None, ...] = ()  # what the log was held against already
        self._current = signer.key  # whose turn it is, as that key and its successors said in the log

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
            DefinitionError: If the key said in the log that another one comes after it: likewise.
            InputError: If it cannot be read.
            AuditWriteError: If the key cannot sign, or the checkpoint cannot be written.
        """
        side, origin, size = self._follow(until, seen)
        with lock.turn(self.beside):
            if self._side() != side:  # another signed meanwhile: nothing older takes the place of that
                _, origin, size = self._follow(until, seen)
            root, head = self.growth.tree.root(), self.growth.head
            text, armour = self.signer.note(origin, size, root)
            note = notes.parse(text)
            try:
                # With the armour where the key could sign no note.
                disk.keep(self.beside, (text if note.signatures else text + armour).encode())
            except OSError as error:
                raise disk.refused(self.beside, "cannot be written", error, "the checkpoint was not kept") from error
            self.last, self._appended = note, append is not None
            self._held = (note, *self._held)
        if append is not None:
            append(own.record("checkpoint", note=text, sshsig=armour))
        return Checkpoint(origin, size, root, head)

    def behind(self) -> int:
        """Return how many records came after the last checkpoint of this signer, that checkpoint not counted.

        Raises:
            SealRefused: If the log is broken, or no longer holds what was read before.
            DefinitionError: As `seal`.
            InputError: If it cannot be read.
        """
        _, _, size = self._follow(None, lambda: None, sync=False)
        return size if self.last is None else size - self.last.size - self._appended

    def _follow(
        self, until: Callable[[], int] | None, seen: Callable[[], None], *, sync: bool = True
    ) -> tuple[notes.Note | None, str, int]:
        """Take in what the log holds by now, and look whether it extends what was signed, by whomever.

        Returns:
            The checkpoint that lies beside the log, the name of the log, and how many records the tree covers.
        """
        side = self._side()
        said = [note for note in (self.last, side) if note is not None]
        watched = {note.size: note for note in said}
        passed = side if side not in self._held and side is not None and side.size < self.growth.tree.size else None

        def each() -> None:
            note = watched.get(self.growth.tree.size)
            if note is not None:
                self._hold(note, self.growth.tree)
            seen()

        if self.growth.tree.size in watched:
            self._hold(watched[self.growth.tree.size], self.growth.tree)
        # Asked after the file beside the log was read: another signer may be at work, and is never ahead of the log.
        size = self.growth.grow(until() if until else None, sync=sync and until is None, seen=each)
        recorded = self.growth.signed
        origin = self._name([*said, *([recorded] if recorded is not None else [])])
        if recorded is not None and all(note.size < recorded.size for note in said):
            self._fit(recorded, origin, size)
            if recorded not in self._held:
                self._hold_again(recorded)
        for note in said:
            self._fit(note, origin, size)
        if not self._bridges(side):
            for note in said:
                self._reach(note, self.growth.begun)
        if passed is not None:
            self._reach(passed, self._hold_again(passed))
        self._held = (*said, recorded)
        self._refuse_succeeded(origin)
        return side, origin, size

    def _refuse_succeeded(self, origin: str) -> None:
        """Refuse a key that gave its place away: auditors were told until when it counts, and a checkpoint that they
        pass over would take the place of one that they trust.
        """
        handed, self.growth.handed = self.growth.handed, []
        self._current = succession.follow(self._current, origin, handed)
        if self._current != self.signer.key:
            raise DefinitionError(
                f"{self.signer.path}: said in the log that another key comes after it; nothing was signed",
                help=f"sign with the private half of {sshsig.line(self._current)}",
            )

    def _side(self) -> notes.Note | None:
        try:
            return notes.parse(segments.read_regular(self.beside, _LARGEST).decode())
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
                f"{self.path}: {_were(note.size)} signed, and only {size:,} "
                f"{'is' if size == 1 else 'are'} there; nothing was signed",
                help=f"auditlog verify {self.path}",
            )

    def _reach(self, note: notes.Note, begun: int) -> None:
        """Look whether there is an unbroken way from what was signed to what is to be signed."""
        if 0 < note.size < begun:
            raise SealRefused(
                f"{self.path}: {_were(note.size)} signed, and {begun:,} are pruned: nobody can tell "
                "whether those in between were the ones that followed; nothing was signed",
                help=f"auditlog verify {self.path} with a head you know; then move {self.beside} away",
            )

    def _bridges(self, side: notes.Note | None) -> bool:
        """Whether the checkpoint beside the log reaches over what was pruned, and is this signer's own key's: another
        with the same key has seen the way there.
        """
        if side is None or side.size < self.growth.begun or not self.growth.begun:
            return False
        return judge(side, side.armour, [self.signer.key]).good

    def _hold(self, note: notes.Note, tree: merkle.Range) -> None:
        """Look whether the log still hashes to what was signed at this size."""
        if tree.root() != note.root:
            first = "first record is not the one" if note.size == 1 else f"first {note.size:,} records are not those"
            raise SealRefused(
                f"{self.path}: its {first} that {'was' if note.size == 1 else 'were'} signed; nothing was signed",
                help=f"auditlog verify {self.path}",
            )

    def _hold_again(self, note: notes.Note) -> int:
        """Read the log once more for what was signed at a size that was passed before anybody said so: by a checkpoint
        record without a file beside the log, or by another signer. Return how many records are pruned.
        """
        again = self.growth.afresh()
        now = note._replace(size=self.growth.tree.size, root=self.growth.tree.root())

        def each() -> None:
            for wanted in (note, now):
                if again.tree.size == wanted.size:
                    self._hold(wanted, again.tree)

        again.grow(seen=each)
        return again.begun


def _were(count: int) -> str:
    return f"{many(count, 'record')} {'was' if count == 1 else 'were'}"
