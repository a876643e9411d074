"""Files of foreign formats, read as if they had been imported: what comes out are lines of our own shape.

A file is looked at once, when it is opened. What begins like a log of ours is left alone. Any other is given to the
importers, and so is a JSON document that takes many lines: its elements become lines. What nobody knows stays as it is.

Memory: a document is held whole (up to 64 MiB, as a line would be). A file of lines is read twice, because a tree
can only be built when all of its spans are known; between the two only ids are kept. What cannot be read twice (a
pipe) is held, up to the same size.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import TYPE_CHECKING

import orjson

from auditlog_cli import importers, strictjson
from auditlog_cli.counts import many
from auditlog_cli.errors import InputError
from auditlog_cli.importers._drafts import Draft, File, Unit
from auditlog_cli.importers._finishing import Finisher, Given
from auditlog_cli.record import BadLine, Line
from auditlog_cli.sources import documents
from auditlog_cli.sources.lines import lines_of, read_lines
from auditlog_cli.sources.looking import Begun
from auditlog_cli.sources.opening import read_small
from auditlog_cli.strictjson import MAX_LINE, Malformed

if TYPE_CHECKING:
    Lines = Iterator[Line | BadLine]


class Tally:
    """What became of the units; units = recorded + folded + bad.

    Attributes:
        format: Which it was, or empty.
        units: Units of the source, and lines that hold none.
        recorded: Units with records.
        records: The records.
        folded: Structural units by kind.
        bad: Lines that are no JSON object.
        unknown: Of `recorded`: units of a kind that the importer does not know.
    """

    def __init__(self) -> None:
        self.format = ""
        self.units = self.recorded = self.records = self.bad = self.unknown = 0
        self.folded: dict[str, int] = {}

    def __str__(self) -> str:
        folded = sum(self.folded.values())
        parts = [f"{self.recorded:,} recorded", f"{folded:,} folded", f"{self.bad:,} bad"]
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(self.folded.items()))
        if kinds:
            parts[1] += f" ({kinds})"
        if self.unknown:
            parts[0] += f" ({self.unknown:,} of a kind not known here)"
        return f"{many(self.units, 'unit')} read: {', '.join(parts)}"


class Wish:
    """How a file is to be read.

    Attributes:
        format: Take it for this format; None: told from the file.
        given: What flags say of every record.
        zone: Minutes east of UTC for local times without a zone, or None.
        everything: Keep structural units, too.
        tally: Where the units are counted.
    """

    __slots__ = ("everything", "format", "given", "tally", "zone")

    def __init__(
        self,
        format: str | None = None,  # noqa: A002 - the option's word
        given: Given | None = None,
        zone: int | None = None,
        *,
        everything: bool = False,
    ) -> None:
        self.format = format
        self.given = given or Given()
        self.zone = zone
        self.everything = everything
        self.tally = Tally()


def lines(begun: Begun, path: str, wish: Wish | None = None) -> Lines:
    """Return the lines of a file: translated, if it is of a foreign format, else as they stand.

    Args:
        begun: Gives its bytes; the first of them have been looked at. It is closed.
        path: What to call it.
        wish: How to read it.

    Raises:
        InputError: If it cannot be read.
    """
    wish = wish or Wish()
    try:
        found = documents.packed(begun, path, wish.format)
        if found is None and documents.is_document(begun.head):
            found = documents.whole(begun)
    except BaseException:
        begun.close()
        raise
    if found is not None:
        document, values = found
        name = wish.format or importers.recognise(values)
        if name is not None:
            begun.close()
            units = [_unit(value, path, place) for place, value in enumerate(values, 1)]
            return _translated(name, lambda: iter(units), path, sha256(document).hexdigest(), wish)
        if any(isinstance(value, dict) for value in values):
            begun.close()
            return _plain(values, path)
        return lines_of(begun, path)
    name = wish.format or importers.recognise(_objects(begun.head))
    if name is None:
        return lines_of(begun, path)
    return _streamed(name, begun, path, wish)


def is_translated(lines: Lines) -> bool:
    """Tell whether `lines` come out of an importer."""
    return getattr(lines, "__name__", "") in ("_translated", "_streamed")


def may_be(head: bytes) -> bool:
    """Tell whether a file that begins like this may be foreign: False is certain."""
    return documents.may_be(head) or importers.recognise(_objects(head)) is not None


def told_from(head: bytes) -> str | None:
    """Return the format of a file of lines that begins like this, or None if it is none of these."""
    return importers.recognise(_objects(head))


def _unit(value: object, path: str, place: int) -> Unit | BadLine:
    return Unit(value, place, 0) if isinstance(value, dict) else _no_object(path, place)


def _no_object(path: str, place: int) -> BadLine:
    return BadLine(Line(b"", path, place, 0), "json", "not an object")


def _plain(values: list[object], path: str) -> Lines:
    for place, value in enumerate(values, 1):
        if isinstance(value, dict):
            yield Line(_written(value), path, place, 0)
        else:
            yield _no_object(path, place)


def _written(value: object) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # an integer beyond 64 bits
        import json

        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str).encode()


def _objects(head: bytes) -> list[object]:
    """The first whole lines, as far as they are JSON."""
    found: list[object] = []
    lines = head.split(b"\n")
    for raw in lines[: importers.LOOKED_AT * 4]:
        if len(found) == importers.LOOKED_AT or not raw.strip():
            continue
        try:
            found.append(strictjson.exact(raw))
        except Malformed:
            if raw is not lines[-1] and raw.lstrip()[:1] in b'{["0123456789tfn':
                found.append(None)
    return found


def _streamed(name: str, begun: Begun, path: str, wish: Wish) -> Lines:
    digest = sha256()
    begun.told = digest.update
    held: list[Line | BadLine] | None = []
    size = 0
    reread = path != "-" and os.path.isfile(path)

    def read() -> Iterator[Line | BadLine]:
        return iter(held) if held is not None else read_lines(path, native=True)

    for line in lines_of(begun, path):
        size += len(line.raw) if isinstance(line, Line) else 0
        if held is not None:
            held.append(line)
            if size > MAX_LINE:
                if not reread:
                    raise InputError(f"{path}: too long to be held, and it cannot be read twice", help="save it first")
                held = None
    yield from _translated(name, lambda: _units(read()), path, digest.hexdigest(), wish)


def units(lines: Iterator[Line | BadLine], module: object) -> Iterator[Unit | BadLine]:
    """Yield the units in lines, as an importer splits them.

    Args:
        lines: Of the file.
        module: The importer.
    """
    return _each(_units(lines), module)


def _units(lines: Iterator[Line | BadLine]) -> Iterator[Unit | BadLine]:
    for line in lines:
        if isinstance(line, BadLine):
            yield line
            continue
        if not line.raw.strip():
            continue
        try:
            yield Unit(strictjson.decode(line.raw), line.number, line.offset)
        except Malformed as error:
            code = error.code if line.ended else "torn-tail"
            yield BadLine(line, code, error.reason, error.at)


def _translated(name: str, again: Callable[[], Iterator[Unit | BadLine]], path: str, digest: str, wish: Wish) -> Lines:
    module = importers.load(name)
    tally = wish.tally
    tally.format = name
    file = File(os.path.basename(path), digest, wish.zone, everything=wish.everything, beside=beside(path))
    reading: importers.Reading = module.Reading(file)
    for unit in _each(again(), module):
        if isinstance(unit, Unit) and unit.place >= 0:
            reading.note(unit)
    finisher = Finisher(name, file, wish.given, getattr(reading, "first", ""))
    for unit in _each(again(), module):
        tally.units += 1
        if isinstance(unit, BadLine):
            tally.bad += 1
            yield unit
            continue
        drafts = reading.records(unit) if unit.place >= 0 else "empty"
        if isinstance(drafts, str) and wish.everything:
            action = {"type": "span", "result_status": "unknown"}
            drafts = [Draft({"action": action, "metadata": {"name": drafts}}, rest=unit.content)]
        if isinstance(drafts, str):
            tally.folded[drafts] = tally.folded.get(drafts, 0) + 1
            continue
        tally.recorded += 1
        for part, draft in enumerate(drafts):
            tally.unknown += draft.content.get("action", {}).get("type") == "unknown"
            tally.records += 1
            yield line_of(finisher.finish(draft, unit, part), path, unit)


def line_of(content: object, path: str, unit: Unit) -> Line:
    """Return a record as a line that stands where its unit does."""
    return Line(_written(content), path, unit.number, unit.offset)


def beside(path: str) -> dict[str, object]:
    """Return what the small file beside a transcript says of it."""
    if not path.endswith(".jsonl") or not os.path.isfile(meta := f"{path.removesuffix('.jsonl')}.meta.json"):
        return {}
    try:
        return strictjson.exact(read_small(meta, 1 << 16))
    except (InputError, Malformed):
        return {}


def _each(units: Iterator[Unit | BadLine], module: object) -> Iterator[Unit | BadLine]:
    """The units within units: an export holds many spans."""
    split: Callable[[dict[str, object]], Iterator[dict[str, object]]] = module.units  # type: ignore[attr-defined]
    for unit in units:
        if isinstance(unit, BadLine):
            yield unit
            continue
        place = -1
        for place, content in enumerate(split(unit.content)):
            yield Unit(content, unit.number, unit.offset, place)
        if place < 0:
            yield Unit(unit.content, unit.number, unit.offset, place)  # an export of nothing
