"""Whole logs through a redactor: in order, on several cores where that pays, every line counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from auditlog_cli import parallel
from auditlog_cli.record import BadLine, Line
from auditlog_cli.redaction.found import Taken
from auditlog_cli.redaction.redactor import Looked, Masked, Redactor
from auditlog_cli.redaction.sought import Sought
from auditlog_cli.sources import files, ranges
from auditlog_cli.sources.lines import lines_of
from auditlog_cli.sources.opening import open_for_reading

if TYPE_CHECKING:
    from auditlog_cli.frames import Reader

_PART = 1 << 22  # bytes a process works on at a time: what it gives back is held in memory (bench/redact.py)
_LARGEST = 4 * _PART
_PARALLEL = 1 << 24  # bytes from which a second process pays


class Tally:
    """What became of the lines; read = changed + unchanged.

    Attributes:
        read: Lines.
        changed: Lines in which something was masked, or would be.
        bad: Lines that are no record, among both.
        unsealed: Changed lines whose seal is broken now.
        unread: Lines too long to be looked at: they are not passed on.
        taken: How often which kind of value at which place was masked.
        left: How often something stands there still, in the name of a member.
    """

    def __init__(self) -> None:
        self.read = self.changed = self.bad = self.unsealed = self.unread = 0
        self.taken: Counter[Taken] = Counter()
        self.left: Counter[Taken] = Counter()

    def count(self, done: Masked) -> None:
        """Count what became of a line that has been read."""
        if done.taken:
            self.changed += 1
            for each in done.taken:
                self.taken[each] += 1
            self.unsealed += done.unsealed
        if done.left:
            self.left.update(done.left)
        self.bad += done.bad

    def add(self, other: Tally) -> None:
        """Add what another has counted."""
        self.read += other.read
        self.changed += other.changed
        self.bad += other.bad
        self.unsealed += other.unsealed
        self.unread += other.unread
        self.taken += other.taken
        self.left += other.left


def mask(
    paths: list[str],
    redactor: Redactor,
    write: Callable[[bytes], None],
    *,
    sought: Sought | None = None,
    processes: int | None = None,
    waiting: Callable[[], None] = lambda: None,
    progress: Callable[[int], None] = lambda done: None,
) -> Tally:
    """Write every line of some logs, masked.

    Args:
        paths: Files, folders, globs, `-`.
        redactor: Masks.
        write: Takes the lines, each with its LF if it had one.
        sought: Is shown the lines until it has met its fields.
        processes: How many may share the work; None: as many as there are cores, where the logs are large.
        waiting: Called before a stream is asked for more: what came out so far may be waited for.
        progress: Told how many bytes of files are done.

    Raises:
        InputError: If a log cannot be read.
    """
    tally = Tally()
    logs = [(file, ranges.cut(file, _PART)) for log in files.find(paths) for file in log.files]
    redactor.expect(sum(parts[-1].end for _, parts in logs if parts))
    for file, parts in logs:
        if not parts:
            lines = lines_of(_Told(open_for_reading(file), waiting), file)
            for piece in _one_by_one(_shown(lines, sought), redactor, tally):
                write(piece)
            continue

        def work(number: int, parts: list[ranges.Range] = parts) -> tuple[bytes, Tally]:
            return _part(parts[number], redactor)

        workers = processes or (parallel.cores() if parts[-1].end >= _PARALLEL else 1)
        for part, (out, count) in zip(parts, parallel.in_order(work, len(parts), workers), strict=True):
            write(out)
            tally.add(count)
            progress(part.end - part.start)
    # Mostly the first line has all fields, so that looking at some lines again costs less than watching all of them.
    for part in (part for _, parts in logs for part in parts):
        if sought is None or not sought.unmet:
            break
        sought.look_at(ranges.read_range(part))
    return tally


def each(
    paths: list[str],
    work: Callable[[Line], Masked | None],
    write: Callable[[bytes], None],
    progress: Callable[[int], None] = lambda done: None,
) -> Tally:
    """Write every line of some logs, each as a function has it.

    Args:
        paths: Files, folders, globs.
        work: Returns what becomes of a line, or None if it stays.
        write: Takes the lines, each with its LF if it had one.
        progress: Told how many bytes are done.

    Raises:
        InputError: If a log cannot be read.
    """
    tally = Tally()
    for item in _looked_at(paths, tally):
        done = work(item)
        if done is not None:
            tally.count(done)
        write(item.raw if done is None else done.raw)
        if item.ended:
            write(b"\n")
        progress(len(item.raw) + 1)
    return tally


def _part(part: ranges.Range, redactor: Redactor) -> tuple[bytes, Tally]:
    """A part of a file, masked: all its lines are looked at together, and only some of them closely."""
    tally = Tally()
    if part.end - part.start > _LARGEST:  # a line that long may be too long to be looked at
        return b"".join(_one_by_one(ranges.read_range(part), redactor, tally)), tally
    data = ranges.read_whole(part)
    lines = data.split(b"\n")
    if not lines[-1]:
        del lines[-1]
        lines_end = b"\n"
    else:
        lines_end = b""
    tally.read = len(lines)
    changed = False
    for number in redactor.concerned(lines):
        done = redactor.line(lines[number], looked=True)
        tally.count(done)
        if done.taken:
            changed = True
            lines[number] = done.raw
    return b"\n".join(lines) + lines_end if changed else data, tally


def _one_by_one(found: Iterable[Line | BadLine], redactor: Redactor, tally: Tally) -> Iterator[bytes]:
    for item in found:
        tally.read += 1
        if isinstance(item, BadLine):
            tally.unread += 1
            tally.bad += 1
            continue
        done = redactor.line(item.raw)
        tally.count(done)
        yield done.raw
        if item.ended:
            yield b"\n"


def _shown(lines: Iterable[Line | BadLine], sought: Sought | None) -> Iterator[Line | BadLine]:
    for item in lines:
        if sought is not None and sought.unmet and isinstance(item, Line):
            sought.see(item.raw)
        yield item


def look(
    paths: list[str], redactor: Redactor, tally: Tally, sought: Sought | None = None
) -> Iterator[tuple[Line, Looked]]:
    """Yield each line in which something would be masked, or cannot be. Changes nothing.

    Args:
        paths: Files, folders, globs, `-`.
        redactor: Masks.
        tally: Is filled in.
        sought: Is shown the lines until it has met its fields.

    Raises:
        InputError: If a log cannot be read.
    """
    for item in _looked_at(paths, tally, sought):
        seen = redactor.look(item.raw)
        tally.bad += seen.bad
        if seen.places or seen.left:
            tally.changed += bool(seen.places)
            tally.taken.update(Taken(place.entity, place.pointer) for place in seen.places)
            tally.left.update(Taken(place.entity, place.pointer) for place in seen.left)
            yield item, seen


def _looked_at(paths: list[str], tally: Tally, sought: Sought | None = None) -> Iterator[Line]:
    """The lines of some logs that can be looked at; the others are counted."""
    for log in files.find(paths):
        for file in log.files:
            for item in _shown(lines_of(open_for_reading(file), file), sought):
                tally.read += 1
                if isinstance(item, BadLine):
                    tally.unread += 1
                    tally.bad += 1
                else:
                    yield item


class _Told:
    """A reader that says so before it waits."""

    def __init__(self, reader: Reader, waiting: Callable[[], None]) -> None:
        self._reader = reader
        self._waiting = waiting

    def read(self, size: int, /) -> bytes:
        self._waiting()
        return self._reader.read(size)

    def close(self) -> None:
        self._reader.close()
