"""Parts made out of the lines of a segment.

Every line is decoded, strictly, as a query would decode it: so it is known which lines are bad, and by which values
each record is found, whatever its shape. For lines as our own writer and orjson write them the values are taken
where they stand; `keys.of` is the slow twin, asked for all others (tests/index/test_making.py compares the two).
"""

from __future__ import annotations

from collections import defaultdict
from itertools import accumulate
from zlib import crc32

from auditlog_cli import decoders, statistics, strictjson, times
from auditlog_cli.index import keys, measures, parts
from auditlog_cli.index.packing import Made
from auditlog_cli.record import Line, Record
from auditlog_cli.sealing import links, merkle
from auditlog_cli.strictjson import MAX_LINE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Pread = Callable[[int, int], bytes]

LARGEST = 1 << 32
"""Bytes of a part at the most: a line of that length is not indexed, nor what follows it."""
_STEP = 1 << 20


class TooLong(Exception):
    """A line is longer than a part may be."""


def make(pread: Pread, start: int, end: int) -> Iterator[tuple[int, Made]]:
    """Yield the parts of a stretch of whole lines, each with where it begins.

    Args:
        pread: Gives so many bytes from a place on.
        start: Where a line begins.
        end: Where one ends.

    Raises:
        TooLong: At a line that no part can hold.
    """
    maker = _Maker()
    begin = start
    for block, raws, too_long in _lines(pread, start, end):
        if too_long and start + too_long - begin >= LARGEST:
            raise TooLong
        while raws or too_long:
            room = parts.MOST_LINES - len(maker.lengths)
            if not room:
                yield begin, maker.made()
                maker, begin = _Maker(), start
                continue
            if too_long:
                maker.none(too_long)
                start += too_long
                break
            some, raws = raws[:room], raws[room:]
            data = block if len(block) == sum(map(len, some)) + len(some) else b"\n".join(some) + b"\n"
            maker.add(some, data)
            start += len(data)
    if maker.lengths:
        yield begin, maker.made()


def _lines(pread: Pread, start: int, end: int) -> Iterator[tuple[memoryview, list[bytes], int]]:
    """Yield some lines with and without their LF; or none, and the length of one that is too long, with its LF."""
    step = _STEP
    while start < end:
        block = pread(min(step, end - start), start)
        stop = block.rfind(b"\n") + 1
        if stop:
            yield memoryview(block)[:stop], block[: stop - 1].split(b"\n"), 0
            start += stop
            step = _STEP
        elif len(block) < min(step, end - start):
            return  # the file was shortened: what is gone is not covered
        elif step <= MAX_LINE:
            step *= 2
        else:
            at = start + len(block)
            cut = -1
            while at < end and cut < 0:
                block = pread(_STEP, at)
                if not block:
                    return
                cut = block.find(b"\n")
                at += len(block) if cut < 0 else cut + 1
            if cut < 0:
                return
            yield memoryview(b""), [], at - start
            start = at


