"""A part of an index put into bytes, as `parts` reads them."""

from __future__ import annotations

from array import array

from auditlog_cli.index.keys import FIELDS, number
from auditlog_cli.index.parts import HEAD, KEYED, SPANS

TYPE_CHECKING = False
if TYPE_CHECKING:
    Postings = dict[str, list[int]]

_FEW = 4  # entries in a bucket of spans, about

assert array("I").itemsize == 4 and array("H").itemsize == 2


class Made:
    """A part that is being made.

    Attributes:
        offsets: Where each line begins, and where the last one ends; from the first byte of the part.
        odd: The lines that a query must always look at.
        times: For each `BLOCK` of lines the earliest and the latest instant.
        found: For each of `keys.FIELDS`: value → lines.
    """

    __slots__ = ("found", "odd", "offsets", "times")

    def __init__(self) -> None:
        self.offsets = array("I", [0])
        self.odd = array("H")
        self.times: list[tuple[int, int]] = []
        self.found: list[Postings] = [{} for _ in FIELDS]

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return len(self.offsets) - 1

    def packed(self) -> bytes:
        """Return it as bytes."""
        sections: list[tuple[bytes, int]] = [
            (self.offsets.tobytes(), len(self.offsets)),
            (self.odd.tobytes(), len(self.odd)),
            (array("q", [each for pair in self.times for each in pair]).tobytes(), len(self.times)),
            _buckets(self.found[SPANS]),
        ]
        for place in KEYED:
            sections += _keyed(self.found[place], place)
        head = array("I")
        at = 4 * HEAD
        for data, count in sections:
            head.extend((at, count))
            at += len(data)
        return b"".join((head.tobytes(), *(data for data, _ in sections)))


def _buckets(spans: Postings) -> tuple[bytes, int]:
    """The table of the spans: almost each is another one, so a key for each would take more room than the rest."""
    entries = sum(map(len, spans.values()))
    bits = max(entries // _FEW, 1).bit_length() - 1
    buckets: list[list[int]] = [[] for _ in range(1 << bits)]
    for value, lines in spans.items():
        buckets[number(value, SPANS) >> (32 - bits)] += lines
    starts = array("I", [0])
    found = array("H")
    for bucket in buckets:
        found.extend(bucket)
        starts.append(len(found))
    return starts.tobytes() + found.tobytes(), len(buckets)


def _keyed(postings: Postings, field: int) -> list[tuple[bytes, int]]:
    numbered: dict[int, list[int]] = {}
    for value, lines in postings.items():
        known = numbered.setdefault(number(value, field), lines)
        if known is not lines:
            numbered[number(value, field)] = sorted({*known, *lines})
    keys, held = array("I"), array("H")
    places: dict[bytes, int] = {}  # an e-mail address has the lines of its user: they are kept once
    for each in sorted(numbered):
        data = array("H", numbered[each]).tobytes()
        at = places.get(data)
        if at is None:
            at = places[data] = len(held)
            held.frombytes(data)
        keys.extend((each, at, len(data) // 2))
    return [(keys.tobytes(), len(numbered)), (held.tobytes(), len(held))]
