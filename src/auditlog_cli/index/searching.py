"""The lines of a log that a selection may want, found by its index; whatever that does not cover is scanned.

An index is never trusted. What it says of a part is used if its sums are right and the part begins and ends as it
did; every line that it leads to is read, must be one whole line, and is decoded and judged as if a scan had found
it. Where anything is not as it should be, that part is scanned.

The answer is that of the scan, line for line, bad lines and counts included; only `unparsed` differs: the scan
parses what holds the text somewhere, and the index knows where it stands.
"""

from __future__ import annotations

import os

from auditlog_cli.errors import InputError, remedy
from auditlog_cli.index import layout, opening, readying
from auditlog_cli.index.pages import Damaged
from auditlog_cli.record import BadLine
from auditlog_cli.sources import scan
from auditlog_cli.sources.lines import lines_of, understood
from auditlog_cli.sources.opening import Plain, begun
from auditlog_cli.strictjson import MAX_LINE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditlog_cli.counts import Counts
    from auditlog_cli.index.parts import Part
    from auditlog_cli.index.query import Query
    from auditlog_cli.record import Line
    from auditlog_cli.sources.files import Log

    Lines = Iterator[Line | BadLine]

_DENSE = 1 << 14  # lines, of the 65,536 that a part has at most


def lines(
    log: Log, query: Query, counts: Counts, *, processes: bool = False, say: Callable[[str], None] = lambda text: None
) -> Lines | None:
    """Return the lines of a log that may be wanted, in order, each numbered as it is in its file.

    An index that is missing, or behind, is made or extended first, if the log is large.

    Args:
        log: The log; `query.may_help` has told that it is worth asking.
        query: What is asked.
        counts: `read`, `passed` and `unparsed` are counted while the lines are taken.
        processes: Fork a process per processor for large work. Only for a program of one thread.
        say: Told what became of the index.

    Returns:
        None if the files cannot all be opened at once: the caller scans one after the other.
    """
    found = opened(log, processes, say)
    return None if found is None else _answer(found, query, counts, processes, say)


class Opened:
    """A log and its index as they are at one moment.

    Attributes:
        taken: The segments, from `segments.snapshot`.
        index: What is known of them; nothing, where there is no index.
    """

    __slots__ = ("index", "taken")

    def __init__(self, taken: list[tuple[str, int, int]], index: layout.Index) -> None:
        self.taken = taken
        self.index = index

    def close(self) -> None:
        """Give the descriptors back."""
        self.index.close()
        readying.close(self.taken)


def opened(log: Log, processes: bool, say: Callable[[str], None]) -> Opened | None:
    """Open a log and its index, which is made or extended first if that pays; see `lines`."""
    path = log.path
    taken = readying.snapshot(path)
    if taken is None:
        return None
    if not path.endswith(".jsonl") and len(taken) > 1:
        readying.close(taken)  # what is named like its closed segments belongs to another log (`files.find`)
        return None
    try:
        found = readying.ready(path, taken, processes, say)
    except BaseException:
        readying.close(taken)
        raise
    # Without an index everything is scanned, but as it was at one moment: rotation hides and doubles nothing.
    return Opened(taken, found or layout.Index(-1, 0, {}))


def _answer(found: Opened, query: Query, counts: Counts, processes: bool, say: Callable[[str], None]) -> Lines:
    try:
        yield from walk(found, query, counts, processes, say, Segment.looked_up)
    finally:
        found.close()


def walk(
    opened: Opened,
    query: Query,
    counts: Counts,
    processes: bool,
    say: Callable[[str], None],
    look: Callable[[Segment, layout.Covered, int], list[Line | BadLine]],
) -> Lines:
    """Yield the lines of a log that are to be decoded: those that `look` gives of each part; all candidates of what
    is not covered.

    Args:
        opened: The log and its index.
        query, counts, processes, say: As for `lines`.
        look: Given a segment, a part of it, and the inode; raises `Damaged` or `Dense` where that is to be scanned.
    """
    index = opened.index
    try:
        for path, fd, size in opened.taken:
            inode = layout.inode_of(os.fstat(fd))
            known = standing(index, path, fd, size)
            source = opening.source_of(path, fd, size, known=known)
            if source is None:
                yield from _from_its_start(path, fd, query, counts)
                continue
            if known is None and inode in index.segments:
                say(f"{path}: was rewritten since it was indexed; it is scanned")
            if source.packed and (known is None or not known.parts):
                yield from _from_its_start(path, fd, query, counts)  # nobody has looked whether its table tells all
                continue
            segment = Segment(path, fd, source, query, counts, processes)
            end = 0
            sure = known is not None and known.is_untouched(os.fstat(fd))
            for part in () if known is None else known.parts:
                if not sure and not segment.is_as_it_was(part):
                    say(f"{path}: was rewritten behind byte {part.start} since it was indexed; that is scanned")
                    break  # nobody knows where its lines end now
                end = part.end
                try:
                    found = look(segment, part, inode)
                except Dense:
                    yield from segment.scanned(part.start, part.end)
                except Damaged as error:
                    why = str(error) or "is wrong"
                    say(f"{path}: what the index says of bytes {part.start} to {part.end} {why}; they are scanned")
                    yield from segment.scanned(part.start, part.end)
                else:
                    segment.before += part.lines
                    for line in found:
                        counts.read += 1
                        yield line
            yield from segment.scanned(end, source.size)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})", help=remedy(error)) from error


