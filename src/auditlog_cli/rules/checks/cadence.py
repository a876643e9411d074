"""`cadence`: too long between two records of a kind, or between one and the start or the end of the log."""

from __future__ import annotations

from typing import Any

from auditlog_cli.rules.checks import Seen, Settings, nothing
from auditlog_cli.rules.correlating import DURATION, Found, disjoint, duration
from auditlog_cli.rules.facts import Place

WITH = nothing(every=DURATION, of={"type": ["object", "array"]}) | {"required": ["every", "of"]}
SELECTIONS = ("of",)
WHOLE_LOG = True
AT = "timestamp"


def fields(_: dict[str, Any]) -> tuple[str, ...]:
    """The paths that are asked for."""
    return ()


class Check:
    """Log → time and place of the last record of the kind (at first: of the first record), and of the last one."""

    def __init__(self, settings: Settings) -> None:
        self._every = duration(settings.given["every"])
        self._logs: dict[str, tuple[int, Place, int, Place]] = {}
        self._said: dict[str, Place] = {}  # live: that nothing followed this record in time has been reported
        self.left_out = 0

    @property
    def size(self) -> int:
        """How many logs are kept."""
        return len(self._logs)

    @property
    def in_scope(self) -> int:
        """Logs with records."""
        return len(self._logs)

    def take(self, seen: Seen) -> list[Found]:
        """Report a record of the kind that comes too late after the one before it."""
        if seen.when is None:
            self.left_out += 1
            return []
        log = seen.log
        before = self._logs.get(log)
        if before is None:
            self._logs[log] = seen.when, seen.place, seen.when, seen.place
            return []
        when, place, _, _ = before
        if "with.of" not in seen.matched:
            self._logs[log] = when, place, seen.when, seen.place
            return []
        self._logs[log] = seen.when, seen.place, seen.when, seen.place
        if self._said.pop(log, None) is place:
            return []
        return [Found(seen.place, (place,))] if seen.when - when > self._every else []

    def advance(self, now: int) -> list[Found]:
        """Report that the next one of the kind is overdue, once."""
        found = []
        for log, (when, place, _, _) in self._logs.items():
            if now - when > self._every and log not in self._said:
                self._said[log] = place
                found.append(Found(place))
        return found

    def finish(self) -> list[Found]:
        """Report the logs that went on too long after the last one."""
        return [
            Found(last, (place,) if place is not last else ())
            for when, place, end, last in self._logs.values()
            if end - when > self._every
        ]

    def merge(self, other: Check) -> None:
        """Take over other logs."""
        disjoint(self._logs, other._logs)
        self.left_out += other.left_out
