"""Values that detectors find: the smallest redactable value that encloses each goes (compliance.md, 12). No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from auditlog_cli import decoders
from auditlog_cli.record import Line
from auditlog_cli.selection import Selection
from auditlog_cli.withholding import anatomy
from auditlog_cli.withholding.anatomy import Anatomy
from auditlog_cli.withholding.choosing import Choice


class Found(Protocol):
    """See `detectors.Hit`."""

    @property
    def pointer(self) -> str: ...  # noqa: D102
    @property
    def in_name(self) -> bool: ...  # noqa: D102


class Scans(Protocol):
    """See `detectors.Scanner`."""

    def may_hit(self, raw: bytes) -> bool: ...  # noqa: D102
    def scan(self, content: dict[str, Any]) -> Sequence[Found]: ...  # noqa: D102


class ByEntity:
    """What a scanner finds in the records that a selection or `records` name.

    Args:
        scanner: Finds.
        selection: Which records.
        records: Ids or numbers of records, any of them; empty for no such limit.
        whole: Take the whole record where something stands in a plain place or a name.
    """

    lowered = False

    def __init__(self, scanner: Scans, selection: Selection, records: list[str], *, whole: bool = False) -> None:
        self._scanner = scanner
        self._selection = selection
        self._records = frozenset(records)
        self._whole = whole
        self.needles = selection.needles

    def choose(self, line: Anatomy) -> Choice:
        """Return what of this record is to go."""
        if line.own is not None or not self._scanner.may_hit(line.raw):
            return Choice()
        if self._records and str(line.seq) not in self._records and line.plain.get("record_id") not in self._records:
            return Choice()
        if not self._selection.everything and not self._selection(decoders.read(line.content, Line(line.raw))):
            return Choice()
        hits = self._scanner.scan(line.content)
        places = [(hit.pointer.rpartition("/")[0] if hit.in_name else hit.pointer, hit.pointer) for hit in hits]
        return _enclosing(line, places, whole=self._whole)


class ByPlace:
    """Given places of given records: those that findings name.

    Args:
        places: JSON pointers by the number of the record.
        whole: Take the whole record where a place cannot go by field.
    """

    lowered = False
    needles: list[bytes] | None = None

    def __init__(self, places: Mapping[int, Iterable[str]], *, whole: bool = False) -> None:
        self._places = places
        self._whole = whole

    def choose(self, line: Anatomy) -> Choice:
        """Return what of this record is to go."""
        places = [(each, each) for each in self._places.get(line.seq, ()) if not _is_withheld(line, each)]
        return _enclosing(line, places, whole=self._whole and line.own is None)


def _enclosing(line: Anatomy, places: Iterable[tuple[str, str]], *, whole: bool) -> Choice:
    """The smallest redactable values around some places; what has none is left, or takes the whole record.

    `places`: JSON pointers of what has to be enclosed, each with the one by which it is told.
    """
    redactable = {value.field for value in line.values}
    chosen: set[str] = set()
    left: list[str] = []
    for field, told in places:
        while field and field not in redactable:
            field = field.rpartition("/")[0]
        if field and anatomy.declarable(field):
            chosen.add(field)
        else:
            left.append(told)
    if left and whole:
        return Choice(whole=True)
    return Choice(frozenset(chosen), left=tuple(dict.fromkeys(left)))


def _is_withheld(line: Anatomy, pointer: str) -> bool:
    return any(pointer == hole or pointer.startswith(f"{hole}/") for hole in line.holes)
