"""`unannounced_change`: a field changes for one agent (or whatever `per` names) and nobody had said so."""

from __future__ import annotations

from typing import Any

from auditlog_cli.rules.checks import Seen, Settings, nothing
from auditlog_cli.rules.correlating import Found, disjoint
from auditlog_cli.rules.facts import Place
from auditlog_cli.rules.values import identities

WITH = nothing(per={"type": "string"}, field={"type": "string"}, announced_by={"type": ["object", "array"]}) | {
    "required": ["per", "field"]
}
SELECTIONS = ("announced_by",)
WHOLE_LOG = False
AT = ""


def fields(given: dict[str, Any]) -> tuple[str, ...]:
    """The paths that are asked for."""
    return (given["per"], given["field"])


class _Last:
    """The value that was there last, where, and whether a change was announced since."""

    __slots__ = ("announced", "place", "value")

    def __init__(self) -> None:
        self.value: tuple[object, ...] | None = None
        self.place: Place | None = None
        self.announced = False


class Check:
    """(Group, `per`) → the last value."""

    def __init__(self, settings: Settings) -> None:
        self._per: str = settings.given["per"]
        self._field: str = settings.given["field"]
        self._last: dict[tuple[object, ...], _Last] = {}
        self.in_scope = 0
        self.left_out = 0

    @property
    def size(self) -> int:
        """How many of them are kept."""
        return len(self._last)

    def take(self, seen: Seen) -> list[Found]:
        """Report a record with a new value that was not announced."""
        per = identities(seen.get(self._per))
        if not per or seen.group is None:
            self.left_out += bool(per)
            return []
        key = (seen.group, per)
        last = self._last.get(key)
        if last is None:
            last = self._last[key] = _Last()
        if "with.announced_by" in seen.matched:
            last.announced = True
        value = identities(seen.get(self._field))
        if not value:
            return []
        self.in_scope += 1
        before, place = last.value, last.place
        last.value, last.place = value, seen.place
        if before is None or before == value:
            return []
        announced, last.announced = last.announced, False
        if announced:
            return []
        return [Found(seen.place, () if place is None else (place,), seen.group, self._field)]

    def finish(self) -> list[Found]:
        """Nothing shows at the end."""
        return []

    def merge(self, other: Check) -> None:
        """Take over other groups."""
        disjoint(self._last, other._last)
        self.in_scope += other.in_scope
        self.left_out += other.left_out
