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
from auditlog_cli.sources import foreign
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
        if not path.is_file() or path.stat().st_size > 4_000_000 or path.suffix == ".py":
            continue
        found = read(path)
        tally = found.tally
        assert tally.units == tally.recorded + sum(tally.folded.values()) + tally.bad, path
        if tally.format:
            read_at_all += 1
            assert len(found.bad) == tally.bad
    assert read_at_all > 230


@pytest.mark.slow
def test_compressed_files_are_read_like_others(shared: Path, tmp_path: Path) -> None:
    """A transcript in gzip gives what it gives as it is."""
    plain_file = shared / "data/agents/cli-sessions/claude/small.jsonl"
    packed = tmp_path / "small.jsonl.gz"
    packed.write_bytes(gzip.compress(plain_file.read_bytes()))

    def ids(path: Path) -> list[object]:
        return [json.loads(line.raw)["span_id"] for line in read_lines(str(path)) if not isinstance(line, BadLine)]

    assert ids(packed) == ids(plain_file)


SESSIONS = "data/agents/cli-sessions"


def _formats(shared: Path, folder: str) -> dict[str, str]:
    """Which format each file of a folder is read as."""
    files = [path for path in sorted((shared / folder).rglob("*.json*")) if path.is_file()]
    return {str(path.relative_to(shared / folder)): read(path).tally.format for path in files}


def test_every_agents_session_is_recognised(shared: Path) -> None:
    """But what is none: states, summaries, and a file whose only line is no JSON object."""
    found = _formats(shared, SESSIONS)
    none = {
        "claude/subagent/0a1b2c3d-4e5f-4061-8071-2a3b4c5d6e7f/subagents/agent-a0ad4f44468bdf20d.meta.json",
        "grok/summary.json",
        "kimi/assistant_tools.state.json",
        "kimi/state.json",
        "opencode/storage_v2/part/m_assistant_small/002.json",  # names neither session nor message
        "opencode/storage_v2/part/m_user_small/001.json",
        "qwen/019f0000-0000-7000-8000-000000000005.jsonl",
        "session_simple.jsonl",  # of the fixtures' own project, of no agent
        "session_toolcall.jsonl",
    }
    assert {name for name, each in found.items() if not each} == none
    own = {"claude": "claude_code", "openclaw": "pi"}
    for name, each in found.items():
        agent = name.partition("/")[0]
        assert name in none or each == own.get(agent, agent), name


@pytest.mark.parametrize(
    ("folder", "name", "others"),
    [
        ("data/agents/inspect-ai", "inspect_ai", set()),
        ("data/agents/tau-bench", "tau_bench", {"MockAirlineDomainEnv-few_shot.jsonl.gz"}),
        ("data/agents/openai-agents", "openai_runstate", {"negative/future_version.json", "negative/malformed_current_agent.json"}),
        ("data/agents/langfuse", "langfuse", set()),
        ("data/agents/langsmith", "langsmith", set()),
        ("captures/pyautogen-classic/autogen_logs", "autogen_classic", set()),
    ],
)  # fmt: skip
def test_a_folder_holds_one_format(shared: Path, folder: str, name: str, others: set[str]) -> None:
    """All but what is none: conversations as one text, states that the SDK itself refuses."""
    found = _formats(shared, folder)
    assert {file for file, each in found.items() if each != name} == others


def test_the_calls_of_agents_sessions_are_those_of_their_lines(shared: Path) -> None:
    """The slow twin: ids of calls looked for in the raw lines, whatever stands around them."""
    looked_at = 0
    for name in ("copilot/subdir_v1", "gemini", "qwen", "pi", "openclaw", "kimi", "grok"):
        for path in sorted((shared / SESSIONS / name).rglob("*.json*")):
            found = {action["call_id"] for action in actions(read(path).records)}
            wanted = _calls(path)
            if read(path).tally.format:
                assert found == wanted, path.name
                looked_at += len(wanted)
    assert looked_at > 20


def _calls(path: Path) -> set[str]:
    """The ids of calls in a file, by the members that hold them."""
    found: set[str] = set()

    def walk(value: object) -> None:
        if isinstance(value, dict):
            for member in ("toolCallId", "tool_call_id", "callId"):
                if isinstance(value.get(member), str):
                    found.add(value[member])
            for member in ("toolCalls", "tool_calls", "toolRequests"):
                held = value.get(member)
                found.update(each.get("id") or each["toolCallId"] for each in held if isinstance(each, dict)) if isinstance(held, list) else None  # fmt: skip
            for member in ("functionCall", "functionResponse"):
                if isinstance(value.get(member), dict):
                    found.add(value[member]["id"])
            if value.get("type") in ("toolCall",) or "tool_type" in value:
                found.add(str(value["id"]))
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    text = path.read_text()
    try:
        walk(json.loads(text))
    except ValueError:
        for line in text.splitlines():
            try:
                walk(json.loads(line))
            except ValueError:
                continue
    return found


def test_every_parent_of_an_agents_session_is_there(shared: Path) -> None:
    """In each file; OpenCode's storage is one tree in many files."""
    looked_at = 0
    for agent in sorted((shared / SESSIONS).iterdir()):
        if not agent.is_dir() or agent.name in ("claude", "codex"):
            continue
        records = [record for path in sorted(agent.rglob("*.json*")) if path.is_file() for record in read(path).records]
        spans = {(record["trace_id"], record["span_id"]) for record in records}
        for record in records:
            if "parent_span_id" in record:
                assert (record["trace_id"], record["parent_span_id"]) in spans, agent.name
                looked_at += 1
    assert looked_at > 100


