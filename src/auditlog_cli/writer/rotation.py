"""Closing a segment and beginning the next (integrity.md, 6.3). Called with the lock held."""

from __future__ import annotations

import os
import time
import warnings
from typing import TYPE_CHECKING

from auditlog_cli import segments
from auditlog_cli.errors import AuditWriteError, DurabilityError, TamperError
from auditlog_cli.writer import disk
from auditlog_cli.writer.takeover import NO_FILE, take_over

if TYPE_CHECKING:
    from auditlog_cli.writer.active import Active
    from auditlog_cli.writer.syncing import Syncer


def rotate_if_due(active: Active, syncer: Syncer, length: int, max_bytes: int, max_age: int | None) -> None:
    """Rotate before `length` more bytes are written, if size or age of the segment ask for it.

    A segment that may not be renamed (`chattr +a`, a folder of somebody else's) goes on growing, with a
    warning: later evidence is worth more than small files.

    Args:
        active: The segment.
        syncer: What makes it durable first.
        length: Bytes.
        max_bytes: The size up to which a segment may grow.
        max_age: Microseconds after which it is closed; None for never.

    Raises:
        AuditWriteError: See `rotate`.
    """
    too_old = max_age is not None and time.time_ns() // 1000 - active.born > max_age
    if not (too_old or active.size + length > max_bytes) or not holds_records(active) or active.stuck:
        return
    try:
        rotate(active, syncer)
    except AuditWriteError as error:
        if not isinstance(error.__cause__, PermissionError):
            raise
        active.stuck = True
        warnings.warn(f"{active.path} cannot be rotated and grows beyond its limit: {error}", stacklevel=6)


def holds_records(active: Active) -> bool:
    """Tell whether the segment holds more than the record with which it begins."""
    return active.seq > active.first + 1


def rotate(active: Active, syncer: Syncer) -> None:
    """Close this segment under its own name and begin the next.

    Killed in between, it leaves no active segment, or an empty one: the next writer does the rest.

    Raises:
        DurabilityError: If the segment could not be synced; it then stays active.
        AuditWriteError: If the next one could not be begun; the next append tries again.
    """
    name = segments.closed_name(active.path, active.first)
    for each in (name, *(f"{name}{ending}" for ending in segments.PACKED)):
        if os.path.lexists(each):
            raise TamperError(
                f"{each}: in the way of the segment to be closed; {disk.NOTHING}", help="move it to another folder"
            )
    try:
        syncer.flush()
    except DurabilityError as error:
        raise DurabilityError(
            f"{active.path}: the disk did not confirm the segment to be closed; it was not, and {disk.NOTHING}",
            help=error.help,
        ) from error
    try:
        os.rename(active.path, name)
    except OSError as error:
        raise disk.refused(active.path, "cannot be renamed for rotation", error) from error
    active.doubt = True
    take_over(active, NO_FILE)