def standing(index: layout.Index, path: str, fd: int, size: int) -> layout.Segment | None:
    """What the index says of a segment, if the file is still that one: at least its first part looks as it did."""
    status = os.fstat(fd)
    known = index.segments.get(layout.inode_of(status))
    source = None if known is None else opening.source_of(path, fd, size, known=known)
    if known is None or source is None or not known.stands_for(path, status, packed=source.packed):
        return None
    first = known.parts[0] if known.parts else None
    return (
        known
        if first is None or known.is_untouched(status) or source.edges(first.start, first.end) == first.edges
        else None
    )


def _from_its_start(path: str, fd: int, query: Query, counts: Counts) -> Lines:
    """The lines of an open file that is read from its beginning only: a stream, another format."""
    for line in understood(begun(Plain(path, os.dup(fd))), path):
        counts.read += 1
        if query.needles and not isinstance(line, BadLine) and not scan.holds(line.raw, query.needles):
            counts.passed += 1
            counts.unparsed += 1
        else:
            yield line


class Dense(Exception):
    """So many lines of a part may be wanted that a scan finds them as quickly, without holding them all."""


class Segment:
    """One segment, asked part by part.

    Attributes:
        fd: Its descriptor.
        source: Its bytes.
        before: Lines that were passed so far.
    """

    def __init__(
        self, path: str, fd: int, source: opening.Source, query: Query, counts: Counts, processes: bool
    ) -> None:
        self._path = path
        self.fd = fd
        self.source = source
        self._query = query
        self._counts = counts
        self._processes = processes
        self.before = 0

    def is_as_it_was(self, covered: layout.Covered) -> bool:
        """Tell whether a part looks as it did."""
        source = self.source
        return covered.end <= source.size and source.edges(covered.start, covered.end) == covered.edges

    def looked_up_surely(self, covered: layout.Covered, inode: int) -> list[Line | BadLine]:
        """Return what `looked_up` does, for who also wants that nothing is hidden by an edit in place.

        Raises:
            Damaged: If anything about it is not as it should be, or its bytes are not those that were indexed.
            Dense: As for `looked_up`.
        """
        if not opening.is_same(self.source, self.fd, covered):
            raise Damaged("is older than they are")
        return self.looked_up(covered, inode)

    def looked_up(self, covered: layout.Covered, inode: int) -> list[Line | BadLine]:
        """Return the lines of a part that may be wanted. All or none: what is wrong in the end is wrong at once.

        Raises:
            Damaged: If anything about it is not as it should be.
            Dense: If they are so many that a scan costs no more.
        """
        part = covered.open(inode)
        query = self._query
        wanted = sorted(_chosen(part, covered, query).union(part.odd()))
        if len(wanted) > _DENSE and query.needles and not self.source.packed:
            raise Dense
        found: list[Line | BadLine] = []
        for line, (begin, end) in zip(wanted, part.offsets(wanted), strict=True):
            each = self.line(covered, line, begin, end)
            if each is not None:
                found.append(each)
        passed = part.lines - len(found)
        self._counts.read += passed
        self._counts.passed += passed
        self._counts.unparsed += passed
        return found

    def line(self, covered: layout.Covered, line: int, begin: int, end: int) -> Line | BadLine | None:
        """Return one line of a part, or None if it holds none of the needles.

        Raises:
            Damaged: If there is no such line there.
        """
        at, length = covered.start + begin, end - begin - 1
        if line >= covered.lines or length < 0 or covered.start + end > covered.end:
            raise Damaged
        number = self.before + line + 1
        if length > MAX_LINE:
            raw = self.source.pread(1024, at)
            return scan.line_at(raw, length, self._path, number, at, ended=True)
        front = 1 if at else 0
        data = self.source.pread(front + length + 1, at - front)
        raw = data[front:-1]
        if len(data) != front + length + 1 or data[-1] != 10 or (front and data[0] != 10) or b"\n" in raw:
            raise Damaged
        needles = self._query.needles
        if needles and not scan.holds(raw, needles):
            return None
        return scan.line_at(raw, length, self._path, number, at, ended=True)

    def scanned(self, start: int, end: int) -> Lines:
        """Yield the lines of a stretch that may be wanted."""
        needles, counts = self._query.needles, self._counts
        before = counts.read
        if start >= end:
            return
        if needles and not self.source.packed:
            yield from scan.searched(
                self._path, self.fd, start, end, needles, counts, before=self.before, processes=self._processes
            )
            self.before += counts.read - before
            return
        skipped = self.before
        for line in lines_of(opening.Stretch(self.source, start, end), self._path, start):
            counts.read += 1
            if isinstance(line, BadLine):
                line.line.number += skipped
                yield line
                continue
            line.number += skipped
            if needles and not scan.holds(line.raw, needles):
                counts.passed += 1
                counts.unparsed += 1
            else:
                yield line
        self.before += counts.read - before


def _chosen(part: Part, covered: layout.Covered, query: Query) -> set[int]:
    """The lines that the index names for what is asked; without any group those of the time."""
    start, end = query.window or (None, None)
    if query.window and not _meets(covered.earliest, covered.latest, start, end):
        return set()
    chosen: set[int] | None = None
    for group in query.groups:
        mine: set[int] = set()
        for field, value in group:
            mine.update(part.bearing(field, value))
        chosen = mine if chosen is None else chosen & mine
        if not chosen:
            return chosen
    if query.window and (chosen is None or len(chosen) > 16):
        inside = {line for some in part.between(start, end) for line in some}
        chosen = inside if chosen is None else chosen & inside
    return {*range(part.lines)} if chosen is None else chosen


def _meets(earliest: int, latest: int, start: int | None, end: int | None) -> bool:
    return earliest <= latest and (start is None or latest >= start) and (end is None or earliest < end)
