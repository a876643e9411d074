"""A part of an index put into bytes, as `parts` reads them."""

from __future__ import annotations

from array import array
from itertools import accumulate
from operator import sub

from auditlog_cli.index.keys import digest, number
from auditlog_cli.index.parts import COUNTED, FLAGS, HEAD, KEYED, MIXED, SPACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    Postings = dict[str, list[int]]
    Flags = dict[str, int]

_FEW = 4  # entries in a bucket of spans, about

assert array("I").itemsize == 4 and array("H").itemsize == 2


class Made:
    """What a part holds.

    Attributes:
        offsets: Where each line begins, and where the last one ends; from the first byte of the part.
        sum: Of all bytes of the lines (CRC-32); -1 if nobody has looked at all of them.
        odd: The lines that a query must always look at.
        times: For each `BLOCK` of lines the earliest and the latest instant.
        measures: Of each line (`measures`).
        uneven: The lines that a count must always look at, besides the odd ones.
        found: For each of `keys.FIELDS` but the spans: value → lines.
        flags: For each of them: value → at which of the field's paths it stands (1, 2, 4), or `MIXED`.
        spans: For each line and each span in it the number of the span, and behind it, in 16 bits, the line.
        tree: The number of the first line, and the roots of whole subtrees; None: see `parts.Part.tree`.
    """

    __slots__ = ("flags", "found", "measures", "odd", "offsets", "spans", "sum", "times", "tree", "uneven")

    def __init__(
        self,
        offsets: list[int],
        sum: int,  # noqa: A002
        odd: list[int],
        times: list[tuple[int, int]],
        measures: list[int],
        uneven: list[int],
        found: list[Postings],
        flags: list[Flags],
        spans: list[int],
        tree: tuple[int, list[bytes]] | None,
    ) -> None:
        self.offsets = offsets
        self.sum = sum
        self.odd = odd
        self.times = times
        self.measures = measures
        self.uneven = uneven
        self.found = found
        self.flags = flags
        self.spans = spans
        self.tree = tree

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return len(self.offsets) - 1

    def packed(self) -> bytes:
        """Return it as bytes."""
        sections: list[tuple[bytes, int]] = [
            *_places(self.offsets),
            (array("H", self.odd).tobytes(), len(self.odd)),
            (array("q", [each for pair in self.times for each in pair]).tobytes(), len(self.times)),
            *_buckets(self.spans),
            (array("H", self.measures).tobytes(), len(self.measures)),
            (array("H", self.uneven).tobytes(), len(self.uneven)),
            (b"", 0) if self.tree is None else (_tree(*self.tree), 1 + len(self.tree[1])),
        ]
        for place in KEYED:
            sections += _keyed(self.found[place], self.flags[place], place)
        head = array("I")
        at = 4 * HEAD
        for data, count in sections:
            head.extend((at, count))
            at += len(data)
        return b"".join((head.tobytes(), *(data for data, _ in sections)))


def _tree(first: int, roots: list[bytes]) -> bytes:
    return array("q", [first]).tobytes() + b"".join(roots)


def _places(starts: list[int]) -> list[tuple[bytes, int]]:
    """Where things that follow one another begin, and where the last one ends: see `parts`."""
    lengths = [*map(sub, starts[1:], starts)]
    if max(lengths, default=0) > 0xFFFF:
        return [(array("I", starts).tobytes(), len(starts)), (b"", 0)]
    begins = array("I", starts[:-1:SPACE])
    return [(begins.tobytes(), len(begins)), (array("H", lengths).tobytes(), len(lengths))]


def _buckets(spans: list[int]) -> list[tuple[bytes, int]]:
    """The table of the spans: almost each is another one, so a key for each would take more room than the rest."""
    ordered = sorted({*spans})  # by number first, then by line: the buckets are in order
    bits = max(len(ordered) // _FEW, 1).bit_length() - 1
    counts = [0] * ((1 << bits) + 1)
    shift = 48 - bits
    for each in ordered:
        counts[(each >> shift) + 1] += 1
    found = array("H", [each & 0xFFFF for each in ordered])
    return [*_places([*accumulate(counts)]), (found.tobytes(), len(found))]


def _keyed(postings: Postings, flags: Flags, field: int) -> list[tuple[bytes, int]]:
    numbered: dict[int, list[int]] = {}
    values: dict[int, str | None] = {}
    for value, lines in postings.items():
        each = number(value, field)
        if each in numbered:
            numbered[each] = sorted({*numbered[each], *lines})
            values[each] = None
        else:
            numbered[each], values[each] = lines, value
    keys, held = array("I"), array("H")
    digests = bytearray()
    places: dict[bytes, int] = {}  # an e-mail address has the lines of its user: they are kept once
    for each in sorted(numbered):
        data = array("H", numbered[each]).tobytes()
        at = places.get(data)
        if at is None:
            at = places[data] = len(held)
            held.frombytes(data)
        one = values[each]
        keys.extend((each, at, len(data) // 2 | (MIXED if one is None else flags[one]) << FLAGS))
        digests += bytes(16) if one is None else digest(one)
    counted = (bytes(digests), len(numbered)) if field in COUNTED else (b"", 0)
    return [(keys.tobytes(), len(numbered)), (held.tobytes(), len(held)), counted]
