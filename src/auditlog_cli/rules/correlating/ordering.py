"""Records put in order of time before correlations see them (compliance.md, 6.5, 9.1).

A log is nearly in order of time. So the newest records are held back, and sorted by time, number, place in the
input; whenever a quarter more than `held` have come, the oldest go on. What is out of order by no more than `held`
records comes out exactly as if the whole input had been sorted, and memory is bounded.

A record that comes later than that is *late*: the ones behind it have been judged already. It is then given to the
correlations in the order in which it came, and counted; a run over files that had late records says that its
correlations were not fully evaluated, for its results need not be those of the sorted input (give the logs in order
of time, or let the caller merge them).

A live run cannot wait for thousands of records: with `lateness` a record goes on as soon as one comes whose time is
later by that much.

A record without a valid time stands where its predecessor in the input stands.
"""

from __future__ import annotations

from typing import Any, Final

HELD: Final = 50_000
_NEVER: Final = 1 << 62

Held = tuple[int, int, int, Any]
"""Time (microseconds since the epoch), number in its log, place in the input, what is to be ordered. The place is
different for each, so that sorting never compares the things themselves."""


class Ordering:
    """A buffer that gives things back in order of time.

    Args:
        lateness: Microseconds that a record is held back (live); None: by their number (over files).
        held: How many records are held back over files.

    Attributes:
        late: How many came too late to be put in order.
    """

    __slots__ = ("_count", "_gone", "_held", "_last", "_lateness", "_most", "_oldest", "late")

    def __init__(self, lateness: int | None = None, held: int = HELD) -> None:
        self._held: list[Held] = []
        self._lateness = lateness
        self._most = held
        self._oldest = _NEVER
        self._count = 0
        self._last = -(1 << 62)
        self._gone: tuple[int, int] = (-(1 << 62), -1)
        self.late = 0

    def passed(self, when: int | None) -> None:
        """Take note of a record of the input, whether or not anything of it has to be ordered."""
        if when is not None:
            self._last = when

    def add(self, when: int | None, seq: int | None, thing: Any) -> list[Held]:
        """Take one thing; return those that are due, in order."""
        self._count += 1
        if when is None:
            when = self._last
        self._last = when
        number = -1 if seq is None else seq
        gone = self._gone
        if when <= gone[0] and (when, number) < gone:
            self.late += 1
            return [(when, number, self._count, thing)]
        self._held.append((when, number, self._count, thing))
        if self._lateness is not None:
            self._oldest = min(self._oldest, when)
            return self._due(when - self._lateness)
        if len(self._held) <= self._most + self._most // 4:
            return []
        self._held.sort()
        due, self._held = self._held[: -self._most], self._held[-self._most :]
        self._gone = due[-1][:2]
        return due

    def _due(self, until: int) -> list[Held]:
        """What is not newer than `until`."""
        if self._oldest > until:
            return []
        self._held.sort()
        count = 0
        while count < len(self._held) and self._held[count][0] <= until:
            count += 1
        due, self._held = self._held[:count], self._held[count:]
        self._oldest = self._held[0][0] if self._held else _NEVER
        if due:
            self._gone = max(self._gone, due[-1][:2])
        return due

    def until(self, now: int) -> list[Held]:
        """Return what is due at `now`, though nothing new has come (live)."""
        return [] if self._lateness is None else self._due(now - self._lateness)

    def rest(self) -> list[Held]:
        """Return what is left, in order."""
        self._held.sort()
        rest, self._held = self._held, []
        return rest
