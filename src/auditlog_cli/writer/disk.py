"""What the operating system says about the disk, in our words; and making names durable."""

from __future__ import annotations

import errno
import fcntl
import os
import signal

from auditlog_cli import durability
from auditlog_cli.errors import AuditWriteError, remedy

_ENOUGH = 1 << 20
NOTHING = "nothing was written"
REOPEN = "open it anew: AuditLog(path)"
LOOK = "look at the disk (dmesg)"
_ROOM = "make room, then call again"
_RIGHTS = "check owner and mode of the file and its folder"
_HELP = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: "the file size limit of this process is reached (ulimit -f): rotate earlier (max_bytes) or raise it",
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EROFS: "the file system is mounted read-only",
    errno.EIO: LOOK,
    errno.EMFILE: "this process has too many files open (ulimit -n)",
}
_NO_SUCH_THING = (errno.EINVAL, errno.ENOTSUP, errno.EBADF)


def why(error: OSError) -> str:
    """Return the system's own words for `error`, without the path that Python adds."""
    return error.strerror or type(error).__name__


def refused(path: str, what: str, error: OSError, then: str = NOTHING) -> AuditWriteError:
    """Return the error that says that the system refused something.

    Args:
        path: The file.
        what: What was tried: "cannot be written".
        error: What the system said.
        then: What this means for the record.
    """
    return AuditWriteError(f"{path}: {what} ({why(error)}); {then}", help=_HELP.get(error.errno or 0) or remedy(error))


def sync_folder(path: str) -> None:
    """Make the names in the folder of `path` durable.

    Raises:
        OSError: If the disk did not confirm it. A file system that cannot sync folders is no failure.
    """
    fd = os.open(os.path.dirname(path) or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        durability.sync(fd)
    except OSError as error:
        if error.errno not in _NO_SUCH_THING:
            raise
    finally:
        os.close(fd)


def write_all(fd: int, data: bytes) -> None:
    """Write all of `data`.

    Raises:
        OSError: If the system refuses.
    """
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def like(fd: int, old: os.stat_result) -> None:
    """Give a new file the mode and the owner of the one whose place it will take.

    Raises:
        OSError: If the system refuses.
    """
    os.fchmod(fd, old.st_mode & 0o7777)
    if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
        os.fchown(fd, old.st_uid, old.st_gid)


def readable_like(fd: int, before: str) -> None:
    """Let those read and write a new file who may read and write the one before it; else a log would be lost to them
    at each rotation. Where the group of that one cannot be given, the new one stays its owner's alone: no other group
    is let in.

    Args:
        fd: The new file, mode 0600.
        before: Path of the one before; nothing is done where there is none.
    """
    try:
        old, new = os.stat(before), os.fstat(fd)
        owner = old.st_uid if os.geteuid() == 0 else -1  # who is not root cannot give a file away
        if old.st_gid != new.st_gid or owner not in (-1, new.st_uid):
            os.fchown(fd, owner, old.st_gid)
        os.fchmod(fd, old.st_mode & 0o666 | 0o600)
    except OSError:
        pass  # what is written counts for more than who may read it


def drop(temporary: str) -> None:
    """Remove a file that has not got its name, if it is there.

    Raises:
        OSError: If the system refuses.
    """
    try:
        os.unlink(temporary)
    except FileNotFoundError:
        pass


class Replacement:
    """A file written beside another, whose place it takes once it is whole and on the disk.

    Only for who keeps others away: its temporary name is always the same, and what lies there is of a crash.

    Args:
        path: The name it will have.
        old: What is known of the file whose owner and mode it gets; None: the owner's alone.

    Raises:
        OSError: From each of its functions, if the system refuses. What is there under the name stays, then.
    """

    def __init__(self, path: str, old: os.stat_result | None) -> None:
        self.path = path
        self._temporary = f"{path}.tmp"
        drop(self._temporary)
        self._fd = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._parts: list[bytes] = []
        self._size = 0
        try:
            if old is not None:
                like(self._fd, old)
        except BaseException:
            self.discard()
            raise

    def write(self, data: bytes) -> None:
        """Take some bytes."""
        self._parts.append(data)
        self._size += len(data)
        if self._size >= _ENOUGH:
            self._flush()

    def finish(self) -> os.stat_result:
        """Bring all bytes to the disk; return what is known of the file."""
        self._flush()
        durability.sync(self._fd)
        return os.fstat(self._fd)

    def keep(self) -> os.stat_result:
        """Give the file its name, and make that durable; return what is known of it."""
        found = self.finish()
        os.rename(self._temporary, self.path)
        self._close()
        sync_folder(self.path)
        return found

    def discard(self) -> None:
        """Leave nothing behind; after `keep`, do nothing."""
        if self._fd >= 0:
            self._close()
            drop(self._temporary)

    def _flush(self) -> None:
        write_all(self._fd, b"".join(self._parts))
        self._parts, self._size = [], 0

    def _close(self) -> None:
        fd, self._fd = self._fd, -1
        os.close(fd)


def written_to(fd: int) -> bool:
    """Tell whether somebody has the file open for writing. False also where the system does not tell.

    A lease (fcntl(2), F_SETLEASE) is granted only if nobody has. It is given back at once; who opens the file
    meanwhile waits that long.

    Args:
        fd: A descriptor that only reads.
    """
    setlease, setsig = getattr(fcntl, "F_SETLEASE", None), getattr(fcntl, "F_SETSIG", None)
    if setlease is None or setsig is None:
        return False
    try:
        fcntl.fcntl(fd, setsig, signal.SIGURG)  # the usual signal, SIGIO, would end the process
        fcntl.fcntl(fd, setlease, fcntl.F_RDLCK)
        fcntl.fcntl(fd, setlease, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    return False


def keep(path: str, data: bytes) -> None:
    """Write a whole new file and make it durable, name and all; or leave nothing. Whoever may read the one
    whose place it takes may read it, too.

    Raises:
        OSError: If that cannot be done.
    """
    temporary = f"{path}.{os.urandom(4).hex()}.tmp"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            readable_like(fd, path)
            write_all(fd, data)
            durability.sync(fd)
        finally:
            os.close(fd)
        os.rename(temporary, path)
    except BaseException:
        try:
            os.unlink(temporary)
        except OSError:
            pass
        raise
    sync_folder(path)
