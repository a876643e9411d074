"""Traces in logs: which one an id means and all of its records; and which traces there are.

An id is looked for by a search over the bytes, so that a gigabyte costs one pass of that, or two: a span
tells its trace in the first, and the second finds the rest of that trace.
"""

from __future__ import annotations

from auditlog_cli import decoders, pipeline
from auditlog_cli.counts import Counts
from auditlog_cli.errors import InputError
from auditlog_cli.record import BadLine, Line, Record
from auditlog_cli.sources import files, listed, scan
from auditlog_cli.strictjson import needle
from auditlog_cli.tracing.facts import text
from auditlog_cli.tracing.search import (
    NO_ID,
    Ambiguous,
    Candidate,
    Search,
    by_trace,
    candidates_of,
    has_no_id,
    ids,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from auditlog_cli.index.query import Group
    from auditlog_cli.shelf import Shelf
    from auditlog_cli.tracing.trees import Trace

    Lines = Iterable[Line | BadLine]

_AT_HAND = 2000  # records of a trace that are held whole: beyond, reading them again is the lesser price
_LOOKED_AT = 2000  # lines at the end of each log, for ids that look like one that is not there
_SIMILAR = 3
_IDS = ("trace", "session", "span")  # of an index: its spans are those of parents and requests, too


class Found:
    """What an id means.

    Attributes:
        id: The trace or session that was found, whole; `-` for records that name neither.
        kind: `trace`, `session` or `none`.
        span: The span that was asked for, or empty.
        records: All of its records, in the order of the logs.
    """

    __slots__ = ("id", "kind", "records", "span")

    def __init__(self, id: str, kind: str, span: str, records: list[Record]) -> None:  # noqa: A002
        self.id = id
        self.kind = kind
        self.span = span
        self.records = records

    def tree(self) -> Trace:
        """Return everything as one tree."""
        from auditlog_cli.tracing.forest import build

        return build(self.records, self.id, self.kind)

    def trees(self) -> list[Trace]:
        """Return one tree for each trace, in the order in which they begin."""
        from auditlog_cli.tracing.forest import build

        if self.kind == "none":
            return [self.tree()]
        parts = by_trace(self.records)
        return [build(some, id_ or self.id, "trace" if id_ else "session") for id_, some in parts.items()]


class Logs:
    """Logs that can be searched more than once.

    Args:
        paths:
            Files, folders, globs, `-`. What can be read only once (standard input, a pipe) is held in memory.
        lines: In place of paths: the lines themselves.
        shape: Take every line for this shape; None: told from each line.
        parallel: See `scan.candidates`.
        on_bad: Called with each bad line, once.
        index: Use the index of each log, and tell this what became of it; None: indexes are not used.
        spare: Put records aside where there are many, to be read again when they are drawn; see `close`.
    """

    def __init__(
        self,
        paths: list[str],
        *,
        lines: Lines | None = None,
        shape: str | None = None,
        parallel: bool = False,
        on_bad: Callable[[BadLine], None] | None = None,
        index: Callable[[str], None] | None = None,
        spare: bool = False,
    ) -> None:
        self.paths = paths
        self.counts = Counts()
        self._shape = shape
        self._parallel = parallel
        self._on_bad = on_bad
        self._index = index if shape is None else None
        self._bad: set[tuple[str, int]] = set()
        self._held: list[Line | BadLine] | None = None
        self._at_hand = _AT_HAND if spare else -1
        self._shelf: Shelf | None = None
        if lines is not None:
            self._held = list(lines)
        elif any(not listed.is_lasting(file) for log in files.find(paths, documents=True) for file in log.files):
            self._held = [item if isinstance(item, BadLine) else item.line for item in pipeline.read(paths)]

    @property
    def indexed(self) -> bool:
        """Whether an index may be asked."""
        return self._index is not None and self._held is None

    def search(
        self,
        wanted: list[str],
        test: Callable[[Record], bool],
        *,
        keep: bool = True,
        by: Group | None = None,
        tells: Callable[[Record], bool] | None = None,
    ) -> list[Record]:
        """Return the records that `test` wants. `counts` tells what was read, and what it was.

        Args:
            wanted: Texts of which every wanted record holds at least one; none: nothing is known of them.
            test: Which of the candidates are wanted.
            keep: Whether to return them; else `test` has seen each, and memory does not grow with them.
            by: Values of which every wanted record bears one, for the index; None: it is not asked.
            tells: See `pipeline.merge`.

        Raises:
            InputError: If a log cannot be read, or there is no line at all.
        """
        counts = self.counts = Counts()
        found: list[Record] = []
        for item in self._candidates(wanted, by, tells):
            if isinstance(item, BadLine):
                counts.bad += 1
                place = (item.line.path, item.line.offset)
                if self._on_bad is not None and place not in self._bad:
                    self._on_bad(item)
                self._bad.add(place)
            elif item.is_own:
                counts.own += 1
            elif test(item):
                counts.selected += 1
                if keep:
                    found.append(self.kept(item))
            else:
                counts.passed += 1
        if not counts.read:
            raise InputError(
                f"{', '.join(self.paths) or 'no lines'}: empty, nothing to look at",
                help="is it the right file? an empty log has nothing to say",
            )
        return found

    def _candidates(
        self, wanted: list[str], by: Group | None, tells: Callable[[Record], bool] | None
    ) -> Iterator[Record | BadLine]:
        needles = [found for found in map(needle, wanted) if found is not None]
        if len(needles) < len(wanted):
            needles = []
        counts = self.counts
        if self._held is not None:
            return self._from_memory(needles)
        if by is not None and self._index is not None:
            from auditlog_cli.index.query import Query

            query = Query([by], needles)
            return pipeline.looked_up(
                self.paths, query, counts=counts, parallel=self._parallel, say=self._index, tells=tells
            )
        if needles:
            return pipeline.containing(
                self.paths, needles, shape=self._shape, counts=counts, parallel=self._parallel, tells=tells
            )
        return _counted(pipeline.read(self.paths, shape=self._shape, tells=tells), counts)

    def _from_memory(self, needles: list[bytes]) -> Iterator[Record | BadLine]:
        decode = decoders.forced(self._shape) if self._shape else decoders.decode
        assert self._held is not None
        for line in self._held:
            self.counts.read += 1
            if needles and isinstance(line, Line) and not scan.holds(line.raw, needles):
                self.counts.passed += 1
                self.counts.unparsed += 1
            else:
                yield decode(line)

    def kept(self, record: Record) -> Record:
        """Return what is held of a record: all of it, as long as there are few."""
        if self._at_hand:
            self._at_hand -= 1
            return record
        from auditlog_cli.tracing.absent import Absent

        if self._shelf is None:
            from auditlog_cli.shelf import Shelf

            self._shelf = Shelf(self._shape)
        return Absent(record, self._shelf.take, self._shelf.put(record))

    def close(self) -> None:
        """Give the files back: what was put aside cannot be had any more."""
        if self._shelf is not None:
            self._shelf.close()

    def similar(self, wanted: str) -> list[str]:
        """Return ids near the end of the logs that look like `wanted`."""
        from difflib import get_close_matches

        from auditlog_cli.sources.backwards import last_lines

        lines: Lines
        if self._held is not None:
            lines = self._held[-_LOOKED_AT:]
        else:
            lines = [line for log in files.find(self.paths, documents=True) for line in last_lines(log, _LOOKED_AT)]
        known: dict[str, None] = {}
        for line in lines:
            record = decoders.decode(line)
            if isinstance(record, Record) and not record.is_own:
                known.update((each, None) for _, each in ids(record))
        return get_close_matches(wanted, list(known), n=_SIMILAR, cutoff=0.6)


def _counted(items: Iterator[Record | BadLine], counts: Counts) -> Iterator[Record | BadLine]:
    for item in items:
        counts.read += 1
        yield item


def find(logs: Logs, wanted: str) -> Found:
    """Return the trace that an id means, with all of its records.

    Args:
        logs: Where to look.
        wanted:
            A trace, session or span id, or the beginning of one that no other id has; `-` for the records
            that name neither a trace nor a session.

    Raises:
        InputError: If nothing bears it, or a log cannot be read, or there is no line at all.
        Ambiguous: If it may mean several.
        UsageError: If it is empty or too short.
    """
    if wanted == NO_ID:
        return _without_id(logs)

    def tells(record: Record) -> bool:
        return any(each.startswith(wanted) for _, each in ids(record))

    search = Search(wanted, logs.kept)
    if logs.indexed:
        logs.search([wanted], search.take, keep=False, by=[(field, wanted) for field in _IDS], tells=tells)
    if not search.found:  # nothing is exactly this: it may be the beginning of an id, and an index knows whole ones
        search = Search(wanted, logs.kept)
        logs.search([wanted], search.take, keep=False, tells=tells)
    answer = search.answer()
    if answer is None:
        similar = logs.similar(wanted)
        raise InputError(
            f"no trace, session or span begins with {wanted!r}",
            help=f"did you mean {' or '.join(similar)}?" if similar else "`auditlog traces` lists what there is",
        )
    candidate, records = answer
    if candidate.kinds & {"trace", "session"}:
        return _whole(logs, candidate, records)
    return _around(logs, candidate, records)


def _without_id(logs: Logs) -> Found:
    records = logs.search([], has_no_id)
    if not records:
        raise InputError("every record names a trace or a session", help="`auditlog traces` lists them")
    return Found(NO_ID, "none", "", records)


def _whole(logs: Logs, candidate: Candidate, records: list[Record]) -> Found:
    """The records of a trace or of a session were all found by its id."""
    kind = "trace" if "trace" in candidate.kinds else "session"
    _recount(logs.counts, len(records))
    return Found(candidate.id, kind, _span(candidate), records)


def _around(logs: Logs, candidate: Candidate, records: list[Record]) -> Found:
    """The trace, or else the session, of a span: found by a second search."""
    span = _span(candidate)
    for kind in ("trace", "session"):
        member = f"{kind}_id"
        names = {text(record.content.get(member)) for record in records} - {""}
        if not names:
            continue
        test = _member_in(f"{kind}_id", names)
        found = logs.search(sorted(names), test, by=[(kind, name) for name in sorted(names)], tells=test)
        if len(names) > 1:
            traces = {name: [each for each in found if text(each.content.get(member)) == name] for name in names}
            message = f"{candidate.kind} {candidate.id!r} occurs in {len(names):,} {kind}s"
            raise Ambiguous(message, candidates_of(traces, kind), help=f"give the id of the {kind}")
        return Found(names.pop(), kind, span, found)
    _recount(logs.counts, len(records))
    return Found(candidate.id, "session", span, records)


def _member_in(member: str, names: set[str]) -> Callable[[Record], bool]:
    return lambda record: text(record.content.get(member)) in names


def _span(candidate: Candidate) -> str:
    return candidate.id if candidate.kinds & {"span", "parent"} else ""


def _recount(counts: Counts, selected: int) -> None:
    counts.passed += counts.selected - selected
    counts.selected = selected
