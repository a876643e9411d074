"""Logs judged by rules, from their lines to a report (compliance.md, 7.1).

read ──► decode ──► engine ──► findings ──► waivers, baseline ──► report
                      ▲
 the verifier's codes ┘
"""

from __future__ import annotations

import gc
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from auditlog_cli import parallel, times, verification
from auditlog_cli.errors import InputError
from auditlog_cli.finding import Finding
from auditlog_cli.judgement import baseline as baselines
from auditlog_cli.judgement import dealing, facts, reading, selecting, waivers
from auditlog_cli.judgement.reading import record_of
from auditlog_cli.record import BadLine, Line, Record
from auditlog_cli.report import Report
from auditlog_cli.rules.engine import Engine
from auditlog_cli.rules.facts import Fact, Place, Spot
from auditlog_cli.sources import files
from auditlog_cli.writer.growth import is_sealed

if TYPE_CHECKING:
    from auditlog_cli.judgement.asking import Question
    from auditlog_cli.judgement.dealing import Shares
    from auditlog_cli.rules.binding import Bound

_FEW = 500
"""Lines that are read before it is worth while to load what makes the rest faster."""

_RARELY = 100_000
"""Objects made since the last look for those that hold each other: records do not, and looking takes time."""

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
    shares = dealing.shares(paths, question) if taken is None and question.index is None else None
    run = Run(question, taken, progress, shares)
    if shares is None:
        run.read(paths)
    else:
        theirs, _ = parallel.beside(lambda _: _other(paths, question, shares), lambda: run.read(paths))
        run.join(theirs)
    return run.finish()


def _other(paths: list[str], question: Question, shares: Shares) -> dealing.Joined:
    run = Run(question, None, None, shares, theirs=True)
    run.read(paths)
    run.add(run.engine.finish())
    run.count()
    tallies = {
        number: tally for bound, tally in run.engine.tallies().items() for number in [question.bound.index(bound)]
    }
    return dealing.Joined(run.report.findings, run.unlisted, run.report.verdicts, tallies, run.engine.late)


