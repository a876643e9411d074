"""What a person says about alerts over HTTP stands in the alerts log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli.alerting import register
from auditlog_cli.errors import AuditWriteError, LockTimeout
from auditlog_cli.serving import keys
from auditlog_cli.serving.keys import Keys
from tests.serving.conftest import Served
from tests.serving.test_api import refused

ALERTS = "/api/v1/alerts"
NAMES = tuple(f"sha256:{digit * 64}" for digit in "ab")


def opened(path: Path) -> None:
    """An alerts log with two open alerts."""
    with register.Register(str(path)) as log:
        for new in log.keeper.new(
            {"fingerprint": name, "rule": "BASE-SEC-01", "pack": "baseline", "severity": "high", "kind": "violation",
             "title": "t", "fix": "f", "clauses": [], "record": {"agent": "agent:billing"}}
            for name in NAMES
        ):  # fmt: skip
            log.keeper.open(new, 0)


class Caller:
    """Speaks to the server with a key."""

    def __init__(self, served: Served, key: str) -> None:
        self.served = served
        self._headers = {"X-API-Key": key}

    def patch(self, path: str, body: bytes = b"") -> object:
        return self.served.client.patch(f"{ALERTS}/{path}", content=body, headers=self._headers)

    def get(self, **query: str) -> list[dict[str, object]]:
        found: list[dict[str, object]] = self.served.client.get(ALERTS, params=query, headers=self._headers).json()
        return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "alerts.jsonl"
    opened(found)
    return found


@pytest.fixture
def known(tmp_path: Path) -> tuple[Keys, dict[str, str]]:
    """Keys of a person, of a program, and of a person who is called like an agent."""
    file = str(tmp_path / "keys")
    made = {name: keys.make(file, name, person=name != "program") for name in ("ann", "program", "billing")}
    return keys.load(file), made


@pytest.fixture
def ann(serve: Callable[..., Served], known: tuple[Keys, dict[str, str]], path: Path) -> Caller:
    return Caller(serve(known[0], alerts=str(path)), known[1]["ann"])


def test_resolving_is_a_record_that_says_who(ann: Caller, path: Path) -> None:
    """As `agentaudit-client` asks: without a body. No outcome is made up, and the reason says that none was given."""
    answer = ann.patch(f"{NAMES[0]}/resolve").json()
    assert (answer["id"], answer["isResolved"], answer["by"]) == (NAMES[0], True, "ann")
    assert "outcome" not in answer
    alert = register.read(str(path)).alerts[NAMES[0]]
    assert (alert.state, alert.by, alert.outcome) == ("resolved", "ann", "")
    assert "no reason was given" in alert.why
    assert [each["id"] for each in ann.get(isResolved="false")] == [NAMES[1]]


def test_a_reason_and_an_outcome_are_taken(ann: Caller, path: Path) -> None:
    assert ann.patch(f"{NAMES[0]}/acknowledge", b'{"reason":"asking"}').json()["state"] == "acknowledged"
    ann.patch(f"{NAMES[0]}/resolve", b'{"reason":"fixed in 1.5","outcome":"fixed"}')
    alert = register.read(str(path)).alerts[NAMES[0]]
    assert (alert.state, alert.why, alert.outcome) == ("resolved", "fixed in 1.5", "fixed")


def test_what_is_resolved_is_not_resolved_again(ann: Caller, path: Path) -> None:
    ann.patch(f"{NAMES[0]}/resolve")
    before = path.read_bytes()
    refused(ann.patch(f"{NAMES[0]}/resolve"), 409, "alert_state")
    refused(ann.patch(f"{NAMES[0]}/acknowledge"), 409, "alert_state")
    refused(ann.patch("sha256:none/resolve"), 404, "not_found")
    assert path.read_bytes().startswith(before)
    assert register.read(str(path)).alerts[NAMES[0]].by == "ann"


@pytest.mark.parametrize(
    "body", [b"[]", b"x", b'{"reason":""}', b'{"reason":5}', b'{"outcome":"sure"}', b'{"outcome":""}', b'{"outcome":[]}']
)  # fmt: skip
def test_wrong_bodies_resolve_nothing(ann: Caller, path: Path, body: bytes) -> None:
    answer = ann.patch(f"{NAMES[0]}/resolve", body)
    assert answer.status_code == 400, answer.text
    assert register.read(str(path)).alerts[NAMES[0]].state == "open"


def test_only_a_person_speaks_about_alerts(
    serve: Callable[..., Served], known: tuple[Keys, dict[str, str]], path: Path
) -> None:
    """Not the key of a program, not somebody who is called like an agent of an alert, and not nobody."""
    served = serve(known[0], alerts=str(path))
    for name in ("program", "billing"):
        refused(Caller(served, known[1][name]).patch(f"{NAMES[0]}/resolve"), 403, "person_needed")
    served.log.close()
    refused(Caller(serve(alerts=str(path), new=False), "").patch(f"{NAMES[0]}/resolve"), 403, "person_needed")
    assert {each.state for each in register.read(str(path)).alerts.values()} == {"open"}


def test_without_an_alerts_log_there_is_nothing(
    serve: Callable[..., Served], known: tuple[Keys, dict[str, str]]
) -> None:
    refused(Caller(serve(known[0]), known[1]["ann"]).patch(f"{NAMES[0]}/resolve"), 404, "not_found")


def test_an_alerts_log_that_is_not_begun_is_no_fault_of_the_server(
    serve: Callable[..., Served], known: tuple[Keys, dict[str, str]], tmp_path: Path
) -> None:
    served = Caller(serve(known[0], alerts=str(tmp_path / "not-begun.jsonl")), known[1]["ann"])
    refused(served.served.client.get(ALERTS, headers={"X-API-Key": known[1]["ann"]}), 404, "not_found")
    refused(served.patch(f"{NAMES[0]}/resolve"), 404, "not_found")


@pytest.mark.parametrize(("error", "status"), [(AuditWriteError("disk full"), 507), (LockTimeout("busy"), 503)])
def test_what_was_not_written_is_not_said(
    ann: Caller, path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(register.Register, "__init__", fails)
    answer = ann.patch(f"{NAMES[0]}/resolve")
    assert answer.status_code == status
    assert register.read(str(path)).alerts[NAMES[0]].state == "open"
