"""Bytes that were written, brought to the disk.

On Linux that is fsync(2) and fdatasync(2). macOS has no `fdatasync`, and its `fsync` returns once the drive has the
bytes in its memory; fcntl(2) with F_FULLFSYNC waits until they are on the medium (Apple, fsync(2)).
"""

from __future__ import annotations

import errno
import os

_NO_SUCH_THING = (errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOTTY)


def sync(fd: int) -> None:
    """Return once the file, its size and its times are on the disk.

    Raises:
        OSError: If the disk did not confirm it.
    """
    import fcntl

    full = getattr(fcntl, "F_FULLFSYNC", None)
    if full is not None:
        try:
            fcntl.fcntl(fd, full)
            return
        except OSError as error:
            if error.errno not in _NO_SUCH_THING:  # a network file system has no drive to ask
                raise
    os.fsync(fd)


def sync_data(fd: int) -> None:
    """Return once the bytes of the file, and what is needed to find them, are on the disk.

    Raises:
        OSError: If the disk did not confirm it.
    """
    if hasattr(os, "fdatasync"):
        os.fdatasync(fd)
    else:
        sync(fd)
