"""The salts of a log that others write, made and kept (integrity.md, 2.8).

The log itself is only read. `old.jsonl.salts` grows with it: written beside and renamed, so a crash leaves the old
file or the new one. Salts that are there once stay: somebody may have signed them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

from auditlog_cli import durability, segments
from auditlog_cli.counts import many
from auditlog_cli.errors import InputError, SealRefused
from auditlog_cli.record import Line
from auditlog_cli.salting.files import Snapshot, Stretch
from auditlog_cli.salting.settling import alone, leaf_of
from auditlog_cli.sealing import hashes, merkle, notes, salted
from auditlog_cli.sealing.line import Unsealed
from auditlog_cli.writer import disk, ids

_SAME = (0, 0)


class _Spot(NamedTuple):
    """Where reading goes on: which files (device, inode), and the bytes behind the last line that was taken."""

    log: tuple[int, int] = _SAME
    salts: tuple[int, int] = _SAME
    line: int = 0
    text: int = 0


class SaltedGrowth:
    """The tree over a log that others write, with salts; those that are missing are made. See `growth.Growth`.

    Args:
        path: The log.

    Attributes:
        tree: Its hashes.
        head: The leaf of the last line, 64 hex digits.
        origin, signed, raw, suffix: As of `Growth`; a log of others says nothing about itself.
        handed: Empty: no key can be handed over in it.
        begun: 0: a log of others is never pruned, so its beginning is always read.
    """

    origin = ""
    signed: notes.Note | None = None
    raw = True
    suffix = salted.SALTED
    begun = 0

    def __init__(self, path: str) -> None:
        self.path = path
        self.tree = merkle.Range()
        self.head = hashes.ZEROS
        self.handed: list[dict[str, object]] = []
        self._spot = _Spot()

    def afresh(self) -> SaltedGrowth:
        """Return the same that has read nothing yet."""
        return SaltedGrowth(self.path)

    def grow(self, until: int | None = None, *, sync: bool = False, seen: Callable[[], None] = lambda: None) -> int:
        """Take in what the log holds by now, and make salts for it.

        Args:
            until: Not to be given: all whole lines are taken.
            sync: Bring the log to the disk first.
            seen: Called after each line.

        Returns:
            How many lines the tree covers.

        Raises:
            SealRefused: If the log no longer holds what was read before, or salts do not fit its lines.
            InputError: If it cannot be read, or a line cannot have salts.
            AuditWriteError: If the salts cannot be written. The old ones are there, then.
        """
        assert until is None
        with alone(self.path), Snapshot(self.path, locked=True) as snapshot:
            if sync:
                durability.sync_data(snapshot.descriptor(self.path))
            before = self.tree if self.tree.size else None
            if not self._goes_on(snapshot):
                self.tree, self._spot = merkle.Range(), _Spot()
            extension = _Extension(self.path, snapshot)
            try:
                self._read(snapshot, extension, before, seen)
                salts = extension.keep()
            except OSError as error:
                raise disk.refused(extension.path, "cannot be written", error, "nothing was signed") from error
            finally:
                extension.discard()
            self._spot = self._spot._replace(log=_identity(snapshot.stat(self.path)), salts=_identity(salts))
        return self.tree.size

    def _goes_on(self, snapshot: Snapshot) -> bool:
        """Tell whether the files are those that were read before, and no shorter."""
        log, salts = snapshot.stat(self.path), snapshot.stat(segments.salts_name(self.path))
        if log is None or salts is None or not self.tree.size:
            return False
        same = (_identity(log), _identity(salts)) == (self._spot.log, self._spot.salts)
        return same and log.st_size >= self._spot.line and salts.st_size >= self._spot.text

    def _read(
        self, snapshot: Snapshot, extension: _Extension, before: merkle.Range | None, seen: Callable[[], None]
    ) -> None:
        salts = snapshot.salts(self._spot.text)
        at, place = self._spot.line, self._spot.text
        first = self.tree.size
        for line in snapshot.lines(self._spot.line):
            if not line.ended:
                break
            number = first + line.number - 1
            text = next(salts, None)
            if text is None:
                text = _fresh(line, number)
                extension.add(text)
                self._add(line.raw, number, salted.read(text, len(line.raw)))
            else:
                self._take(line, number, text)
            at, place = at + len(line.raw) + 1, place + len(text) + 1
            if before is not None and before is not self.tree and self.tree.size == before.size:
                self._still(before)
            seen()
        if next(salts, None) is not None:
            raise SealRefused(
                f"{self.path}: has only {many(self.tree.size, 'line')}, and salts for more; nothing was signed",
                help=f"auditlog verify {self.path}",
            )
        if before is not None and self.tree.size < before.size:
            self._still(before)
        self._spot = self._spot._replace(line=at, text=place)

    def _take(self, line: Line, number: int, text: bytes) -> None:
        try:
            spans = salted.read(text, len(line.raw))
            salted.look(line.raw, spans)
        except Unsealed as error:
            raise SealRefused(
                f"{self.path}: line {number + 1} is not the one its salts were made for: {error}; nothing was signed",
                help=f"auditlog verify {self.path}",
            ) from error
        self._add(line.raw, number, spans)

    def _add(self, raw: bytes, number: int, spans: list[salted.Span]) -> None:
        leaf = leaf_of(raw, number, spans)
        self.head = leaf.hex()
        self.tree.add(leaf)

    def _still(self, before: merkle.Range) -> None:
        if self.tree.size != before.size or self.tree.root() != before.root():
            raise SealRefused(
                f"{self.path}: its first {before.size} lines are no longer those that were read; nothing was signed",
                help=f"auditlog verify {self.path}",
            )


def _fresh(line: Line, number: int) -> bytes:
    """Salts for a line that has none."""
    try:
        places = salted.places(line.raw)
    except Unsealed as error:
        raise InputError(
            f"{line.path}: line {number + 1}: {error}: it cannot be sealed so that values can be withheld; nothing was "
            f"signed",
            help="without --redactable it can be sealed as it is",
        ) from error
    return salted.render([(salt, *place) for salt, place in zip(ids.salts(len(places)), places, strict=True)])


class _Extension:
    """`.salts` with more lines: written beside it, and renamed. Nothing is written if there is nothing to add."""

    def __init__(self, path: str, snapshot: Snapshot) -> None:
        self.path = segments.salts_name(path)
        self._snapshot = snapshot
        self._made: disk.Replacement | None = None

    def add(self, text: bytes) -> None:
        """Take one line, without LF."""
        if self._made is None:
            self._made = self._begin()
        self._made.write(text + b"\n")

    def keep(self) -> os.stat_result | None:
        """Give the file its name; return what is known of it, or None if there is none."""
        return self._snapshot.stat(self.path) if self._made is None else self._made.keep()

    def discard(self) -> None:
        """Leave nothing behind but a file that has its name."""
        if self._made is not None:
            self._made.discard()

    def _begin(self) -> disk.Replacement:
        """Begin with what is there. A new file is the owner's alone: salts are secret."""
        old = self._snapshot.stat(self.path)
        made = disk.Replacement(self.path, old)
        if old is not None:
            reader = Stretch(self.path, self._snapshot.descriptor(self.path), 0, old.st_size)
            while data := reader.read(1 << 20):
                made.write(data)
        return made


def _identity(found: os.stat_result | None) -> tuple[int, int]:
    return (found.st_dev, found.st_ino) if found else _SAME
