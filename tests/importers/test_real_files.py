"""Real files of the formats: calls equal the answer keys, parents the sources', and nothing breaks on any file."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli.importers._drafts import span_id, trace_id
from auditlog_cli.record import BadLine
from auditlog_cli.sources.lines import read_lines
from tests.importers.reading import actions, read

# Calls that the source has only inside the messages of a model: no unit, so no record.
ONLY_IN_MESSAGES = {
    "hand/openai_agents_handoff": ["transfer_to_billing"],
    "hand/util_genai_openai_tool_loop": ["get_weather"],
}
# Arguments and results stand in messages whose call ids are not those of the spans: not joined, that would be guessing.
CONTENT_ELSEWHERE = "v2proj_event_only"
# The key takes the status of Claude Code's tool spans, which is 0 whatever happened; frameworks.md 9.5 takes the child's.
# In the native recording the key counts no calls at all.
CLAUDE = ("kagent/v1.0.0-alpha9/claude_native_1turn_subagent", "kagent/v1.0.0-alpha9/claude_recipe_2turn")


def keys(shared: Path) -> Iterator[tuple[str, dict[str, Any], list[dict[str, Any]]]]:
    """The name of each recording, its answer key and its records."""
    folder = shared / "data/otel/agentevals"
    for path in sorted(folder.rglob("*.truth.json")):
        source = path.with_name(path.name.replace(".truth", ""))
        yield str(source.relative_to(folder))[:-5], json.loads(path.read_text()), read(source).records


def plain(value: object) -> str:
    """A value as the keys compare it: JSON in texts parsed, ADK's `{"result": X}` unwrapped, nothing for empty."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            pass
    if isinstance(value, dict) and set(value) == {"result"}:
        value = value["result"]
    return json.dumps(None if value in ({}, "", "<not specified>") else value, sort_keys=True)


@pytest.mark.slow
def test_calls_of_tools_equal_the_answer_keys(shared: Path) -> None:
    """Name, arguments, result and whether it failed, of each call in each of the 69 recordings."""
    compared = 0
    for name, truth, records in keys(shared):
        if name == CLAUDE[0]:
            continue
        wanted: Counter[object] = Counter()
        for call in (call for turn in truth["turns"] for call in turn["tool_calls"]):
            if call["name"] not in ONLY_IN_MESSAGES.get(name, ()):
                wanted[_call(name, call["name"], call["args"], call["result"], call["is_error"])] += 1
        found = Counter(
            _call(
                name, action["tool"], action.get("arguments"), action.get("result"), action["result_status"] == "error"
            )
            for action in actions(records)
        )
        assert found == wanted, name
        compared += sum(wanted.values())
    assert compared > 70


def _call(recording: str, tool: str, arguments: object, result: object, failed: bool) -> tuple[object, ...]:
    if CONTENT_ELSEWHERE in recording:
        return tool, failed
    # What went wrong is in `error`; the key has no result then, or the message again.
    return (tool, plain(arguments), failed or plain(result)) if recording not in CLAUDE else (tool,)


@pytest.mark.slow
def test_what_was_said_in_each_turn_is_there(shared: Path) -> None:
    """The user's text of each turn stands in a prompt, if the recording has contents."""
    turns = 0
    for name, truth, records in keys(shared):
        said = json.dumps([record.get("prompt") for record in records]) + json.dumps(
            [record["provenance"]["import"].get("rest") for record in records]
        )
        for turn in truth["turns"]:
            asked = turn["user_text"]
            if asked and truth.get("content_captured"):
                once = json.dumps(asked)[1:-1]
                twice = json.dumps(once)[1:-1]
                thrice = json.dumps(twice)[1:-1]
                assert any(each in said for each in (once, twice, thrice)), f"{name}: a turn's text is missing"
                turns += 1
    assert turns > 50


