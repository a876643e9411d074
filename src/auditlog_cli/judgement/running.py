"""One run over logs, from their lines to a report (compliance.md, 7.1).

read ──► decode ──► engine ──► findings ──► waivers, baseline ──► report
                      ▲
 the verifier's codes ┘
"""

from __future__ import annotations

import gc
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from auditlog_cli import times
from auditlog_cli.errors import InputError
from auditlog_cli.finding import Finding
from auditlog_cli.judgement import baseline as baselines
from auditlog_cli.judgement import reading, selecting, waivers
from auditlog_cli.judgement.listing import Listing, name_of
from auditlog_cli.judgement.reading import record_of
from auditlog_cli.record import BadLine, Line, Record
from auditlog_cli.report import Report
from auditlog_cli.rules.engine import Engine
from auditlog_cli.rules.facts import Fact, Place, Spot, Tally
from auditlog_cli.sources import files
from auditlog_cli.writer.growth import is_sealed

if TYPE_CHECKING:
    from auditlog_cli.judgement.asking import Question
    from auditlog_cli.judgement.dealing import Joined, Shares
    from auditlog_cli.rules.binding import Bound

_FEW = 500
"""Lines that are read before it is worth while to load what makes the rest faster."""

_RARELY = 100_000
"""Objects made since the last look for those that hold each other: records do not, and looking takes time."""

Progress = Callable[[int], None]
Taken = Callable[[Finding], None]
Content = dict[str, Any] | None


