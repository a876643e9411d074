"""The stages put together: source → decode → select. What the commands and the public API share."""

from __future__ import annotations

from auditlog_cli import decoders, times
from auditlog_cli.counts import Counts
from auditlog_cli.record import BadLine, Line, Record
from auditlog_cli.sources import files, scan
from auditlog_cli.sources.lines import read_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from auditlog_cli.index.query import Query
    from auditlog_cli.selection import Selection

    Say = Callable[[str], None]
    Tells = Callable[[Record], bool]
    Decode = Callable[[Line | BadLine], Record | BadLine]


def read(paths: list[str], *, shape: str | None = None, tells: Tells | None = None) -> Iterator[Record | BadLine]:
    """Yield every line of the logs, decoded: their segments in order, several logs merged by time.

    Args:
        paths: Files, folders, globs, `-`.
        shape: Take every line for this shape; None: told from each line.
        tells: See `merge`.

    Raises:
        InputError: If one of them cannot be read.
    """
    decode = _decoder(shape)
    return merge([_all(log, decode) for log in files.find(paths, documents=True)], tells)


def containing(
    paths: list[str],
    needles: list[bytes],
    *,
    shape: str | None = None,
    counts: Counts | None = None,
    parallel: bool = False,
    tells: Tells | None = None,
) -> Iterator[Record | BadLine]:
    """Yield the decoded lines that may hold one of `needles`, in the order of `read`.

    A line that holds none of them as it stands is passed over without being parsed, and counted as such.

    Args:
        paths: Files, folders, globs, `-`.
        needles: From `strictjson.needle`: texts that stand in a JSON line as they are.
        shape: As for `read`.
        counts: Lines read, passed and unparsed are counted; what is yielded is the caller's to judge.
        parallel: See `scan.candidates`.
        tells: See `merge`.

    Raises:
        InputError: If a log cannot be read.
    """
    decode = _decoder(shape)
    tally = Counts() if counts is None else counts
    return merge([_some(log, decode, needles, tally, parallel) for log in files.find(paths, documents=True)], tells)


def looked_up(
    paths: list[str],
    query: Query,
    *,
    counts: Counts,
    parallel: bool = False,
    say: Say,
    tells: Tells | None = None,
) -> Iterator[Record | BadLine]:
    """Yield the decoded lines that may be wanted, found by the index of each log that has one, in the order of `read`.

    Args:
        paths: Files, folders, globs, `-`.
        query: What is asked.
        counts: As for `containing`.
        parallel: See `scan.candidates`.
        say: Told what became of an index.
        tells: See `merge`.

    Raises:
        InputError: If a log cannot be read.
    """
    return merge([_indexed(log, query, counts, parallel, say) for log in files.find(paths, documents=True)], tells)


def select(
    paths: list[str],
    selection: Selection,
    *,
    shape: str | None = None,
    inverted: bool = False,
    counts: Counts | None = None,
    on_bad: Callable[[BadLine], None] | None = None,
    parallel: bool = False,
    index: Say | None = None,
) -> Iterator[Record]:
    """Yield the records that `selection` wants, in the order of `read`.

    Args:
        paths: Files, folders, globs, `-`.
        selection: From `selection.select_by`.
        shape: As for `read`.
        inverted: Yield the ones that it does not want instead.
        counts: Kept up to date while the records are taken.
        on_bad: Called with each bad line that was come across.
        parallel: See `scan.candidates`.
        index: As for `judged`.

    Raises:
        InputError: If a log cannot be read.
    """
    tally = Counts() if counts is None else counts
    found = judged(paths, selection, shape=shape, inverted=inverted, counts=tally, parallel=parallel, index=index)
    for item, wanted in found:
        if wanted:
            assert isinstance(item, Record)
            yield item
        elif isinstance(item, BadLine) and on_bad is not None:
            on_bad(item)


def judged(
    paths: list[str],
    selection: Selection,
    *,
    shape: str | None = None,
    inverted: bool = False,
    counts: Counts,
    parallel: bool = False,
    search: bool = True,
    index: Say | None = None,
) -> Iterator[tuple[Record | BadLine, bool]]:
    """Yield each line that was parsed, and whether it is wanted. Counts everything.

    Args:
        search: Rule lines out by a search over the bytes where the selection allows it; else every line
            is parsed and yielded.
        index: Use the index of each log, and tell this what became of it; None: indexes are not used.
    """
    may_search = search and not inverted
    if may_search and index is not None and shape is None and (selection.groups or selection.window):
        from auditlog_cli.index.query import Query

        query = Query(selection.groups, selection.needles, selection.window)
        items = looked_up(paths, query, counts=counts, parallel=parallel, say=index, tells=selection)
    elif selection.needles and may_search:
        items = containing(paths, selection.needles, shape=shape, counts=counts, parallel=parallel, tells=selection)
    else:
        items = counted(read(paths, shape=shape, tells=selection if may_search else None), counts)
    yield from told_apart(items, selection, counts, inverted=inverted)