class _Maker:
    """Takes lines, and knows what they hold.

    Attributes:
        lengths: Of the lines, each with its LF.
    """

    def __init__(self) -> None:
        self.lengths: list[int] = []
        self._sum = 0
        self._odd: list[int] = []
        self._stamps: list[object] = []
        self._found: list[dict[str, list[int]]] = [defaultdict(list) for _ in keys.COLUMNS]
        self._spans: list[int] = []
        self._measures: list[int] = []
        self._uneven: list[int] = []
        self._first: int | None = None  # the number of the first line, as long as all are sealed and continue it
        self._named: list[bytes] = []  # the leaf that each line names

    def none(self, length: int) -> None:
        """Take a line that is too long to be looked at."""
        self._odd.append(len(self.lengths))
        self.lengths.append(length)
        self._sum = NO_SUM
        self._first = None
        self._stamps.append(None)
        self._measures.append(0)

    def add(self, raws: list[bytes], data: bytes | memoryview) -> None:
        """Take the next lines; `data` is all of them, each with its LF."""
        line = first = len(self.lengths)
        self._link(raws)
        self.lengths += [len(raw) + 1 for raw in raws]
        if self._sum != NO_SUM:
            self._sum = crc32(data, self._sum)
        rows: list[tuple[str, ...]] = []  # for each line what stands at the `keys.COLUMNS`, and the words of measures
        latencies: list[float | None] = []
        others: dict[int, int] = {}  # line → measures
        add_row, add_stamp, add_latency = rows.append, self._stamps.append, latencies.append
        for raw in raws:
            try:
                content = strictjson.decode(raw)
            except strictjson.Malformed:
                row = None
                self._odd.append(line)
                others[line] = 0
                add_row(_NOTHING)
                add_stamp(None)
                add_latency(None)
            else:
                row = _row(content)
                if row is None:
                    record = decoders.read(content, Line(raw))
                    row, others[line] = self._other(record, line)
                    add_row(row)
                    add_stamp(None if record.is_own else record.content.get("timestamp"))
                    add_latency(None)
                else:
                    add_row(row)
                    add_stamp(content.get("timestamp"))
                    add_latency(content["action"].get("latency_ms"))  # type: ignore[attr-defined]
            line += 1
        self._fold(first, rows)
        measured = measures.of_many(rows, latencies)
        for place, each in others.items():
            measured[place - first] = each
        self._measures += measured

    def _link(self, raws: list[bytes]) -> None:
        """Take the leaves that the next lines name."""
        if not self.lengths:
            self._first = links.number(raws[0])
        if self._first is not None:
            self._named += links.named(raws, self._first + len(self.lengths))
            if len(self._named) != len(self.lengths) + len(raws):
                self._first = None

    def _tree(self) -> tuple[int, list[bytes]] | None:
        """The number of the first line, and the roots of the whole subtrees; see `parts.Part.tree`."""
        first, named, many = self._first, self._named, parts.LEAVES
        if first is None:
            return None
        begin = -first % many + 1  # each leaf stands in the line behind it
        return first, [merkle.subtree(named[at : at + many]) for at in range(begin, len(named) - many + 1, many)]

    def _other(self, record: Record, line: int) -> tuple[tuple[str, ...], int]:
        """What stands in a record of any kind, and its measures."""
        if record.is_own:
            self._odd.append(line)
            return _NOTHING, 0
        row = keys.at_columns(record)
        self._spans += [keys.number(value, parts.SPANS) << 16 | line for value in keys.requests(record) if value]
        if any(
            statistics.values(record.content, path) != [value or statistics.NONE]
            for (field, path), value in zip(keys.COLUMNS, row, strict=True)
            if field != parts.SPANS
        ):
            self._uneven.append(line)
        return (*row, *_NOTHING[: measures.WORDS]), measures.of(record.content)

    def _fold(self, first: int, rows: list[tuple[str, ...]]) -> None:
        """Take the columns of some rows: what is kept of them are numbers of lines."""
        for (field, _), postings, column in zip(keys.COLUMNS, self._found, zip(*rows, strict=True), strict=False):
            if field == parts.SPANS:
                self._spans += [
                    crc32(value.encode(), field) << 16 | line for line, value in enumerate(column, first) if value
                ]  # `keys.number` where it stands: this is done twice for each line
                continue
            for line, value in enumerate(column, first):
                postings[value].append(line)

    def made(self) -> Made:
        """Return what was made."""
        found: list[dict[str, list[int]]] = [{} for _ in keys.FIELDS]
        by_path: list[list[dict[str, list[int]]]] = [[] for _ in keys.FIELDS]
        for (field, _), postings in zip(keys.COLUMNS, self._found, strict=True):
            postings.pop("", None)
            by_path[field].append(postings)
            _join(found[field], postings)
        flags = [_flags(all_of, each) for all_of, each in zip(found, by_path, strict=True)]
        stamps = self._stamps
        times = [span_of(stamps[at : at + parts.BLOCK]) for at in range(0, len(stamps), parts.BLOCK)]
        return Made(
            [0, *accumulate(self.lengths)], self._sum, self._odd, times, self._measures, self._uneven, found, flags,
            self._spans, self._tree(),
        )  # fmt: skip


def _flags(found: dict[str, list[int]], by_path: list[dict[str, list[int]]]) -> dict[str, int]:
    """At which of the paths of a field each value stands; `MIXED` if not at the same ones on each of its lines."""
    flags = dict.fromkeys(found, 0)
    for bit, postings in enumerate(by_path):
        for value, lines in postings.items():
            whole = found[value]
            flags[value] |= 1 << bit if lines is whole or lines == whole else parts.MIXED
    return flags


def _join(found: dict[str, list[int]], more: dict[str, list[int]]) -> None:
    if not found:
        found.update(more)
        return
    for value, lines in more.items():
        known = found.setdefault(value, lines)
        if known is not lines and known != lines:
            found[value] = known + lines if known[-1] < lines[0] else sorted({*known, *lines})


_NOTHING = ("",) * (len(keys.COLUMNS) + measures.WORDS)
NO_SUM = -1
"""In place of the sum of a part with a line that is too long to be looked at."""
_NUMBERS = frozenset((int, float, type(None)))


def _row(content: dict[str, object]) -> tuple[str, ...] | None:
    """What stands at the `keys.COLUMNS` of a record of ours, and the words that its measures are made from; None if
    it is none, or not everything there is a text, or its latency no number.
    """
    get: Callable[[str, object], Any] = content.get
    user, agent, action = get("user", None), get("agent", None), get("action", None)
    if type(action) is not dict or type(user) is not dict or type(agent) is not dict or "auditlog" in content:
        return None
    parent = get("parent_span_id", "")
    row = (
        get("session_id", ""), get("trace_id", ""), user.get("id", ""), user.get("email", ""), user.get("name", ""),
        agent.get("id", ""), agent.get("name", ""), action.get("tool", ""), get("span_id", ""),
        "" if parent is None else parent, action.get("result_status", ""), action.get("phase", ""),
        action.get("type", ""),
    )  # fmt: skip
    try:
        "".join(row)  # the shortest way to know that all of them are texts
    except TypeError:
        return None
    return row if type(action.get("latency_ms")) in _NUMBERS else None


def span_of(stamps: list[object]) -> tuple[int, int]:
    """Return the earliest and the latest instant that the timestamps name; `parts.NEVER` if none names any.

    Times in one and the same form, in UTC, are in the order of their letters: then two of them are understood, and
    not all.
    """
    forms = {(len(stamp), stamp[10:11], stamp[-1:]) if type(stamp) is str else None for stamp in stamps}
    if len(forms) == 1 and None not in forms:
        (form,) = forms
        if form is not None and form[1:] == ("T", "Z"):
            texts: list[str] = stamps  # type: ignore[assignment]
            first, last = times.parse(min(texts)), times.parse(max(texts))
            if first is not None and last is not None:
                return first, last
    known = [moment for moment in map(times.parse, stamps) if moment is not None]
    return (min(known), max(known)) if known else parts.NEVER
