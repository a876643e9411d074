"""Rules at work: records go in, facts come out (compliance.md, 6 and 13).

    record ──► generated function ──► record rules speak at once
                     │
                     ├──► named checks, in the order of the input
                     └──► events ──► ordering ──► correlations, in the order of time

A logic is evaluated once, however many rules have it; what it finds is spread to all of them. Policies have agents:
a record rule speaks for the policies that its record belongs to; a correlation is evaluated once for each different
set of agents; a check about the log as a whole sees all records.

What is kept between records is keyed by session, trace or log. Two engines with the same rules, fed with different
groups, can be put together with `merge`, before `finish`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from auditlog_cli.rules import idling
from auditlog_cli.rules.binding import Bound
from auditlog_cli.rules.checks import Seen
from auditlog_cli.rules.correlating import Event, fields_of
from auditlog_cli.rules.correlating.ordering import HELD, Held, Ordering
from auditlog_cli.rules.correlating.running import Correlation
from auditlog_cli.rules.counting import Counter
from auditlog_cli.rules.facts import Fact, Place, Spot, Tally
from auditlog_cli.rules.generating import generate
from auditlog_cli.rules.idling import NOBODY
from auditlog_cli.rules.interpreting import selected
from auditlog_cli.rules.lookups import WHEN
from auditlog_cli.rules.planning import plan
from auditlog_cli.rules.program import Outcome
from auditlog_cli.rules.reading import Reading
from auditlog_cli.rules.site import Site
from auditlog_cli.rules.sitefacts import Policy
from auditlog_cli.rules.sparing import generate_sparing
from auditlog_cli.rules.speaking import Speaker
from auditlog_cli.rules.values import moment
from auditlog_cli.rules.watching import Watch

MAX_STATE: Final = 1_000_000


class Engine:
    """Evaluates bound rules over the records of one run.

    Args:
        bound: The rules; those that are not enabled are left alone.
        site: The site facts.
        as_of: The "now" of all rules, microseconds since the epoch.
        scanner: The detectors (`scan`); None: nobody looked, and what depends on it is withheld.
        max_state: Keys that one correlation or check may keep before it is given up.
        own: Whether rules judge the log's own records, too.
        lateness: Live runs: microseconds that a record may be late; None: over files (see `correlating.ordering`).
        held: Over files: records that are held back to be put in order.
        sparing: Ask the detectors only where what a rule says rests on it; for rules about several records.

    Attributes:
        own_records: How many records of the log about itself came in; not judged by rules unless `own`.

    Raises:
        DefinitionError: If a rule is not understood.
    """

    def __init__(
        self,
        bound: Sequence[Bound],
        site: Policy,
        *,
        as_of: int,
        scanner: Any = None,
        max_state: int = MAX_STATE,
        own: bool = False,
        lateness: int | None = None,
        held: int = HELD,
        sparing: bool = False,
    ) -> None:
        self._plan = plan(bound, as_of)
        self._site = Site(site)
        self._scan = None if scanner is None else scanner.scan
        self._as_of = as_of
        self._own = own
        self._lateness = lateness or 0
        self._judge = (generate_sparing if sparing else generate)(self._plan.program, self._site, self._scan)
        self._speaker = Speaker(self._plan)
        self._counter = Counter(self._plan)
        self._ordering = Ordering(lateness, held)
        self._correlations = [Correlation(work.logic, max_state) for work in self._plan.correlations]
        self._watches = [Watch(work, self._site, as_of, max_state) for work in self._plan.checks]
        self._virtual = any(
            path.startswith("@") for work in (*self._plan.correlations, *self._plan.checks)
            for path in fields_of(work.logic.correlate or {}, work.logic.scope)
        )  # fmt: skip
        self.own_records = 0

    # --- what comes in ------------------------------------------------------------------------

    def record(self, content: dict[str, Any], place: Place | Spot) -> list[Fact]:
        """Judge one record.

        Args:
            content: The record, under the names of `auditlog.record/1`.
            place: Where it stands.

        Returns:
            What can be said now: record rules, checks, and correlations that are complete.
        """
        own = ""
        if "auditlog" in content:
            own = _kind(content["auditlog"])
            self.own_records += 1
            if not self._own:
                return self._own_record(content, place.place if isinstance(place, Spot) else place, own)
        outcome, hits, values = self._judge(content)
        if not outcome.count:
            if outcome.followers is None:
                outcome.followers = idling.followers(outcome, self._plan, self._watches, self._correlations)
            self._counter.first(outcome)
        outcome.count += 1
        facts: list[Fact] = []
        if outcome.hits:
            facts = self._speaker.of_record(outcome, Reading(content, self._site, self._scan, hits), place)
        if outcome.followers is not NOBODY:
            self._follow(facts, content, values, outcome, place, own)
        elif self._correlations:
            self._ordering.passed(values[WHEN] if WHEN in values else moment(content.get("timestamp")))
        return facts

    def beside(self, content: dict[str, Any], place: Place) -> list[Fact]:
        """Take a record that is not to be judged: only checks about the log as a whole see it.

        Args:
            content, place: As for `record`.
        """
        get = (reading := Reading(content, self._site, None)).get
        seen = Seen(get, content, moment(content.get("timestamp")), place, "", {})
        facts: list[Fact] = []
        for number, (watch, work) in enumerate(zip(self._watches, self._plan.checks, strict=True)):
            if watch.whole:
                named = work.logic.selections
                matched = frozenset(name for name in work.logic.uses if selected(named[name], reading) is True)
                for found in watch.take(seen, matched):
                    facts += self._speaker.of_check(number, found, watch.at, get)
        return facts

    def _own_record(self, content: dict[str, Any], place: Place | Spot, own: str) -> list[Fact]:
        """A record of the log about itself: only checks about the log as a whole see it."""
        when = moment(content.get("timestamp"))
        get = Reading(content, self._site, None).get
        seen = Seen(get, content, when, place, own, {})
        facts: list[Fact] = []
        for number, watch in enumerate(self._watches):
            if watch.whole:
                for found in watch.take(seen, frozenset()):
                    facts += self._speaker.of_check(number, found, watch.at, get)
        return facts

    def _follow(
        self,
        facts: list[Fact],
        content: dict[str, Any],
        values: dict[str, Any],
        outcome: Outcome,
        place: Place | Spot,
        own: str,
    ) -> None:
        """Hand a record to the checks and correlations that have to see it."""
        when = values[WHEN] if WHEN in values else moment(content.get("timestamp"))
        seen = Seen(values.__getitem__, content, when, place, own, outcome.states)
        if self._correlations:
            self._ordering.passed(when)
        if self._virtual:
            seen.get = self._reading(content, values).get
        events: list[tuple[int, Event]] = []
        watches, correlations = outcome.followers
        for number, watch, matched, unknown in watches:
            if unknown:
                watch.withheld += 1
            if found := watch.take(seen, matched):
                get = self._reading(content, values).get
                facts += [fact for each in found for fact in self._speaker.of_check(number, each, watch.at, get)]
        for number, correlation, matched, unknown in correlations:
            if unknown:
                correlation.withheld += 1
            if matched or not unknown:
                event = correlation.event(seen, matched)
                if event is not None:
                    if self._speaker.tells(number):
                        self._speaker.prepare(number, self._reading(content, values).get, event.place)
                    events.append((number, event))
        if events:
            seq = content.get("seq")
            due = self._ordering.add(when, seq if seq.__class__ is int else None, events)
            if due:
                facts += self._correlate(due)

    def _reading(self, content: dict[str, Any], values: dict[str, Any]) -> Reading:
        reading = Reading(content, self._site, self._scan)
        reading.know(values)
        return reading

    def _correlate(self, due: Iterable[Held]) -> list[Fact]:
        facts: list[Fact] = []
        for _, _, _, events in due:
            for number, event in events:
                for found in self._correlations[number].take(event, self._as_of):
                    facts += self._speaker.of_correlation(number, found)
        return facts

    def enough(self, bound: Bound) -> None:
        """Make no more facts of a rule about single records: they are counted (`tallies`), and not given."""
        self._speaker.enough.add(bound)

    @property
    def needs_scanner(self) -> bool:
        """Whether a rule asks for what the detectors find."""
        return self._plan.program.needs_scanner

    @property
    def spared(self) -> Mapping[Bound, int]:
        """How many facts of each rule were not given."""
        return self._speaker.spared

    def bad(self, place: Place, reason: str) -> list[Fact]:
        """Take note of a line that is no record.

        Args:
            place: Where it stands.
            reason: What is wrong with it, without any value of it.
        """
        facts: list[Fact] = []
        for number, watch in enumerate(self._watches):
            for found in watch.bad(place, reason):
                facts += self._speaker.of_check(number, found, watch.at)
        return facts

    def verdict(self, codes: Iterable[tuple[str, Place]]) -> list[Fact]:
        """Take note of what the verifier found: codes of integrity.md, 4.2, and where. After the records."""
        facts: list[Fact] = []
        for code, place in codes:
            for number, watch in enumerate(self._watches):
                for found in watch.verdict(code, place):
                    facts += self._speaker.of_check(number, found, watch.at)
        return facts

    # --- the end, and what was counted --------------------------------------------------------

    def at(self, now: int) -> None:
        """Set the "now" of the rules (live runs); `advance` says what that shows.

        Args:
            now: The clock, microseconds since the epoch.
        """
        self._as_of = now

    def advance(self, now: int) -> list[Fact]:
        """Return what shows because time has passed, without new records (live runs).

        A deadline is over once no record can be late for it any more.

        Args:
            now: The clock, microseconds since the epoch.
        """
        self.at(now)
        facts = self._correlate(self._ordering.until(now))
        over = now - self._lateness
        for number, correlation in enumerate(self._correlations):
            for found in correlation.sweep(over, over):
                facts += self._speaker.of_correlation(number, found)
        for number, watch in enumerate(self._watches):
            for found in watch.advance(over):
                facts += self._speaker.of_check(number, found, watch.at)
        return facts

    def finish(self) -> list[Fact]:
        """Return what shows at the end of the input. Nothing may come in after it."""
        facts = self._correlate(self._ordering.rest())
        for number, correlation in enumerate(self._correlations):
            for found in correlation.finish(self._as_of):
                facts += self._speaker.of_correlation(number, found)
        for number, watch in enumerate(self._watches):
            for found in watch.finish():
                facts += self._speaker.of_check(number, found, watch.at)
        return facts

    def merge(self, other: Engine) -> list[Fact]:
        """Take over what another engine with the same rules has seen of other sessions, traces and logs.

        Both put what they still hold back in order first, and judge it.

        Returns:
            What that shows.

        Raises:
            ValueError: If the two have a group in common.
        """
        self._counter.spread()
        other._counter.spread()
        facts = self._correlate(self._ordering.rest()) + other._correlate(other._ordering.rest())
        for mine, theirs in zip(self._correlations, other._correlations, strict=True):
            mine.merge(theirs)
        for watch, watched in zip(self._watches, other._watches, strict=True):
            watch.merge(watched)
        self._counter.merge(other._counter)
        self._speaker.merge(other._speaker)
        self.own_records += other.own_records
        return facts

    @property
    def late(self) -> int:
        """How many records came too late to be put in order."""
        return self._ordering.late

    @property
    def under_no_policy(self) -> int:
        """How many records no policy matches."""
        self._counter.spread()
        return self._counter.under_no_policy

    def tallies(self) -> Mapping[Bound, Tally]:
        """Return how often each enabled rule was asked, and what came of it."""
        return self._counter.tallies(self._correlations, self._watches, self._speaker.counts, late=self.late)


def _kind(said: object) -> str:
    """What kind of own record it is, as its member `auditlog` says."""
    kind = said.get("type") if isinstance(said, dict) else None
    return kind if isinstance(kind, str) and kind else "own"
