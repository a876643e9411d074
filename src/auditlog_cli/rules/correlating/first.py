"""`first: {of, must}`: the first such record of a group does not satisfy what it must."""

from __future__ import annotations

from typing import Any

from auditlog_cli.rules.correlating import Event, Found, disjoint

KEY = "first"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"of": {"type": "string"}, "must": {"type": "string"}},
    "required": ["of", "must"],
    "additionalProperties": False,
}


def uses(spec: Any) -> tuple[str, ...]:
    """Both selections."""
    return spec["of"], spec["must"]


def fields(_: Any) -> tuple[str, ...]:
    """No values."""
    return ()


def windowed(_: Any) -> bool:
    """No window."""
    return False


def idle(spec: Any, states: dict[str, str], matched: frozenset[str]) -> str | None:
    """What is not one of those that come first or later says nothing."""
    return None if spec["of"] in matched else ""


class State:
    """Which groups have had their first record."""

    def __init__(self, spec: Any) -> None:
        self._of: str = spec["of"]
        self._must: str = spec["must"]
        self._groups: dict[tuple[str, ...], bool] = {}
        self.open = 0

    @property
    def size(self) -> int:
        """How many groups are kept."""
        return len(self._groups)

    @property
    def in_scope(self) -> int:
        """Groups that have such a record."""
        return len(self._groups)

    def wants(self, matched: frozenset[str], values: tuple[tuple[object, ...], ...]) -> bool:
        """Only such records are of interest."""
        return self._of in matched

    def take(self, event: Event) -> list[Found]:
        """Report the first record of its group if it is not as it must be."""
        if event.group in self._groups:
            return []
        self._groups[event.group] = True
        return [] if self._must in event.matched else [Found(event.place, group=event.group)]

    def sweep(self, now: int, as_of: int) -> list[Found]:
        """Nothing ends."""
        return []

    def finish(self, as_of: int) -> list[Found]:
        """Nothing shows at the end."""
        return []

    def merge(self, other: State) -> None:
        """Take over the groups of another state."""
        disjoint(self._groups, other._groups)