@pytest.mark.slow
def test_parents_are_the_nearest_ancestors_that_have_a_record(shared: Path) -> None:
    """The slow twin: the source's tree walked up, span by span."""
    looked_at = 0
    for path in sorted((shared / "data/otel").rglob("*.json")):
        if ".truth." in path.name or path.stat().st_size > 500_000:
            continue
        stored = json.loads(path.read_text())
        if not isinstance(stored, dict) or "resourceSpans" not in stored:
            continue
        above: dict[tuple[str, str], str] = {}
        for group in (each for outer in stored["resourceSpans"] for each in outer["scopeSpans"]):
            for span in group["spans"]:
                key = trace_id("otlp", span["traceId"]), span_id("otlp", span["spanId"])
                above.setdefault(key, span_id("otlp", span.get("parentSpanId")))
        records = [record for record in read(path).records if (record["trace_id"], record["span_id"]) in above]
        kept = {(record["trace_id"], record["span_id"]) for record in records}
        for record in records:
            trace, wanted, seen = record["trace_id"], record["span_id"], {record["span_id"]}
            wanted = above[trace, wanted]
            while wanted and (trace, wanted) in above and (trace, wanted) not in kept and wanted not in seen:
                seen.add(wanted)
                wanted = above[trace, wanted]
            if wanted not in seen:
                assert record.get("parent_span_id", "") == wanted, path.name
                looked_at += 1
    assert looked_at > 300


def test_claude_codes_transcript_and_hooks_and_stream_have_the_same_calls(shared: Path) -> None:
    """The same session seen by its hooks and by its stream: the same trace, the same spans of calls."""
    folder = shared / "captures/claude-code"
    hooks, stream = read(folder / "hooks_main.jsonl").records, read(folder / "stream_main.jsonl").records

    def calls(records: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
        return {
            (record["trace_id"], record["span_id"], record["action"]["tool"])
            for record in records
            if record["action"]["type"] == "tool_invocation"
        }

    assert calls(hooks) == calls(stream)
    assert len(calls(hooks)) == 5
    outcomes = {record["action"]["tool"]: record["action"]["result_status"] for record in stream if record["action"].get("phase") == "end" and "tool" in record["action"]}  # fmt: skip
    assert outcomes == {"Bash": "error", "Read": "success", "Agent": "success", "Write": "denied"}


def test_an_interrupt_is_an_approval_and_no_error(shared: Path) -> None:
    """LangGraph's `GraphInterrupt` in four nested runs: one approval, the calls around it pending."""
    records = read(shared / "captures/langgraph/langsmith_posts.jsonl").records
    assert not [record for record in records if record["action"]["result_status"] == "error"]
    assert sum(record["action"]["type"] == "approval" for record in records) == 1
    assert {record["session_id"] for record in records} == {"thread-1"}
    assert not [record for record in records if "user" in record], "metadata.user_id is a habit, no user"


def test_mcps_round_trip_is_one_call(shared: Path) -> None:
    """Four calls, one of them approved in between: start, question, answer, end."""
    records = read(shared / "captures/mcp/stdio_jsonrpc_auto.jsonl").records
    spans = [record["span_id"] for record in records if record["action"]["type"] == "tool_invocation"]
    assert set(Counter(spans).values()) == {2}
    assert len(set(spans)) == 4
    assert [each["approval"]["status"] for each in records if "approval" in each] == ["pending", "approved"]


@pytest.mark.slow
def test_no_file_of_the_data_breaks_anything_and_counts_add_up(shared: Path) -> None:
    """Every file of `data/` and `captures/`, whatever it is."""
    read_at_all = 0
    for path in sorted([*(shared / "data").rglob("*"), *(shared / "captures").rglob("*")]):
        if not path.is_file() or path.stat().st_size > 4_000_000 or path.suffix in (".py", ".gz", ".eval"):
            continue
        found = read(path)
        tally = found.tally
        assert tally.units == tally.recorded + sum(tally.folded.values()) + tally.bad, path
        if tally.format:
            read_at_all += 1
            assert len(found.bad) == tally.bad
    assert read_at_all > 150


@pytest.mark.slow
def test_compressed_files_are_read_like_others(shared: Path, tmp_path: Path) -> None:
    """A transcript in gzip gives what it gives as it is."""
    plain_file = shared / "data/agents/cli-sessions/claude/small.jsonl"
    packed = tmp_path / "small.jsonl.gz"
    packed.write_bytes(gzip.compress(plain_file.read_bytes()))

    def ids(path: Path) -> list[object]:
        return [json.loads(line.raw)["span_id"] for line in read_lines(str(path)) if not isinstance(line, BadLine)]

    assert ids(packed) == ids(plain_file)
