"""After a failed fsync: the log is copied, because the kernel has marked its pages clean and another
fsync would report a success that means nothing (integrity.md, 6.3).
"""

from __future__ import annotations

import errno
import os

from auditlog_cli.errors import DurabilityError
from auditlog_cli.sealing.line import Unsealed, unseal
from auditlog_cli.writer import own
from auditlog_cli.writer.active import Active, sync_folder
from auditlog_cli.writer.syncing import Syncer


def copy(active: Active, syncer: Syncer, ticket: int) -> None:
    """Copy the active segment to a new file, checking every line, put it in the old one's place, and
    record what happened. Called with the lock held.

    Raises:
        DurabilityError: If that fails too. Appends stay refused: the next one tries again.
    """
    failure = syncer.failed
    assert failure is not None
    unsure = ticket - syncer.done
    active.catch_up()
    last = active.seq - 1
    first = max(active.first, last - unsure + 1)
    temporary = f"{active.path}.resync"
    try:
        present = _copy(active, temporary, first)
        os.rename(temporary, active.path)
        sync_folder(active.path)
    except OSError as error:
        raise DurabilityError(
            f"{active.path}: the disk did not confirm earlier records, and the log cannot be copied "
            f"({error.strerror or error}); nothing was written",
            help="look at the disk (dmesg); appends stay refused until the copy succeeds",
        ) from error
    active.close()
    active.catch_up()
    name = errno.errorcode.get(failure.errno or 0, "error")
    active.append_own(own.durability(first, last, name, present))
    try:
        os.fdatasync(active.fd)
    except OSError as error:
        raise syncer.failure(error) from error
    syncer.settle(ticket)


def _copy(active: Active, temporary: str, first: int) -> int:
    """Copy line by line; return how many records from `first` on are there."""
    present = 0
    with open(active.path, "rb") as source:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(fd, "wb") as target:
            for line in source:
                try:
                    present += unseal(line.removesuffix(b"\n")).seq >= first
                except Unsealed:
                    pass  # it stays as it is: what it says is for the verifier
                target.write(line)
            target.flush()
            os.fsync(target.fileno())
    return present
