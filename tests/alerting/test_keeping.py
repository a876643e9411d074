"""A finding is opened once and not again; what people say about it stands in an append-only log."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import AuditLog, times, validate, verify
from auditlog_cli.alerting import keeping, states
from auditlog_cli.errors import InputError, UsageError

NOON = times.parse("2026-11-21T12:00:00Z") or 0
HOUR = 3_600_000_000


def finding(name: str = "a", rule: str = "BASE-SEC-01", severity: str = "high", **record: Any) -> dict[str, Any]:
    return {
        "format": "auditlog.finding/1", "fingerprint": f"sha256:{name * 64}", "rule": rule, "pack": "baseline",
        "severity": severity, "kind": "violation", "title": "A title", "fix": "A fix", "clauses": ["A 1"],
        "record": {"source": "a.jsonl", "line": 3, "record_id": "r1", "agent": "agent:billing", **record},
    }  # fmt: skip


def content(path: Path) -> list[dict[str, Any]]:
    records = [json.loads(line) for line in path.read_bytes().splitlines()]
    return [each for each in records if "auditlog" not in each]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alerts.jsonl"


@pytest.fixture
def keeper(path: Path) -> Any:
    with AuditLog(path, origin="test/alerts", ballast_bytes=0) as log:
        yield keeping.Keeper(log, {}, identity="ci", version="1")


def opened(keeper: keeping.Keeper, findings: list[dict[str, Any]], now: int, *owed: str) -> list[states.Alert]:
    """Open an alert for each fact that needs one."""
    return [keeper.open(each, now, owed) for each in keeper.new(findings)]


def test_a_fact_is_opened_once(keeper: keeping.Keeper, path: Path) -> None:
    news = opened(keeper, [finding(), finding(rule="GDPR-32-01", severity="critical")], NOON)
    assert [each.reopened for each in news] == [0]
    assert opened(keeper, [finding()], NOON + HOUR) == []
    (alert,) = states.read(content(path)).values()
    assert alert.state == "open" and alert.opened == NOON
    assert [each["rule"] for each in alert.finding["rules"]] == ["BASE-SEC-01", "GDPR-32-01"]
    assert alert.finding["severity"] == "critical", "the gravest speaks for all"


def test_what_was_resolved_comes_back_only_in_a_younger_record(keeper: keeping.Keeper, path: Path) -> None:
    (alert,) = opened(keeper, [finding()], NOON)
    keeper.resolve(alert, by="alice", why="fixed in 1.5", outcome="fixed", now=NOON + HOUR)
    assert opened(keeper, [finding(timestamp="2026-11-21T12:30:00Z")], NOON + 2 * HOUR) == []
    (again,) = opened(keeper, [finding(timestamp="2026-11-21T13:30:00Z")], NOON + 2 * HOUR)
    assert again.reopened == 1
    (alert,) = states.read(content(path)).values()
    assert (alert.state, alert.reopened, alert.first, alert.by) == ("open", 1, NOON, "")
    assert content(path)[-1]["metadata"]["reopened"] == 1


def test_the_way_of_an_alert(keeper: keeping.Keeper, path: Path) -> None:
    (alert,) = opened(keeper, [finding()], NOON)
    keeper.acknowledge(alert, by="alice", why="looking", now=NOON + HOUR)
    with pytest.raises(UsageError, match="is acknowledged, not open"):
        keeper.acknowledge(alert, by="bob", why="me too", now=NOON + HOUR)
    assert opened(keeper, [finding()], NOON + HOUR) == []
    keeper.resolve(alert, by="bob", why="a test key", outcome="false_positive", now=NOON + 2 * HOUR)
    with pytest.raises(UsageError, match="resolved already"):
        keeper.resolve(alert, by="bob", why="x", outcome="fixed", now=NOON)
    (alert,) = states.read(content(path)).values()
    assert (alert.state, alert.by, alert.why, alert.outcome) == ("resolved", "bob", "a test key", "false_positive")
    assert alert.since == NOON + 2 * HOUR


@pytest.mark.parametrize("by", ["", " ", "agent:x", "service:ci", "system:cron", "agent:billing", "billing"])
def test_an_agent_does_not_silence_what_was_found_about_it(keeper: keeping.Keeper, path: Path, by: str) -> None:
    (alert,) = opened(keeper, [finding()], NOON)
    before = path.read_bytes()
    with pytest.raises(UsageError, match="--by"):
        keeper.resolve(alert, by=by, why="nothing to see", outcome="accepted", now=NOON)
    assert path.read_bytes() == before


def test_what_has_no_reason_or_no_outcome_is_refused(keeper: keeping.Keeper) -> None:
    (alert,) = opened(keeper, [finding()], NOON)
    with pytest.raises(UsageError, match="--why"):
        keeper.acknowledge(alert, by="alice", why=" ", now=NOON)
    with pytest.raises(UsageError, match="--outcome"):
        keeper.resolve(alert, by="alice", why="x", outcome="gone", now=NOON)


def test_every_record_answers_the_six_questions_and_is_sealed(keeper: keeping.Keeper, path: Path) -> None:
    (alert,) = opened(keeper, [finding()], NOON)
    keeper.told(alert, "webhook:x", 1, "500", NOON, ok=False, final=False)
    keeper.told(alert, "webhook:x", 2, "200", NOON, ok=True, final=True)
    keeper.acknowledge(alert, by="alice", why="looking", now=NOON)
    keeper.reviewed("findings", {"read": 3}, NOON)
    report = validate(path)
    assert report.findings == []
    assert verify(path).exit_code == 0
    (alert,) = states.read(content(path)).values()
    assert alert.attempts == {"webhook:x": 2} and alert.told == {"webhook:x": "200"}


def test_the_state_does_not_hang_on_the_order_of_the_lines(keeper: keeping.Keeper, path: Path) -> None:
    one, other = opened(keeper, [finding(), finding("b")], NOON)
    keeper.told(one, "mail:x", 1, "sent", NOON + 1, ok=True, final=True)
    keeper.acknowledge(one, by="alice", why="looking", now=NOON + 2)
    keeper.resolve(other, by="bob", why="done", outcome="fixed", now=NOON + 3)
    opened(keeper, [finding("b", timestamp="2026-11-22T00:00:00Z")], NOON + 4)
    records = content(path)
    expected = states.read(records)
    seed = random.Random(1)
    for _ in range(20):
        seed.shuffle(records)
        assert states.read(records) == expected
    assert [each.state for each in expected.values()] == ["acknowledged", "open"]
    assert expected == keeper.known


def test_a_fingerprint_may_be_shortened_as_long_as_it_is_clear(keeper: keeping.Keeper) -> None:
    opened(keeper, [finding("a"), finding("b")], NOON)
    assert states.one(keeper.known, "aaaa").fingerprint == f"sha256:{'a' * 64}"
    assert states.one(keeper.known, f"sha256:{'b' * 9}").fingerprint == f"sha256:{'b' * 64}"
    with pytest.raises(UsageError, match="at least 4"):
        states.one(keeper.known, "sha256:a")
    with pytest.raises(InputError, match="no alert"):
        states.one(keeper.known, "cccc")
    opened(keeper, [{**finding(), "fingerprint": f"sha256:{'a' * 63}b"}], NOON)
    with pytest.raises(UsageError, match="2 fingerprints"):
        states.one(keeper.known, "aaaaaa")


def test_hostile_lines_in_an_alerts_log_are_passed_over() -> None:
    wrong: list[dict[str, Any]] = [
        {}, {"action": 1}, {"action": {"type": "alert"}}, {"action": {"type": "alert", "resource": []}},
        {"action": {"type": "alert", "resource": "x", "phase": 7}, "timestamp": 5},
        {"action": {"type": "alert", "resource": "x", "phase": "resolved"}},
        {"action": {"type": "alert", "resource": "y", "phase": "open"}, "metadata": 7, "seq": "1"},
    ]  # fmt: skip
    assert list(states.read(wrong)) == ["y"]


@pytest.mark.parametrize(
    "change",
    [
        {"severity": "grave"}, {"severity": []}, {"rule": 5}, {"kind": None}, {"fingerprint": {}}, {"record": []},
        {"record": "a"}, {"at": 5}, {"rules": {}}, {"rules": ["a"]}, {"rules": [{"clauses": 5}]}, {"clauses": 5},
        {"related": [None]},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_finding_is_no_finding_of_an_alert(
    keeper: keeping.Keeper, path: Path, cli: Any, change: dict[str, Any]
) -> None:
    """Who can write to an alerts log can write anything into it: the alert stays, and no command stumbles."""
    opened(keeper, [finding()], NOON)
    (said,) = content(path)
    said["metadata"]["finding"] |= change
    path.write_text(json.dumps(said) + "\n")
    (alert,) = states.read(content(path)).values()
    assert (alert.state, alert.finding) == ("open", {})
    assert cli("alerts", "list", "--alerts", str(path)).code == 0
    assert cli("alerts", "show", "aaaa", "--alerts", str(path)).code == 0


def test_an_integer_of_thousands_of_digits_in_a_finding_is_shown_as_text(
    keeper: keeping.Keeper, path: Path, cli: Any
) -> None:
    opened(keeper, [finding(agent="HERE")], NOON)
    path.write_bytes(path.read_bytes().replace(b'"HERE"', b"1" * 5000))
    for form in ("text", "json", "jsonl"):
        assert "1" * 5000 in cli("alerts", "show", "aaaa", "--alerts", str(path), "--format", form).out
