"""The lines of a file that may hold one of a few texts, found by a search over its bytes.

Most lines of a log are not the ones asked for. Parsing them costs twenty times what a search over the
bytes costs (bench/query.py), so only candidates are parsed. A line is a candidate if it holds one of the
needles, or an escaped ASCII letter (`\\u0041`), behind which a needle could hide. The slow twin in the
tests parses every line, and must select the same.

Large files are searched by one process per processor, each over its own range of bytes.
"""

from __future__ import annotations

import os
import stat

from auditlog_cli.errors import InputError, remedy
from auditlog_cli.record import BadLine, Line
from auditlog_cli.sources.files import STDIN
from auditlog_cli.sources.lines import read_lines
from auditlog_cli.sources.looking import may_be_foreign
from auditlog_cli.sources.opening import GZIP, ZSTD, open_plain, whole_size
from auditlog_cli.strictjson import MAX_LINE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditlog_cli.counts import Counts

    Hit = tuple[int, int, int]  # offset, length without LF, lines of the range before it

_ESCAPE = b"\\u00"
_BLOCK = 512 * 1024  # fits the processor's cache, so that the second search over it costs little
_WORTH_A_LIBRARY = 1024 * 1024
_WORTH_A_PROCESS = 64 * 1024 * 1024
_MANY = 200_000  # hits a process keeps in memory before its range is searched piece by piece instead


def candidates(path: str, needles: list[bytes], counts: Counts, *, processes: bool = False) -> Iterator[Line | BadLine]:
    """Yield the candidate lines of one file in order.

    Args:
        path: A file, compressed or not, or `-`.
        needles: What a wanted line holds at least one of, as it stands in the file.
        counts: `read`, `passed` and `unparsed` are counted here; what is yielded is only counted as read.
        processes: Fork a process per processor for a large file. Only for a program of one thread.

    Raises:
        InputError: If the file cannot be read.
    """
    fd = -1 if path == STDIN else open_plain(path)
    try:
        if fd < 0 or not _searchable(fd):
            yield from _streamed(path, needles, counts)
        else:
            yield from searched(path, fd, 0, whole_size(path, fd), needles, counts, processes=processes)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})", help=remedy(error)) from error
    finally:
        if fd >= 0:
            os.close(fd)


def _searchable(fd: int) -> bool:
    if not stat.S_ISREG(os.fstat(fd).st_mode) or os.pread(fd, 4, 0).startswith((GZIP, ZSTD)):
        return False
    return not may_be_foreign(fd)


def _streamed(path: str, needles: list[bytes], counts: Counts) -> Iterator[Line | BadLine]:
    for line in read_lines(path):
        counts.read += 1
        if isinstance(line, BadLine) or holds(line.raw, needles):
            yield line
        else:
            counts.passed += 1
            counts.unparsed += 1


def holds(raw: bytes, needles: list[bytes]) -> bool:
    """Tell whether the line is a candidate."""
    for needle in needles:
        if needle in raw:
            return True
    return _ESCAPE in raw


def searched(
    path: str,
    fd: int,
    start: int,
    end: int,
    needles: list[bytes],
    counts: Counts,
    *,
    before: int = 0,
    processes: bool = False,
) -> Iterator[Line | BadLine]:
    """Yield the candidate lines of a stretch of an open file that is not compressed; see `candidates`.

    Args:
        path: What to call it.
        fd: Its descriptor.
        start: Where a line begins.
        end: Where one ends, or the file.
        needles: As for `candidates`.
        counts: As for `candidates`.
        before: How many lines of the file stand before `start`.
        processes: As for `candidates`.
    """
    for hits, lines in _ranges(fd, start, end, needles, processes):
        passed = lines - len(hits)
        counts.read += passed
        counts.passed += passed
        counts.unparsed += passed
        for offset, length, number in hits:
            counts.read += 1  # whoever stops in the middle has counts that add up
            raw = os.pread(fd, length if length <= MAX_LINE else 1024, offset)
            yield line_at(raw, length, path, before + number + 1, offset, ended=offset + length < end)
        before += lines


