"""What was met before: shapes of records, and what columns say of values (`shapes`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from auditlog_cli.fields import MISSING
from auditlog_cli.rules.columns import Column
from auditlog_cli.rules.program import Outcome
from auditlog_cli.rules.recurring import SAMPLES, Row, fitted
from auditlog_cli.rules.values import UNKNOWN, moment, presence

Said = tuple[Outcome, list[Any], dict[str, Any]]
Judge = Callable[..., Said]
"""Record → what the logics say, what the detectors found in it, and the values of `Program.fields`."""
WHEN: Final = "@when"
"""Among the values of a record: its time (`values.moment`), where that was worked out anyway. No path is called so."""

OFTEN: Final = 800
"""Records after which a shape gets its function: writing one takes as long as judging some hundreds."""
_MOST_SHAPES: Final = 24
_MOST_MEMBERS: Final = 64
MOST_KEPT: Final = 8192
_LONGEST: Final = 2000


class Shape(Protocol):
    """Records with the same members (`shapes.Shape`)."""

    def row(self, record: dict[str, Any]) -> Row:
        """Return what tells the values of a record from those of others."""

    def function(self, rows: Sequence[Row]) -> Callable[..., Said | None]:
        """Return the function for such records; it leaves to the general one what it cannot judge (None)."""


def by_shape(general: Judge, shape: Callable[[tuple[str, ...]], Shape]) -> Judge:
    """Return a function that judges records of frequent shapes by functions of their own.

    Args:
        general: Judges any record.
        shape: Names of a record's members → their shape.
    """
    seen: dict[tuple[str, ...], int] = {}
    young: dict[tuple[str, ...], tuple[Shape, list[Row]]] = {}
    written: dict[tuple[str, ...], Callable[..., Said | None]] = {}

    def judge(record: dict[str, Any]) -> Said:
        names = tuple(record)
        fast = written.get(names)
        if fast is not None:
            return fast(record) or general(record)
        if len(names) <= _MOST_MEMBERS and len(written) < _MOST_SHAPES and not any("." in name for name in names):
            if len(seen) >= 1024:
                seen.clear()
                young.clear()
            times = seen[names] = seen.get(names, 0) + 1
            if times > OFTEN - SAMPLES:
                made, rows = young.get(names) or young.setdefault(names, (shape(names), []))
                rows.append(made.row(record))
                if times >= OFTEN:
                    written[names] = made.function(rows)
                    del young[names]
        return general(record)

    return judge


class Group:
    """Columns that see the same values of records of one shape, looked up together.

    Attributes:
        paths: What varies: paths, `path?`, `@entities`.
        columns: (its number, itself) of each.
        table: Key of the values → number of what the columns say.
        masks: That number → the masks of the columns.
    """

    __slots__ = ("_numbers", "_reads", "columns", "masks", "paths", "table")

    def __init__(self, paths: tuple[str, ...]) -> None:
        self.paths = paths
        self.columns: list[tuple[int, Column]] = []
        self.table: dict[Any, int] = {}
        self.masks: list[tuple[int, ...]] = []
        self._numbers: dict[tuple[int, ...], int] = {}
        self._reads: list[tuple[Column, int | None, list[int]]] = []

    def number(self, *values: Any) -> int:
        """Return the number of what the columns say of the values."""
        if len(self._reads) != len(self.columns):
            self._reads = [self._read(column) for _, column in self.columns]
        # Behind the values that vary: what is never there, and what nobody knows, for nobody looked.
        all_ = [*map(_said, self.paths, values), MISSING, UNKNOWN]
        masks = tuple([
            column.mask_of_nothing()
            if needed is not None and all_[needed] is MISSING
            else column.mask(*[all_[place] for place in read])
            for column, needed, read in self._reads
        ])  # fmt: skip
        number = self._numbers.get(masks)
        if number is None:
            number = self._numbers[masks] = len(self.masks)
            self.masks.append(masks)
        return number

    def _read(self, column: Column) -> tuple[Column, int | None, list[int]]:
        """The places of what a column sees among the values, and of what it needs."""
        absent = len(self.paths)
        read = [
            self.paths.index(each) if each in self.paths else absent + (each == "@entities") for each in column.inputs
        ]
        return column, None if column.needs is None else read[column.needs], read

    def keep(self, key: Any, *values: Any) -> int:
        """Return the same, and put it into the table, unless the key is long."""
        number = self.number(*values)
        if key.__class__ is tuple or len(key) <= _LONGEST:
            if len(self.table) >= MOST_KEPT:
                self.table.clear()
            self.table[fitted(key)] = number
        return number

    def kinds(self) -> set[str]:
        """What is asked."""
        return {kind for _, column in self.columns for kind in column.kinds}


def _said(given: str, there: Any) -> Any:
    return presence(there) if given.endswith("?") and there is not MISSING else there


class Spell:
    """The span of times of which all tests say the same: they ask only whether a time is before some other."""

    __slots__ = ("begin", "end", "group", "number")

    def __init__(self, group: Group) -> None:
        self.group = group
        self.begin, self.end, self.number = 1, 0, 0

    def at(self, text: str, when: int) -> int:
        """Return the number of what is said of a time, and take note of a day for which the same is said."""
        self.number = self.group.number(text)
        self.begin = self.end = when
        day = text[:10]
        for clock in ("T00:00:00Z", "T23:59:59Z"):
            other = moment(day + clock)
            if other is not None and self.group.number(day + clock) == self.number:
                self.begin, self.end = min(self.begin, other), max(self.end, other)
        return self.number


class Moments(dict[Any, int | None]):
    """Value → its `moment`, of values that come again and again; TypeError for a list or an object, which have none."""

    def __missing__(self, value: Any) -> int | None:
        if value.__class__ is not str or len(value) > _LONGEST:
            return moment(value)
        if len(self) >= MOST_KEPT:
            self.clear()
        found = self[value] = moment(value)
        return found
