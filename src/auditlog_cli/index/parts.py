"""One part of an index: some consecutive lines of one segment, at most 65,536, and by what they are found.

A part is complete in itself: it is made once, by any process, and copied as it is when an index grows. Its bytes, in
the order of the machine:

    head       where the tables begin, and how many entries each has
    offsets    where each line begins and ends, from the first byte of the part (see below)
    odd        u16 for each line that a query must always look at: no record, or one of the log about itself
    times      i64, i64 for each 256 lines: the earliest and the latest instant among them
    spans      where each bucket begins and ends among the lines that follow (see below); u16 for each: bears such an id
    measures   u16 for each line: what a count wants to know of it (`measures`)
    uneven     u16 for each line that a count must always look at: what stands at a path is no text
    tree       if all lines are sealed and numbered one by one: i64, the number of the first one; 32 bytes for each
               `LEAVES` of them that are a whole subtree of the log's tree and have a line behind them: its root
    fields     for each but the spans: (number, where, how many and flags) u32 each, sorted; u16 for each line; if
               it is counted, 16 bytes for each number: which value it is

Places that follow one another are kept as u32 for each `SPACE` of them, and u16 for each, how long it is. If one is
longer than that can tell: as u32 for each, and one more, where the last one ends.
"""

from __future__ import annotations

from auditlog_cli.index.keys import FIELDS, number
from auditlog_cli.index.pages import Damaged, Pages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal

MOST_LINES = 1 << 16
BLOCK = 256
"""Lines whose times are told together."""
NEVER = (1, 0)
"""The earliest and latest instant where there is none."""
SPANS = FIELDS.index("span")
KEYED = tuple(place for place in range(len(FIELDS)) if place != SPANS)
COUNTED = tuple(place for place in KEYED if FIELDS[place] != "trace")
"""Fields whose values can be counted: there are too many traces to show how many records each has."""
SPACE = 32
"""Places of which the first is told, and of the others how long they are."""
LEAVES = 256
"""Leaves of a subtree that a part tells the root of."""
OFFSETS, ODD, TIMES, BUCKETS, IN_BUCKETS, MEASURES, UNEVEN, TREE = 0, 2, 3, 4, 6, 7, 8, 9
"""Sections; offsets and buckets are two each."""
_BESIDE = 10  # sections before the fields
HEAD = 2 * (_BESIDE + 3 * len(KEYED))  # where and how many, for each section
FLAGS = 24
"""By so many bits the flags of a number stand above how many lines it has (at most 65,536)."""
MIXED = 8
"""A flag: several values have that number, or it stands at one path here and at another there. Else 1, 2, 4: at the
first, second, third path of the field, on each of its lines.
"""
_MANY = (1 << FLAGS) - 1
_NEAR = 96  # keys on either side of where a number is expected