class Run:
    """One run over logs.

    Args:
        question: What is asked.
        taken: Told each finding as it arises.
        progress: Told how many bytes have been read.
        shares: Where two processes work: which rules are whose.
        theirs: This is the other process.

    Attributes:
        question: What is asked.
        nouns: Rules and policies as reports have them.
        report: What it comes to; complete after `finish`.
        engine: The rules at work.
        agents: Ids of agents that were seen.
    """

    def __init__(
        self,
        question: Question,
        taken: Taken | None = None,
        progress: Progress | None = None,
        shares: Shares | None = None,
        *,
        theirs: bool = False,
    ) -> None:
        self.report = question.report()
        self.agents: set[str] = set()
        bound = question.bound if shares is None else shares.theirs if theirs else shares.mine
        self.engine = Engine(
            bound, question.policy, as_of=question.as_of, scanner=question.scanner,
            max_state=question.max_state, own=question.own, lateness=question.lateness,
        )  # fmt: skip
        self.question = question
        self.nouns = facts.Nouns()
        self.unlisted: dict[tuple[str, str], int] = {}
        self._taken = taken
        self._progress = progress
        self._kept: dict[tuple[str, str], int] = {}  # (rule, policy) → findings that are listed
        # A waiver or a baseline has to be held against each finding, and each is announced: then all are kept.
        every = question.waivers or question.baseline or question.announced
        self._most = 0 if every else question.max_findings
        self._seen: set[str] = set()
        self._sizes = shares.sizes if shares is not None else {}
        self._verifies = question.chain and (shares is None or theirs)
        self._joined: dealing.Joined | None = None

    def read(self, paths: Iterable[str]) -> None:
        """Read what `paths` name, and judge it."""
        for path in paths:
            try:
                logs = files.find([path], documents=True)
            except InputError as error:
                self.report.unread.append(error.message)
                continue
            for log in logs:
                if log.path not in self._seen:
                    self._seen.add(log.path)
                    self._log(log)

    def join(self, theirs: dealing.Joined) -> None:
        """Take over what the other process found."""
        self._joined = theirs
        self.report.findings += theirs.findings
        self.report.verdicts += theirs.verdicts
        for name, number in theirs.unlisted.items():
            self.unlisted[name] = self.unlisted.get(name, 0) + number

    def _log(self, log: files.Log) -> None:
        before = self.report.lines.read
        for file in [] if selecting.judged(self, log) else log.files:
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
        counted = reading.Counted(file, self._sizes.get(file))
        done = 0
        often = gc.get_threshold()
        gc.set_threshold(_RARELY, *often[1:])
        try:
            for line in self._quick(reading.lines(counted), log, counted):
                self.take(*reading.placed(line, log))
                if self._progress is not None and counted.size != done:
                    done = counted.size
                    self._progress(done)
        finally:
            gc.set_threshold(*often)
            counted.close()
        self.report.inputs.append(counted.source())

    def _quick(self, lines: Iterator[Line | BadLine], log: str, counted: reading.Counted) -> Iterator[Line | BadLine]:
        """Judge the lines that hold a record of ours just as orjson writes it, and yield all others.

        The same as `take`, without the objects that nobody asks for (bench/check.py).
        """
        question, record, counts = self.question, self.engine.record, self.report.lines
        if question.selection is not None or question.since is not None or question.until is not None:
            yield from lines
            return
        yield from itertools.islice(lines, _FEW)
        if not counted.size:
            return
        import orjson

        if question.scanner is not None and self.engine.needs_scanner:
            question.scanner.expect(reading.size_of(counted.path))
        loads, dumps = orjson.loads, orjson.dumps
        for line in lines:
            if isinstance(line, BadLine):
                yield line
                continue
            try:
                content = loads(line.raw)
                # Strict, as `strictjson.decode` is: no member was lost, no number changed.
                plain = content["action"].__class__ is dict and "auditlog" not in content and dumps(content) == line.raw
            except (AttributeError, LookupError, TypeError, ValueError):
                plain = False
            if not plain:
                yield line
                continue
            assert isinstance(line, Line)
            counts.read += 1
            counts.judged += 1
            if self._progress is not None and not counts.read & 1023:
                self._progress(counted.size)
            spot = Spot(line, content, log)
            if self.report.waivers:
                self._meet(spot.place.agent)
            found = record(content, spot)
            if found:
                self.add(found, spot.place, line.raw)

    def _meet(self, agent: str) -> None:
        if agent and len(self.agents) < 10_000:
            self.agents.add(agent)

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
            self._meet(place.agent)
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
            name = _name(fact.bound)
            listed = self._kept.get(name, 0)
            if self._most and listed >= self._most and self._taken is None:
                self.unlisted[name] = self.unlisted.get(name, 0) + 1
                self.engine.enough(fact.bound)
                continue
            finding = self.nouns.finding(fact, raw if fact.place is place else b"")
            if self._taken is not None:
                self._taken(finding)
            if self._most and listed >= self._most:
                self.unlisted[name] = self.unlisted.get(name, 0) + 1
                continue
            self._kept[name] = listed + 1
            self.report.findings.append(finding)

    def verify(self, path: str) -> None:
        """Ask the verifier about a sealed log, if a rule rests on that."""
        if not self._verifies or not _is_sealed(path):
            return
        verdict = verification.run(path, self.question.seal)
        self.report.verdicts.append(verdict)
        found = [
            (problem.code, Place(problem.path or path, problem.line or 0, problem.byte or 0, seq=problem.seq, log=path,
                                 anchor=f"{verdict.origin}:{problem.code}:{problem.seq}"))
            for problem in verdict.findings
        ]  # fmt: skip
        self.add(self.engine.verdict(found))

    def count(self) -> None:
        """Add what the engine has counted without giving it to what is not listed. Once, at the end."""
        for bound, number in self.engine.spared.items():
            self.unlisted[_name(bound)] = self.unlisted.get(_name(bound), 0) + number

    def finish(self) -> Report:
        """Return what all of it comes to."""
        question, report = self.question, self.report
        self.add(self.engine.finish())
        self.count()
        tallies = dict(self.engine.tallies())
        late = self.engine.late
        if self._joined is not None:
            tallies |= {question.bound[number]: tally for number, tally in self._joined.tallies.items()}
            late += self._joined.late
        report.rules = self.nouns.results(question.bound, tallies)
        report.lines.under_no_policy = self.engine.under_no_policy
        if late:
            report.gaps.append(f"{late:,} records came too late to be put in the order of time")
        report.unlisted = self.unlisted
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


def _name(bound: Bound) -> tuple[str, str]:
    return bound.rule.id, bound.policy[2] if bound.policy is not None else ""
