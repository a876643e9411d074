"""Deliveries: tried again, given up, gone on with after a restart, and never in the way."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import AuditLog
from auditlog_cli.alerting import keeping, states
from auditlog_cli.alerting.dispatch import DELAYS_S, Dispatcher, Route
from auditlog_cli.alerting.mail import Mail
from auditlog_cli.alerting.webhooks import Answer
from tests.alerting.test_keeping import NOON, content, finding, opened

START = NOON / 1_000_000


class Channel:
    """Answers what it is told to, and remembers what came."""

    name = "webhook:test#0"

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.came: list[tuple[str, bytes, int]] = []

    def send(self, identity: str, body: bytes, now_s: int) -> Answer:
        self.came.append((identity, body, now_s))
        return self.answers.pop(0) if self.answers else Answer(True, False, "200")


NO = Answer(False, False, "500")


class Clock:
    def __init__(self, now: float = START) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alerts.jsonl"


@pytest.fixture
def log(path: Path) -> Any:
    with AuditLog(path, origin="test/alerts", ballast_bytes=0) as log:
        yield log


def keeper_of(log: AuditLog, path: Path) -> keeping.Keeper:
    return keeping.Keeper(log, states.read(content(path)), identity="ci", version="1")


def dispatcher(keeper: keeping.Keeper, channel: Channel, clock: Clock, **route: Any) -> Dispatcher:
    return Dispatcher(keeper, [Route(channel, **route)], clock)  # type: ignore[arg-type]


def test_the_attempts_are_those_of_the_standard_and_then_it_is_over(log: AuditLog, path: Path) -> None:
    """Right away, then after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h, each later by at most a tenth."""
    keeper = keeper_of(log, path)
    opened(keeper, [finding()], NOON)
    channel, clock = Channel(*[NO] * 20), Clock()
    work = dispatcher(keeper, channel, clock)
    for _ in range(100):
        clock.now += work.once()
    waits = [after - before for (_, _, before), (_, _, after) in zip(channel.came, channel.came[1:], strict=False)]
    assert len(channel.came) == len(DELAYS_S) == 8
    total = 0.0
    for wait, wanted in zip(waits, DELAYS_S[1:], strict=True):
        total += wanted
        assert wanted - 0.1 * total - 1 <= wait <= wanted + 0.1 * total + 1
    assert len({identity for identity, _, _ in channel.came}) == 1, "the receiver can drop what it has"
    assert work.finish() == []
    (alert,) = states.read(content(path)).values()
    assert alert.told == {channel.name: "500"} and alert.attempts == {channel.name: 8}


def test_a_restart_goes_on_where_the_log_says(log: AuditLog, path: Path) -> None:
    keeper = keeper_of(log, path)
    opened(keeper, [finding()], NOON)
    clock = Clock()
    dispatcher(keeper, Channel(NO), clock).once()
    later, again = Channel(), keeper_of(log, path)
    work = dispatcher(again, later, clock)
    assert work.once() > 0 and later.came == []
    clock.now += 6
    work.once()
    assert len(later.came) == 1
    assert states.read(content(path))[finding()["fingerprint"]].attempts == {"webhook:test#0": 2}
    assert keeper_of(log, path).known == again.known


def test_a_channel_that_goes_away_and_comes_back_is_said_once_each(log: AuditLog, path: Path) -> None:
    keeper = keeper_of(log, path)
    opened(keeper, [finding(), finding("b")], NOON)
    channel, clock = Channel(NO, NO), Clock()
    work = dispatcher(keeper, channel, clock)
    work.once()
    assert list(work.changes) == [(channel.name, "500", False)]
    clock.now += 6
    work.once()
    assert list(work.changes)[1:] == [(channel.name, "200", True)]


def test_gone_is_gone(log: AuditLog, path: Path) -> None:
    keeper = keeper_of(log, path)
    opened(keeper, [finding()], NOON)
    channel, clock = Channel(Answer(False, True, "410")), Clock()
    work = dispatcher(keeper, channel, clock)
    work.once()
    clock.now += 100_000
    work.once()
    assert len(channel.came) == 1 and work.finish() == []


@pytest.mark.parametrize(
    "route", [{"min_severity": "critical"}, {"kinds": ("gap",)}, {"packs": ("gdpr",)}]
)  # fmt: skip
def test_only_what_is_wanted_is_told(log: AuditLog, path: Path, route: dict[str, Any]) -> None:
    keeper = keeper_of(log, path)
    opened(keeper, [finding()], NOON)
    channel = Channel()
    dispatcher(keeper, channel, Clock(), **route).once()
    assert channel.came == []


def test_what_was_found_long_before_the_channel_was_there_is_not_told(log: AuditLog, path: Path) -> None:
    keeper = keeper_of(log, path)
    opened(keeper, [finding()], NOON)
    channel = Channel()
    dispatcher(keeper, channel, Clock(START + 40 * 3600)).once()
    assert channel.came == []


def test_what_a_run_leaves_open_is_told_to_it(log: AuditLog, path: Path) -> None:
    keeper = keeper_of(log, path)
    opened(keeper, [finding(), finding("b")], NOON)
    channel = Channel(Answer(True, False, "200"), NO)
    work = dispatcher(keeper, channel, Clock())
    work.news()
    left = work.finish()
    assert len(channel.came) == 2 and [each.alert.fingerprint for each in left] == [finding("b")["fingerprint"]]
    assert work.failed is None


def test_sending_never_delays_the_evaluation(log: AuditLog, path: Path) -> None:
    keeper = keeper_of(log, path)
    hold = threading.Event()

    class Slow(Channel):
        def send(self, identity: str, body: bytes, now_s: int) -> Answer:
            hold.wait(10)
            return super().send(identity, body, now_s)

    channel = Slow()
    work = dispatcher(keeper, channel, Clock())
    opened(keeper, [finding()], NOON)
    work.news()
    with work.lock:  # free although a message is under way
        opened(keeper, [finding("b")], NOON)
    assert channel.came == []
    hold.set()
    work.finish()
    assert len(channel.came) == 2


def test_no_value_of_the_log_is_sent(log: AuditLog, path: Path) -> None:
    keeper = keeper_of(log, path)
    opened(keeper, [finding()], NOON)
    channel = Channel()
    dispatcher(keeper, channel, Clock()).once()
    (_, body, _), (alert,) = channel.came[0], keeper.known.values()
    assert alert.record_id.encode() not in body
    assert body.startswith(b'{"type":"finding.opened","timestamp":"2026-11-21T12:00:00')


class Letters(Mail):
    """Remembers how many findings each letter has."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__("localhost", "log@example.com", ["dpo@example.com"])
        self.answers, self.came = list(answers), []  # type: ignore[var-annotated]

    def send(self, identity: str, findings: Any, now_s: int) -> Answer:
        self.came.append((len(findings), now_s))
        return self.answers.pop(0) if self.answers else Answer(True, False, "sent")


