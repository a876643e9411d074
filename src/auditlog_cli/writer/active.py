"""The active segment of a log: where the next line goes (integrity.md, 6.1 to 6.3).

Every method is called with the lock of the log held. What is remembered between two calls (inode, size,
seq, prev) is a claim that `catch_up` holds against the file before anything is written.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat

from auditlog_cli import segments, strictjson, times
from auditlog_cli.errors import AuditWriteError, DurabilityError, TamperError
from auditlog_cli.sealing import hashes
from auditlog_cli.sealing.line import prepare
from auditlog_cli.sealing.policy import DEFAULT, OWN
from auditlog_cli.writer import ids, own, recovery, tail

_NOT_WRITTEN = "nothing was written"
_NONE = (-1, -1)
_HELP = {
    errno.ENOSPC: "make room, then call again",
    errno.EDQUOT: "make room, then call again",
    errno.EACCES: "check owner and mode of file and folder",
    errno.EPERM: "check owner and mode of file and folder",
    errno.EROFS: "the file system is mounted read-only",
}


class Active:
    """The open active segment.

    Attributes:
        path: The log.
        head: `origin`, `policy` and `heartbeat_s` of the log, as its genesis or rotate record says.
        seq, prev: Of the next record.
        size: Bytes of the file, all of them whole lines; -1 if that has to be looked up again.
        first: seq of the first record in this file.
        born: When its first record was written: microseconds since the epoch.
        recovered: How many times a torn end was repaired by this writer.
    """

    def __init__(self, path: str, head: dict[str, object]) -> None:
        self.path = path
        self.head = head
        self.fd = -1
        self.seq = 0
        self.prev = hashes.ZEROS
        self.size = -1
        self.first = 0
        self.born = 0
        self.recovered = 0
        self._inode = _NONE

    # --- before each append -------------------------------------------------------------------

    def catch_up(self) -> None:
        """Make `seq`, `prev` and `size` those of the file on disk; repair its end; begin it if need be.

        Raises:
            TamperError: If the file was deleted, shortened or replaced since this writer last wrote.
            AuditWriteError: If it cannot be opened, read or repaired.
        """
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            self._absent()
            return
        except OSError as error:
            raise self._failed("cannot be read", error) from error
        if (found.st_dev, found.st_ino) == self._inode:
            if found.st_size == self.size:
                return
            if self.size >= 0 and found.st_size < self.size:
                self._go_on_after("file-shrunk", "was shortened under a live writer")
            self._adopt(found.st_size)
            return
        mine, seq, prev = self._inode, self.seq, self.prev
        self._open(0)
        size = os.fstat(self.fd).st_size
        if size == 0 and mine != _NONE and not self._rotated(mine):
            self._go_on_after("file-replaced", "was replaced under a live writer")
        self._adopt(size)
        if mine != _NONE and (self.seq < seq or (self.seq == seq and self.prev != prev)):
            self.seq, self.prev = seq, prev
            self._go_on_after("file-replaced", "was replaced under a live writer")

    def _absent(self) -> None:
        closed = segments.closed(self.path)
        if self._inode != _NONE and not self._rotated(self._inode):
            self._go_on_after("file-vanished", "was deleted under a live writer", anew=True)
        if closed:
            # A writer was killed between renaming and creating: its work is finished here.
            self._follow(closed[-1][1])
        elif any(os.path.lexists(name(self.path)) for name in (segments.checkpoint_name, segments.pruned_name)):
            raise TamperError(
                f"{self.path}: gone, but its checkpoint or stub is still there; {_NOT_WRITTEN}",
                help="bring the log back, or move the checkpoint and the stub away if the loss is accepted",
            )
        self._begin()

    def _rotated(self, inode: tuple[int, int]) -> bool:
        """Whether the file of this inode is now a closed segment of the log."""
        return any(_inode(path) == inode for _, path in reversed(segments.closed(self.path)))

    def _follow(self, closed_path: str) -> None:
        """Take seq and prev from the end of a closed segment."""
        try:
            fd = os.open(closed_path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise self._failed(f"has no active segment, and {closed_path} cannot be read", error) from error
        try:
            end = tail.read(fd, os.fstat(fd).st_size)
        finally:
            os.close(fd)
        if end.last is None or end.rest:
            raise TamperError(
                f"{self.path}: gone, and the last closed segment {os.path.basename(closed_path)} does not end in a "
                f"sealed line; {_NOT_WRITTEN}",
                help="bring the log back from a copy",
            )
        self.seq, self.prev = end.last.seq + 1, end.last.leaf
        self._read_head(closed_path)

    def _go_on_after(self, reason: str, what: str, *, anew: bool = False) -> None:
        """Record the hole at the remembered place, so that verify reports it for ever, and raise."""
        first, last = self.first, self.seq - 1
        if anew:
            self._open(os.O_CREAT | os.O_EXCL)
            self.first = self.seq
        else:
            end = tail.read(self.fd, os.fstat(self.fd).st_size)
            first = min(end.last.seq + 1 if end.last else 0, self.seq)
            self._terminate()
        self.append_own(own.lost(max(last - first + 1, 0), first, last, reason))
        raise TamperError(
            f"{self.path}: {what}; records {first} to {last} are not where they were, "
            "and the new record was not written",
            help=f"the log goes on at record {self.seq}; the hole stays visible to every verifier",
        )

    def _terminate(self) -> None:
        size = os.fstat(self.fd).st_size
        self.size = size
        if size and os.pread(self.fd, 1, size - 1) != b"\n":
            self.write(b"\n")

    # --- opening ------------------------------------------------------------------------------

    def _open(self, flags: int) -> None:
        try:
            fd = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | flags, 0o600)
        except OSError as error:
            raise self._failed("cannot be opened for writing", error) from error
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            os.close(fd)
            raise AuditWriteError(f"{self.path}: not a regular file; {_NOT_WRITTEN}", help="a log needs a file")
        self.close()
        self.fd = fd
        self._inode = (found.st_dev, found.st_ino)
        self.size = -1

    def close(self) -> None:
        """Close the descriptor; nothing is buffered."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
            self._inode = _NONE

    def _begin(self) -> None:
        """Create the file (it does not exist) and write its first record."""
        self._open(os.O_CREAT | os.O_EXCL)
        sync_folder(self.path)
        self._write_first()

    def _write_first(self) -> None:
        try:
            self._append_first()
        except AuditWriteError:
            self.size = -1  # an empty file is no clean end: the next append begins it again
            raise

    def _append_first(self) -> None:
        self.size = 0
        self.first = self.seq
        self.born = times.parse(times.now()) or 0
        if self.seq == 0:
            self.append_own(own.genesis(self.head))
            return
        closed = segments.closed(self.path)
        name = closed[-1][1] if closed else self.path
        first = closed[-1][0] if closed else self.seq
        total, size = _sum(name)
        self.append_own(own.rotate(self.head, name, first, self.seq - first, size, total))

    def _adopt(self, size: int) -> None:
        """Take over a file of `size` bytes whose end is not known."""
        if size == 0:
            closed = segments.closed(self.path)
            if closed and self.seq == 0:
                self._follow(closed[-1][1])
            self._write_first()
            return
        end = tail.read(self.fd, size)
        if end.last is None and end.whole is None:
            recovery.refuse_unsealed(self.path, end.rest)
        if end.last is not None:
            self.seq, self.prev = end.last.seq + 1, end.last.leaf
        elif end.whole is not None:
            self.seq, self.prev = end.whole.seq, end.whole.prev
        self.size = end.end
        self._read_head(self.path)
        if end.rest:
            self.recovered += 1
            recovery.repair(self, end)

    def _read_head(self, path: str) -> None:
        """Take origin, policy and heartbeat from the first line of a segment."""
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise self._failed("cannot be read", error) from error
        try:
            record = strictjson.decode(tail.first_line(fd))
        except strictjson.Malformed:
            return
        finally:
            os.close(fd)
        seq, said = record.get("seq"), record.get("auditlog")
        if path == self.path and isinstance(seq, int):
            self.first = seq
            self.born = times.parse(record.get("timestamp")) or 0
        if isinstance(said, dict) and said.get("type") in ("genesis", "rotate"):
            if said.get("format") != own.FORMAT:
                raise AuditWriteError(
                    f"{path}: written in a format this version does not know; {_NOT_WRITTEN}",
                    help="a newer auditlog wrote it: upgrade",
                )
            self.head = {name: said[name] for name in ("origin", "policy", "heartbeat_s") if name in said}
            self.head.setdefault("policy", DEFAULT)

    # --- writing ------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Append whole lines with one `write`; on any failure the file is cut back to where it was.

        Raises:
            AuditWriteError: Nothing of `data` is in the file, or, if even the cutting back failed, the
                next `catch_up` looks again.
        """
        try:
            written = os.write(self.fd, data)
        except OSError as error:
            self._undo()
            raise self._failed("cannot be written", error) from error
        if written != len(data):
            self._undo()
            raise AuditWriteError(
                f"{self.path}: only {written} of {len(data)} bytes could be written (disk or quota full?), "
                f"and they were taken back; {_NOT_WRITTEN}",
                help="make room, then call again",
            )
        self.size += written

    def _undo(self) -> None:
        try:
            os.ftruncate(self.fd, self.size)
        except OSError:
            self.size = -1

    def append_own(self, record: dict[str, object]) -> tuple[int, str]:
        """Append one of the log's own records; return its seq and leaf."""
        line, leaf = prepare(record, OWN, ids.salts).close(self.seq, self.prev)
        self.write(line)
        seq = self.seq
        self.seq, self.prev = seq + 1, leaf
        return seq, leaf

    def rotate(self) -> None:
        """Close this segment under its own name and begin the next.

        Raises:
            DurabilityError: If the segment could not be synced; it then stays active.
            AuditWriteError: If the next one could not be begun; the next append tries again.
        """
        name = segments.closed_name(self.path, self.first)
        if os.path.lexists(name):
            raise TamperError(
                f"{name}: in the way of the segment to be closed; {_NOT_WRITTEN}",
                help="move it to another folder",
            )
        try:
            os.fsync(self.fd)
        except OSError as error:
            raise DurabilityError(
                f"{self.path}: the disk did not confirm the segment ({error.strerror}); "
                f"it was not rotated, {_NOT_WRITTEN}"
            ) from error
        try:
            os.rename(self.path, name)
        except OSError as error:
            raise self._failed("cannot be renamed for rotation", error) from error
        self._begin()

    def _failed(self, what: str, error: OSError) -> AuditWriteError:
        return AuditWriteError(
            f"{self.path}: {what} ({error.strerror}); {_NOT_WRITTEN}", help=_HELP.get(error.errno or 0, "")
        )


def sync_folder(path: str) -> None:
    """Make the names in the folder of `path` durable. Some file systems cannot: that is no failure."""
    try:
        fd = os.open(os.path.dirname(path) or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        os.fsync(fd)
    except OSError:
        pass
    finally:
        os.close(fd)


def _inode(path: str) -> tuple[int, int]:
    try:
        found = os.stat(path)
    except OSError:
        return _NONE
    return found.st_dev, found.st_ino


def _sum(path: str) -> tuple[str, int]:
    """SHA-256 (hex) and size of a closed segment."""
    total, size = hashlib.sha256(), 0
    with open(path, "rb", buffering=0) as file:
        while block := file.read(1 << 20):
            total.update(block)
            size += len(block)
    return total.hexdigest(), size
