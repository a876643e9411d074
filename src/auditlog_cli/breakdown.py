"""All records of some logs counted by what stands at a path, out of their indexes: `stats --by`."""

from __future__ import annotations

from auditlog_cli import decoders, pipeline
from auditlog_cli.index import query
from auditlog_cli.record import BadLine
from auditlog_cli.selection import select_by
from auditlog_cli.sources import files
from auditlog_cli.statistics import Statistics

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from auditlog_cli.counts import Counts

    Say = Callable[[str], None]


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
