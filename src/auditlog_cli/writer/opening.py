"""How a segment begins: the genesis record of a new log, the rotate record of the next segment
(integrity.md, 2.1, 2.6, 6.3). Called with the lock held.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from auditlog_cli import segments
from auditlog_cli.errors import TamperError
from auditlog_cli.writer import disk, own, tail

if TYPE_CHECKING:
    from auditlog_cli.writer.active import Active

_BLOCK = 1 << 20


def record(active: Active, closed: list[tuple[int, str]]) -> dict[str, object]:
    """Return the record with which the active segment begins at the place of the next record.

    Raises:
        OSError: If the segment before it cannot be read for its sum.
    """
    if not closed:
        return own.genesis(active.head)
    first, path = closed[-1]
    total, size = _sum(path)
    return own.rotate(active.head, path, first, active.seq - first, size, total)


def place_after(active: Active, closed: list[tuple[int, str]]) -> tuple[int, str]:
    """Return seq and prev after the last closed segment, and take origin and policy from it.

    Raises:
        TamperError: If it does not end in a sealed line.
        AuditWriteError: If it cannot be read.
    """
    path = closed[-1][1]
    name = os.path.basename(path)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise disk.refused(active.path, f"has no active segment, and {name} cannot be read", error) from error
    try:
        end = tail.read(fd, os.fstat(fd).st_size)
        if end.last is None or end.rest:
            raise TamperError(
                f"{active.path}: has no active segment, and {name} does not end in a sealed line; {disk.NOTHING}",
                help="bring it back from a copy" if path.endswith(".jsonl") else "unpack that segment",
            )
        active.read_head(fd)
    finally:
        os.close(fd)
    return end.last.seq + 1, end.last.leaf


def refuse_second_beginning(path: str) -> None:
    """Refuse to begin a log anew whose checkpoint or stub says that it had records.

    Raises:
        TamperError: If there is one.
    """
    for name in (segments.checkpoint_name(path), segments.pruned_name(path)):
        if os.path.lexists(name):
            raise TamperError(
                f"{path}: gone or empty, but {os.path.basename(name)} says that it had records; {disk.NOTHING}",
                help="bring the log back from a copy, or see `auditlog recover --accept-loss`",
            )


def _sum(path: str) -> tuple[str, int]:
    """SHA-256 (hex) and size of a closed segment."""
    total, size = hashlib.sha256(), 0
    with open(path, "rb", buffering=0) as file:
        while block := file.read(_BLOCK):
            total.update(block)
            size += len(block)
    return total.hexdigest(), size
