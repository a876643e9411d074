"""Findings on their way to people and other machines: alerts, deliveries, events (compliance.md, 8.4, 9).

Everybody is told at least once. Events are written before the alert is opened, so that a process that is killed in
between writes them again; events that could not be written, and channels that are to be told, stand as owed in the
record that opens the alert, so the next run goes on with them. Who is told twice gets the same id twice.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from auditlog_cli.errors import AuditlogError, AuditWriteError
from auditlog_cli.finding import Finding
from auditlog_cli.report import Lines, many

if TYPE_CHECKING:
    from auditlog_cli.alerting.dispatch import Dispatcher, Route
    from auditlog_cli.alerting.register import Register
    from auditlog_cli.sinks import Appended

EVENTS = "events"
"""What the file of events is called where an alert is owed to it."""
Clock = Callable[[], float]
"""Seconds since the epoch."""


class Wish(NamedTuple):
    """Who is to hear of findings.

    Attributes:
        alerts: The alerts log, or None.
        routes: Whom to tell; needs an alerts log, which says what is still to be told.
        emit: A file that takes events, or None.
        form: Of the events: a file of `renderers/events`.
    """

    alerts: str | None = None
    routes: Sequence[Route] = ()
    emit: str | None = None
    form: str = "ecs"

    @property
    def anything(self) -> bool:
        """Whether anybody is to hear."""
        return self.alerts is not None or self.emit is not None


NOBODY = Wish()


class Announcer:
    """Opens alerts, has them delivered beside the work, and appends events. A context manager.

    Args:
        wish: Who is to hear.
        clock: Gives the time.

    Attributes:
        wish: Who is to hear.
        opened: How many findings were new.
        warnings: What a reader should know.
        unwritten: Why events could not be written. After the first such error no more are tried: they are owed.

    Raises:
        InputError, AuditWriteError, UsageError: If the alerts log or the file of events cannot be used.
    """

    def __init__(self, wish: Wish, clock: Clock = time.time) -> None:
        self.opened = 0
        self.warnings: list[str] = []
        self.unwritten: list[AuditWriteError] = []
        self.wish = wish
        self._clock = clock
        self._reviewed: Counter[str] = Counter()
        self._register: Register | None = None
        self._dispatcher: Dispatcher | None = None
        self._events: Appended | None = None
        if wish.emit is not None:
            from auditlog_cli.sinks import Appended

            self._events = Appended(wish.emit)
        if wish.alerts is not None:  # nobody waits for what tells others where nobody is to be told
            from auditlog_cli.alerting.dispatch import Dispatcher
            from auditlog_cli.alerting.register import Register

            self._register = Register(wish.alerts)
            self._dispatcher = Dispatcher(self._register.keeper, wish.routes, clock)
            if self._register.bad:
                self.warnings.append(
                    f"{wish.alerts}: {many(self._register.bad, 'bad line')}; what they said of alerts is not known"
                )
            self._make_up(self._register)  # for what an earlier run has left open
            self._dispatcher.news()

    def take(self, findings: Sequence[Finding]) -> list[Finding]:
        """Announce findings that are neither waived nor known; return those that were not announced before.

        Args:
            findings: All that name one fact must come together: its alert lists every rule.

        Raises:
            AuditWriteError: If the alerts log cannot be written. Of events that cannot, `unwritten` tells.
        """
        from auditlog_cli.renderers.findings import jsonl

        now = int(self._clock() * 1_000_000)
        objects = [jsonl.as_object(each) for each in findings] if self.wish.anything else []
        fresh = list(findings)
        if self._register is None or self._dispatcher is None:
            self._emit([(each, 0) for each in objects], now)
        elif objects:
            keeper = self._register.keeper
            with self._dispatcher.lock:
                if any(each.fingerprint in keeper.known for each in findings):
                    self._register.refresh()
                new = {each.fingerprint: each for each in keeper.new(objects)}
                told = self._emit(
                    [(each, new[name].reopened) for each in objects if (name := str(each["fingerprint"])) in new], now
                )
                for each in new.values():
                    owed = {route.channel.name for route in self.wish.routes if route.wants(each.finding)}
                    if self._events is not None and each.fingerprint not in told:
                        owed.add(EVENTS)
                    keeper.open(each, now, owed)
            fresh = [each for each in findings if each.fingerprint in new]
            if new:
                self._dispatcher.news()
        self.opened += len(fresh)
        return fresh

    def _emit(self, findings: Sequence[tuple[Mapping[str, Any], int]], now: int) -> set[str]:
        """Append the events of findings, each with how often it came back; return the fingerprints that are told."""
        from auditlog_cli.renderers import events

        told: set[str] = set()
        if self._events is None or self.unwritten:
            return told
        last = {each["fingerprint"]: number for number, (each, _) in enumerate(findings)}
        try:
            for number, (each, often) in enumerate(findings):
                self._events.line(events.line(self.wish.form, each, now, reopened=often))
                if last[each["fingerprint"]] == number:
                    told.add(each["fingerprint"])
        except AuditWriteError as error:
            self.unwritten.append(error)
        try:
            if told:
                self._events.sync()  # what the alerts log takes for written must not be lost with the power
        except AuditWriteError as error:
            self.unwritten.append(error)
            told.clear()
        return told

    def _make_up(self, register: Register) -> None:
        """Append the events that an earlier run owed to the file of events, one for each alert."""
        now = int(self._clock() * 1_000_000)
        owed = [
            each for each in register.keeper.known.values()
            if EVENTS in each.owed and EVENTS not in each.told and each.finding
        ]  # fmt: skip
        told = self._emit([(each.finding, each.reopened) for each in owed], now)
        for each in owed:
            if each.finding["fingerprint"] in told:
                register.keeper.told(each, EVENTS, 1, "written", now, ok=True, final=True)

    def changes(self) -> list[str]:
        """Return which channels take no alerts any more or take them again, in a sentence each; every change once."""
        if self._dispatcher is None:
            return []
        said = []
        while self._dispatcher.changes:
            change = self._dispatcher.changes.popleft()
            said.append(
                f"{change.name}: takes alerts again" if change.ok
                else f"{change.name}: takes no alerts ({change.status})"
            )  # fmt: skip
        return said

    def complain(self) -> None:
        """Say that somebody cannot be told any more: a run without an end would hide it until then.

        Raises:
            AuditWriteError: If events cannot be written, or deliveries have ended for the alerts log cannot be.
        """
        if self._dispatcher is not None and self._dispatcher.failed is not None:
            self.unwritten.append(_ended(self._dispatcher.failed))
            self._dispatcher.failed = None
        if self.unwritten:
            raise self.unwritten[0]

    def finish(self, patience_s: float = 60.0) -> list[AuditWriteError]:
        """Make the attempts that were not made yet; return what could not be told, one error a channel.

        Args:
            patience_s: How long to wait for attempts that are under way.
        """
        if self._dispatcher is None:
            return []
        left: dict[str, list[str]] = {}
        for due in self._dispatcher.finish(patience_s):
            channel = due.route.channel.name
            left.setdefault(channel, []).append(due.alert.fingerprint)
        said = [
            AuditWriteError(
                f"{channel}: {many(len(names), 'alert')} could not be told yet; the next run goes on with it",
                help=f"auditlog alerts show {names[0].removeprefix('sha256:')[:12]} says what came of each attempt",
            )
            for channel, names in left.items()
        ]
        if self._dispatcher.failed is not None:
            said.append(_ended(self._dispatcher.failed))
        return said

    def reviewed(self, lines: Lines, findings: int, logs: Iterable[str], *, incomplete: bool) -> None:
        """Write in the alerts log that this run has looked at the logs, and what came of it since it last wrote so.

        Args:
            lines: What was read in this run.
            findings: How many it has found that are neither waived nor known.
            logs: The files that were looked at.
            incomplete: Whether something could not be read or judged; bad lines are known from `lines`.

        Raises:
            AuditWriteError: If it cannot be written.
        """
        if self._register is None or self._dispatcher is None:
            return
        so_far = Counter({
            "read": lines.read, "judged": lines.judged, "not_selected": lines.not_selected, "bad": lines.bad,
            "findings": findings, "opened": self.opened,
        })  # fmt: skip
        counts = {name: count - self._reviewed[name] for name, count in so_far.items()}
        outcome = "findings" if counts["findings"] else "incomplete" if incomplete or counts["bad"] else "clean"
        with self._dispatcher.lock:
            self._register.keeper.reviewed(outcome, counts, int(self._clock() * 1_000_000), logs)
        self._reviewed = so_far

    def close(self) -> None:
        """Close the alerts log and the file of events."""
        if self._register is not None:
            self._register.close()
        if self._events is not None:
            self._events.close()

    def __enter__(self) -> Announcer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _ended(failed: BaseException) -> AuditWriteError:
    if isinstance(failed, AuditlogError):
        return AuditWriteError(f"deliveries ended early: {failed.message}", help=failed.help)
    return AuditWriteError(
        f"deliveries ended early: {type(failed).__name__}", help="run it again: what is open stands in the alerts log"
    )
