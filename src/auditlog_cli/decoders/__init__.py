"""Lines become records. One file = one shape of line; the file's name is the shape's name.

A decoder module has

    matches   (object) -> bool: whether the line has this shape; no object fits two
    content   (object) -> dict: the record under the names of `auditlog.record/1`; nothing is guessed
    SAMPLES   lines of this shape, for its test
    HINT      one line for `--from` in the help

Ours is tried first, then the foreign ones; what none of them knows is a record of shape `unknown`, shown
as it stands and never rejected.
"""

from __future__ import annotations

from auditlog_cli import registry, strictjson
from auditlog_cli.decoders import auditlog
from auditlog_cli.record import BadLine, Line, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

OURS = "auditlog"
UNKNOWN = "unknown"

_foreign: list[tuple[str, ModuleType]] = []


def names() -> tuple[str, ...]:
    """Return the names of all shapes, for `--from`."""
    return registry.names("decoders")


def decode(line: Line | BadLine) -> Record | BadLine:
    """Return the record that `line` holds, or the `BadLine` that says why there is none."""
    if type(line) is BadLine:
        return line
    assert isinstance(line, Line)
    try:
        stored = strictjson.decode(line.raw)
    except strictjson.Malformed as error:
        if not line.ended:
            return BadLine(line, "torn-tail", f"the last line was not finished: {error.reason}", error.at)
        return BadLine(line, error.code, error.reason, error.at)
    return read(stored, line)


def read(stored: dict[str, object], line: Line) -> Record:
    """Return the decoded object as a record, its shape told from its members."""
    if type(stored.get("action")) is dict or auditlog.matches(stored):
        return Record(stored, line, OURS, stored)
    for name, shape in _foreign or _load_foreign():
        if shape.matches(stored):
            return Record(shape.content(stored), line, name, stored)
    return Record(stored, line, UNKNOWN, stored)


def forced(name: str) -> Callable[[Line | BadLine], Record | BadLine]:
    """Return a `decode` that takes every line for the shape `name`, as `--from` asks.

    A format of whole files (`importers`) is none of these: its lines come translated already.
    """
    if name not in names():
        return decode
    shape = registry.load("decoders", name)

    def decode_as(line: Line | BadLine) -> Record | BadLine:
        record = decode(line)
        if isinstance(record, BadLine) or record.shape == name:
            return record
        return Record(shape.content(record.stored), record.line, name, record.stored)

    return decode_as


def _load_foreign() -> list[tuple[str, ModuleType]]:
    _foreign.extend((name, registry.load("decoders", name)) for name in names() if name != OURS)
    return _foreign
