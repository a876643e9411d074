"""Lines of a foreign format as they arrive: each becomes the records that it would become in a file that ends with it.

That is right for formats whose lines say everything about themselves and about what stands before them
(`importers.IN_ORDER`). Where a later line decides what an earlier one is (a span whose parent comes last), nothing can
be shown until all is there: such a file is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from hashlib import sha256

from auditlog_cli import importers
from auditlog_cli.errors import UsageError
from auditlog_cli.importers._drafts import Draft, File, Unit
from auditlog_cli.importers._finishing import Finisher, Given
from auditlog_cli.record import BadLine, Line
from auditlog_cli.sources import documents, foreign, looking


class Arriving:
    """Translates the lines of one file.

    Args:
        path: The file.
        name: Its format.
        first: Its first line; what stands for a session that has no id.

    Raises:
        UsageError: If lines of this format say too little before the file has ended.
    """

    def __init__(self, path: str, name: str, first: bytes) -> None:
        if name not in importers.IN_ORDER:
            raise UsageError(
                f"{path}: --follow: in {name}, what comes later decides what earlier lines are",
                help="without --follow it is read whole; `auditlog serve` takes spans as they come",
            )
        self._path = path
        self._name = name
        self._module = importers.load(name)
        self._file = File(os.path.basename(path), sha256(first).hexdigest(), beside=foreign.beside(path))
        self._reading: importers.Reading = self._module.Reading(self._file)
        self._finisher: Finisher | None = None

    def all(self, lines: Iterable[Line | BadLine]) -> Iterator[Line | BadLine]:
        """Yield what lines become that are there already: what stands behind a line is known, too."""
        units = list(foreign.units(iter(lines), self._module))
        for unit in units:
            if not isinstance(unit, BadLine) and unit.place >= 0:
                self._reading.note(unit)
        for unit in units:
            yield from self._records(unit)

    def each(self, lines: Iterable[Line | BadLine]) -> Iterator[Line | BadLine]:
        """Yield what lines become that have just arrived."""
        for unit in foreign.units(iter(lines), self._module):
            if not isinstance(unit, BadLine) and unit.place >= 0:
                self._reading.note(unit)
            yield from self._records(unit)

    def _records(self, unit: Unit | BadLine) -> Iterator[Line | BadLine]:
        if isinstance(unit, BadLine):
            yield unit
            return
        drafts: list[Draft] | str = self._reading.records(unit) if unit.place >= 0 else "empty"
        if isinstance(drafts, str):
            return
        if self._finisher is None:
            self._finisher = Finisher(self._name, self._file, Given(), getattr(self._reading, "first", ""))
        for part, draft in enumerate(drafts):
            yield foreign.line_of(self._finisher.finish(draft, unit, part), self._path, unit)


def begun(path: str, lines: list[Line | BadLine]) -> Arriving | None:
    """Return what translates a file that begins with these lines; None if it is a log of ours, or nobody knows it.

    Raises:
        UsageError: If it cannot be followed.
    """
    found = [line.raw for line in lines[: importers.LOOKED_AT * 4] if isinstance(line, Line)]
    head = b"\n".join(found) + b"\n"
    named = looking.taken_for()
    if not found or (named is None and looking.is_ours(head)):
        return None
    if documents.is_document(head):
        raise UsageError(
            f"{path}: --follow: is one JSON document, no file of lines", help="without --follow it is read"
        )
    name = named or foreign.told_from(head)
    return None if name is None else Arriving(path, name, found[0])