def told_apart(
    items: Iterable[Record | BadLine], selection: Selection, counts: Counts, *, inverted: bool = False
) -> Iterator[tuple[Record | BadLine, bool]]:
    """Yield each line, and whether it is wanted. Counts everything but what was read.

    Args:
        items: The decoded lines.
        selection: Which records are wanted.
        counts: Kept up to date while the lines are taken.
        inverted: Want the others instead.
    """
    own, fits = selection.own, selection.fits
    for item in items:
        if isinstance(item, BadLine):
            counts.bad += 1
            yield item, False
        elif not own and item.is_own:
            counts.own += 1
            yield item, False
        elif fits(item.content) is not inverted:
            counts.selected += 1
            yield item, True
        else:
            counts.passed += 1
            yield item, False


def counted(items: Iterator[Record | BadLine], counts: Counts) -> Iterator[Record | BadLine]:
    """Yield each line, counted as read."""
    for item in items:
        counts.read += 1
        yield item


def last(
    logs: list[Iterator[Line | BadLine]],
    wanted: int,
    selection: Selection,
    *,
    shape: str | None = None,
    counts: Counts,
) -> list[Record | BadLine]:
    """Return the last `wanted` records of several logs that `selection` wants, in the order of time.

    Args:
        logs: For each log its lines from the last one backwards (`sources.backwards`).
        counts: What was looked at.

    Without a selector, bad lines are among them, for they are part of what stands there.
    """
    decode = _decoder(shape)
    needles = selection.needles
    found: list[list[Record | BadLine]] = []
    for lines in logs:
        mine: list[Record | BadLine] = []
        for line in lines:
            if len(mine) == wanted:
                break
            counts.read += 1
            if needles and isinstance(line, Line) and not scan.holds(line.raw, needles):
                counts.passed += 1
                counts.unparsed += 1
                continue
            item = decode(line)
            if isinstance(item, BadLine):
                counts.bad += 1
                if selection.everything:
                    mine.append(item)
            elif selection(item) or (item.is_own and selection.everything):
                counts.selected += 1
                mine.append(item)
            elif item.is_own:
                counts.own += 1
            else:
                counts.passed += 1
        found.append(mine[::-1])
    return list(merge([iter(mine) for mine in found]))[-wanted:] if wanted else []


def merge(streams: list[Iterator[Record | BadLine]], tells: Tells | None = None) -> Iterator[Record | BadLine]:
    """Yield the records of several logs by time. Within a log the order of its lines stays: a line
    without a time, or with one earlier than a line before it, goes with the line before it.

    Args:
        streams: One for each log.
        tells:
            Which records have a time that counts; None: all. Where lines are ruled out unseen, those that are
            wanted: then their order does not depend on how they were found.
    """
    if len(streams) == 1:
        return streams[0]
    import heapq

    timed = [_timed(place, each, tells) for place, each in enumerate(streams)]
    return (item for _, _, item in heapq.merge(*timed, key=lambda entry: entry[:2]))


def _timed(
    place: int, stream: Iterator[Record | BadLine], tells: Tells | None
) -> Iterator[tuple[int, int, Record | BadLine]]:
    latest = 0
    for item in stream:
        if isinstance(item, Record) and (tells is None or tells(item)):
            latest = max(times.parse(item.content.get("timestamp")) or 0, latest)
        yield latest, place, item


def _decoder(shape: str | None) -> Decode:
    return decoders.forced(shape) if shape else decoders.decode


def _all(log: files.Log, decode: Decode) -> Iterator[Record | BadLine]:
    for file in log.files:
        for line in read_lines(file):
            yield decode(line)


def _some(
    log: files.Log, decode: Decode, needles: list[bytes], counts: Counts, parallel: bool
) -> Iterator[Record | BadLine]:
    for file in log.files:
        for line in scan.candidates(file, needles, counts, processes=parallel):
            yield decode(line)


def _indexed(log: files.Log, query: Query, counts: Counts, parallel: bool, say: Say) -> Iterator[Record | BadLine]:
    from auditlog_cli.index.query import may_help

    if may_help(log):
        from auditlog_cli.index import searching

        found = searching.lines(log, query, counts, processes=parallel, say=say)
        if found is not None:
            return map(decoders.decode, found)
    if query.needles:
        return _some(log, decoders.decode, query.needles, counts, parallel)
    return counted(_all(log, decoders.decode), counts)
