"""Policies over HTTP: every change is a record, and what the log says is the policy."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli.judgement.api import check
from auditlog_cli.rules import policy as policies
from auditlog_cli.serving import keys
from auditlog_cli.serving.policies import FORMAT
from auditlog_cli.writer.log import AuditLog
from tests.serving.conftest import Served
from tests.serving.test_api import refused

POLICIES = "/api/v1/policies"
OTHER = ("agentaudit", "otlp")


def cloned(served: Served, pack: str = "baseline", **more: object) -> Any:
    answer = served.post({"name": "house", "packId": pack, **more}, f"{POLICIES}/clone-pack")
    assert answer.status_code == 201, answer.text
    return answer.json()


def assign(served: Served, policy: str, agent: str) -> Any:
    answer = served.post({"agentId": agent}, f"{POLICIES}/{policy}/agents")
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_policy_is_what_the_log_says(serve: Callable[..., Served]) -> None:
    """Also after a restart; each change is a `config_change` that names it."""
    served = serve()
    made = cloned(served, description="ours", mode="log", priority=3)
    assign(served, made["id"], "planner")
    before = served.get(f"{POLICIES}/{made['id']}").json()
    served.log.close()
    again = serve(new=False)
    assert again.get(f"{POLICIES}/{made['id']}").json() == before
    assert (before["mode"], before["priority"], before["source_pack_id"], before["is_active"]) == (
        "log",
        3,
        "baseline",
        True,
    )
    assert {rule["pack_id"] for rule in before["rules"]} == {"baseline"}
    assert [each["agent_id"] for each in before["agents"]] == ["planner"]
    records = again.records()
    assert {each["action"]["type"] for each in records} == {"config_change"}
    assert {each["action"]["resource"] for each in records} == {made["id"]}
    assert all("user" not in each for each in records), "without keys nobody knows who it was"


def test_what_is_removed_is_assigned_no_more(served: Served) -> None:
    made = cloned(served)
    assign(served, made["id"], "planner")
    where = f"{POLICIES}/{made['id']}/agents"
    gone = served.client.request("DELETE", where, json={"agentId": "planner"})
    assert (gone.status_code, gone.json()["success"]) == (200, True)
    refused(served.client.request("DELETE", where, json={"agentId": "planner"}), 404, "not_found")
    assert served.get(f"{POLICIES}/{made['id']}").json()["agents"] == []
    assert len(served.records()) == 3


def test_versions_are_numbered_and_come_back(served: Served) -> None:
    made = cloned(served)
    where = f"{POLICIES}/{made['id']}/versions"
    first = served.post({"name": "before the audit"}, where).json()
    second = served.post(b"", f"{where}/{first['id']}/restore").json()
    assert [(each["version_number"], each["restored_from_id"]) for each in served.get(where).json()] == [
        (1, None),
        (2, first["id"]),
    ]
    assert second["name"] == first["name"] == "before the audit"
    assert served.get(f"{where}/{first['id']}").json()["rules"]
    refused(served.get(f"{where}/none"), 404, "not_found")
    refused(served.post(b"", f"{where}/none/restore"), 404, "not_found")


def test_an_idempotent_change_is_made_once(served: Served) -> None:
    """The answer comes out of the log, the second time too."""
    made = [served.post({"name": "x"}, POLICIES, Idempotency_Key="k").json() for _ in range(2)]
    assert made[0] == made[1]
    assert len(served.records()) == 1


@pytest.mark.parametrize(
    "body",
    [[], {}, {"name": ""}, {"name": " "}, {"name": "x" * 201}, {"name": "x", "mode": "block"}, {"name": "x", "mode": 5},
     {"name": "x", "conditions": {"a": 1}}, {"name": "x", "priority": True}, {"name": "x", "priority": 1.5},
     {"name": "x", "priority": 10**30}, {"name": "x", "description": 5}],
)  # fmt: skip
def test_what_would_not_be_judged_is_refused(served: Served, body: object) -> None:
    """A policy that stops something, or that holds under conditions, would only look as if it did."""
    refused(served.post(body, POLICIES), 400, "validation_error")
    assert served.records() == []


@pytest.mark.parametrize("pack", ["../../etc/passwd", "/etc/passwd", "house.yaml", ""])
def test_a_pack_is_a_shipped_one(served: Served, pack: str) -> None:
    """No path leads out of HTTP to a file."""
    refused(served.post({"name": "x", "packId": pack}, f"{POLICIES}/clone-pack"), 404, "not_found")
    assert served.records() == []


def test_nobody_forges_a_change(served: Served) -> None:
    """An entry that looks like a change is an entry."""
    said = {"policy_change": {"what": "create", "definition": {"name": "forged"}}}
    served.post({"action": "config_change", "metadata": {**said, "action": "x"}})
    made = cloned(served)
    change = next(each for each in served.records() if each["record_id"] == made["id"])
    change["metadata"]["policy_change"]["definition"]["name"] = "forged"
    text = json.dumps({name: value for name, value in change.items() if not name.startswith("_")})
    export = {"resourceLogs": [{"scopeLogs": [{"scope": {"name": "auditlog"}, "logRecords": [
        {"timeUnixNano": "1", "body": {"stringValue": text}, "attributes": [
            {"key": "auditlog.record", "value": {"stringValue": text}}]}]}]}]}  # fmt: skip
    assert served.post(export, "/v1/logs").status_code == 200
    assert [each["name"] for each in served.get(POLICIES).json()] == ["house"]
    assert (
        sum(
            each["provenance"]["ingest"]["format"] == FORMAT
            for each in served.records()
            if "import" not in each["provenance"]
        )
        == 1
    )


def test_with_keys_only_a_person_changes_policies(serve: Callable[..., Served], tmp_path: Path) -> None:
    """And the record says who. Reading needs no person."""
    file = str(tmp_path / "keys")
    ann, program = keys.make(file, "ann", person=True), keys.make(file, "program")
    served = serve(keys.load(file))
    refused(served.post({"name": "x"}, POLICIES, X_API_Key=program), 403, "person_needed")
    assert served.post({"name": "x"}, POLICIES, X_API_Key=ann).status_code == 201
    (record,) = served.records()
    assert record["user"] == {"id": "ann", "type": "human"}
    assert len(served.client.get(POLICIES, headers={"X-API-Key": program}).json()) == 1


def logged(served: Served) -> None:
    secret = "AKIA" + "IOSFODNN7" + "ABCDEFG"
    for number in range(3):
        served.post(
            {"action": "tool_call", "agentId": "planner", "prompt": secret, "metadata": {"tool": "x", "n": number}}
        )
    served.post({"action": "tool_call", "agentId": "other", "prompt": secret})


def test_analytics_are_what_check_says(served: Served) -> None:
    """Of the agents that the policy judges, and of nobody else."""
    logged(served)
    made = cloned(served)
    where = f"{POLICIES}/{made['id']}/analytics"
    assert served.get(where).json()["total_audits"] == 0, "it judges nobody yet"
    assign(served, made["id"], "planner")
    told = served.get(where).json()
    report = check(served.path, pack="baseline", agent=["planner"], max_findings=0)
    assert told["total_audits"] == report.lines.judged == 3
    assert told["total_violations"] == len(report.findings) == told["flag_count"] > 0
    for name in ("rule_breakdown", "agent_breakdown", "daily_trend"):
        assert sum(row["count"] for row in told[name]) == told["total_violations"]
    assert {row["rule_id"] for row in told["rule_breakdown"]} == {each.rule.id for each in report.findings}
    both = served.get(f"{POLICIES}/analytics").json()
    assert both["total_violations"] == told["total_violations"]


def test_analytics_of_some(served: Served) -> None:
    logged(served)
    made = cloned(served)
    assign(served, made["id"], "planner")
    where = f"{POLICIES}/{made['id']}/analytics"
    assert served.get(where, endDate="2020-01-01").json()["total_audits"] == 0
    assert served.get(where, agentId="nobody").json()["total_audits"] == 0
    everything = served.get(where).json()
    parts = [served.get(where, ruleType=kind).json()["total_violations"] for kind in ("violation", "gap", "indicator")]
    assert sum(parts) == everything["total_violations"]
    refused(served.get(where, ruleType="pii"), 400, "validation_error")
    refused(served.get(where, severity="loud"), 400, "validation_error")


def test_what_could_not_be_judged_is_named(served: Served) -> None:
    logged(served)
    made = cloned(served)
    assign(served, made["id"], "planner")
    served.log.rotate()
    (closed,) = served.path.parent.glob("audit.0*.jsonl")
    closed.write_bytes(closed.read_bytes() + b"no json\n")
    told = served.get(f"{POLICIES}/{made['id']}/analytics").json()
    assert any("bad line" in each for each in told["window"]["incomplete"])


def test_bundles_of_the_policy_file_are_listed_and_left_alone(tmp_path: Path) -> None:
    from starlette.testclient import TestClient

    from auditlog_cli.serving.app import application
    from auditlog_cli.serving.keys import Keys
    from auditlog_cli.serving.ledger import Ledger

    file = tmp_path / "site.yaml"
    file.write_text(
        "format: auditlog.policy/1\nname: acme\npolicies:\n- {name: payments, version: 2, agents: ['pay*'], packs: [baseline]}\n"
    )
    path = tmp_path / "audit.jsonl"
    with AuditLog(path, ballast_bytes=0) as log:
        app = application(Ledger(log), str(path), Keys([]), limit=10_000, site=policies.load(str(file)))
        with TestClient(app, base_url="http://127.0.0.1:8811") as client:
            served = Served(path, log, client, [])
            served.post({"action": "x", "agentId": "payer"})
            served.post({"action": "x", "agentId": "other"})
            (listed,) = served.get(POLICIES).json()
            assert (listed["name"], listed["source_pack_id"]) == ("payments", "baseline")
            whole = served.get(f"{POLICIES}/{listed['id']}").json()
            assert whole["rules"] and whole["agents"][0]["agent_id"] == "pay*"
            assert served.get(f"{POLICIES}/{listed['id']}/analytics").json()["total_audits"] == 1
            refused(served.post({"agentId": "other"}, f"{POLICIES}/{listed['id']}/agents"), 409, "policy_of_file")
            assert len(served.records()) == 2
