"""After a failed fsync: the log is copied, because the kernel has marked its pages clean and another
fsync would report a success that means nothing (integrity.md, 6.3). Called with the lock held.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from auditlog_cli import durability
from auditlog_cli.errors import AuditWriteError, DurabilityError, TamperError
from auditlog_cli.writer import disk, own, tail

if TYPE_CHECKING:
    from auditlog_cli.writer.active import Active
    from auditlog_cli.writer.syncing import Syncer


def copy(active: Active, syncer: Syncer) -> None:
    """Copy the active segment to a new file, checking every line, put it in the old one's place, and
    record what happened.

    Raises:
        DurabilityError: If that fails too. Appends stay refused: the next one tries again.
    """
    failure = syncer.failed
    assert failure is not None
    try:
        active.catch_up()
        last = active.seq - 1
        first = min(last, max(active.first, syncer.done))
        present = _copy(active, f"{active.path}.resync", first)
        active.doubt = True
        active.catch_up()
        name = errno.errorcode.get(failure.errno or 0, "error")
        active.append_own(own.durability(first, last, name, present))
        syncer.settle()
    except TamperError:
        raise  # the loss has been recorded; the next append copies what there is
    except (OSError, AuditWriteError) as error:
        reason = disk.why(error) if isinstance(error, OSError) else str(error)
        raise DurabilityError(
            f"{active.path}: the disk did not confirm earlier records, and the log cannot be copied "
            f"({reason}); {disk.NOTHING}",
            help="look at the disk (dmesg); appends stay refused until the copy succeeds",
        ) from error


def _copy(active: Active, temporary: str, first: int) -> int:
    """Put a durable copy in the place of the segment; return how many records from `first` on it holds."""
    present = 0
    before = ""
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with open(fd, "wb") as target:
            os.fchmod(fd, os.fstat(active.fd).st_mode & 0o777)
            for line in tail.lines(active.fd, 0):
                found = tail.sealed(line)
                if found is not None:
                    # A line that does not follow the one before stays as it is, for the verifier.
                    present += found.seq >= first and before in ("", found.prev)
                    before = found.leaf
                target.write(line + b"\n")
            target.flush()
            durability.sync(fd)
        os.rename(temporary, active.path)
    except BaseException:
        try:
            os.unlink(temporary)
        except OSError:
            pass
        raise
    disk.sync_folder(active.path)
    return present
