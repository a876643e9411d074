"""What the operating system says about the disk, in our words; and making names durable."""

from __future__ import annotations

import errno
import os

from auditlog_cli.errors import AuditWriteError

NOTHING = "nothing was written"
_ROOM = "make room, then call again"
_RIGHTS = "check owner and mode of the file and its folder"
_HELP = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: "the file size limit of this process is reached (ulimit -f): rotate earlier (max_bytes) or raise it",
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EROFS: "the file system is mounted read-only",
    errno.EIO: "look at the disk (dmesg)",
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
    return AuditWriteError(f"{path}: {what} ({why(error)}); {then}", help=_HELP.get(error.errno or 0, ""))


def sync_folder(path: str) -> None:
    """Make the names in the folder of `path` durable.

    Raises:
        OSError: If the disk did not confirm it. A file system that cannot sync folders is no failure.
    """
    fd = os.open(os.path.dirname(path) or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
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


def drop(temporary: str) -> None:
    """Remove a file that has not got its name, if it is there.

    Raises:
        OSError: If the system refuses.
    """
    try:
        os.unlink(temporary)
    except FileNotFoundError:
        pass


def keep(path: str, data: bytes) -> None:
    """Write a whole new file and make it durable, name and all; or leave nothing.

    Raises:
        OSError: If that cannot be done.
    """
    temporary = f"{path}.{os.urandom(4).hex()}.tmp"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            write_all(fd, data)
            os.fsync(fd)
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
