"""`history_span`: a log does not reach back as far as it must."""

from __future__ import annotations

from typing import Any

from auditlog_cli import times
from auditlog_cli.rules.checks import Seen, Settings, nothing
from auditlog_cli.rules.correlating import DURATION, Found, disjoint, duration
from auditlog_cli.rules.facts import Place

WITH = nothing(min=DURATION, system_start={"type": ["string", "null"]})
SELECTIONS = ()
WHOLE_LOG = True
AT = "timestamp"


def fields(_: dict[str, Any]) -> tuple[str, ...]:
    """The paths that are asked for."""
    return ()


class Check:
    """Log → its oldest time, and where it stands. Without `system_start` nothing is judged."""

    def __init__(self, settings: Settings) -> None:
        start = settings.given.get("system_start")
        self._start = times.moment(start) if start else None
        self._must = settings.as_of - duration(settings.given.get("min", "365d"))
        self._oldest: dict[str, tuple[int, Place]] = {}
        self.left_out = 0

    @property
    def size(self) -> int:
        """How many logs are kept."""
        return len(self._oldest)

    @property
    def in_scope(self) -> int:
        """Logs that are judged."""
        return len(self._oldest) if self._start is not None else 0

    def take(self, seen: Seen) -> list[Found]:
        """Note the oldest record."""
        if seen.when is None:
            self.left_out += 1
            return []
        oldest = self._oldest.get(seen.log)
        if oldest is None or seen.when < oldest[0]:
            self._oldest[seen.log] = seen.when, seen.place
        return []

    def finish(self) -> list[Found]:
        """Report the logs that begin too late."""
        if self._start is None:
            return []
        limit = max(self._start, self._must) + times.DAY
        return [Found(place) for when, place in self._oldest.values() if when > limit]

    def merge(self, other: Check) -> None:
        """Take over other logs."""
        disjoint(self._oldest, other._oldest)
        self.left_out += other.left_out
