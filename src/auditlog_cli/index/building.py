"""An index built, or extended by what was written since: beside the log, by a reader, and renamed when it is whole.

Writers never open it. Two readers do not build at a time: the unfinished file is locked, and goes with whoever
made it; one that a crash left is taken over by the next.
"""

from __future__ import annotations

import os
import time

from auditlog_cli import frames, parallel, segments
from auditlog_cli.errors import InputError
from auditlog_cli.index import layout, pages, parts
from auditlog_cli.index.making import TooLong, make
from auditlog_cli.index.opening import Source, present, source_of
from auditlog_cli.writer import disk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Taken = list[tuple[str, int, int]]
    _Part = tuple[int, int, int, bytes, int, int, int, int]

STRETCH = 32 << 20
"""Bytes that are indexed at a time, and a part covers at the most (but for a last long line)."""
_SMALL = STRETCH // 4  # a last part below this is made anew when the segment grew
_TICK_NS = 50_000_000  # two writes within a tick of the file system's clock leave the same time behind
_STEP = 1 << 16


class Built:
    """What was done.

    Attributes:
        size: Bytes of the index.
        covered: Bytes of the log that it covers.
        read: Bytes of the log that were read for it.
        missing: Bytes of the log that are left for another time, or cannot be indexed.
    """

    __slots__ = ("covered", "missing", "read", "size")

    def __init__(self) -> None:
        self.size = self.covered = self.read = self.missing = 0


def build(
    path: str, taken: Taken, *, most: int | None = None, processes: int = 1, step: Callable[[str], None] | None = None
) -> Built | None:
    """Bring the index of a log up to the end of its last whole line.

    Args:
        path: The log.
        taken: Its segments, from `segments.snapshot`.
        most: Bytes of the log that are read for it at the most; None: as many as there are.
        processes: How many may share the work.
        step: Told of each write, for tests.

    Returns:
        None if somebody else builds it, or a segment was put anew meanwhile.

    Raises:
        OSError: If it cannot be written, or the log cannot be read.
    """
    if not taken:
        return None
    temporary = f"{path}.index.tmp"
    fd = _alone(temporary)
    if fd is None:
        return None
    try:
        old = present(path)
        try:
            writer = _Writer(fd, step or (lambda name: None))
            disk.like(fd, os.fstat(taken[-1][1]))
            os.fchmod(fd, os.fstat(taken[-1][1]).st_mode & 0o666)
            built = _write(writer, taken, old, most, processes)
        finally:
            if old is not None:
                old.close()
        return built if _named(path, temporary, taken, writer) else None
    except BaseException:
        _forget(temporary, fd)
        raise
    finally:
        os.close(fd)


def _alone(temporary: str) -> int | None:
    """The unfinished file, locked and empty; None if somebody works on it."""
    import fcntl

    fd = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_at(fd, temporary) and os.fstat(fd).st_nlink == 1:
            os.ftruncate(fd, 0)
            return fd
    except BlockingIOError:
        pass
    except BaseException:
        os.close(fd)
        raise
    os.close(fd)
    return None


def _is_at(fd: int, path: str) -> bool:
    try:
        there = os.stat(path, follow_symlinks=False)
    except OSError:
        return False
    here = os.fstat(fd)
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def _forget(temporary: str, fd: int) -> None:
    """Remove the unfinished file, if it is still the one we made."""
    try:
        if _is_at(fd, temporary):
            os.unlink(temporary)
    except OSError:
        pass


def _named(path: str, temporary: str, taken: Taken, writer: _Writer) -> bool:
    """Give the file its name, unless a segment was put anew meanwhile: a redaction took the index away."""
    lock = segments.shared_lock(path)
    try:
        here = {os.fstat(fd).st_ino for _, fd, _ in taken}
        now = {os.stat(name).st_ino for name in (*(each for _, each in segments.find_closed(path)), path)
               if os.path.exists(name)}  # fmt: skip
        if not here <= now or not _is_at(writer.fd, temporary):
            _forget(temporary, writer.fd)
            return False
        writer.step("rename")
        os.rename(temporary, f"{path}.index")
        return True
    finally:
        if lock >= 0:
            os.close(lock)


class _Writer:
    """Puts pages behind one another."""

    def __init__(self, fd: int, step: Callable[[str], None]) -> None:
        self.fd = fd
        self.pages = 1
        self.step = step

    def add(self, data: bytes) -> int:
        """Write whole pages; return the number of the first."""
        first = self.pages
        self.step("pages")
        view = memoryview(data)
        at = first * pages.PAGE
        while view:
            count = os.pwrite(self.fd, view, at)
            view = view[count:]
            at += count
        self.pages += len(data) // pages.PAGE
        return first


