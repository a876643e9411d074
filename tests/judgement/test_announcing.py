"""Whoever is to hear of a finding hears of it at least once, whatever fails in between; twice means the same id twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import sinks, verify
from auditlog_cli.alerting.dispatch import Dispatcher, Route
from auditlog_cli.alerting.register import read
from auditlog_cli.alerting.webhooks import Webhook
from auditlog_cli.errors import AuditWriteError
from auditlog_cli.finding import Finding, Rule, Where, fingerprint
from auditlog_cli.judgement.announcing import Announcer, Wish
from tests.alerting.test_webhooks import SECRET, url
from tests.alerting.test_webhooks import receiver as receiver
from tests.cli.test_alerts import CHECK, here, record, write
from tests.conftest import Result

__all__ = ["here"]

Cli = Callable[..., Result]

RULES = Rule("A-1", "First"), Rule("B-1", "Second", severity="critical")
DAY_S = 86_400.0
START = 1_795_219_200.0


def finding(name: str, rule: Rule = RULES[0]) -> Finding:
    return Finding(rule, "said", Where("a.jsonl", 1, record_id=name), fingerprint("A", [name]))


def ids(path: Path) -> list[str]:
    return [json.loads(line)["event"]["id"] for line in path.read_bytes().splitlines() if line.startswith(b"{")]


def told(path: Path) -> list[tuple[str, str]]:
    found = [
        json.loads(line)["auditlog"]["finding"] for line in path.read_bytes().splitlines() if b"fingerprint" in line
    ]
    return [(each["rule"], each["record"]["record_id"]) for each in found]


def refuse_after(monkeypatch: pytest.MonkeyPatch, through: int) -> None:
    """Let so many lines through, refuse the next one, and then let all through."""
    write_line, left = sinks.Appended.line, [through]

    def line(out: sinks.Appended, text: str) -> None:
        left[0] -= 1
        if left[0] == -1:
            raise AuditWriteError(f"{out.path}: cannot be written (No space left on device)", help="make room")
        write_line(out, text)

    monkeypatch.setattr(sinks.Appended, "line", line)


@pytest.fixture
def wish(tmp_path: Path) -> Wish:
    return Wish(str(tmp_path / "alerts.jsonl"), (), str(tmp_path / "events.jsonl"))


def test_an_event_that_could_not_be_written_is_owed_and_written_by_the_next_run(
    wish: Wish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [finding("r1"), finding("r2"), finding("r2", RULES[1]), finding("r3")]
    refuse_after(monkeypatch, 2)
    with Announcer(wish) as announcer:
        assert announcer.take(found) == found, "they are shown, and have their alerts"
        assert [each.message.partition(": ")[2] for each in announcer.unwritten] == [
            "cannot be written (No space left on device)"
        ]
        with pytest.raises(AuditWriteError, match="No space left"):
            announcer.complain()
        later = [finding("r4")]
        assert announcer.take(later) == later
    assert told(tmp_path / "events.jsonl") == [("A-1", "r1"), ("A-1", "r2")], "nothing is tried after the first failure"
    alerts = read(str(tmp_path / "alerts.jsonl")).alerts.values()
    assert [each.owed for each in alerts] == [frozenset(), {"events"}, {"events"}, {"events"}]

    with Announcer(wish) as announcer:
        assert announcer.take([*found, *later]) == [] and announcer.unwritten == []
    assert told(tmp_path / "events.jsonl")[2:] == [("B-1", "r2"), ("A-1", "r3"), ("A-1", "r4")]
    again = (tmp_path / "events.jsonl").read_bytes()
    with Announcer(wish) as announcer:
        announcer.take(found)
    assert (tmp_path / "events.jsonl").read_bytes() == again
    assert verify(tmp_path / "alerts.jsonl").exit_code == 0


def test_what_is_owed_waits_for_a_run_that_writes_events(
    wish: Wish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_after(monkeypatch, 0)
    with Announcer(wish) as announcer:
        announcer.take([finding("r1")])
    with Announcer(wish._replace(emit=None)) as announcer:
        announcer.take([finding("r1")])
    with Announcer(wish._replace(emit=str(tmp_path / "other.jsonl"))):
        pass
    assert told(tmp_path / "other.jsonl") == [("A-1", "r1")]


def test_events_that_the_disk_did_not_take_are_owed(
    wish: Wish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: sinks.Appended) -> None:
        raise AuditWriteError("cannot be written (Input/output error)", help="look at the disk")

    with monkeypatch.context() as patched, Announcer(wish) as announcer:
        patched.setattr(sinks.Appended, "sync", broken)
        announcer.take([finding("r1")])
        assert announcer.unwritten
    with Announcer(wish):
        pass
    one, same = ids(tmp_path / "events.jsonl")
    assert one == same


def test_without_an_alerts_log_every_run_writes_all_events_under_the_same_ids(wish: Wish, tmp_path: Path) -> None:
    for _ in range(2):
        with Announcer(wish._replace(alerts=None)) as announcer:
            announcer.take([finding("r1"), finding("r1", RULES[1])])
    one, other, *again = ids(tmp_path / "events.jsonl")
    assert one != other and again == [one, other]


def test_a_receiver_that_is_away_for_nights_is_told_by_the_run_that_reaches_it(tmp_path: Path, receiver: Any) -> None:
    """One run a night: each makes one attempt more, and none is given up for its age."""
    now = [START]
    wish = Wish(str(tmp_path / "alerts.jsonl"), [Route(Webhook(url(receiver), [SECRET]))])
    receiver.answers[:] = [500, 500, 500, 500, 204]
    left = []
    for _ in range(6):
        with Announcer(wish, lambda: now[0]) as announcer:
            announcer.take([finding("r1")])
            left.append(len(announcer.finish()))
        now[0] += DAY_S
    assert left == [1, 1, 1, 1, 0, 0]
    assert len(receiver.came) == 5 and len({headers["webhook-id"] for _, headers, _ in receiver.came}) == 1


def test_an_attempt_that_was_never_made_is_made_by_the_next_run_a_week_later(
    tmp_path: Path, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish = Wish(str(tmp_path / "alerts.jsonl"), [Route(Webhook(url(receiver), [SECRET]))])
    with monkeypatch.context() as patched:
        patched.setattr(Dispatcher, "news", lambda _: None)
        with Announcer(wish, lambda: START) as announcer:
            announcer.take([finding("r1")])
    assert receiver.came == []
    with Announcer(wish, lambda: START + 7 * DAY_S) as announcer:
        assert announcer.finish() == []
    assert len(receiver.came) == 1


KILLED = """
import os, sys
from auditlog_cli.cli.front import run
from auditlog_cli.{module} import {name}
def killed(*args, **more):
    os._exit(9)
{name}.{method} = killed
sys.argv = ["auditlog", *sys.argv[1:]]
run()
"""


def killed(place: tuple[str, str, str], *words: str) -> int:
    script = KILLED.format(module=place[0], name=place[1], method=place[2])
    return subprocess.run([sys.executable, "-c", script, *words], capture_output=True, timeout=60).returncode


def test_killed_between_event_and_alert_the_event_comes_again_with_the_same_id(cli: Cli, here: Path) -> None:
    words = (*CHECK, "--emit", "events.jsonl", "-q")
    assert killed(("alerting.keeping", "Keeper", "open"), *words) == 9
    assert len(ids(here / "events.jsonl")) == 2 and read("alerts.jsonl").alerts == {}
    assert cli(*words).code == 1
    one, other, *again = ids(here / "events.jsonl")
    assert one != other and again == [one, other]
    assert len(read("alerts.jsonl").alerts) == 2


def test_killed_between_alert_and_delivery_the_next_run_delivers(
    cli: Cli, here: Path, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITLOG_WEBHOOK_SECRET", SECRET)
    words = (*CHECK, "--webhook", url(receiver), "-q")
    assert killed(("alerting.webhooks", "Webhook", "send"), *words) == 9
    assert receiver.came == [] and all(len(each.owed) == 1 for each in read("alerts.jsonl").alerts.values())
    assert cli(*words).code == 1
    assert len(receiver.came) == 2


def test_a_disk_that_is_full_stops_the_events_and_not_the_alerts(here: Path, cli: Cli, receiver: Any) -> None:
    """The real thing: a file of events at the limit of a process, and a webhook that hears of it all the same."""
    (here / "events.jsonl").write_bytes(b"x" * ((1 << 20) - 300) + b"\n")
    words = [sys.executable, "-m", "auditlog_cli", *CHECK, "--emit", "events.jsonl", "--webhook", url(receiver)]
    done = subprocess.run(
        ["bash", "-c", 'ulimit -f 1024; exec "$@"', "bash", *words], capture_output=True, text=True, timeout=60,
        env=os.environ | {"AUDITLOG_WEBHOOK_SECRET": SECRET},
    )  # fmt: skip
    assert done.returncode == 5 and "events.jsonl: cannot be written" in done.stderr
    assert "announced before" not in done.stderr
    assert len(receiver.came) == 2
    assert b'"review":{"of":"log","outcome":"findings"}' in (here / "alerts.jsonl").read_bytes()
    assert cli(*CHECK, "--emit", "events.jsonl", "-q").code == 1
    assert sorted(each for _, each in told(here / "events.jsonl")) == ["r1", "r2"]


def test_following_ends_where_events_cannot_be_written_and_the_next_run_makes_up_for_it(here: Path, cli: Cli) -> None:
    (here / "events.jsonl").write_bytes(b"x" * ((1 << 20) - 300) + b"\n")
    words = [sys.executable, "-m", "auditlog_cli", "check", "audit.jsonl", "--follow", "--only", "BASE-SEC-01",
             "--format", "jsonl", "--alerts", "alerts.jsonl", "--emit", "events.jsonl"]  # fmt: skip
    done = subprocess.run(
        ["bash", "-c", 'ulimit -f 1024; exec "$@"', "bash", *words], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 5 and done.stderr.count("events.jsonl: cannot be written") == 1
    assert len(done.stdout.splitlines()) == 2, "what has an alert is shown"
    write(here / "audit.jsonl", record(3))
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["record"]["record_id"] == "r3"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert sorted(each for _, each in told(here / "events.jsonl")) == ["r1", "r2", "r3"]