def test_a_letter_takes_along_what_was_found_since_and_is_tried_again_whole(log: AuditLog, path: Path) -> None:
    """One a minute at most, however fast findings come; what a server refuses once goes in one letter again."""
    keeper = keeper_of(log, path)
    channel, clock = Letters(NO), Clock()
    work = Dispatcher(keeper, [Route(channel)], clock)
    for second in range(0, 60, 10):
        opened(keeper, [finding(f"{second // 10}")], NOON + second * 1_000_000)
    work.once()
    assert channel.came == []
    clock.now = START + 60
    work.once()
    assert channel.came == [(6, int(START) + 60)]
    clock.now += 6
    work.once()
    assert channel.came[1:] == [(6, int(START) + 66)]
    assert all(each.told for each in states.read(content(path)).values())


def test_an_attempt_is_counted_from_the_one_before_it(log: AuditLog, path: Path) -> None:
    """A run that comes a day later does not use up all attempts at once."""
    keeper = keeper_of(log, path)
    opened(keeper, [finding()], NOON, Channel.name)
    channel, clock = Channel(*[NO] * 20), Clock()
    work = dispatcher(keeper, channel, clock)
    for day in range(12):
        clock.now = START + day * 86_400
        while work.once() == 0.0:
            pass
        assert len(channel.came) == min(day + 1, len(DELAYS_S))
    assert work.finish() == []
