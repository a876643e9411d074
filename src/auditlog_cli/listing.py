"""Which traces there are: all of them, or those with a wanted record.

A summary is of a whole trace, whichever of its records is wanted. So without an index everything is read once;
with one the wanted records are looked up first, and then the traces that they belong to.
"""

from __future__ import annotations

from auditlog_cli import pipeline
from auditlog_cli.record import BadLine
from auditlog_cli.sources import files
from auditlog_cli.tracing.summaries import Listing, trace_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from auditlog_cli.counts import Counts
    from auditlog_cli.record import Record
    from auditlog_cli.selection import Selection

_MANY = 5000  # traces from which everything is read once instead


def summarize(
    judged: Iterable[tuple[Record | BadLine, bool]], on_bad: Callable[[BadLine], None] | None = None
) -> Listing:
    """Return a short summary of every trace. Memory: a few hundred bytes for each trace, however long.

    Args:
        judged:
            Every record, and whether it is wanted (`pipeline.judged` without a search). A trace is listed if
            one of its records is wanted; the summary is of the whole trace.
        on_bad: Called with each bad line.
    """
    listing = Listing()
    for item, wanted in judged:
        if isinstance(item, BadLine):
            if on_bad is not None:
                on_bad(item)
        elif not item.is_own:
            listing.add(item, wanted=wanted)
    return listing


def looked_up(
    paths: list[str],
    selection: Selection,
    *,
    counts: Counts,
    say: Callable[[str], None],
    on_bad: Callable[[BadLine], None],
) -> Listing | None:
    """Return what `summarize` does of the traces that `selection` wants, by the index of each log.

    Args:
        paths: Files, folders, globs.
        selection: Which records are wanted.
        counts: What was looked at for them.
        say: Told what became of an index.
        on_bad: Called with each bad line.

    Returns:
        None where that would not pay, or not be all: `summarize` it is then, and nothing was counted or said.

    Raises:
        InputError: If a log cannot be read.
    """
    if not (selection.groups or selection.window):
        return None
    from auditlog_cli.counts import Counts
    from auditlog_cli.index.query import Query, may_help

    if not all(may_help(log) for log in files.find(paths, documents=True)):
        return None
    tally = Counts()
    bad: list[BadLine] = []
    traces: set[tuple[str, str]] = set()
    query = Query(selection.groups, None, selection.window)
    items = pipeline.looked_up(paths, query, counts=tally, parallel=True, say=say, tells=selection)
    for item, wanted in pipeline.told_apart(items, selection, tally):
        if isinstance(item, BadLine):
            bad.append(item)
        elif wanted:
            traces.add(trace_of(item))
            if len(traces) > _MANY:
                return None
    if any(kind == "none" for kind, _ in traces):
        return None
    listing = Listing()
    if traces:
        whole = Query([sorted(traces)], None)
        for item in pipeline.looked_up(paths, whole, counts=Counts(), parallel=True, say=say):
            if not isinstance(item, BadLine) and not item.is_own and trace_of(item) in traces:
                listing.add(item, wanted=selection(item))
    for each in bad:
        on_bad(each)
    counts.add(tally)
    return listing
