"""Findings on their way to people and other machines: alerts, deliveries, events (compliance.md, 8.4, 9)."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from auditlog_cli.errors import AuditlogError, AuditWriteError
from auditlog_cli.finding import Finding
from auditlog_cli.report import Lines, many

if TYPE_CHECKING:
    from auditlog_cli.alerting.dispatch import Dispatcher, Route
    from auditlog_cli.alerting.register import Register
    from auditlog_cli.sinks import Appended

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

    Raises:
        InputError, AuditWriteError, UsageError: If the alerts log or the file of events cannot be used.
    """

    def __init__(self, wish: Wish, clock: Clock = time.time) -> None:
        self.opened = 0
        self.warnings: list[str] = []
        self.wish = wish
        self._clock = clock
        self._reviewed: Counter[str] = Counter()
        self._register: Register | None = None
        self._dispatcher: Dispatcher | None = None
        if wish.alerts is not None:  # nobody waits for what tells others where nobody is to be told
            from auditlog_cli.alerting.dispatch import Dispatcher
            from auditlog_cli.alerting.register import Register

            self._register = Register(wish.alerts)
            self._dispatcher = Dispatcher(self._register.keeper, wish.routes, clock)
            if self._register.bad:
                self.warnings.append(
                    f"{wish.alerts}: {many(self._register.bad, 'bad line')}; what they said of alerts is not known"
                )
            self._dispatcher.news()  # what an earlier run has left open
        self._events: Appended | None = None
        if wish.emit is not None:
            from auditlog_cli.sinks import Appended

            self._events = Appended(wish.emit)

    def take(self, findings: Sequence[Finding]) -> list[Finding]:
        """Announce findings that are neither waived nor known; return those that were not announced before.

        Args:
            findings: All that name one fact must come together: its alert lists every rule.

        Raises:
            AuditWriteError: If the alerts log or the file of events cannot be written.
        """
        from auditlog_cli.renderers import events
        from auditlog_cli.renderers.findings import jsonl

        fresh = list(findings)
        now = int(self._clock() * 1_000_000)
        if self._register is not None and self._dispatcher is not None and fresh:
            keeper = self._register.keeper
            with self._dispatcher.lock:
                if any(each.fingerprint in keeper.known for each in fresh):
                    self._register.refresh()
                opened = keeper.open([jsonl.as_object(each) for each in fresh], now)
            names = {each.alert.fingerprint for each in opened}
            fresh = [each for each in fresh if each.fingerprint in names]
            if opened:
                self._dispatcher.news()
        if self._events is not None:
            for each in fresh:
                self._events.line(events.line(self.wish.form, each, now))
        self.opened += len(fresh)
        return fresh

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
        failed = self._dispatcher.failed
        if failed is not None:
            if not isinstance(failed, AuditlogError):
                failed = AuditlogError(
                    type(failed).__name__, help="run it again: what is open stands in the alerts log"
                )
            said.append(AuditWriteError(f"deliveries ended early: {failed.message}", help=failed.help))
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
