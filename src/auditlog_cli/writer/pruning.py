"""Retention: the oldest whole segments go, and a stub keeps later proofs working (integrity.md, 5.6)."""

from __future__ import annotations

import os
from base64 import b64encode
from typing import NamedTuple

import orjson

from auditlog_cli import segments, times
from auditlog_cli.errors import InputError, SealRefused
from auditlog_cli.sealing.line import Unsealed
from auditlog_cli.writer import disk, own, tail
from auditlog_cli.writer.growth import Growth, is_sealed
from auditlog_cli.writer.log import AuditLog

_HELD = (b'"legal_hold":true', b'"legal_hold": true')
_BLOCK = 1 << 20


class Segment(NamedTuple):
    """A closed segment that may go.

    Attributes:
        path: Where it is.
        first: Number of its first record.
        records: How many it holds.
        last: When the last of them was written: microseconds since the epoch.
    """

    path: str
    first: int
    records: int
    last: int


class Plan(NamedTuple):
    """What would go, and why no more.

    Attributes:
        path: The log.
        goes: The segments that go, oldest first.
        leftover: Segments that an earlier prune declared and did not get to delete.
        stays: Why the segment behind them stays, in words; empty if it is the active one.
    """

    path: str
    goes: tuple[Segment, ...]
    leftover: tuple[str, ...]
    stays: str

    @property
    def records(self) -> int:
        """How many records go."""
        return sum(each.records for each in self.goes)


def plan(path: str, before: int) -> Plan:
    """Say which segments hold only records older than `before` (microseconds since the epoch).

    A segment stays, and all behind it, if one of its records is under a legal hold (`retention.legal_hold`), or if it
    was compressed: then nobody looked into it.

    Raises:
        InputError: If there is no log, or a segment cannot be read.
        SealRefused: If a segment does not end in a sealed record.
    """
    if not is_sealed(path) and not segments.closed(path):
        raise InputError(
            f"{path}: no sealed log, so there is nothing to prune", help=f"auditlog seal {path} --key FILE"
        )
    closed = segments.closed(path)
    pruned = _stubbed(path)
    leftover = tuple(name for first, name in closed if first < pruned)
    goes: list[Segment] = []
    for first, name in closed[len(leftover) :]:
        if not name.endswith(".jsonl"):
            return Plan(path, tuple(goes), leftover, f"{os.path.basename(name)} is compressed: unpack it")
        found = _look(name, first)
        if found.last >= before:
            return Plan(path, tuple(goes), leftover, f"{os.path.basename(name)} holds newer records")
        if _is_held(name):
            return Plan(path, tuple(goes), leftover, f"{os.path.basename(name)} holds a record under a legal hold")
        goes.append(found)
    return Plan(path, tuple(goes), leftover, "")


def carry_out(plan: Plan, reason: str) -> None:
    """Declare what goes, keep the stub, and delete. Killed in between, the next prune finishes.

    Raises:
        SealRefused: If the log is broken before the point where it is cut.
        AuditWriteError: If it cannot be written, or a segment not deleted.
    """
    if plan.goes:
        cut = plan.goes[-1].first + plan.goes[-1].records
        growth = Growth(plan.path)
        if growth.grow(cut) < cut:
            raise SealRefused(f"{plan.path}: holds no {cut} records in a row; nothing was deleted")
        hashes = [b64encode(each).decode() for each in growth.tree.hashes]
        names = [os.path.basename(each.path) for each in plan.goes]
        with AuditLog(plan.path, ballast_bytes=0) as log:
            log.append_own(
                own.record("prune", records=cut, head=growth.head, range=hashes, segments=names, reason=reason)
            )
            log.durable()
            origin = log.origin
        stub = {"format": "auditlog-pruned/1", "origin": origin, "records": cut, "head": growth.head, "range": hashes}
        _keep(segments.pruned_name(plan.path), orjson.dumps(stub) + b"\n")
    try:
        for name in (*plan.leftover, *(each.path for each in plan.goes)):
            os.unlink(name)
        disk.sync_folder(plan.path)
    except OSError as error:
        raise disk.refused(plan.path, "cannot be pruned", error, "run prune again to finish") from error


def _stubbed(path: str) -> int:
    try:
        with open(segments.pruned_name(path), "rb") as file:
            return int(orjson.loads(file.read(_BLOCK))["records"])
    except FileNotFoundError:
        return 0
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SealRefused(
            f"{segments.pruned_name(path)}: cannot be understood; nothing was deleted", help=f"auditlog verify {path}"
        ) from error


def _look(name: str, first: int) -> Segment:
    try:
        fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror})") from error
    try:
        size = os.fstat(fd).st_size
        end = tail.read(fd, size)
        last = end.last
        if last is None or end.rest:
            raise SealRefused(f"{name}: does not end in a sealed record; nothing was deleted")
        moment = times.parse(_time_of_last(fd, end.end))
    except Unsealed as error:
        raise SealRefused(f"{name}: is no segment of a sealed log; nothing was deleted") from error
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror})") from error
    finally:
        os.close(fd)
    if moment is None:
        # A tombstone, or a record without a time: when the file was written tells, and is never too early.
        moment = int(os.stat(name).st_mtime * times.SECOND)
    return Segment(name, first, last.seq - first + 1, moment)


def _time_of_last(fd: int, end: int) -> object:
    block = tail.pread_all(fd, min(_BLOCK, end), max(0, end - _BLOCK))
    line = block[:-1].rpartition(b"\n")[2]
    try:
        return orjson.loads(line).get("timestamp")
    except (ValueError, AttributeError):
        return None


def _is_held(name: str) -> bool:
    """Whether a record in it may be under a legal hold: the words in another place keep it, too."""
    rest = b""
    with open(name, "rb") as file:
        while block := file.read(_BLOCK):
            block = rest + block
            if any(words in block for words in _HELD):
                return True
            rest = block[-32:]
    return False


def _keep(name: str, data: bytes) -> None:
    try:
        disk.keep(name, data)
    except OSError as error:
        raise disk.refused(name, "cannot be written", error, "nothing was deleted") from error
