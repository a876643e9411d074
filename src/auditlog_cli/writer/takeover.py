"""Taking over a file that this writer did not leave as it is: first use, another writer, rotation, a torn
end, or somebody's hand (integrity.md, 2.1, 6.1, 6.2). Called with the lock held.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from auditlog_cli import segments, times
from auditlog_cli.counts import many
from auditlog_cli.errors import AuditWriteError, DurabilityError, TamperError
from auditlog_cli.sealing import hashes
from auditlog_cli.sealing.line import Unsealed
from auditlog_cli.writer import continuity, disk, opening, own, recovery, tail

if TYPE_CHECKING:
    from auditlog_cli.writer.active import Active

NO_FILE = (-1, -1)
_EMPTY = tail.Tail(0, None, b"")


class Hole(NamedTuple):
    """Records that this writer has seen in the log and that are gone."""

    records: int
    since: int  # microseconds since the epoch: when the first of them may have been written
    reason: str
    what: str


def take_over(active: Active, inode: tuple[int, int]) -> None:
    """Make `active` fit the file on disk, and that file end in a whole line.

    Args:
        active: What this writer remembers.
        inode: Device and inode at the log's path now; `NO_FILE` if there is none.

    Raises:
        TamperError: If what this writer remembers is no longer in the log. The log can be appended to
            again, and holds a `lost` record.
        AuditWriteError: If the file cannot be taken over.
    """
    before = active.mark if active.claimed else None
    old_first, old_origin = active.first, active.head.get("origin")
    same_file = inode == active.inode
    rotated = before is not None and not same_file and continuity.is_closed_segment(active)
    end = _EMPTY
    if inode != NO_FILE:
        if not same_file:
            active.open()
            opening.read_beginning(active)
        end = _end(active)
    size = end.end + len(end.rest)
    place = end.place or _place_before(active, end.rest, before)

    if before is not None and active.hole is None:
        shrunk = same_file and size < before[2]
        if shrunk or not continuity.holds(active, before, place, rotated=rotated, same_file=same_file):
            count = continuity.missing(
                active,
                before,
                place,
                old_first,
                sealed=end.place is not None,
                same_log=active.head.get("origin") == old_origin,
            )
            reason = ("vanished", "deleted") if inode == NO_FILE else ("replaced", "replaced")
            reason = ("shrunk", "shortened") if shrunk else reason
            active.hole = Hole(count, active.born, f"file-{reason[0]}", f"was {reason[1]}")
    if active.hole is not None and before is not None and before[0] > place[0]:
        place = (before[0], before[1])

    if inode == NO_FILE:
        closed = segments.find_closed(active.path)
        active.open(os.O_CREAT | os.O_EXCL)
        if closed:
            disk.readable_like(active.fd, closed[-1][1])
    active.mark = (*place, end.end)
    active.claimed = True
    first = [] if end.place else _begin(active)
    if end.rest:
        recovery.repair(active, end, first)
        active.recovered += 1
    elif first:
        active.append_own(*first)
    if active.hole is not None:
        _tell(active, active.hole)
    active.doubt = False


def _end(active: Active) -> tail.Tail:
    try:
        end = tail.read(active.fd, os.fstat(active.fd).st_size)
    except Unsealed:
        raise _foreign(active.path) from None
    if end.place is None and any(tail.is_foreign(line) for line in end.rest.split(b"\n")):
        # Cutting somebody's lines off would lose them.
        raise _foreign(active.path)
    return end


def _foreign(path: str) -> AuditWriteError:
    return AuditWriteError(
        f"{path}: holds lines that are not sealed, so no sealed record can follow them; {disk.NOTHING}",
        help="choose another file for the log; the existing one stays as it is",
    )


def _place_before(active: Active, rest: bytes, before: continuity.Mark | None) -> continuity.Place:
    """seq and prev for a file without a sealed line: it follows the last closed segment, or begins the log."""
    closed = segments.find_closed(active.path)
    if closed:
        return opening.place_after(active, closed)
    if not (before and before[0]) and active.accepted is None:
        opening.refuse_second_beginning(active.path)
        if tail.is_text(rest):
            raise _foreign(active.path)
    return 0, hashes.ZEROS


def _begin(active: Active) -> list[dict[str, object]]:
    """Return the record with which the file begins, its name being durable."""
    try:
        disk.sync_folder(active.path)
    except OSError as error:
        raise DurabilityError(
            f"{active.path}: the disk did not confirm the name of the new file ({disk.why(error)}); {disk.NOTHING}",
            help="look at the disk (dmesg)",
        ) from error
    active.first, active.born = active.seq, times.parse(times.now()) or 0
    # After a loss the record of it comes first: never a new genesis.
    if active.hole:
        return []
    accepted = [] if active.accepted is None else [active.accepted]
    return [opening.record(active, segments.find_closed(active.path)), *accepted]


def _tell(active: Active, hole: Hole) -> None:
    """Record the hole at the remembered place, so that verify reports it for ever; then say so."""
    if hole.records:
        active.append_own(own.lost(hole.records, times.render(hole.since), times.now(), hole.reason))
    active.hole = None
    active.doubt = False
    gone = f"{many(hole.records, 'record')} {'is' if hole.records == 1 else 'are'}"
    raise TamperError(
        f"{active.path}: {hole.what} under a live writer, {gone} gone from it, and the new record was not written",
        help=f"the log goes on at record {active.seq}; every verifier sees the hole",
    )
