"""What somebody's hand does to a log, and what `verify` may call it, for whoever knows its head and its keys."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.writer.chain import files

LINES = {"line", "chain", "seq", "genesis", "prefix", "truncated", "root", "undeclared", "rolled-back", "rewritten",
         "signature", "no-checkpoint", "declaration", "torn-tail", "segment-sum"}  # fmt: skip
"""What a changed log may be called; each kind of change below says which of them it must be called, too."""


class Hand(NamedTuple):
    """A kind of manipulation.

    Attributes:
        does: Changes the files; False if there was nothing of the kind to change.
        named: One of these must be among the findings.
    """

    does: Callable[[Path, Random], bool]
    named: set[str]


def _file(path: Path, chance: Random) -> Path:
    return chance.choice([file for file in files(path) if file.stat().st_size])


def flip(path: Path, chance: Random) -> bool:
    """One bit of any byte of any segment."""
    file = _file(path, chance)
    raw = bytearray(file.read_bytes())
    bit = chance.randint(0, 8 * len(raw) - 1)
    raw[bit // 8] ^= 1 << bit % 8
    file.write_bytes(raw)
    return True


def drop(path: Path, chance: Random) -> bool:
    """One line."""
    file = _file(path, chance)
    lines = file.read_bytes().splitlines(keepends=True)
    del lines[chance.randint(0, len(lines) - 1)]
    file.write_bytes(b"".join(lines))
    return True


def double(path: Path, chance: Random) -> bool:
    """One line."""
    file = _file(path, chance)
    lines = file.read_bytes().splitlines(keepends=True)
    at = chance.randint(0, len(lines) - 1)
    lines.insert(chance.randint(0, len(lines)), lines[at])
    file.write_bytes(b"".join(lines))
    return True


def swap(path: Path, chance: Random) -> bool:
    """Two lines of one file."""
    file = _file(path, chance)
    lines = file.read_bytes().splitlines(keepends=True)
    if len(lines) < 2:
        return False
    one = chance.randint(0, len(lines) - 2)
    two = chance.randint(one + 1, len(lines) - 1)
    lines[one], lines[two] = lines[two], lines[one]
    file.write_bytes(b"".join(lines))
    return True


def cut(path: Path, chance: Random) -> bool:
    """The end of a file, at any byte."""
    file = _file(path, chance)
    size = file.stat().st_size
    file.write_bytes(file.read_bytes()[: chance.randint(0, size - 1)])
    return True


def remove(path: Path, chance: Random) -> bool:
    """A closed segment."""
    closed = files(path)[:-1] if path.exists() else files(path)
    if not closed:
        return False
    chance.choice(closed).unlink()
    return True


def strip(path: Path, chance: Random) -> bool:
    """Every checkpoint: records and side file, the links behind them left as they are."""
    del chance
    found = False
    for file in files(path):
        lines = file.read_bytes().splitlines(keepends=True)
        kept = [line for line in lines if b'"auditlog":{"type":"checkpoint"' not in line]
        found = found or len(kept) < len(lines)
        file.write_bytes(b"".join(kept))
    Path(f"{path}.checkpoint").unlink(missing_ok=True)
    return found


def unseal(path: Path, chance: Random) -> bool:
    """The salt of one value: it can no longer be shown that this was the value."""
    file = _file(path, chance)
    raw = file.read_bytes()
    spans = [*re.finditer(rb'\["[A-Za-z0-9_-]{22}",[0-9]+,[0-9]+\],?', raw)]
    if not spans:
        return False
    match = chance.choice(spans)
    file.write_bytes(raw[: match.start()] + raw[match.end() :])
    return True


HANDS = {
    "flip": Hand(flip, LINES),
    "drop": Hand(drop, {"seq", "prefix", "genesis", "truncated", "rolled-back"}),
    "double": Hand(double, {"seq", "genesis", "prefix", "rolled-back", "rewritten"}),
    "swap": Hand(swap, {"seq", "prefix", "genesis"}),
    "cut": Hand(cut, LINES),
    "remove": Hand(remove, {"seq", "prefix", "rolled-back", "truncated"}),
    "strip": Hand(strip, {"no-checkpoint", "seq"}),
    "unseal": Hand(unseal, {"chain", "line", "root", "rewritten"}),
}


def copied(path: Path, folder: Path) -> Path:
    """Return a copy of a log, with all that lies beside it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    side = Path(f"{path}.checkpoint")
    if side.exists():  # before the log, for a thread may sign meanwhile
        shutil.copy(side, folder)
    shutil.copytree(path.parent, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(side.name, "*.tmp"))
    return folder / path.name
