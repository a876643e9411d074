"""Which values of a record are to go: by field, by person, the whole record. No I/O.

A way to choose is a class with `needles`, `lowered` and `choose`. Detectors are one more of them: see `finding`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple, Protocol

from auditlog_cli import decoders, fields, pointers
from auditlog_cli.record import Line
from auditlog_cli.selection import Selection
from auditlog_cli.withholding import anatomy
from auditlog_cli.withholding.anatomy import Anatomy, Value
from auditlog_cli.withholding.subject import BYTES, Subject

TORN = "/auditlog/torn"
_PASSED, _TAKEN, _INSIDE = range(3)
_MOST_KNOWN = 10_000
_NOTHING: frozenset[str] = frozenset()


class Choice(NamedTuple):
    """What of one record is to go.

    Attributes:
        fields: JSON pointers of redactable values.
        whole: The whole record, as a tombstone.
        left: JSON pointers of what was meant and cannot go by field.
    """

    fields: frozenset[str] = _NOTHING
    whole: bool = False
    left: tuple[str, ...] = ()


class Chooser(Protocol):
    """A way to choose.

    Attributes:
        needles: Bytes of which every line that is concerned holds one (or an escape); None: look at all.
        lowered: Whether the needles are to be looked for in the lower-case form of the line.
    """

    needles: list[bytes] | None
    lowered: bool

    def choose(self, line: Anatomy) -> Choice:
        """Return what of this record is to go."""
        ...


class Nothing:
    """No value: only what the log says of earlier redactions is looked at."""

    lowered = False

    def __init__(self) -> None:
        self.needles: list[bytes] | None = []

    def choose(self, line: Anatomy) -> Choice:
        """Return that nothing is to go."""
        del line
        return Choice()


class ByField:
    """Values at dotted paths, or whole records, of the records that a selection or `records` name.

    Args:
        paths: Such as `action.arguments.to`; `*` is any name; a path to a block means all values in it; what
            lies inside a redactable value takes that value. Empty for whole records.
        selection: Which records.
        records: Ids or numbers of records, any of them; empty for no such limit. The log's own records are
            concerned only if named here.
    """

    lowered = False

    def __init__(self, paths: list[str], selection: Selection, records: list[str]) -> None:
        self._patterns = [_Path(path) for path in paths]
        self._selection = selection
        self._records = frozenset(records)
        self.needles = selection.needles

    def choose(self, line: Anatomy) -> Choice:
        """Return what of this record is to go."""
        if self._records:
            if str(line.seq) not in self._records and line.plain.get("record_id") not in self._records:
                return Choice()
        elif line.own is not None:
            return Choice()
        if not self._selection.everything and not self._selection(decoders.read(line.content, Line(line.raw))):
            return Choice()
        if not self._patterns:
            return Choice(whole=True) if line.own is None else Choice(left=("",))
        chosen = {value.field for value in line.values if any(each.takes(value, line) for each in self._patterns)}
        left = [
            pointer for each in self._patterns for pointer in each.plain_places(line)
        ]  # fmt: skip
        left += [field for field in chosen if not anatomy.declarable(field)]
        return Choice(frozenset(chosen.difference(left)), left=tuple(dict.fromkeys(left)))


class Together:
    """Everything that one of several ways chooses."""

    lowered = False

    def __init__(self, *ways: Chooser) -> None:
        self._ways = ways
        self.needles: list[bytes] | None = None

    def choose(self, line: Anatomy) -> Choice:
        """Return what of this record is to go."""
        choices = [way.choose(line) for way in self._ways]
        if any(each.whole for each in choices):
            return Choice(whole=True)
        chosen = frozenset().union(*(each.fields for each in choices))
        return Choice(chosen, left=tuple(dict.fromkeys(place for each in choices for place in each.left)))


class BySubject:
    """Every redactable value that holds an identifier of one person.

    Args:
        subject: The person.
        whole: Take the whole record where one still stands in a plain place or a name.
    """

    lowered = True

    def __init__(self, subject: Subject, *, whole: bool = False) -> None:
        self.subject = subject
        self.whole = whole
        self._barred: dict[str, bool] = {}  # the fields of records are few and come again

    @property
    def needles(self) -> list[bytes] | None:
        """See `Chooser`."""
        needles = self.subject.needles
        return None if needles is None else [*needles, BYTES, *(name.encode() for name in self.subject.blobs)]

    @needles.setter
    def needles(self, value: object) -> None:
        raise AttributeError("the needles are those of the subject")

    def choose(self, line: Anatomy) -> Choice:
        """Return what of this record is to go."""
        subject = self.subject
        suspects, elsewhere = self._suspects(line)
        chosen = {value.field for value in suspects if subject.in_json(line.text(value))}
        if line.own is not None and line.own.get("file") in subject.torn:
            chosen |= {value.field for value in line.values if value.field == TORN}
        barred = {field for field in chosen if self._is_barred(field)}
        plain = subject.readable_places(line) if elsewhere else ()
        left = [subject.unnamed(pointer) for pointer in (*plain, *sorted(barred))]
        if left and self.whole and line.own is None:
            return Choice(whole=True)
        return Choice(frozenset(chosen - barred), left=tuple(dict.fromkeys(left)))

    def _suspects(self, line: Anatomy) -> tuple[list[Value], bool]:
        """The values in which an identifier may stand, and whether one may stand elsewhere: one search over the line
        tells, not one over each value and one over the rest (bench/redact.py).
        """
        spots = self.subject.spots(line.raw)
        if spots is None:
            return line.values, True
        values = line.values
        offsets = [value.offset for value in values]
        places: set[int] = set()
        elsewhere = False
        for spot in spots:
            place = bisect_right(offsets, spot) - 1
            if place >= 0 and spot < offsets[place] + values[place].length:
                places.add(place)
            elif spot < line.cut:
                elsewhere = True
        return [values[place] for place in places], elsewhere

    def _is_barred(self, field: str) -> bool:
        """Whether a declaration cannot name the field, or would tell the identifier by it."""
        known = self._barred.get(field)
        if known is None:
            known = not anatomy.declarable(field) or self.subject.unnamed(field) != field
            if len(self._barred) < _MOST_KNOWN:
                self._barred[field] = known
        return known


class _Path:
    """A dotted path, or a JSON pointer, and the fields that it means."""

    def __init__(self, path: str) -> None:
        self._known: dict[str, int] = {}  # the fields of records are few and come again
        self._path = ".".join(pointers.steps(path)) if path.startswith("/") else path
        pattern = re.escape(self._path).replace(r"\*", r"[^.]+")
        self._wanted = re.compile(rf"{pattern}(?:\..*)?", re.DOTALL)

    def takes(self, value: Value, line: Anatomy) -> bool:
        """Tell whether the path leads to the value, to a block that holds it, or into it."""
        verdict = self._known.get(value.field)
        if verdict is None:
            verdict = self._verdict(pointers.steps(value.field))
            if len(self._known) < _MOST_KNOWN:
                self._known[value.field] = verdict
        if verdict == _INSIDE:
            return fields.get(line.content, self._path) is not fields.MISSING
        return verdict == _TAKEN

    def _verdict(self, steps: list[str]) -> int:
        names = [step for step in steps if not step.isdigit()]
        spelled = [".".join(steps), ".".join(names)]
        if any(self._wanted.fullmatch(each) for each in spelled):
            return _TAKEN
        inside = "*" not in self._path and any(self._path.startswith(f"{each}.") for each in spelled)
        return _INSIDE if inside else _PASSED

    def plain_places(self, line: Anatomy) -> list[str]:
        """JSON pointers of plain values that the path leads to outright."""
        value = fields.get(line.plain, self._path)
        if value is fields.MISSING or isinstance(value, dict) or "*" in self._path:
            return []
        if isinstance(value, list) and any(isinstance(each, dict) for each in value):
            return []
        return ["/" + self._path.replace("~", "~0").replace("/", "~1").replace(".", "/")]
