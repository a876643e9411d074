"""Records of some logs counted: by values, out of their indexes; or line by line, all there is to count."""

from __future__ import annotations

from auditlog_cli import decoders, parallel, pipeline
from auditlog_cli.counts import Counts
from auditlog_cli.index import query
from auditlog_cli.record import BadLine
from auditlog_cli.selection import select_by
from auditlog_cli.sources import files, ranges
from auditlog_cli.statistics import Statistics

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from auditlog_cli.selection import Selection

    Say = Callable[[str], None]

_PARALLEL = 1 << 25  # bytes from which a second process pays
_MOST_BAD = 100


def counted(
    paths: list[str],
    by: tuple[str, ...],
    top: int,
    *,
    counts: Counts,
    on_bad: Callable[[BadLine], None],
    say: Say,
    parallel: bool = False,
) -> Statistics | None:
    """Return all records counted by some paths, out of the indexes of the logs; None if that cannot be done.

    Args:
        paths: Files, folders, globs.
        by: Dotted paths.
        top: How many values of each are wanted; 0: all.
        counts: Kept up to date; worth nothing if None is returned.
        on_bad: Called with each bad line, if all could be counted.
        say: Told what became of an index.
        parallel: See `scan.candidates`.

    Raises:
        InputError: If a log cannot be read.
    """
    logs = files.find(paths, documents=True)
    if not all(map(query.may_help, logs)):
        return None
    from auditlog_cli.index import counting

    if not set(by) <= counting.PATHS.keys():
        return None
    found = Statistics(by)
    bad: list[BadLine] = []
    try:
        with counting.Counting(logs, by, counts, say, processes=parallel) as work:
            items = map(decoders.decode, work.lines())
            for item, wanted in pipeline.told_apart(items, select_by(), counts):
                if isinstance(item, BadLine):
                    bad.append(item)
                elif wanted:
                    found.add(item.content, item.shape)
            work.add_to(found, top)
    except counting.Uncountable:
        say("the indexes do not tell how many; the logs are scanned")
        return None
    for each in bad:
        on_bad(each)
    return found


def scanned(
    paths: list[str],
    by: tuple[str, ...],
    selection: Selection,
    *,
    shape: str | None = None,
    counts: Counts,
    on_bad: Callable[[BadLine], None],
    index: Say | None = None,
    processes: int = 1,
) -> Statistics:
    """Return the wanted records counted, line by line.

    Plain files are counted in parts, one after the other or several at a time: the result is the same.

    Args:
        paths: Files, folders, globs, `-`.
        by: Dotted paths; none: the usual ones.
        selection: Which records are wanted.
        shape: As for `pipeline.read`.
        counts: Kept up to date.
        on_bad: Called with bad lines: all of them, or so many of each part that nobody wants to be told more.
        index: As for `pipeline.judged`.
        processes: How many may share the work. They are forked: more than one only in a program of one thread.

    Raises:
        InputError: If a log cannot be read.
    """
    narrowed = selection.needles or (index is not None and shape is None and (selection.groups or selection.window))
    parts = [] if narrowed else _parts(paths)
    found = Statistics(by)
    if not parts:
        wanted = pipeline.select(
            paths, selection, shape=shape, counts=counts, on_bad=on_bad, parallel=processes > 1, index=index
        )
        for record in wanted:
            found.add(record.content, record.shape)
        return found

    def work(number: int) -> tuple[Statistics, Counts, list[BadLine]]:
        return _counted_part(parts[number], by, selection, shape)

    large = sum(part.end - part.start for part in parts) >= _PARALLEL
    path, before = "", 0
    for part, (some, tally, bad) in zip(
        parts, parallel.in_order(work, len(parts), processes if large else 1), strict=True
    ):
        if part.path != path:
            path, before = part.path, 0
        for each in bad:
            each.line.number += before
            on_bad(each)
        before += tally.read
        counts.add(tally)
        found.merge(some)
    return found


def _parts(paths: list[str]) -> list[ranges.Range]:
    """The logs in parts; none if one of their files can only be read from its beginning."""
    parts: list[ranges.Range] = []
    for log in files.find(paths, documents=True):
        for file in log.files:
            some = ranges.cut(file)
            if not some:
                return []
            parts += some
    return parts


def _counted_part(
    part: ranges.Range, by: tuple[str, ...], selection: Selection, shape: str | None
) -> tuple[Statistics, Counts, list[BadLine]]:
    found, counts, bad = Statistics(by, part=True), Counts(), list[BadLine]()
    decode = decoders.forced(shape) if shape else decoders.decode
    items = pipeline.counted(map(decode, ranges.read_range(part)), counts)
    for item, wanted in pipeline.told_apart(items, selection, counts):
        if isinstance(item, BadLine):
            if len(bad) < _MOST_BAD:
                bad.append(item)
        elif wanted:
            found.add(item.content, item.shape)
    return found, counts, bad
