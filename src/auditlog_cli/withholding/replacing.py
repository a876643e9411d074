"""A closed segment put anew in its place, values withheld (integrity.md, 2.7, step 3)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

from auditlog_cli import durability, parallel, segments
from auditlog_cli.sealing.line import Unsealed
from auditlog_cli.strictjson import Malformed
from auditlog_cli.withholding import lines, reading
from auditlog_cli.withholding.anatomy import Anatomy, dissect
from auditlog_cli.withholding.declaring import Target
from auditlog_cli.writer import closedfile, disk

_WORTH_SHARING = 500  # lines to change from which other processes pay (bench/redact.py)


class Rewritten(NamedTuple):
    """A segment with values withheld.

    Attributes:
        path: Where it is; it may have been compressed since it was listed.
        total: SHA-256 (hex) of its (unpacked) bytes.
        fd: A descriptor of it, for the caller to close.
    """

    path: str
    total: str
    fd: int


def rewrite(path: str, targets: list[Target], step: Callable[[str], None], processes: int = 1) -> Rewritten:
    """Withhold `targets` in the closed segment at `path`.

    Nothing happens to what is withheld already. A value that is not the one that was declared stays.

    Args:
        path: The segment, compressed or not.
        targets: Of this segment.
        step: Told what is done: `written`, `renamed`.
        processes: How many may share the work; see `planning.plan`.

    Raises:
        AuditWriteError: If it cannot be done; the segment is then what it was.
        InputError: If it cannot be read.
    """
    path = segments.present(path)
    try:
        with closedfile.alone(path) as fd:
            data = reading.unpacked(path, fd)
            made = withheld(data, targets, processes)
            for twin in segments.twins(path):
                disk.drop(twin)  # what a compression left that was cut short: the values stand there, too
            if made != data:
                new = closedfile.put(path, fd, made, step)
            else:
                disk.drop(f"{path}.tmp")
                durability.sync(fd)  # whoever rewrote it may have died before the name was durable
                disk.sync_folder(path)
                new = os.dup(fd)
            return Rewritten(path, hashlib.sha256(made).hexdigest(), new)
    except OSError as error:
        raise disk.refused(path, "cannot be rewritten", error, "it is what it was") from error


def total_now(made: Rewritten) -> str:
    """Return the sum of a segment that was rewritten, which somebody else may have rewritten since.

    For whoever records it, and keeps writers out meanwhile: so the newest record has the newest sum.

    Raises:
        InputError: If it cannot be read.
        OSError: If it is not there.
    """
    path = segments.present(made.path)
    fd = segments.open_regular(path)
    try:
        if os.path.sameopenfile(fd, made.fd):
            return made.total
        return hashlib.sha256(reading.unpacked(path, fd)).hexdigest()
    finally:
        os.close(fd)


def withheld(data: bytes, targets: list[Target], processes: int = 1) -> bytes:
    """Return the bytes of a segment with `targets` withheld; every other line as it was, byte for byte."""
    wanted: dict[int, list[Target]] = {}
    for target in targets:
        wanted.setdefault(target.seq, []).append(target)
    if len(wanted) < _WORTH_SHARING:
        return _withheld(data, wanted)
    regions = reading.regions(data)

    def work(number: int) -> bytes:
        start, end = regions[number]
        with reading.without_collecting():
            return _withheld(data[start:end], wanted)

    return b"".join(parallel.in_order(work, len(regions), processes))


def _withheld(data: bytes, wanted: dict[int, list[Target]]) -> bytes:
    out: list[bytes] = []
    at = 0
    for start, end, seq in lines_with(data, wanted):
        new = _changed(data[start:end], wanted[seq])
        if new is not None:
            out += (data[at:start], new)
            at = end
    out.append(data[at:])
    return b"".join(out)


def lines_with(data: bytes, wanted: dict[int, list[Target]]) -> Iterator[tuple[int, int, int]]:
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
        if all(target.field for target in targets):
            return lines.withhold_declared(raw, targets[0].seq, {target.commit.encode() for target in targets})
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
