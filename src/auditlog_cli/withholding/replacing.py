"""A closed segment put anew in its place, values withheld (integrity.md, 2.7, step 3)."""

from __future__ import annotations

import fcntl
import hashlib
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from auditlog_cli.sealing.line import Unsealed
from auditlog_cli.strictjson import Malformed
from auditlog_cli.withholding import lines, reading
from auditlog_cli.withholding.anatomy import Anatomy, dissect
from auditlog_cli.withholding.declaring import Target
from auditlog_cli.writer import disk


def rewrite(path: str, targets: list[Target], step: Callable[[str], None]) -> str:
    """Withhold `targets` in the closed segment at `path`; return the sum of its (unpacked) bytes afterwards.

    Nothing happens to what is withheld already. A value that is not the one that was declared stays.

    Args:
        path: The segment, compressed or not.
        targets: Of this segment.
        step: Told what is done: `written`, `renamed`.

    Raises:
        AuditWriteError: If it cannot be done; the segment is then what it was.
        InputError: If it cannot be read.
    """
    try:
        with _alone(path) as fd:
            data = reading.unpacked(path)
            made = withheld(data, targets)
            if made != data:
                _put(path, fd, made, step)
            else:
                disk.drop(f"{path}.tmp")
                os.fsync(fd)  # whoever rewrote it may have died before the name was durable
                disk.sync_folder(path)
            return hashlib.sha256(made).hexdigest()
    except OSError as error:
        raise disk.refused(path, "cannot be rewritten", error, "it is what it was") from error


@contextmanager
def _alone(path: str) -> Iterator[int]:
    """Keep other redactors away: two that rewrite one segment would undo each other's work.

    The lock is taken on the segment itself. Writers never lock it, and never wait.
    """
    while True:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            here, there = os.fstat(fd), os.stat(path)
            if (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino):
                yield fd
                return
        finally:
            os.close(fd)


def withheld(data: bytes, targets: list[Target]) -> bytes:
    """Return the bytes of a segment with `targets` withheld; every other line as it was, byte for byte."""
    wanted: dict[int, list[Target]] = {}
    for target in targets:
        wanted.setdefault(target.seq, []).append(target)
    out: list[bytes] = []
    at = 0
    for start, end, seq in _lines_of(data, wanted):
        new = _changed(data[start:end], wanted[seq])
        if new is not None:
            out += (data[at:start], new)
            at = end
    out.append(data[at:])
    return b"".join(out)


def _lines_of(data: bytes, wanted: dict[int, list[Target]]) -> Iterator[tuple[int, int, int]]:
    """Yield start, end and number of each line with one of these numbers, in the order of the file.

    A search for what closes a record; no string can hold these quotes. An object inside a record can, so the
    caller looks at the number once more.
    """
    place = data.find(b',"seq":')
    after = 0
    while place >= 0:
        end = data.find(b',"prev":"', place, place + 40)
        number = data[place + 7 : end]
        if end >= 0 and number.isdigit() and int(number) in wanted:
            start, stop = data.rfind(b"\n", 0, place) + 1, data.find(b"\n", place)
            stop = len(data) if stop < 0 else stop
            if start >= after:
                yield start, stop, int(number)
                after = stop
            place = data.find(b',"seq":', stop)
        else:
            place = data.find(b',"seq":', place + 7)


def _changed(raw: bytes, targets: list[Target]) -> bytes | None:
    """Return the line with the targets withheld, or None if nothing is to be done."""
    try:
        line = dissect(raw)
    except (Unsealed, Malformed):
        return None
    if line is None or line.seq != targets[0].seq:
        return None
    fields = meant(line, targets)
    if "" in fields:
        return lines.bury(line)
    return lines.withhold(line, fields) if fields else None


def meant(line: Anatomy, targets: list[Target]) -> set[str]:
    """Return the JSON pointers of what is still readable of the targets; `""` is the whole record.

    A value that is not the one that was declared is none of them.
    """
    if any(not target.field and line.leaf() == target.commit for target in targets) and line.own is None:
        return {""}
    declared = {(target.field, target.commit) for target in targets}
    names = {target.field for target in targets}
    return {
        value.field for value in line.values if value.field in names and (value.field, line.commit(value)) in declared
    }


def _put(path: str, old: int, made: bytes, step: Callable[[str], None]) -> None:
    """Write beside, sync, rename, sync the folder. Owner and mode stay."""
    beside = disk.Replacement(path, os.fstat(old))
    try:
        beside.write(_packed(made, path))
        beside.finish()
        step("written")
        beside.keep()
    finally:
        beside.discard()
    step("renamed")


def _packed(data: bytes, path: str) -> bytes:
    if path.endswith(".zst"):
        import zstandard

        return zstandard.ZstdCompressor(level=10, write_checksum=True).compress(data)
    if path.endswith(".gz"):
        packer = zlib.compressobj(wbits=31)
        return packer.compress(data) + packer.flush()
    return data