def _write(writer: _Writer, taken: Taken, old: layout.Index | None, most: int | None, processes: int) -> Built:
    built = Built()
    plans = [plan for name, fd, _ in taken if (plan := _plan(name, fd, old, active=fd == taken[-1][1])) is not None]
    for plan in plans:
        for part in plan.kept:
            _copy(writer, part)
    stretches = list(_stretches(plans, most))

    def work(place: int) -> list[_Part] | None:
        source, _, start, end = stretches[place]
        return _made(source, start, end)

    for place, made in enumerate(parallel.in_order(work, len(stretches), processes, plain=True)):
        _, plan, start, end = stretches[place]
        built.read += end - start
        if made is None:
            plan.unfit()
            continue
        for part_start, part_end, lines, data, edges, earliest, latest, each in made:
            if part_start != plan.end or not plan.fit:
                continue  # what stands before it could not be indexed: a part never leaves a gap
            paged = pages.paged(data, layout.part_seed(plan.inode, part_start, part_end))
            count = len(paged) // pages.PAGE
            first = writer.add(paged)
            plan.kept.append(
                layout.Covered(part_start, part_end, lines, first, count, edges, earliest, latest, each, plan.stamp)
            )
            plan.end = part_end
    directory = b"".join(plan.segment().entry() for plan in plans if plan.kept or not plan.fit)
    first = writer.add(pages.paged(directory, layout.DIRECTORY_SEED))
    writer.step("head")
    os.pwrite(writer.fd, pages.paged(layout.head(first, len(directory)), layout.HEAD_SEED), 0)
    built.size = writer.pages * pages.PAGE
    built.covered = sum(plan.end for plan in plans)
    built.missing = sum(size for _, _, size in taken) - sum(plan.stored_end for plan in plans)
    return built


class _Plan:
    """One segment that is indexed: what is kept of it, and where the rest is."""

    def __init__(self, path: str, source: Source, status: os.stat_result, settled: bool) -> None:
        self.path = path
        self.source = source
        self.status = status
        self.settled = settled
        self.inode = layout.inode_of(status)
        self.kept: list[layout.Covered] = []
        self.end = 0
        self.fit = True

    def unfit(self) -> None:
        """Leave it to a scan: an entry without parts says so, and nobody tries again before the file changes."""
        self.kept = []
        self.end = 0
        self.fit = False

    @property
    def stamp(self) -> int:
        """What tells that nobody has written the file since."""
        return layout.stamp_of(self.status) if self.settled else -1

    @property
    def stored_end(self) -> int:
        """How many bytes, as they lie on the disk, are covered."""
        return self.end if not self.source.packed else self.status.st_size if self.end == self.source.size else 0

    def segment(self) -> layout.Segment:
        """Return what the directory is to say."""
        status = self.status
        mtime = status.st_mtime_ns if self.settled else -1
        return layout.Segment(
            self.inode, status.st_size, mtime, status.st_ctime_ns, layout.name_of(self.path), self.kept
        )


def _plan(path: str, fd: int, old: layout.Index | None, *, active: bool) -> _Plan | None:
    status = os.fstat(fd)
    if not _settled(status):
        time.sleep(_TICK_NS / 1e9)
        status = os.fstat(fd)
    source = source_of(path, fd, status.st_size)
    if source is None:
        return None
    plan = _Plan(path, source, status, _settled(status))
    known = old.segments.get(layout.inode_of(status)) if old is not None else None
    if known is not None and known.stands_for(path, status, packed=source.packed):
        plan.kept = [*known.parts]
        looks_alike = all(source.edges(part.start, part.end) == part.edges for part in plan.kept)
        if not looks_alike or not (active or _confirmed(plan)):
            plan.kept = []
        elif plan.kept and status.st_size > known.size and plan.kept[-1].end - plan.kept[-1].start < _SMALL:
            plan.kept.pop()
        plan.end = plan.kept[-1].end if plan.kept else 0
        plan.fit = bool(known.parts)
    if source.packed and not plan.kept and plan.fit and not _holds_all(path, fd, source):
        plan.unfit()
    return plan


def _confirmed(plan: _Plan) -> bool:
    """Look once more at all bytes of a closed segment that was still written when its parts were made."""
    for part in plan.kept:
        if part.stamp != plan.stamp and part.sum >= 0:
            if plan.source.sum(part.start, part.end) != part.sum:
                return False
            part.stamp = plan.stamp
    return True


def _holds_all(path: str, fd: int, source: Source) -> bool:
    """Whether the table of a packed segment leads to all of its bytes, which a scan reads as a stream."""
    try:
        return sum(map(len, frames.blocks(path, fd))) == source.size
    except InputError:
        return False


def _settled(status: os.stat_result) -> bool:
    """Whether whoever writes in place from now on leaves another time behind."""
    return status.st_mtime_ns + _TICK_NS <= time.time_ns()


def _copy(writer: _Writer, part: layout.Covered) -> None:
    """Take over the pages of a part as they are; what is damaged is found when it is read."""
    data = os.pread(part.source, part.pages * pages.PAGE, part.first * pages.PAGE)
    part.first = writer.add(data.ljust(part.pages * pages.PAGE, b"\0"))


def _stretches(plans: list[_Plan], most: int | None) -> Iterator[tuple[Source, _Plan, int, int]]:
    left = most
    for plan in plans:
        source = plan.source
        if not plan.fit:
            continue
        end = source.last_line_end()
        start = plan.end
        while start < end and (left is None or left > 0):
            stop = source.line_start(start + STRETCH, end)
            yield source, plan, start, stop
            if left is not None:
                left -= stop - start
            start = stop


def _made(source: Source, start: int, end: int) -> list[_Part] | None:
    """The parts of a stretch: where each begins and ends, its lines, its bytes, edges, times, sum; None: unfit."""
    import gc

    found = []
    gc.disable()  # nothing here is a circle
    try:
        for begin, made in make(source.pread, start, end):
            stop = begin + made.offsets[-1]
            known = [pair for pair in made.times if pair != parts.NEVER]
            times = (min(pair[0] for pair in known), max(pair[1] for pair in known)) if known else parts.NEVER
            found.append((begin, stop, made.lines, made.packed(), source.edges(begin, stop), *times, made.sum))
    except (TooLong, InputError):
        return None
    finally:
        gc.enable()
    return found
