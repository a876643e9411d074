"""Whether the log on disk still holds what this writer has seen: nobody deleted, shortened or replaced it
(integrity.md, 6.1 and 6.2). Called with the lock held.

The question is put to the content, not to the inode: rotation, a copy after a failed fsync, redaction and
pruning all put other files in the place of old ones, and none of them is tampering.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from auditlog_cli import frames, segments
from auditlog_cli.errors import InputError
from auditlog_cli.writer import tail

if TYPE_CHECKING:
    from auditlog_cli.writer.active import Active

Mark = tuple[int, str, int]
Place = tuple[int, str]


def is_closed_segment(active: Active) -> bool:
    """Tell whether the file that this writer has open is now a closed segment of the log."""
    for _, path in reversed(segments.find_closed(active.path)):
        try:
            found = os.stat(path)
        except OSError:
            continue
        if (found.st_dev, found.st_ino) == active.inode:
            return True
    return False


def holds(active: Active, before: Mark, place: Place, *, rotated: bool, same_file: bool) -> bool:
    """Tell whether the last record that this writer has seen is still in the log, followed by the rest.

    Args:
        active: The log; its descriptor is that of the file at its path, if there is one.
        before: What this writer remembers.
        place: seq and prev of the next record, by what is on disk.
        rotated: Whether the file seen before is a closed segment now.
        same_file: Whether the file at the path is the one seen before.
    """
    seq, prev, size = before
    if place[0] <= seq:
        return seq == 0 or place == (seq, prev)
    if rotated or seq == 0:
        return True
    if same_file:
        return _goes_on(active.fd, size, seq, prev)
    return _in_log(active, seq, prev)


def _goes_on(fd: int, offset: int, seq: int, prev: str) -> bool:
    """Whether the first sealed line from `offset` on follows the record before it."""
    for line in tail.lines(fd, offset):
        if tail.sealed(line) is not None:
            return _follower(seq, prev) in line
    return False


def _in_log(active: Active, seq: int, prev: str) -> bool:
    """Whether some segment holds record `seq` with `prev`. Reads one segment: only for files that changed
    their identity without a rotation.
    """
    files = [each for each in segments.find_closed(active.path) if each[0] <= seq]
    if active.first <= seq:
        files.append((active.first, active.path))
    if not files:
        return os.path.lexists(segments.pruned_name(active.path))  # pruning is declared, deleting is not
    needle = _follower(seq, prev)
    buried = b'{"seq":%d,"_leaf":"' % seq  # withheld as a whole: it no longer says what it follows
    try:
        fd = frames.open_plain(files[-1][1])
    except (OSError, InputError):
        return True
    try:
        return any(needle in line or line.startswith(buried) for line in tail.lines(fd, 0))
    finally:
        os.close(fd)


def _follower(seq: int, prev: str) -> bytes:
    """What the record `seq` holds if it follows the one with the leaf `prev`; no string can hold these quotes."""
    return b',"seq":%d,"prev":"%b"' % (seq, prev.encode())


def missing(active: Active, before: Mark, place: Place, old_first: int, *, sealed: bool, same_log: bool) -> int:
    """Return how many of the records that this writer has seen are gone, as far as can be known.

    Args:
        active: The log as it is now.
        before: What this writer remembers.
        place: seq and prev of the next record, by what is on disk.
        old_first: seq of the first record in the file that this writer wrote to.
        sealed: Whether the file now at the path holds sealed lines.
        same_log: Whether it names the same origin.
    """
    seq = before[0]
    if not sealed:
        # Closed segments are files of their own: what they hold is there. Pruned ones were declared.
        kept = old_first if os.path.lexists(segments.pruned_name(active.path)) else place[0]
    elif active.first >= seq:
        kept = seq  # begun behind all this writer knows: whoever began it has told of the loss
    elif same_log and place[0] <= seq:
        kept = place[0]
    else:
        kept = old_first
    return max(0, seq - kept)
