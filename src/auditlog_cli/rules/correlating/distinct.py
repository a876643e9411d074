"""`distinct: {field, max}`: more different values in a group than there may be."""

from __future__ import annotations

from sys import intern
from typing import Any, Final

from auditlog_cli.rules.correlating import Event, Found, disjoint, hashed

KEY = "distinct"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"field": {"type": "string"}, "max": {"type": "integer", "minimum": 0}},
    "required": ["field", "max"],
    "additionalProperties": False,
}


def uses(_: Any) -> tuple[str, ...]:
    """No selections: every record of the group."""
    return ()


def fields(spec: Any) -> tuple[str, ...]:
    """The field whose values are counted."""
    return (spec["field"],)


def windowed(_: Any) -> bool:
    """No window."""
    return False


def idle(spec: Any, states: dict[str, str], matched: frozenset[str]) -> str | None:
    """A record without the field says nothing."""
    return "" if states.get(spec["field"]) == "absent" else None


_REMEMBERED: Final = 16_384
"""Groups whose first record is remembered: what is forgotten costs a moment and no truth."""


class State:
    """Hash of a group → the values seen; a value alone where there is only one, as in most sessions."""

    def __init__(self, spec: Any) -> None:
        self._max: int = spec["max"]
        self._path: str = spec["field"]
        self._groups: dict[bytes, Any] = {}
        self._first: dict[tuple[str, ...], tuple[object, int]] = {}
        self.size = 0
        self.in_scope = 0
        self.open = 0

    def wants(self, matched: frozenset[str], values: tuple[tuple[object, ...], ...]) -> bool:
        """Only records that have the field are of interest."""
        return bool(values[0])

    def repeats(self, group: tuple[str, ...], values: tuple[tuple[object, ...], ...], when: int | None) -> bool:
        """Tell of a record that comes in, and count it, if it says only what an earlier one of its group has said.

        Earlier in both orders: it came in before, and its time is before. In time order, too, the value is then not
        new with this record, which need not be put in order.
        """
        if when is None or len(values[0]) != 1:
            return False
        first = self._first.get(group)
        if first is None:
            if len(self._first) >= _REMEMBERED:
                self._first.clear()
            self._first[group] = values[0][0], when
            return False
        if first[0] != values[0][0] or when <= first[1]:
            return False
        self.in_scope += 1
        return True

    def take(self, event: Event) -> list[Found]:
        """Report the record that brings the (max+1)-th value, and each further one."""
        values = event.values[0]
        self.in_scope += 1
        group = hashed(event.group)
        seen = self._groups.get(group)
        if seen.__class__ is not set and len(values) == 1 and self._max > 0:
            if seen is None:
                self._groups[group] = intern(values[0]) if values[0].__class__ is str else values[0]
                self.size += 1
                return []
            if seen == values[0]:
                return []
        if seen.__class__ is not set:
            seen = self._groups[group] = set() if seen is None else {seen}
        before = len(seen)
        seen.update(values)
        self.size += len(seen) - before
        if len(seen) > before and len(seen) > self._max:
            return [Found(event.place, group=event.group, path=self._path)]
        return []

    def sweep(self, now: int, as_of: int) -> list[Found]:
        """Nothing ends."""
        return []

    def finish(self, as_of: int) -> list[Found]:
        """Nothing shows at the end."""
        return []

    def merge(self, other: State) -> None:
        """Take over the groups of another state."""
        disjoint(self._groups, other._groups)
        self.size += other.size
        self.in_scope += other.in_scope
