"""Retention: the oldest whole segments go, and a stub keeps later proofs working (integrity.md, 5.6)."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import NamedTuple

import orjson

from auditlog_cli import frames, segments, times
from auditlog_cli.errors import InputError, SealRefused, remedy
from auditlog_cli.sealing import holds, notes, stubs
from auditlog_cli.sealing.holds import Hold
from auditlog_cli.sealing.line import Unsealed
from auditlog_cli.withholding import holding, reading
from auditlog_cli.withholding.holding import Register
from auditlog_cli.writer import disk, own, tail
from auditlog_cli.writer.growth import Growth, is_sealed
from auditlog_cli.writer.log import AuditLog

_BLOCK = 1 << 20


class Segment(NamedTuple):
    """A closed segment that may go.

    Attributes:
        path: Where it is.
        first: Number of its first record.
        records: How many it holds.
        last: When the last of them was written: microseconds since the epoch.
        held: How many of its records are under a legal hold.
        holds: The names of what holds them.
    """

    path: str
    first: int
    records: int
    last: int
    held: int
    holds: tuple[str, ...]


class Plan(NamedTuple):
    """What would go, and why no more.

    Attributes:
        path: The log.
        goes: The segments that go, oldest first.
        leftover: Segments that an earlier prune declared and did not get to delete.
        stays: Why the segment behind them stays, in words; empty if it is the active one.
        held_back: Whether that is a legal hold.
        size: How many records the log had when it was looked at.
        restated: Holds in force that the segments that go state: they are said again first.
    """

    path: str
    goes: tuple[Segment, ...]
    leftover: tuple[str, ...]
    stays: str
    held_back: bool
    size: int
    restated: tuple[Hold, ...]

    @property
    def records(self) -> int:
        """How many records go."""
        return sum(each.records for each in self.goes)

    @property
    def held(self) -> int:
        """How many of them are under a legal hold: none, unless that was asked for."""
        return sum(each.held for each in self.goes)

    @property
    def holds(self) -> list[str]:
        """The names of what holds those."""
        return sorted({name for each in self.goes for name in each.holds})


def plan(path: str, before: int, *, despite_hold: bool = False) -> Plan:
    """Say which segments hold only records older than `before` (microseconds since the epoch).

    Where a checkpoint lies beside the log, what came behind it stays.

    Args:
        path: The log.
        before: The moment.
        despite_hold: Also segments with records under a legal hold (one of the log's, or `retention.legal_hold`); else
            such a segment stays, and with it all behind it.

    Raises:
        InputError: If there is no log, or a segment cannot be read.
        SealRefused: If a segment does not end in a sealed record, or what lies beside the log is no checkpoint.
    """
    closed = segments.closed(path)
    if not is_sealed(path):
        if closed:
            raise SealRefused(
                f"{closed[0][1]}: is no segment of a sealed log; nothing was deleted", help=f"auditlog verify {path}"
            )
        raise InputError(
            f"{path}: no log that AuditLog writes: it has no segments that could be pruned",
            help="what others write is deleted by who writes it; nothing was deleted",
        )
    register = holding.read(path)
    pruned, signed = _stubbed(path), _signed(path)
    leftover = tuple(name for first, name in closed if first < pruned)
    goes: list[Segment] = []
    stays, held_back = "", False
    for first, name in closed[len(leftover) :]:
        found = _look(name, first, register)
        if found.last >= before:
            stays = f"{os.path.basename(name)} holds newer records"
        elif signed is not None and first + found.records > signed:
            # Else there would be a gap between what was signed and what is there, over which nobody may sign.
            stays = f"{os.path.basename(name)} holds records that are not signed yet (auditlog seal)"
        elif found.held and not despite_hold:
            held_back = True
            many = "a record" if found.held == 1 else f"{found.held:,} records"
            stays = f"{os.path.basename(name)} holds {many} under a legal hold ({', '.join(found.holds)})"
        if stays:
            break
        goes.append(found)
    cut = goes[-1].first + goes[-1].records if goes else pruned
    restated = tuple(hold for hold in register.active if hold.seq < cut) if goes else ()
    return Plan(path, tuple(goes), leftover, stays, held_back, register.size, restated)


def carry_out(plan: Plan, reason: str) -> None:
    """Declare what goes, keep the stub, and delete. Killed in between, the next prune finishes.

    Raises:
        SealRefused: If the log is broken before the point where it is cut, or if a hold was set since it was planned.
        AuditWriteError: If it cannot be written, or a segment not deleted.
    """
    if plan.goes:
        cut = plan.goes[-1].first + plan.goes[-1].records
        growth = Growth(plan.path)
        if growth.grow(cut) < cut:
            raise SealRefused(
                f"{plan.path}: holds no {cut} records in a row; nothing was deleted",
                help=f"auditlog verify {plan.path}",
            )
        stub = stubs.Stub("", cut, growth.head, growth.tree)
        names = [segments.bare(os.path.basename(each.path)) for each in plan.goes]
        with AuditLog(plan.path, ballast_bytes=0) as log:
            for hold in plan.restated:
                log.append_own(_again(hold))
            log.append_own(
                own.record(
                    "prune", records=cut, head=stub.head, range=stub.hashes, segments=names, reason=reason,
                    despite_hold=plan.holds or None,
                )
            )  # fmt: skip
            log.durable()
            stub.origin = log.origin
        if holding.set_since(plan.path, plan.size):
            raise SealRefused(
                f"{plan.path}: a legal hold was set while this was planned; nothing was deleted",
                help="run it again: what is held now stays",
            )
        _keep(segments.pruned_name(plan.path), stubs.render(stub))
    try:
        for name in (*plan.leftover, *(each.path for each in plan.goes)):
            for each in (*segments.twins(name), name):
                with suppress(FileNotFoundError):  # it may have been compressed since it was listed
                    os.unlink(each)
        disk.sync_folder(plan.path)
    except OSError as error:
        raise disk.refused(plan.path, "cannot be pruned", error, "run prune again to finish") from error


def _again(hold: Hold) -> dict[str, object]:
    """The record that states a hold once more, whose own record is about to go."""
    members = {name: value for name, value in hold.own.items() if name not in ("type", "restates")}
    return own.record("hold", **members, restates={"seq": hold.first, "at": hold.at})


def _stubbed(path: str) -> int:
    try:
        return stubs.parse(segments.read_regular(segments.pruned_name(path), stubs.LARGEST)).records
    except FileNotFoundError:
        return 0
    except (OSError, ValueError) as error:
        raise SealRefused(
            f"{segments.pruned_name(path)}: cannot be understood; nothing was deleted", help=f"auditlog verify {path}"
        ) from error


def _signed(path: str) -> int | None:
    """How many records the checkpoint beside the log covers; None if there is none."""
    name = segments.checkpoint_name(path)
    try:
        return notes.parse(segments.read_regular(name, _BLOCK).decode()).size
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise SealRefused(f"{name}: is no checkpoint; nothing was deleted", help=f"auditlog verify {path}") from error


def _look(name: str, first: int, register: Register) -> Segment:
    try:
        written = os.stat(name).st_mtime
        fd = frames.open_plain(name)
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror})", help=remedy(error)) from error
    try:
        size = os.fstat(fd).st_size
        end = tail.read(fd, size)
        last = end.last
        if last is None or end.rest:
            raise SealRefused(
                f"{name}: does not end in a sealed record; nothing was deleted",
                help="auditlog verify LOG says what is wrong with it",
            )
        moment = times.parse(_time_of_last(fd, end.end))
        held, names = _held(reading.Segment(name, fd, size).lines(), register)
    except Unsealed as error:
        raise SealRefused(
            f"{name}: is no segment of a sealed log; nothing was deleted",
            help="auditlog verify LOG says what is wrong with it",
        ) from error
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror})", help=remedy(error)) from error
    finally:
        os.close(fd)
    if moment is None:
        # A tombstone, or a record without a time: when the file was written tells, and is never too early.
        moment = int(written * times.SECOND)
    return Segment(name, first, last.seq - first + 1, moment, held, names)


def _time_of_last(fd: int, end: int) -> object:
    block = tail.pread_all(fd, min(_BLOCK, end), max(0, end - _BLOCK))
    line = block[:-1].rpartition(b"\n")[2]
    try:
        return orjson.loads(line).get("timestamp")
    except (ValueError, AttributeError):
        return None


def _held(data: bytes, register: Register) -> tuple[int, tuple[str, ...]]:
    """How many of these lines are under a legal hold, and the names of what holds them."""
    lines = data.split(b"\n")[:-1] if register.active else reading.holding(data, holds.NEEDLE)
    many = 0
    names: dict[str, None] = {}
    for line in lines:
        if holds.OWN_NEEDLE in line and any(register.is_own(said.own) for said in holding.about(line + b"\n")):
            continue  # states a hold in force, about somebody whom it names: it is said again
        found = register.over(line)
        many += bool(found)
        names.update(dict.fromkeys(found))
    return many, tuple(names)


def _keep(name: str, data: bytes) -> None:
    try:
        disk.keep(name, data)
    except OSError as error:
        raise disk.refused(name, "cannot be written", error, "nothing was deleted") from error
