"""The files of a log by their names, which other files bear soon: a writer rotates, retention compresses and prunes.

A name that was listed knows which file it meant. Whoever opens it later gets that file, wherever it lies by then; a
closed segment that was pruned holds nothing any more. Other names are opened as they are.
"""

from __future__ import annotations

import os
import stat

from auditlog_cli import segments

_ATTEMPTS = 20  # at a list that changes while it is made
_NOWHERE = (-1, -1)
_READ = os.O_RDONLY | os.O_CLOEXEC


class Listed(str):
    """The name of a file of a log.

    Attributes:
        inode: Device and number of the file that it named; (-1, -1) if that is not known.
        mode: What kind of file that was (stat(2)); 0 if that is not known.
        newest: The first record of the newest closed segment at that time; -1 if there was none.
    """

    __slots__ = ("inode", "mode", "newest")
    inode: tuple[int, int]
    mode: int
    newest: int


def name(path: str, newest: int = -1) -> Listed:
    """Return the name as one that knows its file.

    Args:
        path: The file.
        newest: The first record of the newest closed segment of its log.
    """
    made = Listed(path)
    try:
        found = os.stat(path)
    except OSError:
        made.inode, made.mode = _NOWHERE, 0
    else:
        made.inode, made.mode = (found.st_dev, found.st_ino), found.st_mode
    made.newest = newest
    return made


def is_lasting(path: str) -> bool:
    """Tell whether it names a file that can be read again: as it was listed, for by now it may bear another name."""
    return isinstance(path, Listed) and stat.S_ISREG(path.mode)


def closed(path: str) -> list[tuple[int, Listed]]:
    """Return what `segments.closed` does."""
    return [(first, name(each)) for first, each in segments.closed(path)]


def whole(path: str) -> list[Listed]:
    """Return the files of the log at `path`, oldest first, the active one last if it is there.

    The list is of one moment, without a lock: it is made anew if a segment was closed meanwhile.
    """
    found = segments.closed(path)
    for _ in range(_ATTEMPTS):
        active = alone(path)
        before, found = found, segments.closed(path)
        if [first for first, _ in before] == [first for first, _ in found]:
            break
    for each in active:
        each.newest = found[-1][0] if found else -1
    return [*(name(each) for _, each in found), *active]


def alone(path: str) -> list[Listed]:
    """Return the file at `path`, if it is there."""
    made = name(path)
    return [made] if made.inode != _NOWHERE else []


def opened(path: str) -> tuple[str, int]:
    """Open a file to read it.

    Args:
        path: A name; if it is a `Listed` one, the file that it meant.

    Returns:
        What the file is called now, and a descriptor, which is the caller's to close.

    Raises:
        OSError: If it cannot be opened.
    """
    if segments.first_of(path) is not None:
        try:
            return segments.open_present(path)
        except FileNotFoundError:
            if not isinstance(path, Listed) or os.path.lexists(path):
                raise
        from auditlog_cli.frames import nameless

        return path, nameless()
    if not isinstance(path, Listed):
        return path, os.open(path, _READ)
    return segments.again(lambda _: _active(path), path)


def _active(path: Listed) -> tuple[str, int]:
    """What was the active segment: closed since then; or put anew in the same place, and then that is the file."""
    try:
        fd = os.open(path, _READ)
    except FileNotFoundError:
        fd = -1
    else:
        status = os.fstat(fd)
        if (status.st_dev, status.st_ino) == path.inode:
            return path, fd
    since = [each for first, each in segments.closed(path) if first > path.newest]
    if not since:
        return path, fd if fd >= 0 else os.open(path, _READ)
    if fd >= 0:
        os.close(fd)
    return segments.open_present(since[0])
