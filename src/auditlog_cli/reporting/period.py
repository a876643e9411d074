"""Logs judged for a period: read as far back as the rules look, counted only inside it (compliance.md, 10).

Rules about several records see the records before the period, too, and so find what began there. What a rule was asked
is counted by a second engine, which sees the records of the period and no others: so the numbers of a page agree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from auditlog_cli import pipeline, times
from auditlog_cli.errors import InputError, UsageError
from auditlog_cli.judgement.asking import Question
from auditlog_cli.judgement.running import Run
from auditlog_cli.judgement.windows import longest
from auditlog_cli.record import BadLine, Record
from auditlog_cli.report import Report
from auditlog_cli.reporting.activity import Activity
from auditlog_cli.reporting.alerts import Alerts
from auditlog_cli.reporting.summary import summary, within
from auditlog_cli.rules.binding import Bound
from auditlog_cli.rules.facts import Fact, Place, Tally
from auditlog_cli.rules.site import owners

Progress = Callable[[int], None]
_EVER = 1 << 62
"""Behind every moment that a record can name: microseconds since the epoch."""


class Period(Run):
    """One run over logs for a period.

    Args:
        question: What is asked.
        start, end: The period, microseconds since the epoch; the end is not included. None: as far as the logs reach.
        before: The period before it, which reads along; or None.
        progress: As for `Run`.

    Attributes:
        activity: What happened in the period.
        oldest, newest: The times of the oldest and the newest record, or None.
        start, end: The period; those that were None are known when the logs have been read (`bounded`).
    """

    def __init__(
        self,
        question: Question,
        start: int | None,
        end: int | None,
        before: Period | None = None,
        progress: Progress | None = None,
    ) -> None:
        window = longest(question.bound, question.as_of)
        first = None if window is None or start is None else start - window
        last = _EVER if end is None else max(end, question.as_of)
        super().__init__(replace(question, since=first, until=last), progress=progress)
        if start is not None or end is not None:
            ordered = [each for each in question.bound if each.rule.correlate is not None]
            self.engine = self._engine(self.question, ordered, sparing=True)
            self.also = self._engine(self.question, question.bound)
        self.activity = Activity()
        self.oldest: int | None = None
        self.newest: int | None = None
        self.start = -_EVER if start is None else start
        self.end = _EVER if end is None else end
        self._before = before

    def take(self, item: Record | BadLine, place: Place) -> None:
        """Judge one line, if it lies where the rules look; count it, if it lies in the period."""
        if self._before is not None:
            self._before.take(item, place)
        when = times.parse(place.timestamp)
        if when is not None:
            self.oldest = when if self.oldest is None else min(self.oldest, when)
            self.newest = when if self.newest is None else max(self.newest, when)
        inside = when is None or self.start <= when < self.end
        if inside and isinstance(item, Record) and not item.is_own:
            self.activity.add(item.content, item.shape)
        if self.also is None:
            super().take(item, place)
        elif isinstance(item, BadLine):
            super().take(item, place)
            self.also.bad(place, item.reason)
        elif item.is_own:
            super().take(item, place)
            if inside:
                self.also.record(item.stored, place)
        elif inside:
            super().take(item, place)
            self.add(_single(self.also.record(item.content, place)), place, item.line.raw)
        elif self._left_out(item, place):
            super().take(item, place)
        else:
            self.report.lines.read += 1
            self.report.lines.not_selected += 1
            self._meet(place.agent)
            self.add(self.engine.record(item.content, place), place, item.line.raw)

    def bounded(self) -> None:
        """Put what the logs say in place of a beginning and an end that were not given.

        The beginning is the oldest record. The end is the moment of the judgement, or behind the newest record if that
        is later: nothing of the logs is left out.

        Raises:
            UsageError: If the beginning that was given lies behind that end, or the end before that beginning.
        """
        if self.end == _EVER:
            self.end = max(self.question.as_of, -_EVER if self.newest is None else self.newest + 1)
            if self.start >= self.end:
                raise UsageError("--from: no record is that new", help="an earlier --from, or none: the whole log")
        if self.start == -_EVER:
            self.start = self.end if self.oldest is None else self.oldest
            if self.start >= self.end and self.oldest is not None:
                raise UsageError("--to: no record is that old", help="a later --to, or none: the whole log")

    def tallies(self) -> dict[Bound, Tally]:
        """Return how often each rule was asked about the period."""
        if self.also is None:
            return super().tallies()
        self.also.finish()  # what that finds without knowing what was before is not asked for
        made = dict(self.also.tallies())
        for bound, whole in self.engine.tallies().items():
            made[bound].exhausted = whole.exhausted
            made[bound].why = whole.why
        return made

    def under_no_policy(self) -> int:
        """Return how many records of the period no policy matches."""
        return super().under_no_policy() if self.also is None else self.also.under_no_policy

    def finish(self) -> Report:
        """Return what it comes to, with the findings of the period."""
        report = super().finish()
        within(report, self.start, self.end)
        return report


def summarise(
    paths: Sequence[str],
    question: Question,
    start: int | None = None,
    end: int | None = None,
    *,
    alerts: str | None = None,
    progress: Progress | None = None,
) -> tuple[dict[str, Any], list[InputError]]:
    """Return the `auditlog.summary/1` of a period, and why what is missing in it could not be read.

    Args:
        paths: Logs: files, folders, globs.
        question: From `judgement.asking.asked`; its `as_of` says at which moment deadlines are judged.
        start: Where the period begins, microseconds since the epoch; None: with the oldest record.
        end: Where it ends, not included; None: at `as_of`, or behind the newest record if that is later.
        alerts: The alerts log, or None.
        progress: Told how many bytes have been read.

    Raises:
        UsageError: If the period ends before it begins.
        InputError: If the alerts log cannot be read.
        DefinitionError: If a rule or a waiver is wrong.
    """
    if start is not None and end is not None and end <= start:
        raise UsageError("the period ends before it begins", help="--from is the first moment, --to the one behind it")
    # All findings are counted, so all are kept; and a summary always says how the seal stands.
    question = replace(question, max_findings=0, chain=True)
    earlier = None if start is None else _before(question, start, question.as_of if end is None else end)
    now = Period(question, start, end, earlier, progress)
    now.read(paths)
    now.bounded()
    # The waivers are told what they cover: by the period itself, so it comes last.
    then = None if earlier is None else earlier.finish()
    report = now.finish()
    if report.lines.read and not now.activity.records:
        report.warnings.append("no record lies in the period: no rule was tested on any")
    reaches = earlier is not None and earlier.oldest is not None and earlier.oldest <= earlier.start
    made = summary(
        report,
        now.start,
        now.end,
        now.activity,
        alerts=None if alerts is None else _alerts(alerts),
        before=(then, earlier.activity) if reaches and then is not None and earlier is not None else None,
        silences=frozenset(
            each.rule.logic for each in question.bound if (each.rule.correlate or {}).get("check") == "silence"
        ),
        owner=owners(question.policy),
        open_ends=tuple(word for word, given in (("from", start), ("to", end)) if given is None),
    )
    return made, report.unread


def _single(found: list[Fact]) -> list[Fact]:
    """What rules about single records found; what those about several found, the other engine knows better."""
    return [each for each in found if each.bound.rule.correlate is None]


def _before(question: Question, start: int, end: int) -> Period | None:
    """The period of the same length before one that begins at `start`; None where that ends before it begins."""
    return Period(replace(question, as_of=start), start - (end - start), start) if end > start else None


def _alerts(path: str) -> Alerts:
    found = Alerts()
    for item in pipeline.read([path]):
        if isinstance(item, Record):
            found.add(item.content)
    return found
