"""A torn end of a log is repaired before anything is appended, and the repair is recorded
(integrity.md, 6.2). Called with the lock held.

The record of a repair takes the place of what it repairs in one write. A writer killed between any two
calls leaves either the torn end, which the next writer repairs, or the record.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from auditlog_cli import segments
from auditlog_cli.errors import InputError
from auditlog_cli.writer import disk, own
from auditlog_cli.writer.tail import Tail

if TYPE_CHECKING:
    from auditlog_cli.writer.active import Active

_KEPT_IN_RECORD = 4096


def repair(active: Active, end: Tail, first: list[dict[str, object]]) -> None:
    """Make the log end in a whole line again, and say what was done in a `recovered` record.

    Args:
        active: The next record's seq and prev, and as size the end of the last good line.
        end: What `tail.read` found; `end.rest` is not empty.
        first: The record with which the segment begins, if it holds none; else nothing.

    Raises:
        AuditWriteError: If it cannot be done. What stood there still stands there.
    """
    seq, prev, size = active.mark
    rest = end.rest
    if end.whole is not None:
        # A whole record that lacks only its LF is kept: also one that breaks the chain, which is the
        # verifier's to report (6.2, "never cut").
        active.mark = (seq, prev, size + len(rest))
        active.append_own(own.recovered("newline", seq=end.whole.seq), glue=b"\n")
        return
    stands_at = end.last.seq + 1 if end.last else seq
    if active.accepted is None and _covered(active.path) > stands_at:
        _leave(active, rest, first)
    else:
        _replace(active, rest, first)


def _replace(active: Active, rest: bytes, first: list[dict[str, object]]) -> None:
    """Put the record of the repair over the torn end."""
    at = active.size
    try:
        fd = os.open(active.path, os.O_WRONLY | os.O_CLOEXEC)  # appending descriptors cannot write elsewhere
    except OSError as error:
        if error.errno != errno.EPERM:
            raise disk.refused(active.path, "cannot be repaired", error) from error
        _leave(active, rest, first)  # chattr +a: the file can only grow
        return
    try:
        file = _keep_large(active, rest)
        data, seq, prev = active.seal_own(*first, own.recovered("cut", rest, file=file))
        try:
            written = os.pwrite(fd, data, at)
            if written != len(data):
                raise OSError(errno.ENOSPC, f"only {written} of {len(data)} bytes could be written")
            if len(rest) > len(data):
                os.ftruncate(fd, at + len(data))
        except OSError as error:
            _put_back(fd, rest, at)
            raise disk.refused(active.path, "its torn end cannot be repaired", error) from error
    finally:
        os.close(fd)
    active.mark = (seq, prev, at + len(data))


def _put_back(fd: int, rest: bytes, at: int) -> None:
    try:
        os.pwrite(fd, rest, at)
        os.ftruncate(fd, at + len(rest))
    except OSError:
        pass  # the end stays torn, and the next append repairs what it finds


def _leave(active: Active, rest: bytes, first: list[dict[str, object]]) -> None:
    """End the torn line with an LF and let it stand, followed by the record that names its sum.

    The sum is over what stands there without that LF, so that it is the same whoever wrote the LF.
    """
    seq, prev, size = active.mark
    ended = rest.endswith(b"\n")
    shown = rest[:-1] if ended else rest
    file = _keep_large(active, shown)
    active.mark = (seq, prev, size + len(rest))
    active.append_own(*first, own.recovered("left", shown, file=file), glue=b"" if ended else b"\n")


def _keep_large(active: Active, torn: bytes) -> str | None:
    """Keep what does not fit into the record in a file of its own; return that file's name."""
    if len(torn) <= _KEPT_IN_RECORD:
        return None
    path = segments.torn_name(active.path, active.seq)
    try:
        disk.keep(path, torn)
    except OSError as error:
        raise disk.refused(path, "the torn end of the log cannot be kept there", error) from error
    return os.path.basename(path)


def _covered(path: str) -> int:
    """How many records the newest checkpoint of the log covers; 0 without one."""
    try:
        lines = segments.read_regular(segments.checkpoint_name(path), 4096).decode("utf-8", "replace").split("\n")
    except (OSError, InputError):
        return 0
    return int(lines[1]) if len(lines) > 2 and lines[1].isdecimal() and len(lines[1]) < 19 else 0
