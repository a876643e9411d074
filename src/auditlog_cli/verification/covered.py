"""The records that a checkpoint covers, one after the other, held against it on the way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from auditlog_cli.counts import many
from auditlog_cli.errors import InputError, SealRefused
from auditlog_cli.index import layout, parts
from auditlog_cli.index.pages import Damaged
from auditlog_cli.sealing import hashes, merkle, notes
from auditlog_cli.sealing.line import Unsealed, unseal
from auditlog_cli.verification import reading, walking
from auditlog_cli.verification.leaves import Leaves

_RAW = "#raw"


class Covered(NamedTuple):
    """One record.

    Attributes:
        seq: Its number.
        line: As it stands, without LF.
        leaf: 32 bytes.
    """

    seq: int
    line: bytes
    leaf: bytes


class Log:
    """A log as it is at one moment, as far as a checkpoint covers it. Use it in a `with` block.

    Args:
        path: The log.
        note: The checkpoint.

    Attributes:
        first: The first record that is there: above 0 if the log was pruned.
        head: Leaf of the one before it, 64 hex digits.
        range: The hashes of the tree over what was pruned (integrity.md, 5.6).

    Raises:
        InputError: If it cannot be read.
    """

    def __init__(self, path: str, note: notes.Note) -> None:
        self.path = path
        self.note = note
        self.raw = note.origin.endswith(_RAW)
        self._snapshot = reading.Snapshot(path)
        stub = self._snapshot.stub
        unclear = stub is None and os.path.lexists(self._snapshot.stub_path)
        if not self._snapshot.segments or unclear:
            self._snapshot.close()
            trouble = f"{self._snapshot.stub_path}: is no stub of a pruned log" if unclear else f"{path}: no such file"
            raise InputError(trouble, help="a copy may have what is missing here")
        self.first = 0 if stub is None else stub.records
        self.head = hashes.ZEROS if stub is None else stub.head
        self.range = [] if stub is None else list(stub.tree.hashes)

    def __enter__(self) -> Log:
        return self

    def __exit__(self, *_: object) -> None:
        self._snapshot.close()

    def records(self, tree: merkle.Range | None = None) -> Iterator[Covered]:
        """Yield the records from `first` on. Only once they are all taken is it known that they are those signed.

        Args:
            tree: What grows meanwhile, if it is to keep more than its root.

        Raises:
            SealRefused: If the log is not the one that was signed.
            InputError: If it cannot be read.
        """
        tree = merkle.Range() if tree is None else tree
        if self.first:
            tree.begin_at(self.first, self.range)
        head = self.head
        for raw in reading.raw_lines(self._snapshot, unpack=not self.raw):
            if tree.size >= self.note.size:
                break
            if self.raw:
                leaf = hashes.leaf(raw.data)
            else:
                try:
                    found = unseal(raw.data)
                except Unsealed:
                    continue  # a torn fragment that could not be cut off, or damage: the next record tells which
                if found.seq != tree.size or (found.prev != head and not found.tombstone):
                    raise self._refused()
                leaf = head = found.leaf
            seq = tree.size
            tree.add(bytes.fromhex(leaf))
            yield Covered(seq, raw.data, bytes.fromhex(leaf))
        if tree.size != self.note.size or tree.root() != self.note.root:
            raise self._refused()

    def tree(self, stretches: list[merkle.Stretch], *, indexed: bool) -> merkle.Roots:
        """Return the tree under the checkpoint, with the roots of some stretches.

        It is made of the leaves that the lines name, each that of the one before it. What else a line holds is not
        compared with its leaf; who shows a line does that.

        Args:
            indexed: Use the index of the log, if there is one.

        Raises:
            SealRefused: If these are not the leaves that were signed.
            InputError: If it cannot be read.
        """
        if self.raw:
            found = merkle.Roots(stretches)
            for _ in self.records(found):
                pass
            return found
        tree = None
        index = walking.index_of(self.path, self._snapshot.segments, wanted=indexed)
        try:
            tree = self._grown(stretches, index) if index.segments else None
        except Damaged:
            pass
        finally:
            index.close()
        tree = tree or self._grown(stretches, layout.Index(-1, 0, {}))
        if tree is None:
            raise self._refused()
        return tree

    def _grown(self, stretches: list[merkle.Stretch], index: layout.Index) -> merkle.Roots | None:
        """The tree, if it is the one that was signed."""
        tree = merkle.Roots(stretches)
        if self.first:
            tree.begin_at(self.first, self.range)
        near = {begin for begin, end in stretches if end - begin < parts.LEAVES}
        walking.read(self._snapshot.segments, Leaves(tree, self.head, near=near, until=self.note.size), index)
        return tree if tree.size == self.note.size and tree.root() == self.note.root else None

    def _refused(self) -> SealRefused:
        return SealRefused(
            f"{self.path}: is not the log that was signed ({many(self.note.size, 'record')}); "
            "nothing can be proved from it",
            help=f"auditlog verify {self.path}",
        )
