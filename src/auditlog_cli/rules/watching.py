"""One named check at work: whose records it sees, counting, and the limit to what is kept."""

from __future__ import annotations

from typing import Any, Final

from auditlog_cli.rules import checks
from auditlog_cli.rules.checks import Seen, Settings, Stateless
from auditlog_cli.rules.correlating import GROUP_PATHS, Found
from auditlog_cli.rules.facts import Place
from auditlog_cli.rules.planning import Work
from auditlog_cli.rules.site import Site

_LOOK: Final = 255
"""How much is kept is looked at every 256 records: a check may keep that many keys too many."""


class Watch:
    """A named check, evaluated once for all rules that share it and concern the same agents.

    Attributes:
        population: The number of the agents whose records it sees.
        whole: Whether it is about the log as a whole.
        at: The path that it shows by default.
        group_by: Paths of its group key.
        withheld: See `facts.Tally`.
        exhausted: Whether it was given up, or dropped something that it turned out to need.
        counted: Records in scope that it did not have to see (`idling`).
    """

    __slots__ = (
        "_check",
        "_most",
        "_take",
        "_taken",
        "at",
        "counted",
        "exhausted",
        "group_by",
        "population",
        "whole",
        "withheld",
    )

    def __init__(self, work: Work, site: Site, as_of: int, max_state: int) -> None:
        correlate = work.logic.correlate
        assert correlate is not None
        module = checks.load(correlate["check"])
        self.group_by: tuple[str, ...] = tuple(correlate.get("group_by", GROUP_PATHS[work.logic.scope]))
        settings = Settings(correlate.get("with") or {}, site, as_of, self.group_by, max_state)
        if hasattr(module, "judge"):
            self._check: Any = Stateless(module.judge(settings), module.fields(settings.given))
        else:
            self._check = module.Check(settings)
        self._take = self._check.take  # bound once: checks are of many classes, and a look for the method takes time
        self._most = max_state
        self.population = work.population
        self.whole: bool = module.WHOLE_LOG
        self.at: str = module.AT
        self._taken = 0
        self.withheld = 0
        self.counted = 0
        self.exhausted = False

    def take(self, seen: Seen, matched: frozenset[str]) -> list[Found]:
        """Take the next record of the input."""
        if self.exhausted:
            return []
        seen.matched = matched
        seen.group = seen.grouped(self.group_by) if self.group_by else ()
        found: list[Found] = self._take(seen)
        self._taken += 1
        if not self._taken & _LOOK and self._check.size > self._most:
            self.exhausted = True
        return found

    def bad(self, place: Place, reason: str) -> list[Found]:
        """Take note of a line that is no record, if the check wants to know."""
        tell = getattr(self._check, "bad", None)
        return [] if tell is None else tell(place, reason)

    def verdict(self, code: str, place: Place) -> list[Found]:
        """Take note of a code of the verifier, if the check wants to know."""
        tell = getattr(self._check, "verdict", None)
        return [] if tell is None else tell(code, place)

    def advance(self, now: int) -> list[Found]:
        """Return what shows because time has passed (live), if the check looks for that."""
        tell = getattr(self._check, "advance", None)
        return [] if tell is None or self.exhausted else tell(now)

    def finish(self) -> list[Found]:
        """Return what shows at the end; nothing where the check was given up."""
        self.exhausted = self.exhausted or self._check.size > self._most
        if self.exhausted:
            return []
        found: list[Found] = self._check.finish()
        self.exhausted = getattr(self._check, "partly", False)
        return found

    @property
    def in_scope(self) -> int:
        """How many records, groups, lines or logs were judged."""
        return self.counted + int(self._check.in_scope)

    @property
    def left_out(self) -> int:
        """How many records had no time or group."""
        return int(self._check.left_out)

    @property
    def unknown(self) -> int:
        """How many records could not be judged, because something was withheld."""
        return self.withheld + int(getattr(self._check, "withheld", 0))

    @property
    def why(self) -> str:
        """Why nothing was judged, if the check can say."""
        return str(getattr(self._check, "why", ""))

    def merge(self, other: Watch) -> None:
        """Take over what another run over other groups has kept.

        Raises:
            ValueError: If they have a group in common.
        """
        self._check.merge(other._check)
        self.withheld += other.withheld
        self.counted += other.counted
        self.exhausted = self.exhausted or other.exhausted or self._check.size > self._most
