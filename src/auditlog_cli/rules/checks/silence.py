"""`silence`: too long between neighbours of a log, and the earlier one did not say that it would stop."""

from __future__ import annotations

from typing import Any

from auditlog_cli.rules.checks import Seen, Settings, nothing
from auditlog_cli.rules.correlating import DURATION, Found, disjoint, duration
from auditlog_cli.rules.facts import Place

WITH = nothing(max=DURATION, stop={"type": ["object", "array"]})
SELECTIONS = ("stop",)
WHOLE_LOG = True
AT = "timestamp"


def fields(_: dict[str, Any]) -> tuple[str, ...]:
    """The paths that are asked for."""
    return ()


class Check:
    """Log → time and place of its last record, and whether it said that it would stop.

    Of the log's own records `close` is a stop record; every other one is a sign of life (2.2).
    """

    def __init__(self, settings: Settings) -> None:
        self._max = duration(settings.given.get("max", "24h"))
        self._last: dict[str, tuple[int, Place, bool]] = {}
        self._said: dict[str, Place] = {}  # live: the silence behind this record was reported while it lasted
        self.in_scope = 0
        self.left_out = 0

    @property
    def size(self) -> int:
        """How many logs are kept."""
        return len(self._last)

    def take(self, seen: Seen) -> list[Found]:
        """Report a record that comes too long after the one before it."""
        if seen.when is None:
            self.left_out += 1
            return []
        last = self._last.get(seen.log)
        self._last[seen.log] = seen.when, seen.place, "with.stop" in seen.matched or seen.own == "close"
        if last is None:
            return []
        self.in_scope += 1
        when, place, stopped = last
        if self._said.pop(seen.log, None) is place:
            return []
        return [Found(seen.place, (place,))] if seen.when - when > self._max and not stopped else []

    def advance(self, now: int) -> list[Found]:
        """Report a silence while it lasts, once."""
        found = []
        for log, (when, place, stopped) in self._last.items():
            if now - when > self._max and not stopped and log not in self._said:
                self._said[log] = place
                found.append(Found(place))
        return found

    def finish(self) -> list[Found]:
        """Nothing shows at the end: there is no neighbour."""
        return []

    def merge(self, other: Check) -> None:
        """Take over other logs."""
        disjoint(self._last, other._last)
        self.in_scope += other.in_scope
