"""A closed segment put anew in its place, values withheld (integrity.md, 2.7, step 3)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator

from auditlog_cli import parallel, segments
from auditlog_cli.sealing.line import Unsealed
from auditlog_cli.strictjson import Malformed
from auditlog_cli.withholding import lines, reading
from auditlog_cli.withholding.anatomy import Anatomy, dissect
from auditlog_cli.withholding.declaring import Target
from auditlog_cli.writer import closedfile, disk

_WORTH_SHARING = 500  # lines to change from which other processes pay (bench/redact.py)


def rewrite(path: str, targets: list[Target], step: Callable[[str], None], processes: int = 1) -> str:
    """Withhold `targets` in the closed segment at `path`; return the sum of its (unpacked) bytes afterwards.

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
    try:
        with closedfile.alone(path) as fd:
            data = reading.unpacked(path, fd)
            made = withheld(data, targets, processes)
            for twin in segments.twins(path):
                closedfile.drop(twin)  # what a compression left that was cut short: the values stand there, too
            if made != data:
                closedfile.put(path, fd, made, step)
            else:
                closedfile.drop(f"{path}.tmp")
                os.fsync(fd)  # whoever rewrote it may have died before the name was durable
                disk.sync_folder(path)
            return hashlib.sha256(made).hexdigest()
    except OSError as error:
        raise disk.refused(path, "cannot be rewritten", error, "it is what it was") from error


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
    if any(not target.field and _is(line, target) for target in targets) and line.own is None:
        return lines.bury(line)
    declared = {(target.field, target.commit) for target in targets}
    names = {target.field for target in targets}
    fields = {
        value.field for value in line.values if value.field in names and (value.field, line.commit(value)) in declared
    }
    return lines.withhold(line, fields) if fields else None


def _is(line: Anatomy, target: Target) -> bool:
    return line.leaf() == target.commit
