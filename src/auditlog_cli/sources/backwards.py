"""Lines from the end of a log backwards, without reading what comes before them."""

from __future__ import annotations

import os

from auditlog_cli.errors import InputError, remedy
from auditlog_cli.record import BadLine, Line
from auditlog_cli.sources.files import STDIN, Log
from auditlog_cli.sources.lines import read_lines
from auditlog_cli.sources.looking import may_be_foreign
from auditlog_cli.sources.opening import GZIP, ZSTD, open_wherever, whole_size
from auditlog_cli.strictjson import MAX_LINE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FIRST_BLOCK = 1 << 14
_LARGEST_BLOCK = 1 << 20


def last_lines(log: Log, count: int) -> list[Line | BadLine]:
    """Return the last `count` lines of a log in their order. Line numbers are not known (0)."""
    found: list[Line | BadLine] = []
    if count > 0:
        for line in backwards(log):
            found.append(line)
            if len(found) == count:
                break
    found.reverse()
    return found


def backwards(log: Log) -> Iterator[Line | BadLine]:
    """Yield the lines of a log from its end to its beginning.

    A plain file is read block by block from its end, and so is a compressed one with a table of its frames. Standard
    input and other compressed files have no end to begin at: they are read whole, and held in memory.

    Raises:
        InputError: If a file cannot be read.
    """
    for file in reversed(log.files):
        if file == STDIN:
            yield from reversed(list(read_lines(file)))
        else:
            yield from _backwards(file)


def _backwards(path: str) -> Iterator[Line | BadLine]:
    path, fd = open_wherever(path)
    try:
        size = os.fstat(fd).st_size
        if size and os.pread(fd, 4, 0).startswith((GZIP, ZSTD)):
            from auditlog_cli.frames import frames

            packed = frames(path, fd)
            if packed is None:
                yield from reversed(list(read_lines(path)))
            else:
                yield from split(path, packed.pread, packed.size)
            return
        if not size or may_be_foreign(fd):  # empty, or a pipe, which has no end to seek to; or to be translated
            yield from reversed(list(read_lines(path)))
            return
        yield from split(path, reader(fd), whole_size(path, fd))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})", help=remedy(error)) from error
    finally:
        os.close(fd)


def reader(fd: int) -> Callable[[int, int], bytes]:
    """Return what gives so many bytes of an open file, from an offset on."""
    return lambda length, offset: os.pread(fd, length, offset)


def split(path: str, pread: Callable[[int, int], bytes], size: int) -> Iterator[Line | BadLine]:
    """Yield the lines within the first `size` bytes of what `pread` reads, from the last one backwards."""
    if not size:
        return
    block = _FIRST_BLOCK
    tail: list[bytes] = []  # of the line whose beginning has not come yet, last piece first
    held = 0
    ended = pread(1, size - 1) == b"\n"
    stop = size - 1 if ended else size  # an LF at the very end begins no line
    start = stop
    while start > 0:
        begin = max(0, start - block)
        block = min(block * 2, _LARGEST_BLOCK)
        data = pread(start - begin, begin)
        end = len(data)
        while (cut := data.rfind(b"\n", 0, end)) >= 0:
            tail.append(data[cut + 1 : end])
            yield _line(path, tail, begin + cut + 1, held + end - cut - 1, ended)
            ended = True
            tail, held = [], 0
            end = cut
        if end:
            held += end
            tail.append(data[:end])
            if held > MAX_LINE:
                tail = [data[:1024]]
        start = begin
    if held or stop == 0 or tail:
        yield _line(path, tail, 0, held, ended)
    elif stop > 0:
        yield Line(b"", path, 0, 0, ended)


def _line(path: str, pieces: list[bytes], offset: int, size: int, ended: bool) -> Line | BadLine:
    line = Line(pieces[0] if len(pieces) == 1 else b"".join(reversed(pieces)), path, 0, offset, ended)
    if size > MAX_LINE:
        line.raw = line.raw[:1024]
        return BadLine(line, "length", f"longer than {MAX_LINE // 1024 // 1024} MiB", MAX_LINE)
    return line
