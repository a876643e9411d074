"""Every example runs as people run it, quickly and without a warning, and the log it writes is valid."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import Record, read, select, validate
from auditlog_cli.validator.record import SIX_QUESTIONS, Profile

EXAMPLES = Path(__file__).parents[2] / "examples"
# The tutorials' lines say nothing of scopes, chains or approvals: they are valid as what they are.
PROFILES: dict[str, Profile] = {"tutorial_drop_in.py": "record"}
BY_OTHERS = {"demo.py"}  # runs the examples and the commands: tested where the commands are


def run(name: str, log: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / name, log], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", sorted({path.name for path in EXAMPLES.glob("*.py")} - BY_OTHERS))
def test_it_runs_and_its_log_is_valid(name: str, tmp_path: Path) -> None:
    log = tmp_path / "new" / "audit.jsonl"
    run(name, log)
    run(name, log)  # a second run continues the log
    report = validate(log, profile=PROFILES.get(name, SIX_QUESTIONS), strict=True)
    assert sorted({finding.message for finding in report.findings}) == []
    assert report.ok
    assert report.tally.read > 4


@pytest.fixture(scope="module")
def refunds(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    log = tmp_path_factory.mktemp("refunds") / "audit.jsonl"
    run("refund_agents.py", log)
    return [record.content for record in select(log)]


def test_the_refunds_show_what_an_audit_is_about(refunds: list[dict[str, Any]]) -> None:
    """Five agents, two sessions, a yes, a no, a missing scope, an error, and agents three deep."""
    assert {each["agent"]["id"] for each in refunds} == {"planner", "researcher", "payments", "reviewer", "mailer"}
    assert len({each["session_id"] for each in refunds}) == 2
    assert max(len(each["delegation_chain"]) for each in refunds) == 4
    answers = Counter(each["approval"]["status"] for each in refunds if each["action"]["type"] == "approval")
    assert answers == {"pending": 2, "approved": 1, "denied": 1}
    ends = Counter(
        (each["action"]["tool"], each["action"]["result_status"])
        for each in refunds
        if each["action"].get("phase") == "end" and "tool" in each["action"]
    )
    assert ends == {
        ("lookup_order", "success"): 2, ("track_parcel", "error"): 2, ("score_fraud", "success"): 2,
        ("issue_refund", "success"): 1, ("fetch_invoice", "denied"): 2, ("send_mail", "success"): 2,
    }  # fmt: skip


def test_the_refund_carries_the_approval(refunds: list[dict[str, Any]]) -> None:
    (start, end) = [each for each in refunds if each["action"].get("tool") == "issue_refund" and "phase" in each["action"]]  # fmt: skip
    assert start["approval"]["decided_by"] == end["approval"]["decided_by"] == "bob@example.org"
    assert start["approval"]["arguments_sha256"] == start["action"]["arguments_sha256"]
    chain = [(each["actor"], each["role"]) for each in end["delegation_chain"]]
    assert chain == [("alice@example.org", "initiator"), ("planner", "delegate"), ("payments", "executor")]


def test_the_spans_form_one_tree_a_session(refunds: list[dict[str, Any]]) -> None:
    spans = {each["span_id"] for each in refunds}
    roots = {each["span_id"] for each in refunds if "parent_span_id" not in each}
    assert len(roots) == 2
    assert all(each.get("parent_span_id", each["span_id"]) in spans for each in refunds)


def test_the_tutorials_lines_are_the_tutorials(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    run("tutorial_drop_in.py", log)
    shapes = [record.shape for record in read(log) if isinstance(record, Record)]
    assert shapes == ["auditlog", "tutorial", "tutorial", "tutorial"]
