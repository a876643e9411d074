"""The tree of a sealed log as static files (https://c2sp.org/tlog-tiles): `checkpoint`, `tile/L/N`, `tile/entries/N`.

An entry is a skeleton (integrity.md, 2.3): the record with the commitment of each value that can be withheld in its
place. So the tiles give no such value away, and are the same before and after a redaction.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditlog_cli.counts import many
from auditlog_cli.errors import InputError
from auditlog_cli.exporters import Entry, Piece, Settings, Source
from auditlog_cli.sealing import merkle
from auditlog_cli.sealing.line import skeleton, unseal

HINT = "C2SP tlog-tiles: a folder with the checkpoint, the hashes of the tree, and the records without their values"
FOLDER = True
SEALED = True
UNMASKED = "its hashes are those of the records as they are; no value that can be withheld is in it anyway"

_WIDTH = 256
_LONGEST = 0xFFFF  # an entry's length has two bytes


def export(source: Source, settings: Settings) -> Iterator[Piece]:
    """Yield the tiles of a log.

    Raises:
        InputError: If its beginning was pruned: no tile over it can be made.
    """
    if source.first:
        raise InputError(
            f"{source.origin}: records up to {source.first - 1} were pruned, and tiles need the hash of each",
            help="export them from a copy made before it was pruned",
        )
    levels: list[_Level] = [_Level("0")]
    bundle = _Bundle()
    for entry in source.entries:
        yield from _add(levels, entry.leaf)
        yield from bundle.add(_entry(entry, raw=source.raw))
    for level in levels:
        if level.hashes:
            yield Piece(f"{level.path()}.p/{len(level.hashes)}", b"".join(level.hashes))
    yield from bundle.rest()
    if bundle.left_out:
        settings.say(
            f"{many(bundle.left_out, 'bundle')} of entries {'is' if bundle.left_out == 1 else 'are'} left out: "
            "a record in it is withheld as a whole, or too long"
        )
    yield Piece("checkpoint", source.checkpoint.encode())
    if "\n\n— " not in source.checkpoint:
        settings.say("the checkpoint is signed with SSHSIG only: tools for C2SP notes cannot check that signature")


def number(index: int) -> str:
    """Return how the index of a tile is written.

    >>> number(1234067)
    'x001/x234/067'
    """
    digits = f"{index:d}"
    digits = digits.zfill((len(digits) + 2) // 3 * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])


class _Level:
    """The tile that is being filled on one level."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.index = 0
        self.hashes: list[bytes] = []

    def path(self) -> str:
        return f"tile/{self.name}/{number(self.index)}"


def _add(levels: list[_Level], leaf: bytes) -> Iterator[Piece]:
    """Put a leaf into its tile; a full tile goes out, and its root into the level above."""
    at = 0
    while True:
        level = levels[at]
        level.hashes.append(leaf)
        if len(level.hashes) < _WIDTH:
            return
        yield Piece(level.path(), b"".join(level.hashes))
        tree = merkle.Range()
        for each in level.hashes:
            tree.add(each)
        leaf = tree.root()
        level.hashes, level.index = [], level.index + 1
        at += 1
        if at == len(levels):
            levels.append(_Level(str(at)))


class _Bundle:
    """The entries under the tile of level 0 that is being filled."""

    def __init__(self) -> None:
        self.left_out = 0
        self._level = _Level("entries")
        self._entries = self._level.hashes
        self._whole = True

    def add(self, entry: bytes | None) -> Iterator[Piece]:
        self._whole &= entry is not None
        self._entries.append(b"" if entry is None else len(entry).to_bytes(2, "big") + entry)
        if len(self._entries) == _WIDTH:
            yield from self._out(self._level.path())

    def rest(self) -> Iterator[Piece]:
        if self._entries:
            yield from self._out(f"{self._level.path()}.p/{len(self._entries)}")

    def _out(self, path: str) -> Iterator[Piece]:
        if self._whole:
            yield Piece(path, b"".join(self._entries))
        else:
            self.left_out += 1
        self._entries.clear()
        self._level.index += 1
        self._whole = True


def _entry(entry: Entry, *, raw: bool) -> bytes | None:
    """What the leaf is the hash of; None if that is not there any more, or too long for the format."""
    if raw:
        found = entry.line
    elif unseal(entry.line).tombstone:
        return None
    else:
        found = skeleton(entry.line)[0]
    return found if len(found) <= _LONGEST else None
