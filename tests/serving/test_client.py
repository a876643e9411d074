"""The unmodified `agentaudit-client` 1.0.6, and what was recorded of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli.queries import read
from auditlog_cli.serving import keys
from tests.serving.conftest import Process, Served


@pytest.fixture
def recorded(shared: Path) -> Path:
    """The folder of what was recorded."""
    folder = shared / "captures" / "agentaudit"
    if not folder.is_dir():
        pytest.skip(f"no captures at {folder}")
    return folder


def test_the_recorded_requests_are_answered(serve: Callable[..., Served], tmp_path: Path, recorded: Path) -> None:
    """All 54, as they were sent: each POST is one record for each entry, each GET is understood."""
    from auditlog_cli.alerting.register import Register

    alerts = tmp_path / "alerts.jsonl"
    with Register(str(alerts)):
        pass
    served = serve(alerts=str(alerts))
    requests = [json.loads(line) for line in (recorded / "calls.jsonl").read_text().splitlines()]
    assert len(requests) == 54
    entries = 0
    for each in requests:
        headers = {name: value for name, value in each["headers"].items() if name != "Content-Length"}
        body = None if each["body"] is None else json.dumps(each["body"])
        answer = served.client.request(each["method"], each["path"], content=body, headers=headers)
        assert answer.status_code == (201 if each["method"] == "POST" else 200), (each["path"], answer.text)
        if each["method"] == "POST":
            entries += len(each["body"]) if isinstance(each["body"], list) else 1
    assert len(served.records()) == entries


@pytest.mark.slow
def test_the_client_works_unmodified(run: Callable[..., Process], recorded: Path, tmp_path: Path) -> None:
    """The recorded driver against us: what succeeded against the original's stand-in succeeds here, with the same result."""
    pytest.importorskip("agentaudit", reason="agentaudit-client 1.0.6 is not installed")
    from auditlog_cli.alerting.register import Register

    alerts = tmp_path / "alerts.jsonl"
    with Register(str(alerts)):
        pass
    server = run("--alerts", str(alerts))
    done = subprocess.run(
        [sys.executable, "drive_client.py", f"http://127.0.0.1:{server.port}/api/v1"], cwd=recorded, capture_output=True, text=True, timeout=300
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    ours = {row["case"]: row for row in map(json.loads, done.stdout.splitlines())}
    theirs = {row["case"]: row for row in map(json.loads, (recorded / "outcomes.jsonl").read_text().splitlines())}
    cases = list(theirs)[: list(theirs).index("fail-400")]
    assert len(cases) >= 13
    for case in cases:
        assert ours[case]["ok"], ours[case]
    assert "total': 1" in ours["query"]["value"]
    assert server.stop() == 0
    records = [record.content for record in read(server.log) if not record.is_own]
    words = {record["metadata"].get("action", ""): record for record in records}
    crew = {word: record for word, record in words.items() if word.startswith("crewai")}
    assert len(crew) == 4
    assert crew["crewai_task_start"]["parent_span_id"] == crew["crewai_crew_start"]["span_id"]
    assert crew["crewai_task_end"]["parent_span_id"] == crew["crewai_task_start"]["span_id"]
    assert len({record["trace_id"] for record in crew.values()}) == 1


@pytest.mark.slow
def test_a_guardrail_blocks(run: Callable[..., Process], tmp_path: Path) -> None:
    """`guardrail()` with a card number says no; a wrong key raises, and is not retried."""
    agentaudit: Any = pytest.importorskip("agentaudit", reason="agentaudit-client 1.0.6 is not installed")
    log = tmp_path / "audit.jsonl"
    key = keys.make(keys.beside(str(log)), "client")
    server = run()
    base = f"http://127.0.0.1:{server.port}/api/v1"
    client = agentaudit.AgentAudit(key, base_url=base, agent_id="planner")
    card = " ".join(("4012", "8888", "8888", "1881"))
    assert not client.guardrail("answer", response=f"credit card {card}").allowed
    assert client.guardrail("answer", response="all is well").allowed
    assert client.query_logs(agent_id="planner")["pagination"]["total"] == 2
    with pytest.raises(agentaudit.AuthenticationError):
        agentaudit.AgentAudit("wrong", base_url=base).log("x")


CALLS = [
    ("log", "log", ("paid",), {}),
    ("log_batch", "log_batch", ([{"action": "a"}, {"action": "b"}],), {}),
    ("guardrail", "guardrail", ("answer",), {"response": "all is well"}),
    ("query_logs", "query_logs", (), {"agent_id": "planner"}),
    ("register_agent", "register_agent", ("planner",), {"description": "plans", "config": {"a": 1}}),
    ("list_policies", "list_policies", (), {}),
    ("create_policy", "create_policy", ("empty",), {"description": "d", "mode": "log", "priority": 2, "conditions": {}}),
    ("clone_pack", "clone_pack", ("gdpr", "gdpr"), {}),
    ("get_policy", "get_policy", ("{clone_pack.id}",), {}),
    ("assign_policy", "assign_policy", ("{clone_pack.id}", "planner"), {}),
    ("get_policy_analytics", "get_policy_analytics", ("{clone_pack.id}",), {"start_date": "2020-01-01", "severity": "high"}),
    ("get_all_policy_analytics", "get_all_policy_analytics", (), {"rule_type": "violation"}),
    ("create_policy_version", "create_policy_version", ("{clone_pack.id}", "one"), {}),
    ("list_policy_versions", "list_policy_versions", ("{clone_pack.id}",), {}),
    ("get_policy_version", "get_policy_version", ("{clone_pack.id}", "{create_policy_version.id}"), {}),
    ("restore_policy_version", "restore_policy_version", ("{clone_pack.id}", "{create_policy_version.id}"), {}),
    ("remove_policy", "remove_policy", ("{clone_pack.id}", "planner"), {}),
    ("get_alerts", "get_alerts", (), {"is_resolved": False, "severity": "high"}),
    ("resolve_alert", "resolve_alert", ("{get_alerts[0][id]}",), {}),
    ("health_check", "health_check", (), {}),
]  # fmt: skip


@pytest.mark.slow
def test_every_call_of_the_client_works(run: Callable[..., Process], tmp_path: Path) -> None:
    """Every public method of the client, once; a method that the next version adds fails here until it is listed."""
    import asyncio

    from tests.serving.test_alerts import NAMES, opened

    agentaudit: Any = pytest.importorskip("agentaudit", reason="agentaudit-client 1.0.6 is not installed")
    methods = {
        kind: {name for name in vars(kind) if not name.startswith("_") and callable(getattr(kind, name))}
        for kind in (agentaudit.AgentAudit, agentaudit.AgentAuditAsync)
    }
    assert {name for name, *_ in CALLS} == methods[agentaudit.AgentAudit]
    assert methods[agentaudit.AgentAuditAsync] <= methods[agentaudit.AgentAudit]
    log, alerts = tmp_path / "audit.jsonl", tmp_path / "alerts.jsonl"
    opened(alerts)
    key = keys.make(keys.beside(str(log)), "ann", person=True)
    server = run("--alerts", str(alerts))
    words = {"base_url": f"http://127.0.0.1:{server.port}/api/v1", "agent_id": "planner"}
    client = agentaudit.AgentAudit(key, **words)
    said: dict[str, Any] = {}
    for name, method, given, named in CALLS:
        said[name] = getattr(client, method)(
            *(each.format(**said) if isinstance(each, str) else each for each in given), **named
        )
    assert said["get_policy"].rules and said["get_policy_analytics"].total_audits == 5
    assert all(agentaudit.ComplianceRule(**each) for each in said["get_policy"].rules)
    assert said["restore_policy_version"].restored_from_id == said["create_policy_version"].id
    assert said["resolve_alert"]["isResolved"] is True and said["resolve_alert"]["id"] == NAMES[0]

    async def other() -> list[Any]:
        found = agentaudit.AgentAuditAsync(key, **words)
        return [await found.log(action="x"), await found.list_policies(), await found.create_policy(name="again")]

    assert [each.name for each in asyncio.run(other())[1]] == ["empty", "gdpr"]
    assert server.stop() == 0
    people = {
        record.content["user"]["id"] for record in read(log) if "policy_change" in record.content.get("metadata", {})
    }
    assert people == {"ann"}
