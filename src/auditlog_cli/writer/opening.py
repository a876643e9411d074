"""How a segment begins: the genesis record of a new log, the rotate record of the next segment
(integrity.md, 2.1, 2.6, 6.3). Called with the lock held.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from auditlog_cli import frames, segments, strictjson, times
from auditlog_cli.errors import AuditWriteError, InputError, TamperError
from auditlog_cli.sealing.policy import DEFAULT
from auditlog_cli.writer import disk, own, tail

if TYPE_CHECKING:
    from auditlog_cli.writer.active import Active


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
        fd = frames.open_plain(path)
    except OSError as error:
        raise disk.refused(active.path, f"has no active segment, and {name} cannot be read", error) from error
    except InputError as error:
        raise _damaged(active.path, error) from error
    try:
        end = tail.read(fd, os.fstat(fd).st_size)
        if end.last is None or end.rest:
            raise TamperError(
                f"{active.path}: has no active segment, and {name} does not end in a sealed line; {disk.NOTHING}",
                help="bring it back from a copy",
            )
        _take_head(active, tail.first_line(fd))
    finally:
        os.close(fd)
    return end.last.seq + 1, end.last.leaf


def read_beginning(active: Active) -> None:
    """Take number, time, origin, policy and heartbeat from the first line of the active segment.

    Where that line is damaged, the first good one tells the number. Where it says nothing about the log,
    because it is the record of a loss, the closed segments do.

    Raises:
        AuditWriteError: If the log is in a format of the future.
        OSError: If a segment cannot be read.
    """
    line = tail.first_line(active.fd)
    found = tail.sealed(line)
    told = False
    if found is not None:
        active.first = found.seq
        told = _take_head(active, line)
    else:
        for count, later in enumerate(tail.lines(active.fd, 0)):
            good = tail.sealed(later)
            if good is not None:
                active.first = max(0, good.seq - count)
                _take_head(active, later)
                break
    for _, path in reversed(segments.find_closed(active.path) if not told else []):
        if told:
            break
        try:
            fd = frames.open_plain(path)
        except InputError as error:
            raise _damaged(active.path, error) from error
        try:
            told = _take_head(active, tail.first_line(fd), of_active=False)
        finally:
            os.close(fd)


def _take_head(active: Active, line: bytes, *, of_active: bool = True) -> bool:
    """Take what the first line of a segment says of its log; tell whether it says anything.

    Raises:
        AuditWriteError: If it is in a format of the future.
    """
    try:
        record = strictjson.decode(line)
    except strictjson.Malformed:
        return False
    if of_active:
        active.born = times.parse(record.get("timestamp")) or 0
    said = record.get("auditlog")
    if not isinstance(said, dict) or said.get("type") not in ("genesis", "rotate"):
        return False
    if said.get("format") != own.FORMAT:
        raise AuditWriteError(
            f"{active.path}: written in a format that this version does not know; {disk.NOTHING}",
            help="a newer auditlog wrote it: upgrade",
        )
    active.head = {name: said[name] for name in ("origin", "policy", "heartbeat_s") if name in said}
    active.head.setdefault("policy", DEFAULT)
    if active.heartbeat_s is not None:
        active.head["heartbeat_s"] = active.heartbeat_s
    return True


def refuse_second_beginning(path: str) -> None:
    """Refuse to begin a log anew whose checkpoint or stub says that it had records.

    Raises:
        TamperError: If there is one.
    """
    for name in (segments.checkpoint_name(path), segments.pruned_name(path)):
        if os.path.lexists(name):
            raise TamperError(
                f"{path}: gone or empty, but {os.path.basename(name)} says that it had records; {disk.NOTHING}",
                help=f"bring the log back from a copy; auditlog recover {path} --accept-loss begins it anew",
            )


def _sum(path: str) -> tuple[str, int]:
    """SHA-256 (hex) and size of what a closed segment holds: compressing it changes neither."""
    total, size = hashlib.sha256(), 0
    try:
        fd = segments.open_regular(path)
        try:
            for block in frames.blocks(path, fd):
                total.update(block)
                size += len(block)
        finally:
            os.close(fd)
    except InputError as error:
        raise _damaged(path, error) from error
    return total.hexdigest(), size


def _damaged(path: str, error: InputError) -> AuditWriteError:
    return AuditWriteError(f"{path}: {error.message}; {disk.NOTHING}", help="bring that segment back from a copy")
