"""The contract of every decoder, and what each makes of its lines."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli import decoders, registry
from auditlog_cli.record import BadLine, Line, Record
from tests.logs import agentaudit, line, record, tutorial
from tests.test_strictjson import json_values

MODULES = {name: registry.load("decoders", name) for name in decoders.names()}


def read(raw: bytes) -> Record:
    found = decoders.decode(Line(raw, "x.jsonl", 1))
    assert isinstance(found, Record)
    return found


@pytest.mark.parametrize("name", MODULES)
def test_a_decoder_has_what_a_decoder_has(name: str) -> None:
    """Samples, a hint, a docstring; its samples are its own and nobody else's."""
    module = MODULES[name]
    assert module.__doc__
    assert module.HINT
    assert module.SAMPLES
    for sample in module.SAMPLES:
        assert read(sample).shape == name
        claimed = [other for other, each in MODULES.items() if each.matches(json.loads(sample))]
        assert claimed == [name]


@given(st.dictionaries(st.sampled_from(
    ["ts", "event_type", "payload", "action", "agentId", "prompt", "metadata", "timestamp", "user", "auditlog", "id"]
) | st.text(max_size=5), json_values, max_size=6))  # fmt: skip
def test_any_object_becomes_a_record(content: dict[str, object]) -> None:
    """Whatever the members hold, there is a record, and its content is an object."""
    found = decoders.read(content, Line(b"", "x", 1))
    assert isinstance(found.content, dict)
    assert found.shape in (*MODULES, "unknown")
    for name, module in MODULES.items():
        assert isinstance(decoders.forced(name)(Line(b"{}", "x", 1)), Record)
        assert isinstance(module.content(content), dict)


def test_the_tutorials_line() -> None:
    """The example of record.md: the arguments stand beside the tool's name."""
    content = read(tutorial("tool_call", tool="get_account_balance", account_id="12345")).content
    assert content["timestamp"] == "2026-06-01T14:43:11.218000Z"
    assert content["action"] == {
        "type": "tool_invocation",
        "tool": "get_account_balance",
        "arguments": {"account_id": "12345"},
    }
    assert "user" not in content, "what the line does not say stays absent"
    assert "session_id" not in content


def test_the_tutorials_messages_and_ids() -> None:
    content = read(
        tutorial("assistant_output", agent="assistant", response="Hi", request_id="r-1", session_id=7)
    ).content
    assert content["agent"] == {"id": "assistant"}
    assert content["response"] == {"text": "Hi"}
    assert content["trace_id"] == "r-1"
    assert content["session_id"] == "7"
    assert content["action"] == {"type": "assistant_output"}


@pytest.mark.parametrize(
    ("payload", "action"),
    [
        ({"tool": "t", "args": {"a": 1}, "result": "r", "status": "ok"}, {"arguments": {"a": 1}, "result": "r", "result_status": "success"}),
        ({"tool": "t", "error": "boom"}, {"result_status": "error", "error": "boom"}),
        ({"tool_name": "t", "input": "x", "duration_ms": 5}, {"arguments": "x", "latency_ms": 5}),
        ({"tool": "t", "status": "weird"}, {}),
        ({"tool": "t", "tool_call_id": "c1"}, {"call_id": "c1"}),
    ],
)  # fmt: skip
def test_the_tutorials_tools(payload: dict[str, object], action: dict[str, object]) -> None:
    content = read(tutorial("tool_result" if "result" in payload else "tool_call", **payload)).content
    found = content["action"]
    assert isinstance(found, dict)
    assert found.items() >= action.items()


def test_nothing_of_a_tutorial_line_is_lost() -> None:
    """What has no name of ours stays in metadata."""
    content = read(tutorial("deploy", color="red", nested={"a": 1})).content
    assert content["metadata"] == {"event_type": "deploy", "color": "red", "nested": {"a": 1}}


def test_a_sealed_tutorial_line_is_still_one() -> None:
    sealed = json.loads(tutorial("deploy")) | {"record_id": "r", "seq": 4, "prev": "00", "_salts": []}
    found = read(json.dumps(sealed).encode())
    assert found.shape == "tutorial"
    assert found.content["seq"] == 4


def test_agentaudits_line() -> None:
    """parentSpanId is the id of the parent's record, so id is the span."""
    raw = agentaudit(
        "tool_start", id="log_2", agentId="writer-1", traceId="run-1", parentSpanId="log_1", prompt="{'a': 1}",
        metadata={"tool": "search", "latency_ms": 42, "user_id": "ann"}, createdAt="2026-06-01T14:23:11Z",
    )  # fmt: skip
    content = read(raw).content
    assert content["span_id"] == "log_2"
    assert content["parent_span_id"] == "log_1"
    assert content["action"] == {
        "type": "tool_invocation", "tool": "search", "arguments": {"input": "{'a': 1}"}, "phase": "start",
        "result_status": "pending", "latency_ms": 42,
    }  # fmt: skip
    assert "user" not in content, "metadata.user_id is a habit, not an answer (frameworks.md, 9.1)"
    assert content["metadata"] == {"action": "tool_start", "user_id": "ann"}


@pytest.mark.parametrize(
    ("members", "status"),
    [({"action": "tool_error"}, "error"), ({"action": "x", "enforcementAction": "block"}, "blocked"), ({"action": "x"}, None)],
)  # fmt: skip
def test_agentaudits_status(members: dict[str, str], status: str | None) -> None:
    raw = json.dumps({"agentId": "a", "prompt": "p", **members}).encode()
    action = read(raw).content["action"]
    assert isinstance(action, dict)
    assert action.get("result_status") == status


def test_ours_is_read_as_it_stands() -> None:
    found = read(line(record()))
    assert found.shape == "auditlog"
    assert found.content is found.stored


@pytest.mark.parametrize("raw", [b'{"hello":1}', b'{"eventName":"ConsoleLogin"}', b"{}"])
def test_a_foreign_object_is_unknown_and_kept(raw: bytes) -> None:
    found = read(raw)
    assert found.shape == "unknown"
    assert found.content == json.loads(raw)


def test_a_torn_last_line_is_called_torn() -> None:
    """Without its LF, a line that is no JSON was not finished; with it, it is simply no JSON."""
    torn = decoders.decode(Line(b'{"a":', "x", 1, ended=False))
    plain = decoders.decode(Line(b'{"a":', "x", 1, ended=True))
    assert isinstance(torn, BadLine)
    assert isinstance(plain, BadLine)
    assert (torn.code, plain.code) == ("torn-tail", "json")
