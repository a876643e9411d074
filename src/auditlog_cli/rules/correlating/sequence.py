"""`sequence: {steps, within?, same?, without?}`: one record after the other, unless something came in between."""

from __future__ import annotations

from itertools import product
from typing import Any, Final

from auditlog_cli.rules.correlating import DURATION, Event, Found, disjoint, duration, hashed
from auditlog_cli.rules.facts import Place

KEY = "sequence"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "steps": {"type": "array", "items": {"type": "string"}, "minItems": 2},
        "within": DURATION,
        "same": {"type": "array", "items": {"type": "string"}},
        "without": {"type": "string"},
    },
    "required": ["steps"],
    "additionalProperties": False,
}
MOST_KEYS: Final = 1_000
"""Of one record: it takes part under that many combinations of the values of `same`."""
_TIDY: Final = 1024


def uses(spec: Any) -> tuple[str, ...]:
    """The steps, and what must not come in between."""
    return tuple(dict.fromkeys([*spec["steps"], *([spec["without"]] if "without" in spec else [])]))


def fields(spec: Any) -> tuple[str, ...]:
    """The fields that must be the same."""
    return tuple(spec.get("same", ()))


def windowed(spec: Any) -> bool:
    """Whether there is a window."""
    return "within" in spec


def idle(spec: Any, states: dict[str, str], matched: frozenset[str]) -> str | None:
    """Without a value of `same` a record can only end attempts."""
    if all(states.get(path) != "absent" for path in spec.get("same", ())) or spec.get("without") in matched:
        return None
    return "counted" if spec["steps"][0] in matched else ""


_Attempt = tuple[int, tuple[Place, ...]]
"""When it began, and its records so far."""


class State:
    """Group → key (values of `same`) → number of the step awaited → the newest attempt that awaits it.

    Of two attempts under one key that await the same step the newer one has the later deadline, and whatever
    completes or ends the one completes or ends the other: it is enough to keep the newer.
    """

    def __init__(self, spec: Any) -> None:
        self._steps: list[str] = spec["steps"]
        self._without: str = spec.get("without", "")
        self._within = duration(spec["within"]) if "within" in spec else None
        self._same = bool(spec.get("same"))
        self._groups: dict[tuple[str, ...], dict[bytes, dict[int, _Attempt]]] = {}
        self._tidy_at = _TIDY
        self.size = 0
        self.in_scope = 0
        self.open = 0

    def wants(self, matched: frozenset[str], values: tuple[tuple[object, ...], ...]) -> bool:
        """Whether the record can begin, advance or end an attempt: without values of `same` it can only end them."""
        if self._same and not all(values):
            self.in_scope += self._steps[0] in matched
            return self._without in matched
        return True

    def take(self, event: Event) -> list[Found]:
        """Advance the attempts that the record fits, and report it if it completes one."""
        when = event.when if event.when is not None else 0
        attempts = self._groups.get(event.group)
        keys = self._keys(event)
        if attempts is not None and self._without in event.matched:
            self._end(attempts, keys)
        earlier: dict[int, Place] = {}
        if attempts:
            for key in keys:
                for place in self._advance(attempts, key, event, when):
                    earlier[id(place)] = place
        if self._steps[0] in event.matched and keys:
            self.in_scope += 1
            attempts = self._groups.setdefault(event.group, {})
            for key in keys:
                waiting = attempts.setdefault(key, {})
                self.size += 1 not in waiting
                waiting[1] = when, (event.place,)
        if attempts is not None and not attempts:
            self._groups.pop(event.group, None)
        return [Found(event.place, tuple(earlier.values()), event.group)] if earlier else []

    def _keys(self, event: Event) -> list[bytes]:
        """What the record shares with others: every combination of its values of `same`."""
        if not self._same:
            return [b""]
        if not all(event.values):
            return []
        return [hashed(each) for _, each in zip(range(MOST_KEYS), product(*event.values), strict=False)]

    def _end(self, attempts: dict[bytes, dict[int, _Attempt]], keys: list[bytes]) -> None:
        """End the attempts under `keys`. A record that has no values of `same` ends them all."""
        for key in keys or list(attempts):
            self.size -= len(attempts.pop(key, ()))

    def _advance(
        self, attempts: dict[bytes, dict[int, _Attempt]], key: bytes, event: Event, when: int
    ) -> tuple[Place, ...]:
        """Bring the attempts under one key on; return the records of one that is complete now."""
        waiting = attempts.get(key)
        if waiting is None:
            return ()
        done: tuple[Place, ...] = ()
        for step in sorted(waiting, reverse=True):
            started, places = waiting[step]
            if self._within is not None and when - started > self._within:
                del waiting[step]
                self.size -= 1
            elif self._steps[step] in event.matched:
                del waiting[step]
                self.size -= 1
                if step + 1 == len(self._steps):
                    done = done or places
                else:
                    self.size += step + 1 not in waiting
                    waiting[step + 1] = started, (*places, event.place)
        if not waiting:
            del attempts[key]
        return done

    def sweep(self, now: int, as_of: int) -> list[Found]:
        """Drop attempts whose time is over; now and then, for it looks at all of them."""
        if self._within is not None and self.size >= self._tidy_at:
            for group, attempts in list(self._groups.items()):
                for key, waiting in list(attempts.items()):
                    for step, (started, _) in list(waiting.items()):
                        if now - started > self._within:
                            del waiting[step]
                            self.size -= 1
                    if not waiting:
                        del attempts[key]
                if not attempts:
                    del self._groups[group]
            self._tidy_at = max(_TIDY, 2 * self.size)
        return []

    def finish(self, as_of: int) -> list[Found]:
        """Nothing shows at the end."""
        return []

    def merge(self, other: State) -> None:
        """Take over the groups of another state."""
        disjoint(self._groups, other._groups)
        self.size += other.size
        self.in_scope += other.in_scope
