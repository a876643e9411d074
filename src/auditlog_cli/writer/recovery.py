"""A torn end of a log is repaired before anything is appended, and the repair is recorded
(integrity.md, 6.2). Called with the lock held.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from auditlog_cli import segments, strictjson
from auditlog_cli.errors import AuditWriteError
from auditlog_cli.writer import own
from auditlog_cli.writer.tail import Tail

if TYPE_CHECKING:
    from auditlog_cli.writer.active import Active

_KEPT_IN_RECORD = 4096


def refuse_unsealed(path: str, data: bytes) -> None:
    """Refuse a file that holds somebody's JSON lines but no sealed one: cutting them off would lose them.

    Raises:
        AuditWriteError: If any line of `data`, the whole file, is a JSON object.
    """
    for line in data.split(b"\n"):
        try:
            strictjson.decode(line)
        except strictjson.Malformed:
            continue
        raise AuditWriteError(
            f"{path}: holds lines that are not sealed, so no sealed record can follow them; nothing was written",
            help="choose another file for the log; the existing one stays as it is",
        )


def repair(active: Active, end: Tail) -> None:
    """Make the log end in a whole line again, and say what was done in a `recovered` record.

    Args:
        active: Its `seq` and `prev` are those that follow the last good line, its `size` is `end.end`.
        end: What `tail.read` found; `end.rest` is not empty.
    """
    whole = end.whole
    if whole is not None:
        # A whole record that lacks only its LF is kept: also one that breaks the chain, which is the
        # verifier's to report (6.2, "never cut").
        active.size += len(end.rest)
        active.write(b"\n")
        active.seq, active.prev = whole.seq + 1, whole.leaf
        active.append_own(own.recovered("newline", seq=whole.seq))
        return
    _cut(active, end.rest)


def _cut(active: Active, torn: bytes) -> None:
    total = hashlib.sha256(torn).hexdigest()
    file = segments.torn_name(active.path, active.seq)
    # Kept in a file first, synced, whatever its size: between cutting and recording there must be no
    # moment at which a crash loses it.
    _keep(file, torn)
    name = os.path.basename(file) if len(torn) > _KEPT_IN_RECORD else None
    if _covered(active.path) > active.seq or not _truncate(active):
        # A checkpoint covered what stood here, or the file is append-only: the bytes stay, ended by LF.
        active.size += len(torn)
        if not torn.endswith(b"\n"):
            active.write(b"\n")
        active.append_own(own.recovered("left", torn, total, file=name))
    else:
        if active.seq == 0:
            active.append_own(own.genesis(active.head))
        active.append_own(own.recovered("cut", torn, total, file=name))
    if name is None:
        os.fsync(active.fd)
        os.unlink(file)


def _truncate(active: Active) -> bool:
    try:
        os.ftruncate(active.fd, active.size)
    except OSError:
        return False
    return True


def _covered(path: str) -> int:
    """How many records the newest checkpoint of the log covers; 0 without one."""
    try:
        with open(segments.checkpoint_name(path), encoding="utf-8", errors="replace") as file:
            lines = file.read(4096).split("\n")
    except OSError:
        return 0
    return int(lines[1]) if len(lines) > 2 and lines[1].isdigit() and len(lines[1]) < 19 else 0


def _keep(path: str, data: bytes) -> None:
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(fd, view) :]
            os.fsync(fd)
        finally:
            os.close(fd)
    except OSError as error:
        raise AuditWriteError(
            f"{path}: the torn end of the log cannot be kept there ({error.strerror}); nothing was written",
            help="make room, then call again",
        ) from error
