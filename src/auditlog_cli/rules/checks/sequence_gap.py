"""`sequence_gap`: numbers follow on each other within one log, and ids are there once in the whole input."""

from __future__ import annotations

from typing import Any

from auditlog_cli.fields import is_hole, is_missing
from auditlog_cli.rules.checks import Seen, Settings, nothing
from auditlog_cli.rules.correlating import Found, hashed
from auditlog_cli.rules.facts import Place
from auditlog_cli.rules.values import identity

WITH = nothing(unique={"type": "string"})
SELECTIONS = ()
WHOLE_LOG = True
AT = "seq"
CODES = frozenset(("seq", "prefix"))


def fields(given: dict[str, Any]) -> tuple[str, ...]:
    """The paths that are asked for."""
    return ("seq", given["unique"]) if "unique" in given else ("seq",)


def idle(given: Any, states: dict[str, str], matched: frozenset[str]) -> str | None:
    """A record without a number and without an id says nothing."""
    unique = given.get("unique")
    nameless = not unique or states.get(unique) == "absent"
    return "" if nameless and states["seq"] == "absent" else None


class Check:
    """Log → its last number; the ids seen, hashed.

    The verifier counts, too: a place that it names with `seq` is reported once. A prefix that was pruned and
    declared is none of its codes, and is no gap here: the first number of a log may be any.
    """

    def __init__(self, settings: Settings) -> None:
        self._unique: str = settings.given.get("unique", "")
        self._last: dict[str, int] = {}
        self._ids: set[bytes] = set()
        self._broken: set[str] = set()
        self.in_scope = 0
        self.left_out = 0

    @property
    def size(self) -> int:
        """How many logs and ids are kept."""
        return len(self._last) + len(self._ids)

    def take(self, seen: Seen) -> list[Found]:
        """Report a record whose number is not the next one, or whose id was there before."""
        found = []
        seq = seen.content.get("seq")
        numbered = seq.__class__ is int
        if numbered:
            log = seen.log
            last = self._last.get(log)
            self._last[log] = seq  # type: ignore[assignment]
            if last is not None and seq != last + 1:
                self._broken.add(log)
                found.append(Found(seen.place))
        name = seen.get(self._unique) if self._unique else None
        named = not (name is None or is_missing(name) or is_hole(name))
        if named:
            key = hashed(identity(name))
            if key in self._ids:
                # A record that repeats both its number and its id is one fact.
                found = found or [Found(seen.place, path=self._unique)]
            self._ids.add(key)
        self.in_scope += numbered or named
        return found

    def verdict(self, code: str, place: Place) -> list[Found]:
        """Report what only the verifier can see: that the first records are missing and not declared as pruned."""
        if code not in CODES or (code == "seq" and place.log in self._broken):
            return []
        return [Found(place)]

    def finish(self) -> list[Found]:
        """Nothing shows at the end."""
        return []

    def merge(self, other: Check) -> None:
        """Take over other logs. An id in both is not seen here: give logs that share ids to one run.

        Raises:
            ValueError: If they have a log or an id in common.
        """
        if self._last.keys() & other._last.keys() or self._ids & other._ids:
            raise ValueError("states to merge have a log or an id in common")
        self._last.update(other._last)
        self._ids |= other._ids
        self._broken |= other._broken
        self.in_scope += other.in_scope
