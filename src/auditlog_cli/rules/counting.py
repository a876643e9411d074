"""How often each rule was asked, and what came of it (compliance.md, 7.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from auditlog_cli.rules.binding import Bound
from auditlog_cli.rules.correlating.running import Correlation
from auditlog_cli.rules.facts import Tally
from auditlog_cli.rules.planning import Plan
from auditlog_cli.rules.program import Outcome
from auditlog_cli.rules.watching import Watch

MOST_OUTCOMES: Final = 100_000


class Counter:
    """Counts records by their outcome.

    Most records have an outcome that was there before, and adding one to its count is all that is done for them;
    only now and then the counts are spread to the rules.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._waiting: list[Outcome] = []
        self._records: dict[Bound, Tally] = {}
        self.under_no_policy = 0

    def first(self, outcome: Outcome) -> None:
        """Take note of an outcome whose count is still 0."""
        if len(self._waiting) >= MOST_OUTCOMES:
            self.spread()
        self._waiting.append(outcome)

    def spread(self) -> None:
        """Spread the counts to the rules."""
        for outcome in self._waiting:
            count, outcome.count = outcome.count, 0
            if not outcome.populations:
                self.under_no_policy += count
            for counting, name in outcome.idle:
                setattr(counting, name, getattr(counting, name) + count)
            for numbers, judged in ((outcome.hits, True), (outcome.passed, True), (outcome.withheld, False)):
                for number in numbers:
                    for bound, population in self._plan.heard[number]:
                        if population in outcome.populations:
                            tally = self._records.setdefault(bound, Tally())
                            tally.in_scope += count if judged else 0
                            tally.withheld += 0 if judged else count
        self._waiting = []

    def merge(self, other: Counter) -> None:
        """Add the counts of another run with the same rules."""
        self.spread()
        other.spread()
        self.under_no_policy += other.under_no_policy
        for mine, theirs in zip(self._plan.bounds, other._plan.bounds, strict=True):
            if theirs in other._records:
                self._records.setdefault(mine, Tally()).add(other._records[theirs])

    def tallies(
        self,
        correlations: Sequence[Correlation],
        watches: Sequence[Watch],
        findings: Mapping[Bound, int],
        *,
        late: int,
    ) -> dict[Bound, Tally]:
        """Return the tally of each rule.

        Args:
            correlations, watches: As many as the plan has, in its order.
            findings: Rule → how many facts.
            late: How many records came too late to be put in order: then no correlation was fully evaluated.
        """
        self.spread()
        tallies = {bound: Tally() for bound in self._plan.bounds}
        for bound, tally in self._records.items():
            tallies[bound].add(tally)
        for work, correlation in zip(self._plan.correlations, correlations, strict=True):
            for bound in work.bounds:
                tally = tallies[bound]
                tally.in_scope, tally.open = correlation.counted + correlation.state.in_scope, correlation.state.open
                tally.withheld, tally.left_out = correlation.withheld, correlation.left_out
                tally.exhausted = correlation.exhausted or late > 0
        for work, watch in zip(self._plan.checks, watches, strict=True):
            for bound in work.bounds:
                tally = tallies[bound]
                tally.in_scope, tally.left_out = watch.in_scope, watch.left_out
                tally.withheld, tally.exhausted, tally.why = watch.unknown, watch.exhausted, watch.why
        for bound, count in findings.items():
            tallies[bound].findings = count
        return tallies
