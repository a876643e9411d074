"""Parts made out of the lines of a segment.

Every line is decoded, strictly, as a query would decode it: so it is known which lines are bad, and by which values
each record is found, whatever its shape. For lines as our own writer and orjson write them the values are taken
where they stand; `keys.of` is the slow twin, asked for all others (tests/index/test_making.py compares the two).
"""

from __future__ import annotations

from auditlog_cli import decoders, strictjson, times
from auditlog_cli.index import keys, parts
from auditlog_cli.index.packing import Made
from auditlog_cli.record import Line
from auditlog_cli.strictjson import MAX_LINE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Pread = Callable[[int, int], bytes]

LARGEST = 1 << 32
"""Bytes of a part at the most: a line of that length is not indexed, nor what follows it."""
_STEP = 1 << 20


class TooLong(Exception):
    """A line is longer than a part may be."""


def make(pread: Pread, start: int, end: int) -> Iterator[tuple[int, Made]]:
    """Yield the parts of a stretch of whole lines, each with where it begins.

    Args:
        pread: Gives so many bytes from a place on.
        start: Where a line begins.
        end: Where one ends.

    Raises:
        TooLong: At a line that no part can hold.
    """
    maker = _Maker()
    begin = start
    for raw, length in _lines(pread, start, end):
        if maker.made.lines == parts.MOST_LINES or start + length - begin >= LARGEST:
            yield begin, maker.finished()
            maker, begin = _Maker(), start
            if length >= LARGEST:
                raise TooLong
        maker.add(raw)
        start += length
        maker.made.offsets.append(start - begin)
    if maker.made.lines:
        yield begin, maker.finished()


def _lines(pread: Pread, start: int, end: int) -> Iterator[tuple[bytes | None, int]]:
    """Yield each line without its LF (None: longer than a line may be), and its length with it."""
    step = _STEP
    while start < end:
        block = pread(min(step, end - start), start)
        stop = block.rfind(b"\n") + 1
        if stop:
            for raw in block[: stop - 1].split(b"\n"):
                yield raw, len(raw) + 1
            start += stop
            step = _STEP
        elif len(block) < min(step, end - start):
            return  # the file was shortened: what is gone is not covered
        elif step <= MAX_LINE:
            step *= 2
        else:
            at = start + len(block)
            while at < end:
                block = pread(_STEP, at)
                cut = block.find(b"\n")
                if cut >= 0 or not block:
                    break
                at += len(block)
            if not block or at >= end:
                return
            yield None, at + cut + 1 - start
            start = at + cut + 1


class _Maker:
    """Takes lines, and knows what they hold."""

    def __init__(self) -> None:
        self.made = Made()
        self._stamps: list[object] = []

    def add(self, raw: bytes | None) -> None:
        """Take the next line; None for one that is too long."""
        made = self.made
        line = len(made.offsets) - 1
        if line and line % parts.BLOCK == 0:
            self._block()
        if raw is None or len(raw) > MAX_LINE:
            made.odd.append(line)
            return
        try:
            content = strictjson.decode(raw)
        except strictjson.Malformed:
            made.odd.append(line)
            return
        if not self._plain(content, line):
            self._any(content, raw, line)

    def _plain(self, content: dict[str, object], line: int) -> bool:
        """Take a record of ours whose identifiers are texts; False if it is none, and nothing was taken then."""
        get = content.get
        user, agent, action = get("user"), get("agent"), get("action")
        if type(action) is not dict or type(user) is not dict or type(agent) is not dict or "auditlog" in content:
            return False
        values: tuple[Any, ...] = (
            get("session_id"), get("trace_id"), user.get("id"), user.get("email"), user.get("name"), agent.get("id"),
            agent.get("name"), action.get("tool"), get("span_id"), get("parent_span_id"),
        )  # fmt: skip
        for value in values:
            if type(value) is not str and value is not None:
                return False
        found = self.made.found
        for field, value in zip(_FIELDS_OF_VALUES, values, strict=True):
            if value:
                lines = found[field].get(value)
                if lines is None:
                    found[field][value] = [line]
                elif lines[-1] != line:
                    lines.append(line)
        self._stamps.append(get("timestamp"))
        return True

    def _any(self, content: dict[str, object], raw: bytes, line: int) -> None:
        record = decoders.read(content, Line(raw))
        if record.is_own:
            self.made.odd.append(line)
            return
        for postings, values in zip(self.made.found, keys.of(record), strict=True):
            for value in values:
                postings.setdefault(value, []).append(line)
        self._stamps.append(record.content.get("timestamp"))

    def _block(self) -> None:
        self.made.times.append(span_of(self._stamps))
        self._stamps = []

    def finished(self) -> Made:
        """Return what was made."""
        self._block()
        return self.made


_FIELDS_OF_VALUES = tuple(keys.FIELDS.index(name) for name, paths in keys.PATHS.items() for _ in paths)


def span_of(stamps: list[object]) -> tuple[int, int]:
    """Return the earliest and the latest instant that the timestamps name; `parts.NEVER` if none names any.

    Times in one and the same form, in UTC, are in the order of their letters: then two of them are understood, and
    not all.
    """
    forms = {(len(stamp), stamp[10:11], stamp[-1:]) if type(stamp) is str else None for stamp in stamps}
    if len(forms) == 1 and None not in forms:
        (form,) = forms
        if form is not None and form[1:] == ("T", "Z"):
            texts: list[str] = stamps  # type: ignore[assignment]
            first, last = times.parse(min(texts)), times.parse(max(texts))
            if first is not None and last is not None:
                return first, last
    known = [moment for moment in map(times.parse, stamps) if moment is not None]
    return (min(known), max(known)) if known else parts.NEVER
