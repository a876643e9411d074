"""`unique: path`: a value that may stand only once in a group is there again."""

from __future__ import annotations

from typing import Any

from auditlog_cli.rules.correlating import Event, Found, hashed

KEY = "unique"
SCHEMA: dict[str, Any] = {"type": "string"}


def uses(_: Any) -> tuple[str, ...]:
    """No selections."""
    return ()


def fields(spec: Any) -> tuple[str, ...]:
    """The path."""
    return (spec,)


def windowed(_: Any) -> bool:
    """No window."""
    return False


def idle(spec: Any, states: dict[str, str], matched: frozenset[str]) -> str | None:
    """A record without the path says nothing."""
    return "" if states.get(spec) == "absent" else None


class State:
    """Hashes of (group, value)."""

    def __init__(self, spec: Any) -> None:
        self._path: str = spec
        self._seen: set[bytes] = set()
        self.in_scope = 0
        self.open = 0

    @property
    def size(self) -> int:
        """How many values are kept."""
        return len(self._seen)

    def wants(self, matched: frozenset[str], values: tuple[tuple[object, ...], ...]) -> bool:
        """Only records that have the path are of interest."""
        return bool(values[0])

    def take(self, event: Event) -> list[Found]:
        """Report a repetition."""
        self.in_scope += 1
        again = False
        for value in event.values[0]:
            key = hashed(event.group, value)
            again = again or key in self._seen
            self._seen.add(key)
        return [Found(event.place, group=event.group, path=self._path)] if again else []

    def sweep(self, now: int, as_of: int) -> list[Found]:
        """Nothing ends."""
        return []

    def finish(self, as_of: int) -> list[Found]:
        """Nothing shows at the end."""
        return []

    def merge(self, other: State) -> None:
        """Take over the groups of another state.

        Raises:
            ValueError: If a value is in both.
        """
        if self._seen & other._seen:
            raise ValueError("states to merge have a group in common")
        self._seen |= other._seen
        self.in_scope += other.in_scope
