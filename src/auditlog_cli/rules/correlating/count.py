"""`count: {of, within, gte, distinct?}`: so many of them, or of their values, inside a sliding window."""

from __future__ import annotations

from collections import deque
from typing import Any, Final

from auditlog_cli.rules.correlating import DURATION, Event, Found, disjoint, duration
from auditlog_cli.rules.facts import Place

KEY = "count"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "of": {"type": "string"},
        "within": DURATION,
        "gte": {"type": "integer", "minimum": 1},
        "distinct": {"type": "string"},
    },
    "required": ["of", "within", "gte"],
    "additionalProperties": False,
}
SEES_ALL: Final = True
_TIDY: Final = 1024


def uses(spec: Any) -> tuple[str, ...]:
    """The selection that is counted."""
    return (spec["of"],)


def fields(spec: Any) -> tuple[str, ...]:
    """The field whose values are counted, if any is."""
    return (spec["distinct"],) if "distinct" in spec else ()


def windowed(_: Any) -> bool:
    """There is a window."""
    return True


def idle(spec: Any, states: dict[str, str], matched: frozenset[str]) -> str | None:
    """What does not match is counted only."""
    return None if spec["of"] in matched else "counted"


class _Window:
    """The matches of one group, oldest first, and how often each value is among them."""

    __slots__ = ("counted", "matches")

    def __init__(self) -> None:
        self.matches: deque[tuple[int, tuple[object, ...], Place]] = deque()
        self.counted: dict[object, int] = {}

    def add(self, when: int, values: tuple[object, ...], place: Place) -> None:
        self.matches.append((when, values, place))
        for value in values:
            self.counted[value] = self.counted.get(value, 0) + 1

    def drop_before(self, start: int) -> int:
        """Drop matches earlier than `start`; return how many."""
        dropped = 0
        while self.matches and self.matches[0][0] < start:
            for value in self.matches.popleft()[1]:
                self.counted[value] -= 1
                if not self.counted[value]:
                    del self.counted[value]
            dropped += 1
        return dropped


class State:
    """Group → its window."""

    def __init__(self, spec: Any) -> None:
        self._of: str = spec["of"]
        self._within = duration(spec["within"])
        self._gte: int = spec["gte"]
        self._distinct = "distinct" in spec
        self._groups: dict[tuple[str, ...], _Window] = {}
        self._tidy_at = _TIDY
        self.size = 0
        self.in_scope = 0
        self.open = 0

    def wants(self, matched: frozenset[str], values: tuple[tuple[object, ...], ...]) -> bool:
        """Count a record of a group; only matches are of interest."""
        self.in_scope += 1
        return self._of in matched and (not self._distinct or bool(values[0]))

    def take(self, event: Event) -> list[Found]:
        """Report the record with which a window is full; the window is then emptied: one finding a burst."""
        assert event.when is not None
        values = event.values[0] if self._distinct else ()
        window = self._groups.get(event.group)
        if window is None:
            window = self._groups[event.group] = _Window()
        self.size += 1 - window.drop_before(event.when - self._within)
        window.add(event.when, values, event.place)
        if (len(window.counted) if self._distinct else len(window.matches)) < self._gte:
            return []
        related = tuple(place for _, _, place in window.matches if place is not event.place)
        self.size -= len(window.matches)
        del self._groups[event.group]
        return [Found(event.place, related, event.group)]

    def sweep(self, now: int, as_of: int) -> list[Found]:
        """Drop groups whose window is over; now and then, for it looks at all of them."""
        if len(self._groups) >= self._tidy_at:
            for group, window in list(self._groups.items()):
                self.size -= window.drop_before(now - self._within)
                if not window.matches:
                    del self._groups[group]
            self._tidy_at = max(_TIDY, 2 * len(self._groups))
        return []

    def finish(self, as_of: int) -> list[Found]:
        """Nothing shows at the end."""
        return []

    def merge(self, other: State) -> None:
        """Take over the groups of another state."""
        disjoint(self._groups, other._groups)
        self.size += other.size
        self.in_scope += other.in_scope
