"""A log and its index, opened for a question: all segments at one moment, the index brought up to date if that pays."""

from __future__ import annotations

import os

from auditlog_cli import segments
from auditlog_cli.errors import AuditlogError, InputError
from auditlog_cli.index import layout, opening
from auditlog_cli.index.query import WORTH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

BEHIND = 16 << 20
"""Bytes that are not covered, from which an index is extended: scanning fewer takes milliseconds."""
_AT_A_TIME = 256 << 20  # bytes that one query adds at the most: about a second of work


def snapshot(path: str) -> list[tuple[str, int, int]] | None:
    """Return the segments of a log, open, as they are at one moment; None if they cannot all be opened.

    As `segments.snapshot`, for who can do without.
    """
    try:
        return segments.snapshot(path)
    except (OSError, InputError):
        return None


def close(taken: list[tuple[str, int, int]]) -> None:
    """Give the descriptors of a snapshot back."""
    for _, fd, _ in taken:
        os.close(fd)


def ready(
    path: str, taken: list[tuple[str, int, int]], processes: bool, say: Callable[[str], None]
) -> layout.Index | None:
    """Return the index of a log, open, brought up to date if that is worth it; None if there is none.

    Args:
        path: The log.
        taken: Its segments.
        processes: Whether processes may be forked.
        say: Told what became of it.
    """
    found = opening.present(path)
    if found is None and os.path.lexists(f"{path}.index"):
        say(f"{path}.index: cannot be used; the log is scanned")
    total = sum(size for _, _, size in taken)
    behind = sum(size - min(covered(found, name, fd), size) for name, fd, size in taken)
    if total < WORTH or behind < max(BEHIND, total >> 6):
        return found
    from auditlog_cli import parallel
    from auditlog_cli.index import building

    try:
        built = building.build(path, taken, most=_AT_A_TIME, processes=parallel.cores() if processes else 1)
    except (OSError, AuditlogError) as error:
        say(f"{path}.index: cannot be built ({getattr(error, 'strerror', '') or error})")
        return found
    if built is None:
        say(f"{path}.index: somebody else builds it")
        return found
    say(f"{path}.index: {built.read:,} bytes of the log indexed, {built.covered:,} covered")
    if found is not None:
        found.close()
    return opening.present(path)


def covered(index: layout.Index | None, path: str, fd: int) -> int:
    """Return how many bytes of a segment, as it lies on the disk, need no further work by who builds an index."""
    status = os.fstat(fd)
    known = index.segments.get(layout.inode_of(status)) if index is not None else None
    source = opening.source_of(path, fd, status.st_size, known=known)
    if source is None:
        return status.st_size
    if known is None or not known.stands_for(path, status, packed=source.packed):
        return 0
    if not known.parts or (source.packed and known.end == source.size):
        return status.st_size
    return 0 if source.packed else known.end
