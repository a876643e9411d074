"""Closed segments are compressed, and nothing that verifies changes (docs/decisions/0041).

For each: packed beside, synced, read back from the disk and compared, renamed; only then the plain one goes. While
both are there readers take the plain one. Killed at any point it leaves one whole segment, or two that say the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

from auditlog_cli import frames, segments
from auditlog_cli.errors import AuditWriteError, InputError, SealRefused, UsageError, remedy
from auditlog_cli.verification import asked, run
from auditlog_cli.withholding import planning
from auditlog_cli.writer import closedfile, disk, mounts
from auditlog_cli.writer.growth import is_sealed
from auditlog_cli.writer.lock import FileLock

Step = Callable[[str], None]
"""Told the name of each step that is done."""
_LOCK_S = 30.0
_GOOD_ENOUGH = frozenset(("torn-tail",))
"""What may be amiss with a log whose closed segments are compressed: its active one is not touched."""


class Packed(NamedTuple):
    """A segment that was compressed: where it is now, and its bytes before and after."""

    path: str
    before: int
    after: int


class Plan(NamedTuple):
    """What would be compressed.

    Attributes:
        path: The log.
        segments: The closed segments that are not compressed: path and size.
        too_large: Those that stay as they are, because nobody could unpack them into memory.
        packed: How many are compressed already.
    """

    path: str
    segments: tuple[tuple[str, int], ...]
    too_large: tuple[str, ...]
    packed: int


def plan(path: str) -> Plan:
    """Say which segments would be compressed. The active one never is.

    Raises:
        UsageError: If `path` is that of a closed segment.
        InputError: If there is no sealed log, or a segment cannot be read.
    """
    active = segments.active_of(path)
    if active is not None:
        raise UsageError(f"{path}: a closed segment, not a log", help=f"name the log: {active}")
    path = planning.place(path)
    if not is_sealed(path):
        raise InputError(
            f"{path}: no log that AuditLog writes: nothing would tell afterwards whether it is the same",
            help="compress it with zstd yourself",
        )
    try:
        closed = [name for _, name in segments.find_closed(path)]
        plain = [(name, os.stat(name).st_size) for name in closed if segments.bare(name) == name]
    except OSError as error:
        raise InputError(f"{error.filename or path}: cannot be read ({error.strerror})", help=remedy(error)) from error
    small = tuple(each for each in plain if each[1] <= frames.LARGEST)
    large = tuple(name for name, size in plain if size > frames.LARGEST)
    return Plan(path, small, large, len(closed) - len(plain))


def carry_out(
    plan: Plan, told: Callable[[Packed], None] = lambda packed: None, step: Step = lambda name: None
) -> list[Packed]:
    """Verify the log, then compress what the plan names.

    Args:
        plan: From `plan`.
        told: Told each segment that is done.
        step: Told each step: `written`, `compared`, `renamed`, `removed`.

    Raises:
        SealRefused: If the log is not what was written: evidence stays as it was found.
        InputError: If it could not be looked at.
        AuditWriteError: If a segment cannot be compressed; it is then what it was.
    """
    if not plan.segments:
        return []
    if mounts.shared_filesystem(plan.path) is not None:
        raise AuditWriteError(
            f"{plan.path}: lies on a file system shared between hosts, where a lock may not hold; nothing was changed",
            help="compress where the log is written, on a local disk",
        )
    verdict = run(plan.path, asked(processes=1))
    wrong = [each for each in verdict.findings if each.code not in _GOOD_ENOUGH]
    if verdict.exit_code == InputError.exit_code:
        raise InputError(f"{plan.path}: {wrong[0].message}; nothing was compressed", help=verdict.help)
    if wrong:
        raise SealRefused(
            f"{plan.path}: does not verify ({wrong[0].code}), so it stays as it was found; nothing was compressed",
            help=f"auditlog verify {plan.path}",
        )
    done = []
    lock = FileLock(plan.path, _LOCK_S)
    try:
        for name, _ in plan.segments:
            packed = _pack(name, lock, step)
            if packed is not None:
                done.append(packed)
                told(packed)
    finally:
        lock.close()
    return done


def _pack(name: str, lock: FileLock, step: Step) -> Packed | None:
    """Compress one segment; None if somebody else did, or it was pruned."""
    target = f"{name}.zst"
    try:
        with closedfile.alone(name) as fd:
            data = b"".join(frames.blocks(name, fd))
            if os.path.lexists(target):
                # An earlier run was cut short behind the renaming. What says something else is not ours to overwrite.
                _compare(target, data)
            else:
                _write(target, fd, data, step)
            after = os.stat(target if os.path.lexists(target) else f"{target}.tmp").st_size
            # Under the lock of the log: whoever lists the segments and opens them finds each of them.
            lock.acquire()
            try:
                if not os.path.lexists(target):
                    os.rename(f"{target}.tmp", target)
                disk.sync_folder(target)
                step("renamed")
                os.unlink(name)
            finally:
                lock.release()
            disk.sync_folder(target)
            step("removed")
            return Packed(target, len(data), after)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise disk.refused(name, "cannot be compressed", error, "it is what it was") from error


def _write(target: str, fd: int, data: bytes, step: Step) -> None:
    temporary = f"{target}.tmp"
    os.close(closedfile.write_beside(target, fd, frames.pack(data)))
    try:
        before = os.fstat(fd)
        os.utime(temporary, ns=(before.st_atime_ns, before.st_mtime_ns))
        step("written")
        _compare(temporary, data)
        step("compared")
    except BaseException:
        disk.drop(temporary)
        raise


def _compare(path: str, data: bytes) -> None:
    """Read a packed file back from the disk and hold it against what it must hold.

    Raises:
        AuditWriteError: If it holds something else.
        InputError: If it is no regular file.
    """
    fd = segments.open_regular(path)
    try:
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)  # from the disk, not from memory
        at = 0
        try:
            for block in frames.blocks(path, fd):
                if data[at : at + len(block)] != block:
                    break
                at += len(block)
            else:
                if at == len(data):
                    return
        except InputError:
            pass
    finally:
        os.close(fd)
    raise AuditWriteError(
        f"{path}: does not hold what the segment beside it holds; nothing was removed",
        help="if it is not yours, move it to another folder; else look at the disk (dmesg)",
    )
