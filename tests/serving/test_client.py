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
