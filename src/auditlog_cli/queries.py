"""Reading and asking from Python: the functions behind `tail`, `filter`, `stats`, `trace` and `traces`.

The words are those of the command line. A source is a path, several paths (files, folders, globs), or an
iterable of lines as bytes. Nothing is printed, and the environment is not read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from auditlog_cli import decoders, listing, lookup, pipeline
from auditlog_cli.counts import Counts
from auditlog_cli.record import BadLine, Line, Record
from auditlog_cli.selection import Selection, select_by
from auditlog_cli.statistics import Statistics
from auditlog_cli.tracing.summaries import Summary
from auditlog_cli.tracing.trees import Trace

Source = str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | Iterable[bytes]


def read(source: Source, *, shape: str | None = None) -> Iterator[Record | BadLine]:
    """Yield every line, decoded, in order; several logs merged by time.

    Args:
        source: Path, paths, or lines as bytes.
        shape: Take every line for this shape (`auditlog`, `tutorial`, …); None: told from each line.

    Raises:
        InputError: If a log is missing or cannot be read.
    """
    paths, lines = _taken_apart(source)
    if lines is None:
        return pipeline.read(paths, shape=shape)
    decode = decoders.forced(shape) if shape else decoders.decode
    return (decode(line) for line in lines)


def select(
    source: Source,
    *,
    user: Sequence[str] | None = None,
    agent: Sequence[str] | None = None,
    session: Sequence[str] | None = None,
    trace: Sequence[str] | None = None,
    tool: Sequence[str] | None = None,
    status: Sequence[str] | None = None,
    type: Sequence[str] | None = None,  # noqa: A002 - the option's word
    approved_by: Sequence[str] | None = None,
    since: str | None = None,
    until: str | None = None,
    where: Sequence[str] | None = None,
    own: bool = False,
    shape: str | None = None,
    counts: Counts | None = None,
) -> Iterator[Record]:
    """Yield the records that match, as `auditlog filter` would print them.

    Args:
        source: Path, paths, or lines as bytes.
        user, agent, session, trace, tool, status, type, approved_by:
            One text or several alternatives; `*` and `?` are wildcards.
        since, until: RFC 3339, a date, or `3h` for so long ago.
        where: One expression or several that must all hold (docs/expressions.md).
        own: Also the log's records about itself.
        shape: As for `read`.
        counts: Kept up to date while records are taken: also how many lines were bad.

    Raises:
        InputError: If a log is missing or cannot be read.
        UsageError, DefinitionError: If a time or an expression is wrong.
    """
    chosen = select_by(
        user=_several(user), agent=_several(agent), session=_several(session), trace=_several(trace),
        tool=_several(tool), status=_several(status), type=_several(type), approved_by=_several(approved_by),
        since=since, until=until, where=_several(where), own=own,
    )  # fmt: skip
    paths, lines = _taken_apart(source)
    if lines is None:
        return pipeline.select(paths, chosen, shape=shape, counts=counts)
    return _selected(lines, chosen, shape, Counts() if counts is None else counts)


def stats(
    source: Source,
    *,
    by: Sequence[str] = (),
    user: Sequence[str] | None = None,
    agent: Sequence[str] | None = None,
    session: Sequence[str] | None = None,
    trace: Sequence[str] | None = None,
    tool: Sequence[str] | None = None,
    status: Sequence[str] | None = None,
    type: Sequence[str] | None = None,  # noqa: A002 - the option's word
    approved_by: Sequence[str] | None = None,
    since: str | None = None,
    until: str | None = None,
    where: Sequence[str] | None = None,
    shape: str | None = None,
    counts: Counts | None = None,
) -> Statistics:
    """Return what the records add up to, as `auditlog stats` would print it. Bad lines are counted and left out.

    Args:
        source: Path, paths, or lines as bytes.
        by: Paths whose values are told apart; without any, the usual ones.
        user, agent, session, trace, tool, status, type, approved_by, since, until, where, shape, counts:
            As for `select`.

    Raises:
        InputError: If a log is missing or cannot be read.
        UsageError, DefinitionError: If a time or an expression is wrong.
    """
    found = Statistics(tuple(_several(by) or ()))
    for record in select(
        source, user=user, agent=agent, session=session, trace=trace, tool=tool, status=status, type=type,
        approved_by=approved_by, since=since, until=until, where=where, shape=shape, counts=counts,
    ):  # fmt: skip
        found.add(record.content, record.shape)
    return found


def trace(source: Source, id: str, *, shape: str | None = None) -> Trace:  # noqa: A002 - the word on the screen
    """Return the tree that `auditlog trace` would draw; of a session, all of its traces as one.

    Args:
        source: Path, paths, or lines as bytes.
        id: A trace, session or span id, or the beginning of one (4 characters or more) that no other id has.
        shape: As for `read`.

    Raises:
        InputError: If nothing bears the id, or a log is missing or cannot be read.
        UsageError: If the id is empty or too short; `tracing.search.Ambiguous` if it may mean several.
    """
    paths, lines = _taken_apart(source)
    return lookup.find(lookup.Logs(paths, lines=lines, shape=shape), id).tree()


def traces(
    source: Source,
    *,
    user: Sequence[str] | None = None,
    agent: Sequence[str] | None = None,
    session: Sequence[str] | None = None,
    tool: Sequence[str] | None = None,
    status: Sequence[str] | None = None,
    type: Sequence[str] | None = None,  # noqa: A002 - the option's word
    approved_by: Sequence[str] | None = None,
    since: str | None = None,
    until: str | None = None,
    where: Sequence[str] | None = None,
    shape: str | None = None,
    counts: Counts | None = None,
) -> list[Summary]:
    """Return a summary of each trace, the newest first, as `auditlog traces` would list them.

    With selectors (those of `select`): every trace with a record that matches, summed up as a whole. Bad lines
    are counted and left out.

    Raises:
        InputError: If a log is missing or cannot be read.
        UsageError, DefinitionError: If a time or an expression is wrong.
    """
    chosen = select_by(
        user=_several(user), agent=_several(agent), session=_several(session), tool=_several(tool),
        status=_several(status), type=_several(type), approved_by=_several(approved_by), since=since, until=until,
        where=_several(where),
    )  # fmt: skip
    tally = Counts() if counts is None else counts
    paths, lines = _taken_apart(source)
    if lines is None:
        items = pipeline.judged(paths, chosen, shape=shape, counts=tally, search=False)
    else:
        items = _judged(lines, chosen, shape, tally)
    return listing.summarize(items).summaries()


def _selected(lines: Iterator[Line], chosen: Selection, shape: str | None, counts: Counts) -> Iterator[Record]:
    for item, wanted in _judged(lines, chosen, shape, counts):
        if wanted and isinstance(item, Record):
            yield item


def _judged(
    lines: Iterator[Line], chosen: Selection, shape: str | None, counts: Counts
) -> Iterator[tuple[Record | BadLine, bool]]:
    decode = decoders.forced(shape) if shape else decoders.decode
    return pipeline.told_apart(pipeline.counted(map(decode, lines), counts), chosen, counts)


def _several(given: Sequence[str] | None) -> Sequence[str] | None:
    return [given] if isinstance(given, str) else given


def _taken_apart(source: Source) -> tuple[list[str], Iterator[Line] | None]:
    """Paths, or lines."""
    if isinstance(source, (str, os.PathLike)):
        return [os.fspath(source)], None
    items = iter(source)
    first = next(items, None)
    if first is None:
        return [], iter(())
    if isinstance(first, (bytes, bytearray)):
        return [], _numbered(first, items)  # type: ignore[arg-type]
    return [str(os.fspath(each)) for each in (first, *items)], None


def _numbered(first: bytes, others: Iterator[bytes]) -> Iterator[Line]:
    offset = 0
    for number, raw in enumerate(chain((first,), others), 1):
        line = bytes(raw)
        yield Line(line.removesuffix(b"\n"), "", number, offset)
        offset += len(line) + (not line.endswith(b"\n"))
