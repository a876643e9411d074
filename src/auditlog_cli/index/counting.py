"""Records counted by what stands at a path, out of the indexes of logs.

What an index says of a part is taken for a count only if the file is as it was when the part was made (inode, size,
times), or all bytes of the part have the sum that they had then. Lines that are no plain record are decoded as ever.
Of each group that is shown its records, or those with the longest latency, are read from the log: they must be what
the index says that they are. Where anything is not as it should be, nothing is counted from an index, and the logs
are scanned.
"""

from __future__ import annotations

from auditlog_cli import decoders, statistics
from auditlog_cli.index import keys, layout, measures, opening
from auditlog_cli.index.pages import Damaged
from auditlog_cli.index.parts import COUNTED, MIXED, Part
from auditlog_cli.index.query import Query
from auditlog_cli.index.searching import Opened, Segment, opened, walk
from auditlog_cli.record import Line, Record

try:
    from _collections import _count_elements  # type: ignore[import-not-found]  # `collections` takes longer to load
except ImportError:  # pragma: no cover - other interpreters than CPython
    from collections import _count_elements  # type: ignore[attr-defined]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditlog_cli.counts import Counts
    from auditlog_cli.record import BadLine
    from auditlog_cli.sources.files import Log
    from auditlog_cli.statistics import Group, Statistics

    _Lines = list[int] | memoryview

PATHS = {path: (field, bit) for field in COUNTED for bit, path in enumerate([*keys.PATHS.values()][field])}
"""What can be counted: path → the number of its field, and which of the field's paths it is."""
_MOST_GROUPS = 2000
"""Groups of which at least one record is read."""


class Uncountable(Exception):
    """The index cannot tell: the logs are to be scanned."""


class _Piece:
    """A part that is counted: where it is, and the lines of it that were decoded instead."""

    __slots__ = ("apart", "covered", "inode", "segment")

    def __init__(self, segment: Segment, covered: layout.Covered, inode: int, apart: set[int]) -> None:
        self.segment = segment
        self.covered = covered
        self.inode = inode
        self.apart = apart

    def open(self) -> Part:
        return self.covered.open(self.inode)


class _Tally:
    """One group, counted from indexes.

    Args:
        name: Its value, where that is known.

    Attributes:
        telling: Measures of which each record has to be read: for its latency, or for the largest one.
    """

    __slots__ = ("_buckets", "_exact", "_measures", "_seen", "_top", "name", "telling")

    def __init__(self, name: str | None) -> None:
        self.name = name
        self._measures: dict[int, int] = {}
        self._buckets: dict[int, int] = {}
        self._exact = True
        self._top = 0
        self._seen: list[float] = []
        self.telling: set[int] = set()

    def take(self, measured: list[int]) -> None:
        """Count the measures of some lines."""
        _count_elements(self._measures, measured)

    def settle(self, others: int) -> None:
        """Decide how latencies are told: exactly, if there are few, together with so many others."""
        for each, count in self._measures.items():
            bucket = each & measures.LATENCY
            if bucket:
                self._buckets[bucket - 1] = self._buckets.get(bucket - 1, 0) + count
                self._top = max(self._top, bucket)
        self._exact = sum(self._buckets.values()) + others <= statistics.FEW
        self.telling = {
            each
            for each in self._measures
            if (bucket := each & measures.LATENCY) and (self._exact or bucket == self._top)
        }

    def saw(self, latency: float | None) -> None:
        """Take the latency of a record that was read."""
        if latency is not None:
            self._seen.append(latency)

    def added_to(self, group: Group) -> Group:
        """Return the group with this in it."""
        for each, count in self._measures.items():
            group.records += count
            group.calls += count * (each & measures.CALL > 0)
            group.errors += count * (each & measures.ERROR > 0)
            group.refused += count * (each & measures.DENIED > 0)
        if self._exact:
            for latency in self._seen:
                group.latencies.add(latency)
        else:
            group.latencies.add_many(self._buckets, max(self._seen, default=0.0))
        return group


