"""What was found becomes facts, one for each rule that shares the logic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from auditlog_cli.rules import messages
from auditlog_cli.rules.binding import Bound
from auditlog_cli.rules.correlating import Found
from auditlog_cli.rules.facts import Fact, Place, Spot, pointer
from auditlog_cli.rules.planning import Plan, Work
from auditlog_cli.rules.program import Outcome
from auditlog_cli.rules.reading import Reading

Get = Callable[[str], Any]


class Speaker:
    """Makes facts, and counts them by rule.

    Attributes:
        counts: Rule → how many facts there were.
        enough: Rules of whose further facts about single records only the number is wanted.
        spared: Rule → how many facts were counted only.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.counts: dict[Bound, int] = {}
        self.spared: dict[Bound, int] = {}
        self.enough: set[Bound] = set()
        self._templates = [any(each.rule.report_message for each in work.bounds) for work in plan.correlations]

    def of_record(self, outcome: Outcome, reading: Reading, place: Place | Spot) -> list[Fact]:
        """Return the facts of the record rules that fire for one record."""
        facts: list[Fact] = []
        for number in outcome.hits:
            logic = self._plan.program.logics[number]
            heard = [bound for bound, population in self._plan.heard[number] if population in outcome.populations]
            if not heard:
                continue
            shown = outcome.shown.get(number)
            if shown is None:  # which selections hold is the same for all records of one outcome
                shown = messages.shown_at(logic, reading), messages.entities_meant(logic, reading)
                outcome.shown[number] = shown
            path, meant = shown
            for bound in heard:
                if bound in self.enough:
                    many = sum(messages.is_meant(hit.entity, meant) for hit in reading.hits) if meant else 0
                    self.counts[bound] = self.counts.get(bound, 0) + (many or 1)
                    self.spared[bound] = self.spared.get(bound, 0) + (many or 1)
                    continue
                made = self._entities(bound, reading, place.place, meant) if meant else []
                facts += made or [self._fact(bound, messages.message(bound.rule, reading.get), path, place.place)]
        return facts

    def _entities(self, bound: Bound, reading: Reading, place: Place, meant: frozenset[str]) -> list[Fact]:
        """One fact for each place at which one of the entities that are meant was detected."""
        text = messages.message(bound.rule, reading.get)
        facts = []
        for hit in reading.hits:
            if messages.is_meant(hit.entity, meant):
                facts.append(Fact(
                    bound, text, hit.path, hit.pointer, place, entity=hit.entity, start=hit.start, end=hit.end
                ))  # fmt: skip
        self.counts[bound] = self.counts.get(bound, 0) + len(facts)
        return facts

    def tells(self, number: int) -> bool:
        """Tell whether a message of a correlation holds values of its record."""
        return self._templates[number]

    def prepare(self, number: int, get: Get, place: Place) -> None:
        """Make the messages of a correlation about a record while its values are at hand."""
        bounds = self._plan.correlations[number].bounds
        said = place.said = place.said or {}
        said[number] = {each.rule.id: messages.message(each.rule, get) for each in bounds}

    def of_correlation(self, number: int, found: Found) -> list[Fact]:
        """Return the facts of a correlation."""
        work = self._plan.correlations[number]
        said = (found.place.said or {}).get(number, {})
        path = found.path or _anchor_path(work)
        return [
            self._fact(bound, said.get(bound.rule.id, bound.rule.title), path, found.place, found)
            for bound in work.bounds
        ]

    def of_check(self, number: int, found: Found, at: str, get: Get | None = None) -> list[Fact]:
        """Return the facts of a check; `get` reads the anchor record, where it is at hand."""
        return [
            self._fact(bound, messages.message(bound.rule, get), found.path or at, found.place, found)
            for bound in self._plan.checks[number].bounds
        ]

    def _fact(self, bound: Bound, text: str, path: str, place: Place, found: Found | None = None) -> Fact:
        self.counts[bound] = self.counts.get(bound, 0) + 1
        shown = messages.real_path(bound.rule.report_at or path)
        if found is None:
            return Fact(bound, text, shown, pointer(shown), place)
        return Fact(bound, text, shown, pointer(shown), place, group=found.group, related=found.related)

    def merge(self, other: Speaker) -> None:
        """Add the counts of another run. Its rules are other objects: they are matched by their place."""
        for mine, theirs in zip(self._plan.bounds, other._plan.bounds, strict=True):
            if theirs in other.counts:
                self.counts[mine] = self.counts.get(mine, 0) + other.counts[theirs]


def _anchor_path(work: Work) -> str:
    """The first path of the selection of the anchor record."""
    correlate = work.logic.correlate
    assert correlate is not None
    if "count" in correlate:
        name = correlate["count"]["of"]
    elif "sequence" in correlate:
        name = correlate["sequence"]["steps"][-1]
    elif "require" in correlate:
        name = correlate["require"]["each"]
    else:
        name = correlate["first"]["of"]
    return work.logic.selections[name].alternatives[0][0].path
