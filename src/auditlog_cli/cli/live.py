"""`check --follow`: findings as they arise, until somebody stops it (compliance.md, 9.1)."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from auditlog_cli import sinks, times
from auditlog_cli.cli import failure, following, show
from auditlog_cli.cli.checking import Shown
from auditlog_cli.errors import EXIT_INPUT, EXIT_INTERRUPTED, AuditWriteError, InputError, UsageError
from auditlog_cli.finding import Finding
from auditlog_cli.judgement.announcing import Announcer, Wish
from auditlog_cli.judgement.asking import Question
from auditlog_cli.judgement.live import PATIENCE, Live
from auditlog_cli.renderers.text import Style
from auditlog_cli.report import SENTENCE, many

_PAUSE_S = 0.1
_PATIENCE_S = 5.0
"""So long deliveries that are under way are waited for at the end; the next run goes on with the others."""
_REVIEW_S = 24 * 3600.0
"""So often a run that goes on says in the alerts log that it looks: FIN-PCI-10.4-01 asks for that once a day."""
_EVENTS = {
    "truncated": "was truncated; going on from its beginning",
    "replaced": "was replaced; going on with the new file",
    "created": "has appeared",
    "gone": "is gone; waiting for it to come back",
    "unfollowable": "is of a format that cannot be followed: its lines are judged as they stand",
}
Clock = Callable[[], float]


def refuse(form: str, **given: object) -> None:
    """Refuse what has no meaning for a run without an end.

    Args:
        form: The format.
        given: Options that must not have been given, by their name.

    Raises:
        UsageError: Naming the first.
    """
    if form not in ("text", "jsonl"):
        raise UsageError(f"--follow: {form} needs an end", help="--format text or jsonl")
    for name, value in given.items():
        if value:
            raise UsageError(
                f"--follow and --{name.replace('_', '-')} contradict each other: there is no end",
                help="leave one of them out",
            )


def run(
    paths: Sequence[str],
    question: Question,
    shown: Shown,
    wish: Wish,
    *,
    since: str | None,
    lateness: str,
    clock: Clock = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Judge logs as they grow, and announce each finding; return the exit code once that has been ended.

    Args:
        paths: Files, folders, globs.
        question: What is asked.
        shown: How findings are shown.
        wish: Who else is to hear.
        since: The option: how far back to read.
        lateness: The option.
        clock: Seconds since the epoch.
        sleep: Waits so many seconds.

    Raises:
        UsageError: If an option is wrong.
        DefinitionError: If a rule or a waiver is wrong.
        AuditWriteError: If a finding cannot be written.
        ClosedPipe: If nobody reads any more.
    """
    late = times.duration(lateness)
    if late is None:
        raise UsageError(f"--lateness {lateness}: not a duration", help="for example 60s or 5m")
    if "-" in paths:
        raise UsageError("--follow: standard input cannot be followed", help="name the log itself")
    question.lateness, question.as_of, question.announced = late, _micros(clock), True
    start = None if since is None else times.moment(since, question.as_of)
    out = sinks.Output(1, eager=True)
    style = Style(colour=show.in_colour(shown.color), unicode=show.in_unicode(), columns=show.columns())
    notices = shown.notices
    with Announcer(wish, clock) as announcer:
        stop = _Stop()

        def announce(found: list[Finding]) -> None:
            with stop.held():
                for finding in announcer.take(found):
                    _show(finding, shown, style, out)

        live = Live(question, paths, announce, since=start, but_not=[each for each in (wish.alerts, wish.emit) if each])
        code = EXIT_INTERRUPTED
        try:
            with stop:
                announcer.complain()
                _watch(live, notices, clock, sleep, announcer, lambda: _review(live, announcer, stop))
        except KeyboardInterrupt:
            pass
        except InputError as error:
            failure.say(error.kind, error.message, error.help)
            code = EXIT_INPUT
        finally:
            live.close()
            _end(live, announcer, notices)
        return code


def _watch(
    live: Live,
    notices: show.Notices,
    clock: Clock,
    sleep: Callable[[float], None],
    announcer: Announcer,
    review: Callable[[], None],
) -> None:
    if not live.followers:
        raise InputError("there is no log to follow", help="name a log that is there, or is to come")
    for follower in live.followers.values():
        there = "" if os.path.exists(follower.path) else f": not there yet; waiting {PATIENCE // times.SECOND} s for it"
        notices.say(f"following {follower.path}{there}")
    for warning in live.report.warnings:
        notices.say(f"warning: {warning}")
    live.begin()
    due = clock() + _REVIEW_S
    while True:
        announcer.complain()
        busy = live.step(_micros(clock))
        if clock() >= due:
            review()
            due = clock() + _REVIEW_S
        for follower in live.followers.values():
            for event in follower.events:
                notices.say(f"{follower.path}: {_EVENTS[event]}")
            follower.events.clear()
        for change in announcer.changes():
            notices.say(change)
        if not busy:
            following.stop_if_nobody_reads()
            sleep(_PAUSE_S)


def _review(live: Live, announcer: Announcer, stop: _Stop) -> None:
    """Say in the alerts log what was looked at since that was last said."""
    with stop.held():
        announcer.reviewed(
            live.report.lines, live.findings, live.followers, incomplete=bool(live.away or not live.begun)
        )


def _end(live: Live, announcer: Announcer, notices: show.Notices) -> None:
    """Say what was looked at, in the alerts log and on standard error."""
    lines = live.report.lines
    try:
        announcer.reviewed(lines, live.findings, live.followers, incomplete=bool(live.away or not live.begun))
    except AuditWriteError as error:
        failure.say(error.kind, error.message, error.help)
    for open_ in announcer.finish(_PATIENCE_S):
        failure.say(open_.kind, open_.message, open_.help)
    for warning in announcer.warnings:
        notices.say(f"warning: {warning}")
    notices.say(
        f"{many(lines.read, 'line')} read: {lines.judged:,} judged, {lines.not_selected:,} not selected, "
        f"{lines.bad:,} bad; {many(live.engine.late, 'record')} came too late to be put in order"
    )
    notices.say(f"{many(live.findings, 'finding')}, {announcer.opened:,} of them new. {SENTENCE}")


def _show(finding: Finding, shown: Shown, style: Style, out: sinks.Output) -> None:
    if shown.format == "jsonl":
        from auditlog_cli.renderers.findings import jsonl

        out.line(jsonl.line(finding))
        return
    from auditlog_cli.renderers.checks import text

    for line in text.one(finding, style, explain=shown.explain):
        out.line(line)


def _micros(clock: Clock) -> int:
    return int(clock() * 1_000_000)


class _Stop:
    """Ctrl-C and SIGTERM end the run, but never in the middle of an announcement. A context manager."""

    def __init__(self) -> None:
        self._holding = False
        self._wanted = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> None:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._take)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    @contextmanager
    def held(self) -> Iterator[None]:
        """Finish what stands in here first."""
        self._holding = True
        try:
            yield
        finally:
            self._holding = False
        if self._wanted:
            raise KeyboardInterrupt

    def _take(self, number: int, frame: FrameType | None) -> None:
        self._wanted = True
        if not self._holding:
            raise KeyboardInterrupt
