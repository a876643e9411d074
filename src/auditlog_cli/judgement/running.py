"""Logs judged by rules, from their lines to a report (compliance.md, 7.1).

read ──► decode ──► engine ──► findings ──► waivers, baseline ──► report
                      ▲
 the verifier's codes ┘
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditlog_cli import decoders, times, verification
from auditlog_cli.errors import InputError
from auditlog_cli.finding import Finding, opaque
from auditlog_cli.judgement import baseline as baselines
from auditlog_cli.judgement import facts, reading, waivers
from auditlog_cli.record import BadLine, Line, Record
from auditlog_cli.report import Report
from auditlog_cli.rules.engine import Engine
from auditlog_cli.rules.facts import Fact, Place
from auditlog_cli.sources import files
from auditlog_cli.writer.growth import is_sealed

if TYPE_CHECKING:
    from auditlog_cli.judgement.asking import Question

Progress = Callable[[int], None]
Taken = Callable[[Finding], None]


def judge(paths: list[str], question: Question, *, taken: Taken | None = None, progress: Progress | None = None) -> Report:  # fmt: skip # noqa: E501
    """Judge some logs.

    Args:
        paths: Files, folders, globs, `-`.
        question: From `asking.asked`.
        taken: Told each finding as it arises, before waivers and the baseline are applied to the rest.
        progress: Told how many bytes have been read.

    Raises:
        DefinitionError: If a rule or a waiver is wrong.
    """
    run = Run(question, taken, progress)
    for path in paths:
        run.read(path)
    return run.finish()


@dataclass(slots=True)
class _Kept:
    """How many findings of one rule there were, and how many of them are listed."""

    listed: int = 0
    unlisted: int = 0


class Run:
    """One run over logs.

    Args:
        question: What is asked.
        taken: Told each finding as it arises.
        progress: Told how many bytes have been read.

    Attributes:
        question: What is asked.
        nouns: Rules and policies as reports have them.
        report: What it comes to; complete after `finish`.
        engine: The rules at work.
        agents: Ids of agents that were seen.
    """

    def __init__(self, question: Question, taken: Taken | None = None, progress: Progress | None = None) -> None:
        self.report = question.report()
        self.agents: set[str] = set()
        self.engine = Engine(
            question.bound, question.policy, as_of=question.as_of, scanner=question.scanner,
            max_state=question.max_state, own=question.own, lateness=question.lateness,
        )  # fmt: skip
        self.question = question
        self.nouns = facts.Nouns()
        self._taken = taken
        self._progress = progress
        self._kept: dict[tuple[str, str], _Kept] = {}
        # A waiver or a baseline has to be held against each finding, and each is announced: then all are kept.
        every = question.waivers or question.baseline or question.announced
        self._most = 0 if every else question.max_findings
        self._seen: set[str] = set()

    def read(self, path: str) -> None:
        """Read what `path` names, and judge it."""
        try:
            logs = files.find([path])
        except InputError as error:
            self.report.unread.append(error.message)
            return
        for log in logs:
            if log.path not in self._seen:
                self._seen.add(log.path)
                self._log(log)

    def _log(self, log: files.Log) -> None:
        before = self.report.lines.read
        for file in log.files:
            try:
                self._file(file, log.path)
            except InputError as error:
                self.report.unread.append(error.message)
                return
        if self.report.lines.read == before:
            self.report.unread.append(f"{log.path}: empty, nothing to look at")
        elif log.path != files.STDIN:
            self.verify(log.path)

    def _file(self, file: str, log: str) -> None:
        counted = reading.Counted(file)
        done = 0
        try:
            for item, place in reading.records(counted, log):
                self.take(item, place)
                if self._progress is not None and counted.size != done:
                    done = counted.size
                    self._progress(done)
        finally:
            counted.close()
        self.report.inputs.append(counted.source())

    def take(self, item: Record | BadLine, place: Place) -> None:
        """Judge one line."""
        lines = self.report.lines
        lines.read += 1
        if isinstance(item, BadLine):
            lines.bad += 1
            if item.code == "torn-tail":
                self.report.gaps.append(f"{item.line.path}: the last line was not finished")
            self.add(self.engine.bad(place, item.reason), place, item.line.raw)
        elif item.is_own and not self.question.own:
            lines.not_selected += 1
            found = self.engine.record(item.stored, place)
            if not self._outside(place):
                self.add(found, place, item.line.raw)
        elif self._left_out(item, place):
            lines.not_selected += 1
            found = self.engine.beside(item.content, place)
            if not self._outside(place):
                self.add(found, place, item.line.raw)
        else:
            lines.judged += 1
            if place.agent and len(self.agents) < 10_000:
                self.agents.add(place.agent)
            self.add(self.engine.record(item.content, place), place, item.line.raw)

    def _left_out(self, item: Record, place: Place) -> bool:
        selection = self.question.selection
        return (selection is not None and not selection(item)) or self._outside(place)

    def _outside(self, place: Place) -> bool:
        """Whether a record lies outside of the time that is asked about; one without a time does not."""
        since, until = self.question.since, self.question.until
        if since is None and until is None:
            return False
        when = times.parse(place.timestamp)
        return when is not None and ((since is not None and when < since) or (until is not None and when >= until))

    def add(self, found: Iterable[Fact], place: Place | None = None, raw: bytes = b"") -> None:
        """Take what the engine found.

        Args:
            found: Facts.
            place, raw: The line at hand: facts may be about earlier ones.
        """
        for fact in found:
            mark = fact.bound.policy[2] if fact.bound.policy is not None else ""
            kept = self._kept.setdefault((fact.bound.rule.id, mark), _Kept())
            if self._most and kept.listed >= self._most and self._taken is None:
                kept.unlisted += 1
                continue
            finding = self.nouns.finding(fact, raw if fact.place is place else b"")
            if self._taken is not None:
                self._taken(finding)
            if self._most and kept.listed >= self._most:
                kept.unlisted += 1
                continue
            kept.listed += 1
            self.report.findings.append(finding)

    def verify(self, path: str) -> None:
        """Ask the verifier about a sealed log, if a rule rests on that."""
        if not self.question.chain or not _is_sealed(path):
            return
        verdict = verification.run(path, self.question.seal)
        self.report.verdicts.append(verdict)
        found = [
            (problem.code, Place(problem.path or path, problem.line or 0, problem.byte or 0, seq=problem.seq, log=path,
                                 anchor=f"{verdict.origin}:{problem.code}:{problem.seq}"))
            for problem in verdict.findings
        ]  # fmt: skip
        self.add(self.engine.verdict(found))

    def finish(self) -> Report:
        """Return what all of it comes to."""
        question, report = self.question, self.report
        self.add(self.engine.finish())
        report.rules = self.nouns.results(question.bound, self.engine.tallies())
        report.lines.under_no_policy = self.engine.under_no_policy
        if self.engine.late:
            report.gaps.append(f"{self.engine.late:,} records came too late to be put in the order of time")
        report.unlisted = {name: kept.unlisted for name, kept in self._kept.items() if kept.unlisted}
        if report.waivers:
            waivers.refuse(report.waivers, [each.rule for each in report.rules], self.agents)
            waivers.apply(report, content=record_of, compiled=question.where)
        if report.baseline is not None:
            baselines.apply(report.findings, report.baseline)
        report.settle()
        return report


def _is_sealed(path: str) -> bool:
    """Whether the verifier can say anything; of a log without one whole line the rules say what is wrong."""
    try:
        return is_sealed(path)
    except InputError:
        return False


def record_of(finding: Finding) -> dict[str, object] | None:
    """Return the anchor record of a finding, read again; None if another one stands there now (rotation)."""
    where = finding.where
    try:
        raw = reading.line_at(where.path, where.byte)
    except InputError:
        return None
    item = decoders.decode(Line(raw, where.path, where.line, where.byte)) if raw else None
    if not isinstance(item, Record):
        return None
    return item.content if opaque(item.content.get("record_id")) == where.record_id else None
