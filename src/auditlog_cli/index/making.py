"""Parts made out of the lines of a segment.

Every line is decoded, strictly, as a query would decode it: so it is known which lines are bad, and by which values
each record is found, whatever its shape. For lines as our own writer and orjson write them the values are taken
where they stand; `keys.of` is the slow twin, asked for all others (tests/index/test_making.py compares the two).
"""

from __future__ import annotations

from collections import defaultdict
from itertools import accumulate
from zlib import crc32

from auditlog_cli import decoders, strictjson, times
from auditlog_cli.index import keys, parts
from auditlog_cli.index.packing import Made
from auditlog_cli.record import Line
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
    for raws, too_long in _lines(pread, start, end):
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
            maker.add(some)
            start += sum(map(len, some)) + len(some)
    if maker.lengths:
        yield begin, maker.made()


def _lines(pread: Pread, start: int, end: int) -> Iterator[tuple[list[bytes], int]]:
    """Yield some lines without their LF; or none, and the length of one that is too long, with its LF."""
    step = _STEP
    while start < end:
        block = pread(min(step, end - start), start)
        stop = block.rfind(b"\n") + 1
        if stop:
            yield block[: stop - 1].split(b"\n"), 0
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
            yield [], at - start
            start = at


class _Maker:
    """Takes lines, and knows what they hold.

    Attributes:
        lengths: Of the lines, each with its LF.
    """

    def __init__(self) -> None:
        self.lengths: list[int] = []
        self._odd: list[int] = []
        self._rows: list[tuple[str, ...]] = []  # for each line what stands at the `_COLUMNS`
        self._stamps: list[object] = []
        self._others: list[dict[str, list[int]]] = [{} for _ in keys.FIELDS]

    def none(self, length: int) -> None:
        """Take a line that is too long to be looked at."""
        self._odd.append(len(self.lengths))
        self.lengths.append(length)
        self._rows.append(_NOTHING)
        self._stamps.append(None)

    def add(self, raws: list[bytes]) -> None:
        """Take the next lines."""
        line = len(self.lengths)
        self.lengths += [len(raw) + 1 for raw in raws]
        add_row, add_stamp = self._rows.append, self._stamps.append
        for raw in raws:
            try:
                content = strictjson.decode(raw)
            except strictjson.Malformed:
                self._odd.append(line)
                add_row(_NOTHING)
                add_stamp(None)
            else:
                row = _row(content)
                if row is None:
                    add_row(_NOTHING)
                    add_stamp(self._other(content, raw, line))
                else:
                    add_row(row)
                    add_stamp(content.get("timestamp"))
            line += 1

    def _other(self, content: dict[str, object], raw: bytes, line: int) -> object:
        """Take a record of any kind; return its timestamp."""
        record = decoders.read(content, Line(raw))
        if record.is_own:
            self._odd.append(line)
            return None
        for postings, values in zip(self._others, keys.of(record), strict=True):
            for value in values:
                postings.setdefault(value, []).append(line)
        return record.content.get("timestamp")

    def made(self) -> Made:
        """Return what was made."""
        found: list[dict[str, list[int]]] = [{} for _ in keys.FIELDS]
        spans: list[int] = []
        for field, column in zip(_COLUMNS, zip(*self._rows, strict=True), strict=True):
            if field == parts.SPANS:
                spans += [
                    crc32(value.encode(), field) << 16 | line for line, value in enumerate(column) if value
                ]  # `keys.number` where it stands: this is done twice for each line
                continue
            postings: dict[str, list[int]] = defaultdict(list)
            for line, value in enumerate(column):
                postings[value].append(line)
            postings.pop("", None)
            _join(found[field], postings)
        for known, more in zip(found, self._others, strict=True):
            _join(known, more)
        for value, lines in self._others[parts.SPANS].items():
            spans += [keys.number(value, parts.SPANS) << 16 | line for line in lines]
        stamps = self._stamps
        times = [span_of(stamps[at : at + parts.BLOCK]) for at in range(0, len(stamps), parts.BLOCK)]
        return Made([0, *accumulate(self.lengths)], self._odd, times, found, spans)


def _join(found: dict[str, list[int]], more: dict[str, list[int]]) -> None:
    if not found:
        found.update(more)
        return
    for value, lines in more.items():
        known = found.setdefault(value, lines)
        if known is not lines and known != lines:
            found[value] = known + lines if known[-1] < lines[0] else sorted({*known, *lines})


_COLUMNS = tuple(keys.FIELDS.index(name) for name, paths in keys.PATHS.items() for _ in paths)
_NOTHING = ("",) * len(_COLUMNS)


def _row(content: dict[str, object]) -> tuple[str, ...] | None:
    """What stands at the `_COLUMNS` of a record of ours; None if it is none, or not everything there is a text."""
    get: Callable[[str, object], Any] = content.get
    user, agent, action = get("user", None), get("agent", None), get("action", None)
    if type(action) is not dict or type(user) is not dict or type(agent) is not dict or "auditlog" in content:
        return None
    parent = get("parent_span_id", "")
    row = (
        get("session_id", ""), get("trace_id", ""), user.get("id", ""), user.get("email", ""), user.get("name", ""),
        agent.get("id", ""), agent.get("name", ""), action.get("tool", ""), get("span_id", ""),
        "" if parent is None else parent,
    )  # fmt: skip
    try:
        "".join(row)  # the shortest way to know that all of them are texts
    except TypeError:
        return None
    return row


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
