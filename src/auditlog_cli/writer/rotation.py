"""Closing a segment and beginning the next (integrity.md, 6.3). Called with the lock held."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from auditlog_cli import segments
from auditlog_cli.errors import DurabilityError, TamperError
from auditlog_cli.writer import disk
from auditlog_cli.writer.takeover import NO_FILE, take_over

if TYPE_CHECKING:
    from auditlog_cli.writer.active import Active
    from auditlog_cli.writer.syncing import Syncer


def is_due(active: Active, length: int, max_bytes: int, max_age: int | None) -> bool:
    """Tell whether the segment is to be closed before `length` more bytes are written to it.

    Args:
        active: The segment. One that holds nothing but its first record stays, whatever its size.
        length: Bytes.
        max_bytes: The size up to which a segment may grow.
        max_age: Microseconds after which it is closed; None for never.
    """
    if active.seq <= active.first + 1:
        return False
    too_old = max_age is not None and time.time_ns() // 1000 - active.born > max_age
    return too_old or active.size + length > max_bytes


def rotate(active: Active, syncer: Syncer) -> None:
    """Close this segment under its own name and begin the next.

    Killed in between, it leaves no active segment, or an empty one: the next writer does the rest.

    Raises:
        DurabilityError: If the segment could not be synced; it then stays active.
        AuditWriteError: If the next one could not be begun; the next append tries again.
    """
    name = segments.closed_name(active.path, active.first)
    if os.path.lexists(name):
        raise TamperError(
            f"{name}: in the way of the segment to be closed; {disk.NOTHING}", help="move it to another folder"
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
