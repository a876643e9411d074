"""Tables of what was measured: a row holds what was run, or says why it was not. Standard library only.

`Runs` collects the figures; `drawn` makes Markdown of them. A row that was planned and has neither its figures nor a
reason cannot be drawn: there is no way to a table but through the runs.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

NOTHING = "–"


class NotRun(Exception):
    """A row that was not run, or not as often as the others, was to be written."""


class Absent(NamedTuple):
    """In the place of a program or a figure: why there is none."""

    why: str


class Runs:
    """The figures of named rows, each as often as there were rounds."""

    def __init__(self, planned: Iterable[str], rounds: int) -> None:
        self._figures: dict[str, list[dict[str, float]]] = {row: [] for row in planned}
        self._absent: dict[str, str] = {}
        self.rounds = rounds

    def add(self, row: str, **figures: float) -> None:
        """Keep what one run of a row gave. Raises KeyError for a row that was not planned."""
        self._figures[row].append(figures)

    def absent(self, row: str, why: str) -> None:
        """Say why a planned row has no figures; those of earlier rounds are dropped. Raises KeyError."""
        self._figures[row].clear()
        self._absent[row] = " ".join(why.replace("|", "/").split())

    def why_absent(self, row: str) -> str | None:
        """Return why a row has no figures. Raises NotRun when it has neither a reason nor a run for every round."""
        if row in self._absent:
            return self._absent[row]
        if not self.rounds or len(self._figures[row]) != self.rounds:
            raise NotRun(f"{row}: run {len(self._figures[row])} times, not {self.rounds}")
        return None

    def rows(self) -> list[str]:
        """Return all planned rows in their order."""
        return list(self._figures)

    def median(self, row: str, figure: str) -> float | None:
        """Return the median of a figure, or None when the row is absent or has no such figure. Raises NotRun."""
        if self.why_absent(row) is not None:
            return None
        given = [each[figure] for each in self._figures[row] if figure in each]
        if given and len(given) != self.rounds:
            raise NotRun(f"{row}: {figure} was taken {len(given)} times, not {self.rounds}")
        return statistics.median(given) if given else None

    def ratio(self, row: str, to: str, figure: str) -> float | None:
        """Return the median over the rounds of (a row's figure : another's in the same round); None as in `median`."""
        if self.median(row, figure) is None or self.median(to, figure) is None:
            return None
        pairs = zip(self._figures[row], self._figures[to], strict=True)
        return statistics.median(one[figure] / other[figure] for one, other in pairs)

    def ratio_of(self, row: str, figure: str, to: str) -> float | None:
        """Return the median over the rounds of (a row's figure : another figure of that row); None as in `median`."""
        if self.median(row, figure) is None or self.median(row, to) is None:
            return None
        return statistics.median(each[figure] / each[to] for each in self._figures[row])


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `cells`: what stands behind the name of a row, one text or number for each column."""

    title: str
    columns: tuple[str, ...]
    runs: Runs
    cells: Callable[[str], Sequence[str]]
    notes: tuple[str, ...] = ()
    corner: str = ""


def shown(value: float | None, form: str = ".2f", unit: str = "") -> str:
    """Return a figure as text; a dash for none."""
    return NOTHING if value is None else f"{value:{form}}{unit}"


def drawn(table: Table) -> str:
    """Return a table as Markdown. Raises NotRun for a row that was not run, and for a table without a row."""
    rows = table.runs.rows()
    if not rows:
        raise NotRun(f"{table.title}: no rows")
    lines = [f"### {table.title}", ""] if table.title else []
    lines += [f"| {' | '.join((table.corner, *table.columns))} |".replace("|  |", "| |", 1)]
    lines += ["|---|" + "---:|" * len(table.columns)]
    for row in rows:
        why = table.runs.why_absent(row)
        cells = [f"not run: {why}"] + [NOTHING] * (len(table.columns) - 1) if why else table.cells(row)
        if len(cells) != len(table.columns):
            raise NotRun(f"{table.title}: {row} has {len(cells)} cells, not {len(table.columns)}")
        title = f"**{row}**" if row.startswith("auditlog") else row
        lines.append(f"| {title} | {' | '.join(cells)} |")
    for note in table.notes:
        lines += [] if note.startswith("- ") and lines[-1].startswith("- ") else [""]
        lines.append(note)
    return "\n".join(lines)


def timed(title: str, runs: Runs, reference: str, *notes: str) -> Table:
    """A table of whole processes: seconds, how many times the reference's in the same round, peak memory."""

    def cells(row: str) -> list[str]:
        return [
            shown(runs.median(row, "seconds"), ".4f"),
            shown(runs.ratio(row, reference, "seconds")),
            shown(runs.median(row, "peak"), ".0f"),
        ]

    return Table(title, ("seconds", f"x {reference}", "peak MiB"), runs, cells, notes)


class Bench(NamedTuple):
    """Some tables that are measured together: a section of a page. `needs`: whose versions are named, and what for."""

    name: str
    about: str
    needs: tuple[str, ...]
    measure: Callable[[bool], list[Table]]
    """Given whether to be quick: little data, few rounds."""
    page: str = "docs/performance.md"
