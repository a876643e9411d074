"""`clock`: the time of a writer goes backwards, or is later than now."""

from __future__ import annotations

from typing import Any, Final

from auditlog_cli.fields import MISSING
from auditlog_cli.rules.checks import Seen, Settings, nothing
from auditlog_cli.rules.correlating import DURATION, Found, disjoint, duration
from auditlog_cli.rules.facts import Place
from auditlog_cli.rules.values import identities

WITH = nothing(tolerance=DURATION, per={"type": "array", "items": {"type": "string"}})
SELECTIONS = ()
WHOLE_LOG = True
AT = "timestamp"
_FEW: Final = 100


def fields(given: dict[str, Any]) -> tuple[str, ...]:
    """The paths that are asked for."""
    return tuple(given.get("per", ()))


class Check:
    """(Log, writer) → the latest time so far, and where it stands."""

    def __init__(self, settings: Settings) -> None:
        self._tolerance = duration(settings.given.get("tolerance", "5s"))
        self._per: list[str] = settings.given.get("per", [])
        self._latest: dict[tuple[object, ...], tuple[int, Seen | Place]] = {}
        self._silent = (MISSING,) * len(self._per)
        self._nobody = ((),) * len(self._per)
        self._limit = settings.as_of + self._tolerance
        self.in_scope = 0
        self.left_out = 0

    @property
    def size(self) -> int:
        """How many writers are kept."""
        return len(self._latest)

    def take(self, seen: Seen) -> list[Found]:
        """Report a time that is too early after another, or too late."""
        if seen.when is None:
            return []
        self.in_scope += 1
        said = tuple(map(seen.get, self._per))
        writer = (seen.log, *(self._nobody if said == self._silent else map(identities, said)))
        latest = self._latest.get(writer)
        when = seen.when
        if latest is None or when > latest[0]:
            # Hardly ever does anybody ask where the latest stands. Of few writers the record is kept in place of it.
            self._latest[writer] = when, seen if len(self._latest) < _FEW else seen.place
        elif when < latest[0] - self._tolerance:
            return [Found(seen.place, (latest[1].place,))]
        return [Found(seen.place)] if when > self._limit else []

    def finish(self) -> list[Found]:
        """Nothing shows at the end."""
        return []

    def merge(self, other: Check) -> None:
        """Take over other logs."""
        disjoint(self._latest, other._latest)
        self.in_scope += other.in_scope
