"""`require: {each, partner, match, when: after|before, within}`: a record that lacks the one that must go with it."""

from __future__ import annotations

from collections import deque
from itertools import product
from typing import Any, Final

from auditlog_cli.rules.correlating import DURATION, Event, Found, duration
from auditlog_cli.rules.facts import Place

KEY = "require"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "each": {"type": "string"},
        "partner": {"type": "string"},
        "match": {"type": "object"},
        "when": {"enum": ["after", "before"]},
        "within": DURATION,
    },
    "required": ["each", "partner", "match", "when", "within"],
    "additionalProperties": False,
}
MOST_KEYS: Final = 1_000


def uses(spec: Any) -> tuple[str, ...]:
    """Both selections."""
    return spec["each"], spec["partner"]


def fields(spec: Any) -> tuple[str, ...]:
    """What the one has and the other must have, pair by pair: first all of the ones, then all of the others."""
    return (*spec["match"].keys(), *spec["match"].values())


def windowed(_: Any) -> bool:
    """There is a window."""
    return True


_Key = tuple[object, ...]


class _Item:
    """A record that needs a partner."""

    __slots__ = ("group", "keys", "met", "place", "when")

    def __init__(self, when: int, group: tuple[str, ...], keys: list[_Key], place: Place) -> None:
        self.when = when
        self.group = group
        self.keys = keys
        self.place = place
        self.met = False


class State:
    """Items still without a partner, by key and in time order; partners that may still be somebody's.

    A partner may have the same time as the record that needs it and stand before it or behind it: so partners are
    kept while the time stands still (`after`), and so are records (`before`).
    """

    def __init__(self, spec: Any) -> None:
        self._each: str = spec["each"]
        self._partner: str = spec["partner"]
        self._pairs = len(spec["match"])
        self._after: bool = spec["when"] == "after"
        self._within = duration(spec["within"])
        self._waiting: deque[_Item] = deque()
        self._by_key: dict[_Key, deque[_Item]] = {}
        self._partners: deque[tuple[int, _Key, Place]] = deque()
        self._partner_of: dict[_Key, deque[Place]] = {}
        self.in_scope = 0
        self.open = 0

    @property
    def size(self) -> int:
        """How many records and partners are kept."""
        return len(self._waiting) + len(self._partners)

    def wants(self, matched: frozenset[str], values: tuple[tuple[object, ...], ...]) -> bool:
        """Records and partners are of interest."""
        return True

    def take(self, event: Event) -> list[Found]:
        """Note a record that needs a partner, or that is one; return those whose time is over."""
        assert event.when is not None
        if self._partner in event.matched:
            for key in self._keys(event, event.values[self._pairs :]):
                for item in self._by_key.pop(key, ()):
                    item.met = True
                self._partners.append((event.when, key, event.place))
                self._partner_of.setdefault(key, deque()).append(event.place)
        if self._each in event.matched:
            item = _Item(event.when, event.group, self._keys(event, event.values[: self._pairs]), event.place)
            # A record is not its own partner; but what is no older than it may be.
            item.met = any(self._partner_of[key][0] is not event.place for key in item.keys if key in self._partner_of)
            self._waiting.append(item)
            if not item.met:
                for key in item.keys:
                    self._by_key.setdefault(key, deque()).append(item)
        return []

    def _keys(self, event: Event, values: tuple[tuple[object, ...], ...]) -> list[_Key]:
        return [(event.group, *each) for _, each in zip(range(MOST_KEYS), product(*values), strict=False)]

    def sweep(self, now: int, as_of: int) -> list[Found]:
        """Report the records whose time is over at `now`; forget the partners that can help nobody any more."""
        return self._over(now, as_of)

    def _over(self, now: int, as_of: int) -> list[Found]:
        found: list[Found] = []
        patience = self._within if self._after else 0
        while self._waiting and now - self._waiting[0].when > patience:
            found += self._judge(self._waiting.popleft(), as_of)
        # `after`: a partner helps only records of its own time; `before`: those up to `within` later.
        kept = 0 if self._after else self._within
        while self._partners and now - self._partners[0][0] > kept:
            _, key, _ = self._partners.popleft()
            left = self._partner_of[key]
            left.popleft()
            if not left:
                del self._partner_of[key]
        return found

    def _judge(self, item: _Item, as_of: int) -> list[Found]:
        for key in item.keys:
            queue = self._by_key.get(key)
            while queue and (queue[0] is item or queue[0].met):
                queue.popleft()
            if queue is not None and not queue:
                del self._by_key[key]
        if not item.met and self._after and item.when + self._within > as_of:
            self.open += 1
            return []
        self.in_scope += 1
        return [] if item.met else [Found(item.place, group=item.group)]

    def finish(self, as_of: int) -> list[Found]:
        """Report what is left; records whose time is not up at `as_of` are open."""
        return self._over(1 << 62, as_of)

    def merge(self, other: State) -> None:
        """Take over the groups of another state.

        Raises:
            ValueError: If a group is in both.
        """
        if {item.group for item in self._waiting} & {item.group for item in other._waiting}:
            raise ValueError("states to merge have a group in common")
        both = sorted([*self._waiting, *other._waiting], key=lambda item: item.when)
        self._waiting = deque(both)
        self._partners = deque(sorted([*self._partners, *other._partners], key=lambda each: each[0]))
        self._by_key.update(other._by_key)
        self._partner_of.update(other._partner_of)
        self.in_scope += other.in_scope
        self.open += other.open
