"""Logs judged while they are written (compliance.md, 9.1).

What is there is read first, in the order of time over all logs; then each line as it is finished. Nothing is kept but
what rules need, and the fingerprints that were announced.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from auditlog_cli import decoders, times
from auditlog_cli.alerting.messages import AWAY as AWAY_ID
from auditlog_cli.errors import InputError
from auditlog_cli.finding import Finding, Rule, Where, fingerprint
from auditlog_cli.judgement import baseline as baselines
from auditlog_cli.judgement import reading, waivers
from auditlog_cli.judgement.reading import record_of
from auditlog_cli.judgement.running import Content, Run
from auditlog_cli.record import BadLine, Line, Record
from auditlog_cli.report import counts
from auditlog_cli.rules.facts import Fact, Place
from auditlog_cli.sources import files
from auditlog_cli.sources.followed import Followed
from auditlog_cli.sources.lines import read_lines

if TYPE_CHECKING:
    from auditlog_cli.judgement.asking import Question

LATENESS = 60 * times.SECOND
"""A record may be so late unless another time is asked for."""
PATIENCE = 60 * times.SECOND
"""So long may a log be away."""
AWAY = Rule(
    AWAY_ID, "A log that is followed cannot be read", severity="high", kind="gap", pack="auditlog",
    waivable=False, clauses=("docs/check.md",), why="What happens meanwhile is judged by nobody.",
    fix="Find out who moved or removed the log, and start the check again.",
)  # fmt: skip
_MOST = 100_000  # fingerprints of findings that were announced

_LOOK_AGAIN = times.SECOND
"""So often folders and globs are searched for logs that are new."""

Announce = Callable[[list[Finding]], None]
Item = tuple[Record | BadLine, Place]


class Live(Run):
    """One run over logs that grow.

    Args:
        question: What is asked; its `as_of` is the clock at the start, its `lateness` is set.
        paths: Files, folders, globs.
        announce: Told the findings that are neither waived nor known, each once; all that one record shows together.
        since: The first moment of what is there that is judged, microseconds since the epoch; None: all of it, for
            nobody else may have looked at what was written since the last run.
        but_not: Files that are not followed: those that `announce` writes.

    Attributes:
        followers: What reads the logs, by their path.
        begun: Whether all that was there has been judged.
        findings: How many were neither waived nor known.
        away: Logs that could not be read when they were last looked at, and since when.
    """

    def __init__(
        self,
        question: Question,
        paths: Sequence[str],
        announce: Announce,
        *,
        since: int | None = None,
        but_not: Sequence[str] = (),
    ) -> None:
        super().__init__(question)
        self.followers: dict[str, Followed] = {}
        self._packed: list[str] = []  # closed for good: read at the start
        self._paths = paths
        self._but_not = {os.path.realpath(each) for each in but_not}
        self.findings = 0
        self.begun = False
        self._announce = announce
        self._now = self._looked = question.as_of
        self._announced: dict[str, None] = {}
        self._force = waivers.Force(question.waivers, self._now, question.where)
        self._force_until = waivers.until(question.waivers, self._now)
        self._agents_seen = 0
        self.away: dict[str, int] = {}
        self._content: tuple[Place, dict[str, object]] | None = None
        self._rules = [self.nouns.rule(each) for each in question.bound]
        self.question = replace(question, since=since)
        self._find()

    def begin(self) -> None:
        """Judge what is there.

        Raises:
            InputError: If a compressed log cannot be read.
            UsageError: If a log is of a format that cannot be followed.
            DefinitionError: If an agent of the log has approved a waiver.
        """
        packed = [_unpacked(path) for path in self._packed]
        for item, place in _merged([*packed, *map(self._read, self.followers.values())]):
            self._judge(item, place)
        self.question = replace(self.question, since=None)  # what comes now is judged, however late it is
        for path in self.followers:
            self.verify(path)
        self.begun = True
        for each in self.followers.values():
            each.lenient = True  # nobody ends the judgement of all logs by what becomes of one
        self.step(self._now)

    def step(self, now: int) -> bool:
        """Judge what has come, and what shows because time has passed; return whether a line has come.

        Args:
            now: Microseconds since the epoch.

        Raises:
            InputError: If a log has been away too long; it has been announced.
            DefinitionError: If an agent of the log has approved a waiver.
        """
        self._now = now
        self.engine.at(now)
        if now >= self._force_until:
            self._force = waivers.Force(self.question.waivers, now, self.question.where)
            self._force_until = waivers.until(self.question.waivers, now)
        if now - self._looked > _LOOK_AGAIN:
            self._looked = now
            self._find()
        busy = False
        for each in self.followers.values():
            for line in each.poll():
                busy = True
                self._judge(*_placed(line, each.path))
        self.add(self.engine.advance(now))
        for each in self.followers.values():
            self._missed(each, now)
        return busy

    def close(self) -> None:
        """Give the files back."""
        for each in self.followers.values():
            each.close()

    def verify(self, path: str) -> None:
        """Ask the verifier about what is there; a log that is away is announced when its time is over."""
        try:
            super().verify(path)
        except (InputError, OSError):
            return

    def add(self, found: Iterable[Fact], place: Place | None = None, raw: bytes = b"", content: Content = None) -> None:
        """Announce what the engine found, unless it is waived, known, or was announced."""
        told = []
        for fact in found:
            finding = self.nouns.finding(fact, raw, content) if fact.place is place else self.nouns.finding(fact)
            if self.question.waivers:
                self._force.cover(finding, partial(self._record, fact.place))
            if self.question.baseline is not None:
                baselines.apply([finding], self.question.baseline)
            if finding.state == "new":
                told.append(finding)
        self._tell(told)

    def _tell(self, found: list[Finding]) -> None:
        fresh = []
        for finding in found:
            name = f"{finding.fingerprint} {finding.rule.id}"
            if name not in self._announced:
                self._announced[name] = None
                finding.counted = counts(
                    finding, self.question.fail_on, indicators=self.question.fail_on_indicators
                )  # fmt: skip
                fresh.append(finding)
        while len(self._announced) > _MOST:
            del self._announced[next(iter(self._announced))]
        self.findings += len(fresh)
        if fresh:
            self._announce(fresh)

    def _record(self, at: Place, finding: Finding) -> dict[str, object] | None:
        """The anchor record: the one at hand, or read again where it has not been moved by a rotation."""
        if self._content is not None and self._content[0] is at:
            return self._content[1]
        return record_of(finding) if finding.where.record_id else None

    def _find(self) -> None:
        """Follow the logs that are there now; one that was named outright is followed before it is there."""
        for path in self._paths:
            unread: list[InputError] = []
            found = [log.path for log in files.find([path], unread=unread)]
            refused = [error for error in unread if not isinstance(error, files.Absent)]
            if refused and not self.begun:
                raise refused[0]
            if unread and not found and not os.path.isdir(path) and not any(char in path for char in "*?["):
                found = [path]
            for name in found:
                if name in self.followers or os.path.realpath(name) in self._but_not:
                    continue
                if name.endswith((".gz", ".zst")):
                    self._packed.append(name)
                else:
                    self.followers[name] = Followed(name)
                    self.followers[name].lenient = self.begun

    def _judge(self, item: Record | BadLine, place: Place) -> None:
        self._content = (place, item.content) if isinstance(item, Record) else None
        self.take(item, place)
        self.report.gaps.clear()  # an unfinished line at a rotation is a bad line, and counted as such
        if self.question.waivers and len(self.agents) != self._agents_seen:
            self._agents_seen = len(self.agents)
            waivers.refuse(self.question.waivers, self._rules, self.agents)

    def _read(self, follower: Followed) -> Iterator[Item]:
        try:
            for line in follower.from_start():
                yield _placed(line, follower.path)
        except (InputError, OSError):
            return  # it is away; `_missed` looks at how long

    def _missed(self, follower: Followed, now: int) -> None:
        if follower.there:
            self.away.pop(follower.path, None)
            return
        since = self.away.setdefault(follower.path, now)
        if now - since < PATIENCE:
            return
        self._tell([unavailable(follower.path, since)])
        raise InputError(
            f"{follower.path}: has been away for {PATIENCE // times.SECOND} seconds: it cannot be judged any more",
            help="find out who moved or removed it, and start the check again",
        )


def unavailable(path: str, since: int) -> Finding:
    """Return what is announced of a log that is away.

    Args:
        path: The log.
        since: Since when: microseconds since the epoch.
    """
    where = Where(path, timestamp=times.render(since))
    return Finding(AWAY, AWAY.title, where, fingerprint(AWAY.id, [path, times.render(since)]))


def _unpacked(path: str) -> Iterator[Item]:
    for line in read_lines(path):
        yield _placed(line, path)


def _placed(line: Line | BadLine, log: str) -> Item:
    item = decoders.decode(line)
    if isinstance(item, BadLine):
        at = item.line
        return item, Place(at.path, at.number, at.offset, anchor=sha256(at.raw).hexdigest(), log=log)
    return item, reading.place(item, log)


def _merged(streams: list[Iterator[Item]]) -> Iterator[Item]:
    """Yield the lines of several logs by time; a line without one goes with the line before it."""
    if len(streams) == 1:
        return streams[0]
    import heapq

    timed = [_timed(number, each) for number, each in enumerate(streams)]
    return (item for _, _, item in heapq.merge(*timed, key=lambda entry: entry[:2]))


def _timed(number: int, stream: Iterator[Item]) -> Iterator[tuple[int, int, Item]]:
    latest = 0
    for item, place in stream:
        latest = max(times.parse(place.timestamp) or 0, latest)
        yield latest, number, (item, place)
