"""`idle_gap`: too long between neighbours of a group, and the later one is no fresh start."""

from __future__ import annotations

from typing import Any

from auditlog_cli.rules.checks import Seen, Settings, nothing
from auditlog_cli.rules.correlating import DURATION, Found, disjoint, duration
from auditlog_cli.rules.facts import Place

WITH = nothing(max=DURATION, reset={"type": ["object", "array"]})
SELECTIONS = ("reset",)
WHOLE_LOG = False
AT = "timestamp"


def fields(_: dict[str, Any]) -> tuple[str, ...]:
    """The paths that are asked for."""
    return ()


class Check:
    """Group → time and place of its last record."""

    def __init__(self, settings: Settings) -> None:
        self._max = duration(settings.given.get("max", "30m"))
        self._last: dict[tuple[str, ...], tuple[int, Place]] = {}
        self._pairs: set[tuple[str, ...]] = set()
        self.left_out = 0

    @property
    def size(self) -> int:
        """How many groups are kept."""
        return len(self._last)

    @property
    def in_scope(self) -> int:
        """Groups with two or more records."""
        return len(self._pairs)

    def take(self, seen: Seen) -> list[Found]:
        """Report a record that goes on after too long a pause."""
        if seen.when is None or seen.group is None:
            self.left_out += 1
            return []
        last = self._last.get(seen.group)
        self._last[seen.group] = seen.when, seen.place
        if last is None:
            return []
        self._pairs.add(seen.group)
        if seen.when - last[0] > self._max and "with.reset" not in seen.matched:
            return [Found(seen.place, (last[1],), seen.group)]
        return []

    def finish(self) -> list[Found]:
        """Nothing shows at the end."""
        return []

    def merge(self, other: Check) -> None:
        """Take over other groups."""
        disjoint(self._last, other._last)
        self._pairs |= other._pairs
        self.left_out += other.left_out
