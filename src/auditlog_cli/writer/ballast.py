"""A file that only takes up room, and is given up when the disk is full, so that the last words fit."""

from __future__ import annotations

import os

from auditlog_cli import segments
from auditlog_cli.writer import disk


def lay(path: str, size: int) -> None:
    """Put `size` bytes aside beside the log at `path`, if they are not there yet.

    Never fails: a disk too full for it will say so at the next append.
    """
    name = segments.ballast_name(path)
    try:
        if size <= 0 or os.path.lexists(name):
            return
        fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError:
        return
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(fd, 0, size)
        else:  # macOS
            disk.write_all(fd, bytes(size))
    except OSError:
        drop(path)
    try:
        os.close(fd)
    except OSError:
        pass


def drop(path: str) -> None:
    """Give the room back."""
    try:
        os.unlink(segments.ballast_name(path))
    except OSError:
        pass
