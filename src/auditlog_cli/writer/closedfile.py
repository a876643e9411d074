"""A closed segment put anew in its place: redacted (integrity.md, 2.7, step 3) or compressed. Whole, or not at all."""

from __future__ import annotations

import fcntl
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from auditlog_cli import durability, frames, segments
from auditlog_cli.writer import disk


@contextmanager
def alone(path: str) -> Iterator[int]:
    """Keep others away who put this segment anew: two of them would undo each other's work. Yields its descriptor.

    The lock is taken on the segment itself. Writers never lock it, and never wait.

    Raises:
        OSError: If it cannot be opened.
        InputError: If it is no regular file.
    """
    while True:
        fd = segments.open_regular(path)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            here, there = os.fstat(fd), os.stat(path)
            if (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino):
                yield fd
                return
        finally:
            os.close(fd)


def put(path: str, old: int, data: bytes, step: Callable[[str], None] = lambda name: None) -> int:
    """Write `data`, packed if the name says so, beside `path`; sync, rename, sync the folder.

    Args:
        path: The segment as it is to be.
        old: The descriptor of the one it stands for: owner and mode stay.
        data: Its lines.
        step: Told what is done: `written`, `renamed`.

    Returns:
        A descriptor of the new file, for the caller to close. The next one may have put another in its place by now;
        as long as this is open, none of them has the same inode.

    Raises:
        OSError: If it cannot be done; what was there is still there.
    """
    fd = write_beside(path, old, packed(path, data))
    try:
        try:
            step("written")
            os.rename(f"{path}.tmp", path)
        except BaseException:
            disk.drop(f"{path}.tmp")
            raise
        disk.sync_folder(path)
        step("renamed")
    except BaseException:
        os.close(fd)
        raise
    return fd


def write_beside(path: str, old: int, data: bytes) -> int:
    """Write `data` as they are to `PATH.tmp`, sync it, and return its descriptor; see `put`."""
    temporary = f"{path}.tmp"
    disk.drop(temporary)
    before = os.fstat(old)
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        disk.like(fd, before)
        disk.write_all(fd, data)
        durability.sync(fd)
    except BaseException:
        os.close(fd)
        disk.drop(temporary)
        raise
    return fd


def packed(path: str, data: bytes) -> bytes:
    """Return the bytes of the file at `path` that holds the lines `data`: its name tells how it is compressed."""
    if path.endswith(".zst"):
        return frames.pack(data)
    if path.endswith(".gz"):
        packer = zlib.compressobj(wbits=31)
        return packer.compress(data) + packer.flush()
    return data