class Counting:
    """A count over some logs. Use it in a `with` block: it holds descriptors.

    Args:
        logs: All of them are opened at once.
        by: Some of `PATHS`.
        counts: `read` and `selected` are counted for what is not yielded; `read` for what is.
        say: Told what became of the indexes.

    Raises:
        Uncountable: If one of the logs cannot be opened at one moment.
        InputError: If one cannot be read.
    """

    def __init__(
        self, logs: list[Log], by: tuple[str, ...], counts: Counts, say: Callable[[str], None], *, processes: bool
    ) -> None:
        self._counts = counts
        self._say = say
        self._processes = processes
        self._pieces: list[_Piece] = []
        self._totals: dict[str, dict[bytes, int]] = {path: {} for path in by}
        self._none = keys.digest(statistics.NONE)
        self._opened: list[Opened] = []
        for log in logs:
            found = opened(log, processes, say)
            if found is None:
                self.close()
                raise Uncountable
            self._opened.append(found)

    def __enter__(self) -> Counting:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the descriptors back."""
        for each in self._opened:
            each.close()
        self._opened = []

    def lines(self) -> Iterator[Line | BadLine]:
        """Yield the lines that have to be decoded and counted by the caller; the others are counted here."""
        query = Query([], None)
        for each in self._opened:
            yield from walk(each, query, self._counts, self._processes, self._say, self._look)

    def _look(self, segment: Segment, covered: layout.Covered, inode: int) -> list[Line | BadLine]:
        """Count a part, and return its lines that are to be decoded.

        Raises:
            Damaged: If it is not what was indexed, or most of its lines would have to be decoded anyway.
        """
        if not opening.is_same(segment.source, segment.fd, covered):
            raise Damaged("is older than they are")
        part = covered.open(inode)
        apart = {*part.odd(), *part.uneven()}
        for path in self._totals:
            field, _ = PATHS[path]
            for _, flags, at, many in part.values(field):
                if flags & MIXED:
                    apart.update(part.lines_of(field, at, many))
        if 2 * len(apart) > part.lines:
            raise Damaged("is of no use for a count")
        wanted = sorted(apart)
        found = [
            self._read(segment, covered, line, place) for line, place in zip(wanted, part.offsets(wanted), strict=True)
        ]
        plain = part.lines - len(apart)
        totals = {path: _totals(part, path, apart) for path in self._totals}
        if any(sum(each.values()) > plain for each in totals.values()):
            raise Damaged  # before anything is counted: all of it, or nothing
        for path, each in totals.items():
            known = self._totals[path]
            for digest, count in each.items():
                known[digest] = known.get(digest, 0) + count
            rest = plain - sum(each.values())
            if rest:
                known[self._none] = known.get(self._none, 0) + rest
        self._pieces.append(_Piece(segment, covered, inode, apart))
        self._counts.read += plain
        self._counts.selected += plain
        return found

    def _read(self, segment: Segment, covered: layout.Covered, line: int, place: tuple[int, int]) -> Line | BadLine:
        found = segment.line(covered, line, *place)
        assert found is not None  # there are no needles
        return found

    def add_to(self, found: Statistics, top: int) -> None:
        """Add what was counted here to what the caller has counted of the lines.

        Args:
            found: Counted by the same paths.
            top: How many groups of each path are wanted; 0: all.

        Raises:
            Uncountable: If there are too many groups, or the log does not hold what the index says: `found` is then
                worth nothing.
        """
        try:
            for path in self._totals:
                self._add(found, path, top)
        except (Damaged, OSError):
            raise Uncountable from None

    def _add(self, found: Statistics, path: str, top: int) -> None:
        counted, totals = found.groups[path], self._totals[path]
        names = {keys.digest(name): name for name in counted}
        for digest, name in names.items():
            totals[digest] = totals.get(digest, 0) + counted[name].records
        if len(totals) > statistics.MOST_VALUES:
            raise Uncountable  # a scan counts some of them together
        least = sorted(totals.values(), reverse=True)[top - 1] if 0 < top < len(totals) else 0
        tallies = {
            digest: _Tally(statistics.NONE if digest == self._none else names.get(digest))
            for digest, count in totals.items()
            if count >= least
        }
        if len(tallies) > _MOST_GROUPS:
            raise Uncountable
        held: list[tuple[_Piece, bytes, _Lines, set[int]]] = []
        for piece in self._pieces:
            part = piece.open()
            measured = part.measures()
            for digest, lines in self._lines(piece, part, path, tallies):
                each = [measured[line] for line in lines]
                tallies[digest].take(each)
                held.append((piece, digest, lines, {*each}))
        for tally in tallies.values():
            group = counted.get(tally.name) if tally.name is not None else None
            tally.settle(group.latencies.count if group is not None else 0)
        for piece, digest, lines, mine in held:
            tally = tallies[digest]
            if tally.name is None or not mine.isdisjoint(tally.telling):
                self._read_back(path, piece, lines, digest, tally)
        groups: dict[str, Group] = {}
        for tally in tallies.values():
            assert tally.name is not None  # each has a record, and one of them was read
            groups[tally.name] = tally.added_to(counted.get(tally.name) or statistics.Group())
        found.groups[path] = groups
        found.beyond[path] = len(totals) - len(groups)

    def _lines(
        self, piece: _Piece, part: Part, path: str, wanted: dict[bytes, _Tally]
    ) -> Iterator[tuple[bytes, _Lines]]:
        """Yield the lines of each wanted group in a part."""
        field, bit = PATHS[path]
        apart = piece.apart
        rest = {*range(part.lines)} - apart if self._none in wanted else None
        for digest, flags, at, many in part.values(field):
            if flags >> bit & 1 and not flags & MIXED and (rest is not None or digest in wanted):
                lines: _Lines = part.lines_of(field, at, many)
                if apart:
                    lines = [line for line in lines if line not in apart]
                if rest is not None:
                    rest.difference_update(lines)
                if lines and digest in wanted:
                    yield digest, lines
        if rest:
            yield self._none, sorted(rest)

    def _read_back(self, path: str, piece: _Piece, lines: _Lines, digest: bytes, tally: _Tally) -> None:
        """Read the records that a tally needs, and hold them against what the index says of them."""
        part = piece.open()
        measured = part.measures()
        wanted = [line for line in lines if measured[line] in tally.telling] or [lines[0]]
        for line, place in zip(wanted, part.offsets(wanted), strict=True):
            item = decoders.decode(self._read(piece.segment, piece.covered, line, place))
            if not isinstance(item, Record) or measures.of(item.content) != measured[line]:
                raise Uncountable
            values = statistics.values(item.content, path)
            if tally.name is None and len(values) == 1 and keys.digest(values[0]) == digest:
                tally.name = values[0]
            if values != [tally.name]:
                raise Uncountable
            if measured[line] in tally.telling:
                tally.saw(statistics.latency_of(item.content))


def _totals(part: Part, path: str, apart: set[int]) -> dict[bytes, int]:
    """How many lines of a part, but for those apart, bear each value at a path."""
    field, bit = PATHS[path]
    found: dict[bytes, int] = {}
    for digest, flags, at, many in part.values(field):
        if flags >> bit & 1 and not flags & MIXED:
            count = many if not apart else sum(line not in apart for line in part.lines_of(field, at, many))
            if count:
                found[digest] = found.get(digest, 0) + count
    return found