def test_the_people_of_kimis_session_approved_what_it_says(shared: Path) -> None:
    """Eight decisions, each on the call that it names, by nobody who is named."""
    records = read(shared / SESSIONS / "kimi/assistant_tools.jsonl").records
    spans = {record["span_id"]: record["action"]["call_id"] for record in records if record["action"]["type"] == "tool_invocation"}  # fmt: skip
    decided = [record for record in records if record["action"]["type"] == "approval"]
    wanted = [json.loads(line) for line in (shared / SESSIONS / "kimi/assistant_tools.jsonl").read_text().splitlines()]
    wanted = [each for each in wanted if each["type"] == "permission.record_approval_result"]
    assert [each["approval"]["id"] for each in decided] == [each["toolCallId"] for each in wanted]
    assert {each["approval"]["status"] for each in decided} == {"approved"}
    assert all(spans[each["parent_span_id"]] == each["approval"]["id"] for each in decided)
    assert not [each for each in decided if "decided_by" in each["approval"]]


@pytest.mark.slow
def test_tau_benchs_calls_and_turns_are_those_of_its_trajectories(shared: Path) -> None:
    """810 calls with their arguments, results and errors, and 1,008 turns, in 120 runs, counted from the source."""
    path = shared / "data/agents/tau-bench/gpt-4o-airline.tasks00-29.json.gz"
    wanted: Counter[object] = Counter()
    turns: Counter[object] = Counter()
    for run in json.loads(gzip.decompress(path.read_bytes())):
        session = f"task {run['task_id']} trial {run['trial']}"
        asked: dict[str, Any] = {}
        for message in run["traj"]:  # ids come again in one run: an answer is that of the latest call
            asked |= {call["id"]: call["function"] for call in message.get("tool_calls") or ()}
            turns[session] += message["role"] == "user"
            if message["role"] == "tool":
                function, said = asked[message["tool_call_id"]], message["content"]
                wanted[session, function["name"], plain(function["arguments"]), said, said.startswith("Error:")] += 1
    found: Counter[object] = Counter()
    records = read(path).records
    for record in records:
        action = record["action"]
        if action.get("phase") == "end":
            failed = action["result_status"] == "error"
            said = action["error" if failed else "result"]
            found[record["session_id"], action["tool"], plain(action["arguments"]), said, failed] += 1
    assert found == wanted
    assert sum(wanted.values()) == 810
    assert Counter(record["session_id"] for record in records if record["action"]["type"] == "message") == turns
    assert {record["user"]["id"] for record in records if record["session_id"] == "task 0 trial 0"} == {"mia_li_3668"}


def test_the_spans_of_inspects_answer_keys_are_the_agents_and_their_models(shared: Path) -> None:
    """The span trees that Inspect's own tests expect: agents, their parents, and how many models stand in them."""
    looked_at = 0
    for path in sorted((shared / "data/agents/inspect-ai").glob("*.json")):
        stored = json.loads(path.read_text())
        if "spans" not in stored.get("expected", ()):
            continue
        records = read(path).records
        keys = stored["expected"]["spans"]
        agents = {key["name"] for key in keys if key.get("type") == "agent"}
        began = [record for record in records if record["action"].get("phase") == "start" and record["action"]["type"] == "lifecycle"]  # fmt: skip
        assert {record["agent"]["id"] for record in began} == agents
        models = [record for record in records if record["action"]["type"] == "llm_call"]
        assert len(models) == stored["expected"]["counts"]["models"], path.name
        for key in keys:
            if key.get("type") == "agent":
                assert sum(record.get("agent", {}).get("id") == key["name"] for record in models) == key["models"]
                looked_at += 1
    assert looked_at > 1


def test_autogens_event_log_and_its_messages_have_the_same_calls(shared: Path) -> None:
    """Each message counts once, however often it was sent and delivered; a `ToolCall` is not counted again."""
    records = read(shared / "captures/autogen/eventlog.jsonl").records
    assert [(action["tool"], action["phase"], action["call_id"]) for action in actions(records)] == [
        ("lookup_order", "start", "call_1"), ("lookup_order", "end", "call_1")
    ]  # fmt: skip
    assert sum(record["action"]["type"] == "llm_call" for record in records) == 2
    assert {record["session_id"] for record in records} == {"e494dde0-7a6e-44bd-b3ed-84212c459d03"}


def test_the_classic_autogen_says_which_call_failed(shared: Path) -> None:
    """Two calls, the second with an error; text lines are bad lines; local times need a zone."""
    path = shared / "captures/pyautogen-classic/autogen_logs/runtime.log"
    found = read(path)
    ends = {action["tool"]: action["result_status"] for action in actions(found.records) if action["phase"] == "end"}
    assert ends == {"lookup_order": "success", "issue_refund": "error"}
    assert found.tally.bad == 4
    assert all("timestamp" in record["provenance"]["import"]["derived"] for record in found.records)
    zoned = read(path, foreign.Wish(zone=0)).records
    assert zoned[0]["timestamp"].startswith("2026-11-21T01:42:01.22")


def test_run_states_say_what_was_approved_and_what_was_not(shared: Path) -> None:
    """The only source of these; nobody is named, and what the application keeps stays out."""
    folder = shared / "data/agents/openai-agents"
    found = {
        path.stem: [each["approval"]["status"] for each in read(path).records if "approval" in each]
        for path in sorted(folder.rglob("*.json"))
    }
    assert {name: said for name, said in found.items() if said} == {
        "v1_13_pending_tool_approval": ["pending"],
        "v1_15_canonical_invocation_identity": ["approved"],
        "v1_6_approval_rejection_message": ["denied"],
    }
    secret = folder / "security/v1_13_legacy_mount_credentials.json"
    kept = json.dumps(read(secret).records)
    for word in _texts(json.loads(secret.read_text()).get("sandbox")):
        assert len(word) < 12 or word not in kept


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(each)