class Run:
    """One run over logs.

    Args:
        question: What is asked.
        taken: Told each finding as it arises.
        progress: Told how many bytes have been read.
        shares: Where two processes work: what is whose.
        theirs: This is the other process.

    Attributes:
        question: What is asked.
        nouns: Rules and policies as reports have them.
        report: What it comes to; complete after `finish`.
        engine: The rules at work; where two processes work, those about several records, or the other process's.
        listing: Which findings are listed.
        also: Where two processes work: the rules about single records, which judge here what the other one leaves. For
            a period (`reporting`): all rules, over its records alone.
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
        self.engine = self._engine(
            question, question.bound if shares is None else shares.single if theirs else shares.ordered,
            sparing=shares is not None and not theirs,
        )  # fmt: skip
        self.also = None if shares is None or theirs else self._engine(question, shares.single)
        self._past: Engine | None = None  # `also`, behind the cut
        self.question = question
        self.nouns = question.nouns()
        self._taken = taken
        self._progress = progress
        # A waiver or a baseline has to be held against each finding, and each is announced: then all are listed.
        every = question.waivers or question.baseline or question.announced
        self.listing = Listing(self.report.findings, 0 if every else question.max_findings)
        self._shares = shares
        self._theirs = theirs
        self._joined: Joined | None = None

    @staticmethod
    def _engine(question: Question, bound: Sequence[Bound], *, sparing: bool = False) -> Engine:
        return Engine(
            bound, question.policy, as_of=question.as_of, scanner=question.scanner, max_state=question.max_state,
            own=question.own, lateness=question.lateness, sparing=sparing,
        )  # fmt: skip

    def _engines(self) -> list[Engine]:
        return [each for each in (self.engine, self.also) if each is not None]

    def read(self, paths: Sequence[str]) -> None:
        """Read what `paths` name, and judge it."""
        for log in files.find(paths, documents=True, unread=self.report.unread):
            self._log(log)

    def join(self, theirs: Joined) -> None:
        """Take over what the other process found in the lines before the cut."""
        self._joined = theirs
        self.listing.put_before(theirs.findings, theirs.unlisted)

    def _log(self, log: files.Log) -> None:
        before = self.report.lines.read
        for file in [] if selecting.judged(self, log) else log.files:
            if self._theirs and not self._cut(file):
                continue
            try:
                self._file(file, log.path)
            except InputError as error:
                self.report.unread.append(error)
                return
        if self.report.lines.read == before:
            nothing = f"{log.path}: empty, nothing to look at"
            self.report.unread.append(InputError(nothing, help="is it the right file?"))
        elif log.path != files.STDIN:
            self.verify(log.path)

    def _cut(self, file: str) -> int:
        return self._shares.cuts.get(file, 0) if self._shares is not None else 0

    def _share(self, lines: Iterator[Line | BadLine], file: str) -> Iterator[Line | BadLine]:
        """Yield lines up to the cut in the other process, all of them in this one."""
        cut = self._cut(file)
        self._past = None
        for line in lines:
            if self._past is None and (line.line if isinstance(line, BadLine) else line).offset >= cut:
                if self._theirs:
                    return
                self._past = self.also
            yield line

    def _file(self, file: str, log: str) -> None:
        size = None if self._shares is None else self._shares.sizes.get(file)
        counted = reading.Counted(file, size, summed=not self._theirs)
        done = 0
        often = gc.get_threshold()
        gc.set_threshold(_RARELY, *often[1:])
        try:
            lines = reading.lines(counted)
            for line in self._quick(lines if self._shares is None else self._share(lines, file), log, counted):
                self.take(*reading.placed(line, log))
                if self._progress is not None and counted.size != done:
                    done = counted.size
                    self._progress(done)
        finally:
            gc.set_threshold(*often)
            counted.close()
        if not self._theirs:
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

        if question.scanner is not None and self._shares is None and self.engine.needs_scanner:
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
            if self._past is not None:
                found += self._past.record(content, spot)
            if found:
                self.add(found, spot.place, line.raw, content)

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
            if self._past is not None:
                self.add(self._past.record(item.content, place), place, item.line.raw)

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

    def add(self, found: Iterable[Fact], place: Place | None = None, raw: bytes = b"", content: Content = None) -> None:
        """Take what the engine found.

        Args:
            found: Facts.
            place, raw: The line at hand: facts may be about earlier ones.
            content: Its record, if the line is just what orjson writes for it.
        """
        for fact in found:
            name = name_of(fact.bound)
            if self._taken is None and self.listing.is_full(name):
                self.listing.leave(name)
                for engine in self._engines():
                    engine.enough(fact.bound)
                continue
            here = (raw, content) if fact.place is place else (reading.raw_of(fact.place), None)
            finding = self.nouns.finding(fact, *here)
            if self._taken is not None:
                self._taken(finding)
            self.listing.take(name, finding)

    def verify(self, path: str) -> None:
        """Ask the verifier about a sealed log, if a rule rests on that."""
        if not self.question.chain or self._theirs or not _is_sealed(path):
            return
        from auditlog_cli import verification

        verdict = verification.run(path, self.question.seal or verification.asked())
        self.report.verdicts.append(verdict)
        found = [
            (problem.code, Place(problem.path or path, problem.line or 0, problem.byte or 0, seq=problem.seq, log=path,
                                 anchor=f"{verdict.origin}:{problem.code}:{problem.seq}"))
            for problem in verdict.findings
        ]  # fmt: skip
        self.add(self.engine.verdict(found))

    def count(self) -> None:
        """Add what the engine has counted without giving it to what is not listed. Once, at the end."""
        for engine in self._engines():
            self.listing.spared(engine.spared)

    def tallies(self) -> dict[Bound, Tally]:
        """Return how often each rule was asked, and what came of it. At the end."""
        made = dict(self.engine.tallies())
        if self.also is not None:
            made |= self.also.tallies()
        if self._joined is not None:
            for number, tally in self._joined.tallies.items():
                made[self.question.bound[number]].add(tally)
        return made

    def under_no_policy(self) -> int:
        """Return how many records no policy matches. Rules are dealt out only where they concern all agents."""
        return self.engine.under_no_policy if self._shares is None else 0

    def finish(self) -> Report:
        """Return what all of it comes to."""
        question, report = self.question, self.report
        self.add(self.engine.finish())
        self.count()
        report.rules = self.nouns.results(question.bound, self.tallies())
        report.lines.under_no_policy = self.under_no_policy()
        if self.engine.late:
            report.gaps.append(f"{self.engine.late:,} records came too late to be put in the order of time")
        report.unlisted = self.listing.unlisted
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
