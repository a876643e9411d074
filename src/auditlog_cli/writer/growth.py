"""The tree over a log on disk, grown record by record as the log grows (integrity.md, 5.2). Reads only.

Between two checkpoints it remembers at most 64 hashes and where it stopped reading. What it remembers is a claim:
before it goes on it looks whether the record there is still the one it saw.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

import orjson

from auditlog_cli import durability, frames, segments, strictjson
from auditlog_cli.errors import InputError, SealRefused, remedy
from auditlog_cli.sealing import hashes, merkle, notes, stubs
from auditlog_cli.sealing.line import Sealed, Unsealed, unseal
from auditlog_cli.sealing.salted import RAW
from auditlog_cli.writer import tail

_BEGUN = re.compile(rb'"auditlog"\s*:\s*\{\s*"type"\s*:\s*"(?:genesis|rotate)"')
_CHECKPOINT = b'"auditlog":{"type":"checkpoint"'
_KEY = b'"auditlog":{"type":"key"'


class _Spot(NamedTuple):
    """Where reading goes on: in the file with this device and inode, at this byte."""

    device: int
    inode: int
    offset: int


class Growth:
    """The tree over the first records of a log.

    Args:
        path: The log.
        tree: What grows, if it is to keep more than its root.

    Attributes:
        tree: Its hashes.
        head: The leaf of the last record, 64 hex digits.
        origin: The name of the log, as its first record says; empty if that was not read.
        signed: The newest checkpoint record that was read, or None.
        handed: What was read of records in which a key names its successor; whoever judges them takes them away.
        raw: Whether lines are taken as they are, because nobody sealed them (integrity.md, 2.8).
        suffix: How the name of such a log ends.
        begun: How many records were pruned before it began to read, or went on reading: what they were only the stub
            says.
    """

    suffix = RAW

    def __init__(self, path: str, *, raw: bool = False, tree: merkle.Range | None = None) -> None:
        self.path = path
        self.raw = raw
        self.tree = merkle.Range() if tree is None else tree
        self.head = hashes.ZEROS
        self.origin = ""
        self.signed: notes.Note | None = None
        self.handed: list[dict[str, object]] = []
        self.begun = 0
        self._spot: _Spot | None = None

    def afresh(self) -> Growth:
        """Return the same that has read nothing yet."""
        return Growth(self.path, raw=self.raw)

    def grow(self, until: int | None = None, *, sync: bool = False, seen: Callable[[], None] = lambda: None) -> int:
        """Take in what the log holds by now.

        Args:
            until: Stop at so many records; None: at the last whole line.
            sync: Bring what is read to the disk first: only what is durable may be signed.
            seen: Called after each record.

        Returns:
            How many records the tree covers.

        Raises:
            SealRefused: If the log is broken, or no longer holds what was read before.
            InputError: If it cannot be read.
        """
        try:
            parts = segments.snapshot(self.path)
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read ({error.strerror})", help=remedy(error)) from error
        try:
            if not parts:
                raise InputError(f"{self.path}: no such file", help="is the folder there, and the name right?")
            begun = self.begun
            here = self._from_here(parts)
            if self.begun != begun:
                seen()
            for name, fd, size in here:
                if sync:
                    durability.sync_data(fd)
                for line in self._lines(name, fd, size):
                    if until is not None and self.tree.size >= until:
                        return self.tree.size
                    self._take(name, line)
                    seen()
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read ({error.strerror})", help=remedy(error)) from error
        finally:
            for _, fd, _ in parts:
                os.close(fd)
        return self.tree.size

    def _from_here(self, parts: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
        """The segments that hold what was not read yet, or the first of it."""
        firsts = [None if name == self.path else segments.first_of(name) for name, _, _ in parts]
        begin = _seq(tail.first_line(parts[0][1])) if firsts[0] is None and not self.raw else firsts[0]
        if begin and begin > self.tree.size:  # also of one who watches: what it had not read yet was pruned
            self._begin_behind(begin)
        here = [at for at, first in enumerate(firsts) if first is not None and first <= self.tree.size]
        if firsts[-1] is None and _seq(tail.first_line(parts[-1][1])) in range(self.tree.size + 1):
            here.append(len(parts) - 1)
        return parts[here[-1] if here else 0 :]

    def _begin_behind(self, first: int) -> None:
        """Begin behind what was pruned, as the stub says; the signed roots tell whether it speaks the truth."""
        name = segments.pruned_name(self.path)
        try:
            stub = stubs.parse(segments.read_regular(name, stubs.LARGEST))
            self.tree.begin_at(stub.records, stub.tree.hashes)
            self.head, self.origin, self.begun = stub.head, stub.origin, stub.records
        except (OSError, ValueError) as error:
            raise SealRefused(
                f"{self.path}: begins at record {first}, and {os.path.basename(name)} does not say what came before",
                help=f"auditlog verify {self.path}",
            ) from error

    def _lines(self, name: str, fd: int, size: int) -> Iterator[bytes]:
        """The lines, without LF, that were not read yet."""
        if self.raw and frames.is_packed(fd):
            raise InputError(
                f"{name}: unpack it: what is signed is the lines of a file as it stands",
                help="zstd -d FILE or gunzip FILE",
            )
        found = os.fstat(fd)
        plain = frames.plain(name, fd)
        try:
            if frames.is_packed(fd):
                size = os.fstat(plain).st_size
            yield from self._from_spot(_Spot(found.st_dev, found.st_ino, 0), plain, size)
        finally:
            os.close(plain)

    def _from_spot(self, here: _Spot, fd: int, size: int) -> Iterator[bytes]:
        """The lines of the (unpacked) file `here` that were not read yet."""
        at, skip = 0, -1
        spot = self._spot
        if spot and spot[:2] == here[:2] and spot.offset <= size and (self.raw or self._stood_at(spot.offset, fd)):
            at = spot.offset
        elif self.tree.size and not self.raw:
            skip = self.tree.size  # rewritten by a redaction, or read in another file before: count
        elif self.raw and self.tree.size:
            raise SealRefused(f"{self.path}: was replaced or shortened since it was read", help="nothing was signed")
        before = b""
        for line in tail.lines(fd, at, size, strictjson.MAX_LINE):
            seq = _seq(line) if skip >= 0 else skip
            if seq < skip:
                before = line if seq >= 0 else before
            else:
                if before:
                    self._still(before)
                    before = b""
                skip = -1
                yield line
            at += len(line) + 1
            self._spot = here._replace(offset=at)
        if before:
            self._still(before)

    def _stood_at(self, offset: int, fd: int) -> bool:
        """Whether the last record that was read ends there. A file system gives the number of an inode again, and a
        redaction that rewrites a segment for the second time may get that of the first. The place may lie in the middle
        of a line then, whose rest would pass for a torn end.
        """
        try:
            if os.pread(fd, 1, offset - 1) != b"\n":
                return False
            last = tail.read(fd, offset).last
        except (OSError, Unsealed):
            return False
        return last is not None and last.leaf == self.head

    def _still(self, line: bytes) -> None:
        """Look whether the last record that was read is still there."""
        try:
            same = unseal(line).leaf == self.head
        except Unsealed:
            same = False
        if not same:
            raise SealRefused(
                f"{self.path}: record {self.tree.size - 1} is no longer the one that was read before",
                help=f"auditlog verify {self.path}",
            )

    def _take(self, name: str, line: bytes) -> None:
        """Add one line to the tree."""
        if self.raw:
            self.head = hashes.leaf(line)
            self.tree.add(bytes.fromhex(self.head))
            return
        seq = self.tree.size
        try:
            found = unseal(line)
        except Unsealed:
            return  # a torn fragment that could not be cut off, or damage: the next record tells which
        if found.seq != seq or (found.prev != self.head and not found.tombstone):
            raise SealRefused(
                f"{name}: the chain is broken at record {seq}; nothing was signed", help=f"auditlog verify {self.path}"
            )
        self.head = found.leaf
        self.tree.add(bytes.fromhex(found.leaf))
        self._look(line, found)

    def _look(self, line: bytes, found: Sealed) -> None:
        """Learn the name of the log, which state was signed, and which key signs from now on."""
        if found.seq == 0 or ((_CHECKPOINT in line or _KEY in line) and not found.spans):
            try:
                own = orjson.loads(line).get("auditlog")
                if found.seq == 0:
                    self.origin = str(own["origin"])
                elif own["type"] == "checkpoint":
                    self.signed = notes.parse(own["note"])
                elif own["type"] == "key":
                    self.handed.append(own)
            except (ValueError, AttributeError, KeyError, TypeError):
                return


def is_sealed(path: str) -> bool:
    """Tell whether the log at `path` is one of ours: its first line has a trailer.

    Raises:
        InputError: If there is no such file, or if it holds no whole line.
    """
    try:
        # Ours begin with a record of the log's own, which is never withheld: a tombstone stands in a log of others.
        return not unseal(first_lines(path)[0]).tombstone
    except Unsealed:
        return False


def refuse_damaged(path: str) -> None:
    """Refuse a log that is none of ours any more, but was: taken for somebody else's it would be signed as it is now.

    Raises:
        SealRefused: If its first line is no sealed one, and is still seen to begin a sealed log.
        InputError: As `is_sealed`.
    """
    line = first_lines(path)[0]
    if _BEGUN.search(line) and b'"_salts"' in line:
        raise SealRefused(
            f"{path}: line 1 begins a sealed log, and was changed; nothing was signed",
            help=f"auditlog verify {path}; bring the file back as it was written",
        )


def first_lines(path: str, count: int = 1) -> list[bytes]:
    """Return so many of the first whole lines of a log, without LF; fewer if it holds fewer.

    Raises:
        InputError: If it cannot be read, or if it holds no whole line.
    """
    try:
        name, packed = segments.open_first(path)
        try:
            fd = frames.plain(name, packed)
        finally:
            os.close(packed)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})", help=remedy(error)) from error
    try:
        found = list(islice(tail.lines(fd, 0, longest=strictjson.MAX_LINE), count))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})", help=remedy(error)) from error
    finally:
        os.close(fd)
    if not found:
        raise InputError(f"{path}: holds no complete record", help="is it the right file?")
    return found


def origin_of(path: str) -> str:
    """Return the name of a log as its first record says it (or the stub of what was pruned), or that of its file."""
    if os.path.isfile(path) and is_sealed(path):
        growth = Growth(path)
        try:
            growth.grow(1)
        except SealRefused:
            pass  # to say what is wrong with a log is the verifier's
        if growth.origin:
            return growth.origin
    return os.path.basename(path)


def _seq(line: bytes) -> int:
    try:
        return unseal(line).seq
    except Unsealed:
        return -1