class Part:
    """A part as it lies in an index.

    Args:
        pages: Its bytes.
        lines: How many lines it has; they stand in the directory, too.

    Raises:
        Damaged: If it does not fit together; every method may, at any time.
    """

    __slots__ = ("_head", "_pages", "lines")

    def __init__(self, pages: Pages, lines: int) -> None:
        self._pages = pages
        self._head = _view("I", pages.read(4 * HEAD, 0))
        self.lines = lines
        if self._places(OFFSETS) != lines:
            raise Damaged

    def _section(self, place: int) -> tuple[int, int]:
        return self._head[2 * place], self._head[2 * place + 1]

    def _places(self, section: int) -> int:
        """How many places a section tells of."""
        return self._head[2 * section + 3] or self._head[2 * section + 1] - 1

    def _place(self, section: int, wanted: int) -> tuple[int, int]:
        """Begin and end of one place."""
        begin, _ = self._section(section)
        at, many = self._section(section + 1)
        read = self._pages.read
        if not many:
            return tuple(_view("I", read(8, begin + 4 * wanted)))  # type: ignore[return-value]
        if wanted >= many:
            raise Damaged
        block = wanted // SPACE
        lengths = _view("H", read(2 * (wanted % SPACE + 1), at + 2 * SPACE * block))
        end: int = _view("I", read(4, begin + 4 * block))[0] + sum(lengths)
        return end - lengths[-1], end

    def offsets(self, wanted: Iterable[int]) -> list[tuple[int, int]]:
        """Return begin and end (behind its LF) of each wanted line, from the first byte of the part."""
        return [self._place(OFFSETS, line) for line in wanted]

    def odd(self) -> memoryview:
        """Return the lines that are always to be looked at."""
        begin, count = self._section(ODD)
        return _view("H", self._pages.read(2 * count, begin))

    def between(self, start: int | None, end: int | None) -> list[range]:
        """Return the lines of all blocks with an instant from `start` to before `end` (None: no limit)."""
        begin, count = self._section(TIMES)
        held = _view("q", self._pages.read(16 * count, begin))
        found = []
        for block in range(count):
            earliest, latest = held[2 * block], held[2 * block + 1]
            if earliest <= latest and (start is None or latest >= start) and (end is None or earliest < end):
                found.append(range(block * BLOCK, min((block + 1) * BLOCK, self.lines)))
        return found

    def bearing(self, field: str, value: str) -> memoryview:
        """Return the lines with this value in one of `keys.FIELDS`; among them may be lines without it."""
        place = FIELDS.index(field)
        wanted = number(value, place)
        if place == SPANS:
            bucket = wanted >> (33 - self._places(BUCKETS).bit_length())
            first, last = self._place(BUCKETS, bucket)
            return self._lines(self._section(IN_BUCKETS)[0], first, last - first)
        section = _BESIDE + 3 * KEYED.index(place)
        begin, count = self._section(section)
        at, many = self._key(begin, count, wanted)
        return self._lines(self._section(section + 1)[0], at, many & _MANY)

    def measures(self) -> memoryview:
        """Return the measures of each line."""
        begin, count = self._section(MEASURES)
        if count != self.lines:
            raise Damaged
        return _view("H", self._pages.read(2 * count, begin))

    def uneven(self) -> memoryview:
        """Return the lines that a count must look at."""
        begin, count = self._section(UNEVEN)
        return _view("H", self._pages.read(2 * count, begin))

    def tree(self) -> tuple[int, list[bytes]] | None:
        """Return the number of the first line, and the roots of the subtrees of `LEAVES` from the first whole one on.

        None if not every line is a sealed one that continues the one before it. They are worth what a signed root
        that follows from them is worth.
        """
        begin, count = self._section(TREE)
        if not count:
            return None
        data = self._pages.read(8 + 32 * (count - 1), begin)
        return _view("q", data[:8])[0], [data[at : at + 32] for at in range(8, len(data), 32)]

    def values(self, place: int) -> list[tuple[bytes, int, int, int]]:
        """Return (digest, flags, where, how many) for each number of `keys.FIELDS[place]`; the last two are for
        `lines_of`.
        """
        section = _BESIDE + 3 * KEYED.index(place)
        begin, count = self._section(section)
        keys = _view("I", self._pages.read(12 * count, begin))
        begin, held = self._section(section + 2)
        digests = self._pages.read(16 * held, begin)
        if held != count or len(digests) != 16 * count:
            raise Damaged
        each = [digests[at : at + 16] for at in range(0, 16 * count, 16)]
        many = keys.tolist()[2::3]
        return [*zip(each, [n >> FLAGS for n in many], keys.tolist()[1::3], [n & _MANY for n in many], strict=True)]

    def lines_of(self, place: int, at: int, many: int) -> memoryview:
        """Return the lines that `values` tells of."""
        return self._lines(self._section(_BESIDE + 3 * KEYED.index(place) + 1)[0], at, many)

    def _lines(self, begin: int, at: int, many: int) -> memoryview:
        return _view("H", self._pages.read(2 * many, begin + 2 * at))

    def _key(self, begin: int, count: int, wanted: int) -> tuple[int, int]:
        """Where the lines of a number are, and how many: numbers are spread evenly, so it is nearly known where."""
        expected = wanted * count >> 32
        first, last = max(expected - _NEAR, 0), min(expected + _NEAR, count)
        while True:
            keys = _view("I", self._pages.read(12 * (last - first), begin + 12 * first))
            numbers = keys[::3]
            if (first == 0 or numbers[0] < wanted) and (last == count or numbers[-1] > wanted):
                place = _among(numbers, wanted)
                return (keys[3 * place + 1], keys[3 * place + 2]) if place >= 0 else (0, 0)
            first, last = 0, count


def _view(kind: Literal["H", "I", "q"], data: bytes) -> memoryview:
    """The numbers in some bytes; importing `array` would bring `collections` to the start path."""
    return memoryview(data).cast(kind)


def _among(numbers: memoryview, wanted: int) -> int:
    """Where a number is among ascending ones, or -1; importing `bisect` would take longer."""
    low, high = 0, len(numbers)
    while low < high:
        middle = (low + high) // 2
        if numbers[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low if low < len(numbers) and numbers[low] == wanted else -1
