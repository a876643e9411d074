"""`codex exec --json`: what happened is there once, and nothing of two runs is taken for one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.importers.reading import actions, read


def written(path: Path, *events: object) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in events))
    return path


def item(kind: str, **members: object) -> dict[str, object]:
    return {"type": kind, "item": {"id": "item_0", **members}}


def test_the_real_recording(shared: Path) -> None:
    path = shared / "data/otel/strands-evals/codex_exec_json.json"
    if not path.exists():
        pytest.skip(f"no {path}")
    found = read(path)
    assert found.tally.format == "codex_exec"
    assert [record["action"]["type"] for record in found.records] == [
        "llm_call",
        "tool_invocation",
        "tool_invocation",
        "llm_call",
    ]
    call = actions(found.records)[-1]
    assert (call["tool"], call["result_status"]) == ("shell", "success")
    assert "pdf-processing" in call["arguments"]["command"]


@pytest.mark.parametrize(
    ("members", "status"),
    [
        ({"status": "completed", "exit_code": 0}, "success"),
        ({"status": "completed", "exit_code": 3}, "error"),
        ({"status": "failed", "exit_code": 1}, "error"),
        ({"status": "declined", "exit_code": None}, "denied"),
        ({"status": "in_progress", "exit_code": None}, "unknown"),
        ({"status": "of a later version", "exit_code": None}, "unknown"),
    ],
)
def test_how_a_command_ended(tmp_path: Path, members: dict[str, object], status: str) -> None:
    event = item("item.completed", type="command_execution", command="ls", aggregated_output="x", **members)
    (record,) = read(written(tmp_path / "a.jsonl", event)).records
    assert record["action"]["result_status"] == status


def test_a_call_over_mcp(tmp_path: Path) -> None:
    call = {"type": "mcp_tool_call", "server": "orders", "tool": "lookup", "arguments": {"n": 1}}
    begun = item("item.started", **call, result=None, error=None, status="in_progress")
    failed = item("item.completed", **call, result=None, error={"message": "no such order"}, status="failed")
    first, second = read(written(tmp_path / "a.jsonl", begun, failed)).records
    assert first["span_id"] == second["span_id"]
    assert (second["action"]["tool"], second["action"]["result_status"]) == ("lookup", "error")
    assert second["action"]["error"] == {"message": "no such order"}
    assert second["provenance"]["import"]["rest"] == {"server": "orders"}


def test_items_of_two_runs_are_two(tmp_path: Path) -> None:
    """A thread that is resumed counts its items from 0 again, in the same file or in another."""
    run = [{"type": "thread.started", "thread_id": "t"}, item("item.completed", type="agent_message", text="x")]
    one = read(written(tmp_path / "a.jsonl", *run, *run)).records
    other = read(written(tmp_path / "b.jsonl", *run, {"type": "turn.started"})).records
    assert {record["session_id"] for record in one + other} == {"t"}
    assert len({record["span_id"] for record in one + other}) == 6
    assert len({record["provenance"]["import"]["id"] for record in one + other}) == 6


def test_what_is_not_known_is_kept(tmp_path: Path) -> None:
    event = item("item.completed", type="hologram", size=3)
    found = read(written(tmp_path / "a.jsonl", event, {"type": "turn.started"}))
    assert found.tally.unknown == 1
    assert found.records[0]["provenance"]["import"]["rest"] == event
