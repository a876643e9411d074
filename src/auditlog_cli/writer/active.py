"""The active segment of a log: where the next line goes (integrity.md, 6.1 and 6.3).

Every method is called with the lock of the log held. What is remembered between two calls is a claim
that `catch_up` holds against the file before anything is written.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

from auditlog_cli.errors import AuditWriteError
from auditlog_cli.sealing import hashes
from auditlog_cli.sealing.line import prepare
from auditlog_cli.sealing.policy import OWN
from auditlog_cli.writer import disk, ids, tail
from auditlog_cli.writer.takeover import NO_FILE, Hole, take_over


class Active:
    """The open active segment.

    Attributes:
        path: The log.
        head: `origin`, `policy` and `heartbeat_s` of the log, as its first record says.
        heartbeat_s: A new promise, to be made by the next segment; or None.
        mark:
            (seq, prev, size): of the next record, and the bytes of the file, all of them whole lines. One
            value, so that a fork or a signal never sees half of a change.
        claimed: Whether `mark` is what this writer saw; a later file must hold it.
        doubt: Whether the file has to be looked at before it is trusted, whatever its size.
        first: seq of the first record in this file.
        born: When its first record was written: microseconds since the epoch.
        hole: A loss that was found and still has to be recorded.
        accepted: What a new log says of the one that is gone from its place (`renewing`); or None.
        recovered: How many times a torn end was repaired by this writer.
        stuck: Whether the segment may not be renamed.
        retire: What closes a descriptor that is given up; a sync may still run on it.
    """

    def __init__(self, path: str, head: dict[str, object], heartbeat_s: float | None = None) -> None:
        self.path = path
        self.head = head
        self.heartbeat_s = heartbeat_s
        self.mark: tuple[int, str, int] = (0, hashes.ZEROS, 0)
        self.claimed = False
        self.doubt = True
        self.first = 0
        self.born = 0
        self.hole: Hole | None = None
        self.accepted: dict[str, object] | None = None
        self.recovered = 0
        self.stuck = False
        self.retire: Callable[[int], None] = os.close
        self.fd = -1
        self.inode = NO_FILE

    @property
    def seq(self) -> int:
        """The number of the next record."""
        return self.mark[0]

    @property
    def prev(self) -> str:
        """The leaf of the last record, 64 hex digits."""
        return self.mark[1]

    @property
    def size(self) -> int:
        """Bytes of the file, as last seen."""
        return self.mark[2]

    # --- before each append -------------------------------------------------------------------

    def catch_up(self) -> None:
        """Make `mark` that of the file on disk; repair its end; begin the file if need be.

        Raises:
            TamperError: If the file was deleted, shortened or replaced since this writer last wrote.
            AuditWriteError: If it cannot be opened, read or repaired.
        """
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            self.doubt = True
            take_over(self, NO_FILE)
            return
        except OSError as error:
            raise disk.refused(self.path, "cannot be read", error) from error
        if (
            found.st_size == self.mark[2]
            and found.st_ino == self.inode[1]
            and found.st_dev == self.inode[0]
            and not self.doubt
        ):
            return
        self.doubt = True
        take_over(self, (found.st_dev, found.st_ino))

    # --- opening ------------------------------------------------------------------------------

    def open(self, flags: int = 0) -> None:
        """Open the file at `path`, and let go of the one before.

        Raises:
            AuditWriteError: If it cannot be opened, or is not a regular file.
        """
        try:
            fd = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | flags, 0o600)
        except OSError as error:
            raise disk.refused(self.path, "cannot be opened for writing", error) from error
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            os.close(fd)
            raise AuditWriteError(f"{self.path}: not a regular file; {disk.NOTHING}", help="a log needs a file")
        old, self.fd = self.fd, fd
        self.inode = (found.st_dev, found.st_ino)
        self.doubt = True
        if old >= 0:
            try:
                self.retire(old)
            except OSError:
                pass  # whoever put another file in its place has synced it, or taken it away

    def close(self) -> None:
        """Close the descriptor; nothing is buffered.

        Raises:
            OSError: If the system has something to say at this late moment. The descriptor is closed.
        """
        fd, self.fd, self.inode, self.doubt = self.fd, -1, NO_FILE, True
        if fd >= 0:
            self.retire(fd)

    def written(self) -> tuple[int, int]:
        """Return the seq up to which the log is written, and the descriptor; for a sync, without the lock.

        The number is read first: what is below it is in this file, or in one that was synced before its
        descriptor was given up.
        """
        seq = self.mark[0]
        return seq, self.fd

    # --- writing ------------------------------------------------------------------------------

    def write(self, data: bytes, seq: int, prev: str) -> None:
        """Append whole lines with one `write`, after which `seq` and `prev` hold; or leave the file as it was.

        Raises:
            AuditWriteError: If that could not be done. `written` counts the lines that are in the file
                because even cutting it back failed; then the next `catch_up` looks again.
        """
        size = self.mark[2]
        try:
            written = os.write(self.fd, data)
        except OSError as error:
            left, then = self._undo()
            failure = disk.refused(self.path, "cannot be written", error, then)
            failure.written = left
            raise failure from error
        if written != len(data):
            left, then = self._undo()
            raise AuditWriteError(
                f"{self.path}: only {written} of {len(data)} bytes could be written (disk or quota full?); {then}",
                help="make room, then call again",
                written=left,
            )
        self.mark = (seq, prev, size + written)

    def _undo(self) -> tuple[int, str]:
        """Cut the file back; return how many of the lines stayed, and what that means, in words."""
        size = self.mark[2]
        try:
            os.ftruncate(self.fd, size)
        except OSError as error:
            self.doubt = True
            try:
                left = tail.pread_all(self.fd, os.fstat(self.fd).st_size - size, size).count(b"\n")
            except OSError:
                left = 0
            return left, (
                f"it could not be taken back either ({disk.why(error)}): {left} of its records are in the log, "
                "and the next append repairs the end"
            )
        return 0, disk.NOTHING

    def append_own(self, *records: dict[str, object], glue: bytes = b"") -> None:
        """Append records of the log's own with one write, `glue` in front of them."""
        data, seq, prev = self.seal_own(*records)
        self.write(glue + data, seq, prev)

    def seal_own(self, *records: dict[str, object]) -> tuple[bytes, int, str]:
        """Return the lines for `records` at the place of the next record, and seq and prev after them."""
        seq, prev, _ = self.mark
        data = b""
        for record in records:
            line, leaf = prepare(record, OWN, ids.salts).close(seq, prev)
            data += line
            seq, prev = seq + 1, leaf
        return data, seq, prev
