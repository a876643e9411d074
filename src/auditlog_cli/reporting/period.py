"""Logs judged for a period: read as far back as the rules look, counted only inside it (compliance.md, 10)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from auditlog_cli import pipeline, times
from auditlog_cli.errors import UsageError
from auditlog_cli.judgement.asking import Question
from auditlog_cli.judgement.running import Run
from auditlog_cli.judgement.windows import longest
from auditlog_cli.record import BadLine, Record
from auditlog_cli.report import Report
from auditlog_cli.reporting.activity import Activity
from auditlog_cli.reporting.alerts import Alerts
from auditlog_cli.reporting.summary import summary, within
from auditlog_cli.rules.facts import Place

Progress = Callable[[int], None]


class Period(Run):
    """One run over logs for a period.

    Args:
        question: What is asked.
        start, end: The period, microseconds since the epoch; the end is not included.
        before: The period before it, which reads along; or None.
        progress: As for `Run`.

    Attributes:
        activity: What happened in the period.
        oldest: The time of the oldest record, or None.
    """

    def __init__(
        self, question: Question, start: int, end: int, before: Period | None = None, progress: Progress | None = None
    ) -> None:
        window = longest(question.bound, question.as_of)
        first, last = None if window is None else start - window, max(end, question.as_of)
        super().__init__(replace(question, since=first, until=last), progress=progress)
        self.activity = Activity()
        self.oldest: int | None = None
        self._start, self._end = start, end
        self._before = before

    def take(self, item: Record | BadLine, place: Place) -> None:
        """Judge one line, if it lies where the rules look; count it, if it lies in the period."""
        if self._before is not None:
            self._before.take(item, place)
        when = times.parse(place.timestamp)
        if when is not None and (self.oldest is None or when < self.oldest):
            self.oldest = when
        if isinstance(item, Record) and not item.is_own and (when is None or self._start <= when < self._end):
            self.activity.add(item.content, item.shape)
        super().take(item, place)

    def finish(self) -> Report:
        """Return what it comes to, with the findings of the period."""
        report = super().finish()
        within(report, self._start, self._end)
        return report


def summarise(
    paths: Sequence[str],
    question: Question,
    start: int,
    end: int,
    *,
    alerts: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Return the `auditlog.summary/1` of a period.

    Args:
        paths: Logs: files, folders, globs.
        question: From `judgement.asking.asked`; its `as_of` says at which moment deadlines are judged.
        start, end: The period, microseconds since the epoch; the end is not included.
        alerts: The alerts log, or None.
        progress: Told how many bytes have been read.

    Raises:
        UsageError: If the period ends before it begins.
        InputError: If the alerts log cannot be read.
        DefinitionError: If a rule or a waiver is wrong.
    """
    if end <= start:
        raise UsageError("the period ends before it begins", help="--from is the first moment, --to the one behind it")
    # All findings are counted, so all are kept; and a summary always says how the seal stands.
    question = replace(question, max_findings=0, chain=True)
    earlier = Period(replace(question, as_of=start), start - (end - start), start)
    now = Period(question, start, end, earlier, progress)
    for path in paths:
        now.read([path])
    # The waivers are told what they cover: by the period itself, so it comes last.
    then = earlier.finish()
    report = now.finish()
    reaches = earlier.oldest is not None and earlier.oldest <= start - (end - start)
    return summary(
        report,
        start,
        end,
        now.activity,
        alerts=None if alerts is None else _alerts(alerts),
        before=(then, earlier.activity) if reaches else None,
        silences=frozenset(
            each.rule.logic for each in question.bound if (each.rule.correlate or {}).get("check") == "silence"
        ),
    )


def _alerts(path: str) -> Alerts:
    found = Alerts()
    for item in pipeline.read([path]):
        if isinstance(item, Record):
            found.add(item.content)
    return found
