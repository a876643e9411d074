"""The lines of a log on their way to `leaves`: all of them, or those that its index leaves.

An index is used for a part only if the bytes of that part are those that were indexed. What it says is held against
what is read behind it; if anything does not fit, all lines are read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from auditlog_cli import decoders, frames, strictjson
from auditlog_cli.counts import Counts
from auditlog_cli.errors import InputError
from auditlog_cli.index import layout, numbering, opening, parts, searching
from auditlog_cli.index.pages import Damaged
from auditlog_cli.index.query import Query
from auditlog_cli.record import BadLine, Record
from auditlog_cli.sealing import hashes, merkle
from auditlog_cli.sources import opening as sources
from auditlog_cli.verification import reading
from auditlog_cli.verification.leaves import Leaves

_BLOCK = 1 << 20


def read(segments: list[tuple[str, int, int]], into: Leaves, index: layout.Index) -> None:
    """Give all lines of some segments to `into`, or the roots of the subtrees that an index has.

    Args:
        segments: From `segments.snapshot`.
        index: The index of that log; one without segments: every line is read.

    Raises:
        Damaged: If the index is not what was written, or does not fit: `into` is then worth nothing.
        InputError: If the log cannot be read.
    """
    for path, fd, size in segments:
        if into.done:
            break
        try:
            _segment(path, fd, size, into, index)
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    into.end()


def index_of(path: str, segments: list[tuple[str, int, int]], *, wanted: bool) -> layout.Index:
    """Return the index of a log, open; one without segments where there is none, or none is wanted. It is not made.

    Args:
        segments: Of the log, from `segments.snapshot`.
    """
    found = None
    if wanted and (path.endswith(".jsonl") or len(segments) == 1):  # else a name like theirs is that of another log
        found = opening.present(path)
    return found or layout.Index(-1, 0, {})


def numbered(path: str, seq: int, *, index: bool) -> list[Record | BadLine]:
    """Return the lines of a sealed log that may be record `seq`, decoded: all that are among them.

    Args:
        index: Use the index of the log, if there is one.

    Raises:
        InputError: If it cannot be read.
    """
    with reading.Snapshot(path) as snapshot:
        found = index_of(path, snapshot.segments, wanted=index)
        try:
            opened = searching.Opened(snapshot.segments, found)
            query = Query([], [b'"seq":%d,' % seq])
            lines = searching.walk(opened, query, Counts(), False, lambda text: None, numbering.bearing(seq))
            records = [*map(decoders.decode, lines)]
        finally:
            found.close()
    # That there is none is not taken from an index.
    return records if records or not found.segments else numbered(path, seq, index=False)


def leaves(
    snapshot: reading.Snapshot, wanted: set[int], states: list[tuple[int, bytes]], index: layout.Index,
    say: Callable[[str], None],
) -> Leaves:  # fmt: skip
    """Return the leaves of a log as its lines name them.

    An index is used if nothing is wrong then, and the roots at all of `states` are those: else it is as good as none.

    Args:
        wanted: Numbers of records of which the leaf will be asked for.
        states: Sizes, and which root is expected there.
        index: The index of the log; one without segments: every line is read.
        say: Told if the index is of no use.

    Raises:
        InputError: If the log cannot be read.
    """
    if index.segments:
        try:
            found = _read_all(snapshot, wanted, states, index)
            if not found.findings and all(found.roots.get(size) == root for size, root in states):
                return found
        except Damaged:
            pass
        say(f"{snapshot.path}.index: does not fit; all lines are read")
    return _read_all(snapshot, wanted, states, layout.Index(-1, 0, {}))


def _read_all(
    snapshot: reading.Snapshot, wanted: set[int], states: list[tuple[int, bytes]], index: layout.Index
) -> Leaves:
    stub = snapshot.stub
    tree = merkle.Range() if stub is None else stub.tree.copy()
    head = hashes.ZEROS if stub is None else stub.head
    found = Leaves(tree, head, wanted=wanted, sizes={size for size, _ in states})
    read(snapshot.segments, found, index)
    return found


def _segment(path: str, fd: int, size: int, into: Leaves, index: layout.Index) -> None:
    known = searching.standing(index, path, fd, size)
    source = opening.source_of(path, fd, size, known=known) if known is not None else None
    if known is None or source is None:
        _lines(_opened(path, fd, size), into, path, 0, 0)
        return
    line = end = 0
    for part in known.parts:
        if part.end > source.size or not opening.is_same(source, fd, part):
            break
        _part(path, source, part, layout.inode_of(os.fstat(fd)), into, line)
        line += part.lines
        end = part.end
    _lines(opening.Stretch(source, end, source.size), into, path, line, end)


def _part(
    path: str, source: opening.Source, covered: layout.Covered, inode: int, into: Leaves, before: int
) -> None:  # fmt: skip
    part = covered.open(inode)
    first, roots = part.tree() or (-1, [])
    at = 0  # lines of the part that were taken
    if first == into.next:
        begin = first + -first % parts.LEAVES
        for start, stop in _runs(begin, len(roots), into):
            line = start - first
            _some(path, source, covered, part, into, before, at, line)
            if into.done:
                return
            ((low, high),) = part.offsets([line])
            raw = source.pread(high - low, covered.start + low).removesuffix(b"\n")
            chosen = roots[(start - begin) // parts.LEAVES : (stop - begin) // parts.LEAVES]
            if not into.take_subtrees(raw, chosen):
                raise Damaged
            at = stop - first
    _some(path, source, covered, part, into, before, at, covered.lines)


def _runs(begin: int, count: int, into: Leaves) -> Iterator[tuple[int, int]]:
    """Yield from which record to before which one whole subtrees need not be looked into."""
    many = parts.LEAVES
    start = None
    for at in range(begin, begin + many * count, many):
        if into.skips(at):
            start = at if start is None else start
        elif start is not None:
            yield start, at
            start = None
    if start is not None:
        yield start, begin + many * count


def _some(
    path: str, source: opening.Source, covered: layout.Covered, part: parts.Part, into: Leaves, before: int, first: int,
    end: int,
) -> None:  # fmt: skip
    """Take the lines of a part from `first` to before `end`."""
    if first >= end or into.done:
        return
    (low, _), (_, high) = part.offsets([first, end - 1])
    if not 0 <= low <= high <= covered.end - covered.start:
        raise Damaged
    stretch = opening.Stretch(source, covered.start + low, covered.start + high)
    if _lines(stretch, into, path, before + first, covered.start + low) != end - first and not into.done:
        raise Damaged


def _lines(reader: frames.Reader, into: Leaves, path: str, line: int, byte: int) -> int:
    """Take all lines that a reader gives; return how many. `line` lines and `byte` bytes of the file stand before."""
    rest: list[bytes] = []
    held = count = 0
    while not into.done and (data := reader.read(_BLOCK)):
        cut = data.rfind(b"\n")
        if cut < 0:
            rest.append(data)
            held += len(data)
            if held > strictjson.MAX_LINE:
                raise InputError(f"{path}: line {line + count + 1} is longer than 64 MiB")
            continue
        rest.append(data[:cut])
        whole = b"".join(rest)
        raws = whole.split(b"\n")
        into.take(raws, path, line + count + 1, byte)
        count += len(raws)
        byte += len(whole) + 1
        rest, held = [data[cut + 1 :]], len(data) - cut - 1
    tail = b"".join(rest)
    if tail and not into.done:
        into.torn(tail, path, line + count + 1, byte)
    return count


def _opened(path: str, fd: int, size: int) -> frames.Reader:
    """The lines of a segment from its start, unpacked where it is compressed."""
    raw = opening.Stretch(opening.Source(fd, size), 0, size)
    return sources.unpacked(path, raw, os.pread(fd, 4, 0)) if frames.is_packed(fd) else raw
