"""Whole sources brought in: every unit of every file becomes a record, once, and is counted.

A file of a foreign format is read through its importer; lines of the shapes that the decoders know get the same
provenance; a line that nobody knows becomes a record of type `unknown` that holds it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b, sha256
from typing import Any

from auditlog_cli import decoders, strictjson
from auditlog_cli.errors import InputError, UsageError
from auditlog_cli.importers._drafts import Content, Draft, File, Unit
from auditlog_cli.importers._finishing import Finisher
from auditlog_cli.record import BadLine, Line, Record
from auditlog_cli.sources import files, foreign
from auditlog_cli.sources.lines import lines_of, read_lines
from auditlog_cli.sources.looking import begin
from auditlog_cli.sources.opening import open_for_reading

POLICY = {"base": "default/1", "redactable": ["/provenance/import/rest"]}
"""Of a log begun by an import: what had no place in the records may be personal, so it can be withheld."""
_SEALED = ("seq", "prev", "_salts", "record_id", "source", "provenance")


def read(path: str, wish: foreign.Wish, on_bad: Callable[[BadLine], None]) -> Iterator[Content]:
    """Yield the records of one file. `wish.tally` counts, whatever the format.

    Args:
        path: A file, or `-`.
        wish: How to read it.
        on_bad: Told each bad line.

    Raises:
        InputError: If it cannot be read, or holds nothing.
        UsageError: If it is a sealed log: that is nothing to import.
    """
    begun, ours = begin(open_for_reading(path))
    if ours and wish.format is None:
        yield from _shaped(lines_of(begun, path), path, wish, on_bad)
    else:
        lines = foreign.lines(begun, path, wish)
        if not wish.tally.units and not foreign.is_translated(lines):
            yield from _shaped(lines, path, wish, on_bad)
        else:
            for line in lines:
                if isinstance(line, BadLine):
                    on_bad(line)
                else:
                    yield strictjson.decode(line.raw)
    if not wish.tally.units:
        raise InputError(f"{path}: empty, nothing to import", help="is it the right file?")


def _shaped(
    lines: Iterable[Line | BadLine], path: str, wish: foreign.Wish, on_bad: Callable[[BadLine], None]
) -> Iterator[Content]:
    """Lines whose shape the decoders know, or nobody."""
    tally = wish.tally
    digest = sha256(os.path.basename(path).encode(errors="replace")).hexdigest()
    finishers: dict[str, Finisher] = {}
    for line in lines:
        tally.units += 1
        item = decoders.decode(line)
        if isinstance(item, BadLine):
            tally.bad += 1
            on_bad(item)
            continue
        if "seq" in item.stored and ("prev" in item.stored or "_salts" in item.stored):
            raise UsageError(f"{path}: is a sealed log of auditlog already", help="read it as it is; or copy the file")
        tally.recorded += 1
        tally.records += 1
        if not tally.format:
            tally.format = item.shape
        finisher = finishers.get(item.shape)
        if finisher is None:
            file = File(os.path.basename(path), digest, wish.zone)
            finisher = finishers[item.shape] = Finisher(item.shape, file, wish.given)
        unit = Unit(item.stored, item.line.number, item.line.offset)
        yield finisher.finish(_draft(item, tally), unit, 0)


def _draft(item: Record, tally: foreign.Tally) -> Draft:
    native = sha256(item.line.raw).hexdigest()
    if item.shape == decoders.UNKNOWN:
        tally.unknown += 1
        action = {"type": "unknown", "result_status": "unknown"}
        return Draft({"action": action, "timestamp": item.stored.get("timestamp")}, native, "", item.stored)
    content = {name: value for name, value in item.content.items() if name not in _SEALED}
    own = item.content.get("record_id") or item.stored.get("id")
    return Draft(content, own if isinstance(own, str) else native)


class Known:
    """Which units a log holds already. A source with two equal units may have each of them once."""

    def __init__(self) -> None:
        self._there: Counter[bytes] = Counter()
        self._seen: Counter[bytes] = Counter()

    def learn(self, path: str) -> None:
        """Read what a log holds, its closed segments too; nothing, if it is not there yet."""
        try:
            logs = files.find([path])
        except InputError:
            if os.path.exists(path):
                raise
            return
        for log in logs:
            for file in log.files:
                for line in read_lines(file, native=True):
                    item = decoders.decode(line)
                    if isinstance(item, Record) and "provenance" in item.stored:
                        self._there[_key(item.stored)] += 1

    def holds(self, content: Content) -> bool:
        """Tell whether the log holds this unit already; asked once for each unit of the sources."""
        if not self._there:
            return False
        key = _key(content)
        if key not in self._there:
            return False  # and nothing is kept of it
        self._seen[key] += 1
        return self._seen[key] <= self._there[key]


def _key(content: Content) -> bytes:
    provenance: Any = content.get("provenance")
    origin = provenance.get("import") if isinstance(provenance, dict) else None
    action = content.get("action")
    parts: list[object] = [content.get("trace_id")]
    for block, names in ((origin, ("format", "id")), (action, ("type", "phase"))):
        parts += [block.get(name) if isinstance(block, dict) else None for name in names]
    return blake2b(repr(parts).encode(), digest_size=16).digest()
