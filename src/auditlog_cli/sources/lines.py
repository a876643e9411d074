"""Bytes become lines. Split on LF only: U+2028 may stand raw in a JSON text."""

from __future__ import annotations

from auditlog_cli.record import BadLine, Line
from auditlog_cli.sources.looking import begin, taken_for
from auditlog_cli.sources.opening import open_for_reading
from auditlog_cli.strictjson import MAX_LINE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditlog_cli.frames import Reader

_BLOCK = 1 << 20
_SHOWN = 1024  # bytes kept of a line that is too long


def read_lines(path: str, *, native: bool = False) -> Iterator[Line | BadLine]:
    """Yield the lines of one file in order, numbered from 1.

    Memory is bounded: a line above 64 MiB comes as a `BadLine` (code `length`) with its first bytes. A
    last line without LF has `ended` False; an LF at the very end begins no further line.

    A file of a foreign format comes as lines of our own shape (`sources.foreign`).

    Args:
        path: A file, or `-`.
        native: Take the lines as they stand, whatever the format.

    Raises:
        InputError: If the file cannot be opened or read, or its compressed data is damaged; after the
            lines before that point were given.
    """
    reader = open_for_reading(path)
    yield from lines_of(reader, path) if native else understood(reader, path)


def understood(reader: Reader, path: str) -> Iterator[Line | BadLine]:
    """Yield the lines of what `reader` gives from a file's beginning, and close it; see `read_lines`.

    Args:
        reader: Gives the (unpacked) bytes.
        path: What to call it.
    """
    begun, ours = begin(reader)
    if ours:
        return lines_of(begun, path)
    from auditlog_cli.sources import foreign

    return foreign.lines(begun, path, foreign.Wish(taken_for()))


def lines_of(reader: Reader, path: str, offset: int = 0) -> Iterator[Line | BadLine]:
    """Yield the lines of what `reader` gives as `read_lines` does, and close it.

    Args:
        reader: Gives whole lines, but for a last one without LF.
        path: What to call it.
        offset: Where its first byte stands in the file.
    """
    try:
        number = 0
        parts: list[bytes] = []  # of the line whose end has not come yet
        held = 0
        while block := reader.read(_BLOCK):
            whole = block.split(b"\n")
            rest = whole.pop()
            if parts and whole:
                first = whole.pop(0)
                held += len(first)
                number += 1
                line = Line(b"".join([*parts, first]), path, number, offset)
                yield line if held <= MAX_LINE else _too_long(line)
                offset += held + 1
                parts, held = [], 0
            for raw in whole:
                number += 1
                size = len(raw)
                line = Line(raw, path, number, offset)
                yield line if size <= MAX_LINE else _too_long(line)
                offset += size + 1
            if rest:
                if held + len(rest) <= MAX_LINE + 1:
                    parts.append(rest)
                elif held <= MAX_LINE:
                    parts = [b"".join(parts)[:_SHOWN]]
                held += len(rest)
        if held:
            line = Line(b"".join(parts), path, number + 1, offset, ended=False)
            yield line if held <= MAX_LINE else _too_long(line)
    finally:
        reader.close()


def _too_long(line: Line) -> BadLine:
    line.raw = line.raw[:_SHOWN]
    return BadLine(line, "length", f"longer than {MAX_LINE // 1024 // 1024} MiB", MAX_LINE)
