"""Records that wait for the end of their trace, because spans are made of whole traces."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from auditlog_cli import times
from auditlog_cli.exporters import Entry, _otlp
from auditlog_cli.exporters.otlp_spans import trace_of

LONGEST = times.DAY
"""Who has said nothing for so long, by the clock of the log, is not waited for any more."""

Mark = int | str
"""What tells the first record of a trace again: its number in a sealed log, else the SHA-256 of its line."""


def mark(entry: Entry, seq: int | None) -> Mark:
    """Return what tells a record again when the log is read anew."""
    return sha256(entry.line).hexdigest() if seq is None else seq


class Traces:
    """The traces of one log that have not ended.

    Args:
        held: As `held` was when the cursor was written: trace → the mark of its first record.
    """

    def __init__(self, held: dict[str, Mark]) -> None:
        self.held = dict(held)
        self._records: dict[str, dict[Mark, Entry]] = {}
        self._open: dict[str, set[str]] = {}
        self._last: dict[str, int] = {}
        self._look = 0  # before that time no trace is overdue

    @property
    def missing(self) -> list[str]:
        """Traces of which the first record was not met yet."""
        return [trace for trace in self.held if trace not in self._records]

    @property
    def many(self) -> int:
        """How many records wait."""
        return sum(map(len, self._records.values()))

    def lacks_first(self, entry: Entry, seq: int | None) -> bool:
        """Tell whether a record goes on with a trace whose first record was kept back, and is not there any more."""
        trace = trace_of(entry.content)
        return trace in self.held and trace not in self._records and mark(entry, seq) != self.held[trace]

    def held_back(self, entry: Entry, seq: int | None) -> bool:
        """Tell whether a record that was read by an earlier run was kept back by it."""
        trace = trace_of(entry.content)
        first = self.held.get(trace)
        return first is not None and (trace in self._records or mark(entry, seq) == first)

    def add(self, entry: Entry, seq: int | None) -> list[tuple[str, list[Entry]]]:
        """Take a record that names a trace, and return the traces that have ended with it, their records in order.

        They are kept until `done`: who fails to send them has them still.
        """
        trace, own = trace_of(entry.content), mark(entry, seq)
        self.held.setdefault(trace, own)
        self._records.setdefault(trace, {})[own] = entry
        action = _otlp.block(entry.content, "action")
        phase, span = _otlp.text(action, "phase"), _otlp.text(entry.content, "span_id")
        begun = self._open.setdefault(trace, set())
        if phase == "start":
            begun.add(span)
        elif phase == "end":
            begun.discard(span)
        stamp: Any = entry.content.get("timestamp")
        now = times.parse(stamp)
        if now is not None:
            self._last[trace] = max(now, self._last.get(trace, now))
        ended = [trace] if not begun else []
        if now is not None and now > self._look:
            ended += [each for each, last in self._last.items() if each != trace and now - last > LONGEST]
            self._look = min(last for each, last in self._last.items() if now - last <= LONGEST) + LONGEST
        return [(each, list(self._records[each].values())) for each in ended]

    def done(self, trace: str) -> None:
        """A trace was sent."""
        for known in (self.held, self._records, self._open, self._last):
            known.pop(trace, None)
