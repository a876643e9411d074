"""Deliveries: beside the work, again after a failure, and after a restart (compliance.md, 9.3).

What is still to be told stands in the alerts log, so nothing is kept in memory that a crash could take, and no queue
can grow: a delivery is open while its alert's record names the channel, no attempt went well, and not all were made. To
a channel that came later, only young alerts are told.
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from auditlog_cli.alerting import messages
from auditlog_cli.alerting.keeping import Keeper
from auditlog_cli.alerting.mail import Mail
from auditlog_cli.alerting.states import RESOLVED, Alert
from auditlog_cli.alerting.webhooks import Answer, Webhook
from auditlog_cli.finding import SEVERITIES

DELAYS_S = (0, 5, 300, 1800, 7200, 18_000, 36_000, 36_000)
"""Before each attempt, counted from the one before it."""
LETTERS_S = 60
"""A letter waits so long for more findings."""
_OLDEST_S = 30 * 3600
"""An alert that is older is news to nobody whom it was not owed."""
_SPREAD = 0.1
_CHANGES = 100


class Route(NamedTuple):
    """Whom to tell of what.

    Attributes:
        channel: The way.
        min_severity: The least grave that is told.
        kinds: `violation`, `gap`, `indicator`; those that are told.
        packs: Names of packs; empty for all.
    """

    channel: Webhook | Mail
    min_severity: str = "info"
    kinds: tuple[str, ...] = ("violation", "gap", "indicator")
    packs: tuple[str, ...] = ()

    def wants(self, finding: Mapping[str, Any]) -> bool:
        """Tell whether a finding is told this way."""
        grave = SEVERITIES.index(finding.get("severity", "info")) <= SEVERITIES.index(self.min_severity)
        named = {each.get("pack") for each in finding.get("rules", ())} | {finding.get("pack")}
        return grave and finding.get("kind") in self.kinds and (not self.packs or not named.isdisjoint(self.packs))


class Clock(Protocol):
    """Seconds since the epoch."""

    def __call__(self) -> float: ...  # noqa: D102


class Due(NamedTuple):
    """One delivery that is open."""

    when: float  # seconds since the epoch
    route: Route
    alert: Alert


class Change(NamedTuple):
    """A channel that takes no alerts any more, or takes them again; `status` as in an answer."""

    name: str
    status: str
    ok: bool


def open_deliveries(keeper: Keeper, routes: Sequence[Route], now_s: float, spread: Callable[[], float]) -> list[Due]:
    """Return what is to be told, to whom, and when, the soonest first.

    Args:
        keeper: The alerts.
        routes: Whom to tell.
        now_s: Now: seconds since the epoch.
        spread: Gives a number from 0 to 1, so that not all try again at the same moment. Those of one channel do, so
            that they can go in one letter.
    """
    due = []
    longer = {route.channel.name: 1 + _SPREAD * spread() for route in routes}
    for alert in keeper.known.values():
        opened = alert.opened / 1_000_000
        if alert.state == RESOLVED:
            continue
        for route in routes:
            name = route.channel.name
            made = alert.attempts.get(name, 0)
            if name in alert.told or made >= len(DELAYS_S) or not route.wants(alert.finding):
                continue
            if not made and name not in alert.owed and now_s - opened > _OLDEST_S:
                continue
            wait = DELAYS_S[made] * longer[name]
            if isinstance(route.channel, Mail) and not made:
                wait += LETTERS_S
            due.append(Due(alert.tried.get(name, alert.opened) / 1_000_000 + wait, route, alert))
    return sorted(due, key=lambda each: each.when)


class Dispatcher:
    """Tells, in a thread of its own.

    Args:
        keeper: The alerts log. Only this dispatcher and, under `lock`, its owner write to it.
        routes: Whom to tell.
        clock: Gives the time.

    Attributes:
        lock: Held while the alerts are looked at or written.
        failed: An error of writing the alerts log, which ended the deliveries; or None.
        changes: Channels that take no alerts any more, or take them again, as they show: who reads takes them out.
    """

    def __init__(self, keeper: Keeper, routes: Sequence[Route], clock: Clock = time.time) -> None:
        self.lock = threading.Lock()
        self.failed: BaseException | None = None
        self.changes: deque[Change] = deque(maxlen=_CHANGES)
        self._away: set[str] = set()
        self._keeper = keeper
        self._routes = tuple(routes)
        self._clock = clock
        self._wake = threading.Event()
        self._last = False
        self._seed = random.Random()  # noqa: S311 - it only spreads attempts over time
        self._thread: threading.Thread | None = None

    def news(self) -> None:
        """Say that alerts were opened."""
        if not self._routes:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="auditlog-dispatch", daemon=True)
            self._thread.start()
        self._wake.set()

    def finish(self, patience_s: float = 60.0) -> list[Due]:
        """Make the attempts that were not made yet, and return what is still open; the next run goes on with it.

        Args:
            patience_s: How long to wait for attempts that are under way.
        """
        self._last = True
        if self._routes:
            self.news()
        if self._thread is not None:
            self._thread.join(patience_s)
        with self.lock:
            return open_deliveries(self._keeper, self._routes, self._clock(), lambda: 0.0)

    def _run(self) -> None:
        try:
            while True:
                last = self._last
                pause = self.once(first_only=last)
                if last:
                    return
                self._wake.wait(pause)
                self._wake.clear()
        except BaseException as error:
            self.failed = error

    def once(self, *, first_only: bool = False) -> float:
        """Make every attempt that is due; return after how many seconds the next one is (an hour at most).

        Args:
            first_only: Make the attempts that have not been made at all, due or not: the run ends.
        """
        with self.lock:
            all_ = open_deliveries(self._keeper, self._routes, self._clock(), self._seed.random)
        now = self._clock()
        due = [each for each in all_ if each.when <= now]
        mailed = {each.route.channel.name for each in due if isinstance(each.route.channel, Mail)}
        for each in all_:
            name = each.route.channel.name
            # A letter that goes takes along what has waited for less than its minute.
            if each.when > now and (first_only or name in mailed) and not each.alert.attempts.get(name):
                due.append(each)
        letters: dict[str, list[Due]] = {}
        for each in due:
            if isinstance(each.route.channel, Mail):
                letters.setdefault(each.route.channel.name, []).append(each)
            else:
                self._post(each, each.route.channel)
        for several in letters.values():
            self._mail(several)
        if due or not all_:
            return 0.0 if due else 3600.0
        return min(all_[0].when - now, 3600.0)

    def _post(self, due: Due, channel: Webhook) -> None:
        alert = due.alert
        kind = messages.REOPENED if alert.reopened else messages.OPENED
        if alert.finding.get("rule") == messages.AWAY:
            kind = messages.UNAVAILABLE
        body = messages.body(kind, alert.finding, alert.opened)
        answer = channel.send(f"msg_{alert.record_id}", body, int(self._clock()))
        self._told(due, answer)

    def _mail(self, several: list[Due]) -> None:
        channel = several[0].route.channel
        assert isinstance(channel, Mail)
        first = several[0].alert.record_id
        answer = channel.send(first, [each.alert.finding for each in several], int(self._clock()))
        for each in several:
            self._told(each, answer)

    def _told(self, due: Due, answer: Answer) -> None:
        name = due.route.channel.name
        with self.lock:
            attempt = due.alert.attempts.get(name, 0) + 1
            final = answer.ok or answer.final or attempt >= len(DELAYS_S)
            now = int(self._clock() * 1_000_000)
            if answer.ok == (name in self._away):
                self._away ^= {name}
                self.changes.append(Change(name, answer.status, ok=answer.ok))
            self._keeper.told(due.alert, name, attempt, answer.status, now, ok=answer.ok, final=final)