def line_at(raw: bytes, length: int, path: str, number: int, offset: int, *, ended: bool) -> Line | BadLine:
    """Return a line that was found, or that it is too long.

    Args:
        raw: Its bytes without LF; some of them, if it is too long.
        length: How many there are.
    """
    if length > MAX_LINE:
        line = Line(raw[:1024], path, number, offset)
        return BadLine(line, "length", f"longer than {MAX_LINE // 1024 // 1024} MiB", MAX_LINE)
    return Line(raw, path, number, offset, ended=ended)


def _ranges(fd: int, start: int, end: int, needles: list[bytes], in_parallel: bool) -> Iterator[tuple[list[Hit], int]]:
    """Yield (hits, lines) of consecutive ranges of the stretch."""
    size = end - start
    processes = size // _WORTH_A_PROCESS if in_parallel else 1
    if processes >= 2:
        from auditlog_cli import parallel

        processes = min(parallel.cores(), processes)
    if processes < 2:
        yield from _search(fd, start, end, needles)
        return
    cuts = [start, *(_line_start(fd, start + size * part // processes, end) for part in range(1, processes)), end]

    def work(part: int) -> tuple[list[Hit], int] | None:
        """One range as a whole; None where it has too many hits to hold them all."""
        hits: list[Hit] = []
        lines = 0
        for some, count in _search(fd, cuts[part], cuts[part + 1], needles):
            hits += [(offset, length, number + lines) for offset, length, number in some]
            lines += count
            if len(hits) > _MANY:
                return None
        return hits, lines

    for part, found in enumerate(parallel.in_order(work, processes, processes, plain=True)):
        if found is None:
            yield from _search(fd, cuts[part], cuts[part + 1], needles)
        else:
            yield found


def _line_start(fd: int, at: int, size: int) -> int:
    """The first offset from `at` on at which a line begins."""
    while at < size:
        block = os.pread(fd, _BLOCK, at)
        cut = block.find(b"\n")
        if cut >= 0:
            return at + cut + 1
        at += len(block)
    return size


def _search(fd: int, start: int, end: int, needles: list[bytes]) -> Iterator[tuple[list[Hit], int]]:
    """Yield (hits, lines) block by block. `start` begins a line, `end` ends one or the file."""
    find, count, fast = _searcher(end - start)
    wanted = [*needles, _ESCAPE]
    buffer = bytearray(_BLOCK)
    while start < end:
        view = memoryview(buffer)
        size = os.preadv(fd, [view[: min(len(buffer), end - start)]], start)
        if size == 0:
            return  # the file shrank: what is gone cannot be read
        stop = size
        if start + size < end:
            stop = buffer.rfind(b"\n", 0, size) + 1
            if stop == 0:  # a line longer than the block
                view.release()
                if len(buffer) > MAX_LINE:
                    following = _line_start(fd, start, end)
                    yield [(start, following - start - 1, 0)], 1
                    start = following
                else:
                    buffer = bytearray(len(buffer) * 2)
                continue
        block = view[:stop] if fast else bytes(view[:stop])
        found: dict[int, int] = {}  # where a line begins → where it ends
        for needle in wanted:
            place = find(block, needle)
            while place >= 0:
                ending = buffer.find(b"\n", place, stop)
                if ending < 0:
                    ending = stop
                found[buffer.rfind(b"\n", 0, place) + 1] = ending
                place = find(block, needle, ending + 1) if ending < stop else -1
        hits: list[Hit] = []
        number = counted = 0
        for begin in sorted(found):
            number += count(block, b"\n", counted, begin)
            counted = begin
            hits.append((start + begin, found[begin] - begin, number))
        lines = number + count(block, b"\n", counted, stop) + (stop == size and buffer[stop - 1 : stop] != b"\n")
        if isinstance(block, memoryview):
            block.release()
        view.release()
        yield hits, lines
        start += stop


def _searcher(size: int) -> tuple[Callable[..., int], Callable[..., int], bool]:
    """`find` and `count` of StringZilla, ten times as fast as those of bytes, where there is enough to search
    to pay for its import; and whether they are."""
    if size > _WORTH_A_LIBRARY:
        try:
            from stringzilla import count, find

            return find, count, True
        except ImportError:  # pragma: no cover - a platform without the wheel
            pass
    return bytes.find, bytes.count, False
