"""What passes is recorded, and what could not be recorded does not pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.capture.session import Session
from auditlog_cli.errors import AuditWriteError
from auditlog_cli.mcp.conversation import Client, Conversation
from auditlog_cli.mcp.wire import UNWRITABLE
from auditlog_cli.testing import Recording, recording

CALL = {"name": "lookup_order", "arguments": {"order_id": 42}}
RESULT = {"content": [{"type": "text", "text": "shipped"}], "isError": False}


def opened(audit: Recording) -> Conversation:
    def begin(client: Client) -> Session:
        return audit.log.session(user="alice@example.com", agent=client.name or "unknown").open()

    return Conversation(begin)


def line(**members: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", **members}).encode() + b"\n"


def call(id: object = 1, **params: Any) -> bytes:  # noqa: A002
    return line(id=id, method="tools/call", params={**CALL, **params})


def error(data: bytes) -> tuple[Any, int, str]:
    said = json.loads(data)
    return said["id"], said["error"]["code"], said["error"]["message"]


def steps(audit: Recording) -> list[tuple[str, str | None, str]]:
    actions = [each["action"] for each in audit.records]
    return [(each["type"], each.get("phase"), each["result_status"]) for each in actions]


def test_the_captured_conversation_of_2026_07_28(shared: Path) -> None:
    """Every line goes on as it is; the round trip of the approval is one call with one span."""
    captured = (shared / "captures/mcp/stdio_jsonrpc_auto.jsonl").read_text().splitlines()
    with recording() as audit:
        talk = opened(audit)
        for each in map(json.loads, captured):
            raw = json.dumps(each["msg"]).encode() + b"\n"
            passed = talk.from_client(raw) if each["dir"] == "c2s" else talk.from_server(raw)
            assert passed == (raw, b"")
        talk.close()
        records = audit.records
    calls = [each for each in records if each["action"]["type"] == "tool_invocation"]
    told = [(each["action"]["tool"], each["action"]["phase"], each["action"]["result_status"]) for each in calls]
    assert told == [
        ("lookup_order", "start", "pending"),
        ("lookup_order", "end", "success"),
        ("issue_refund", "start", "pending"),
        ("issue_refund", "end", "success"),
        ("boom", "start", "pending"),
        ("boom", "end", "error"),
        ("nope", "start", "pending"),
        ("nope", "end", "error"),
    ]
    for start, end in zip(calls[::2], calls[1::2], strict=True):
        assert start["span_id"] == end["span_id"]
        assert start["parent_span_id"] == records[0]["span_id"]
    assert calls[3]["action"]["result"]["structuredContent"] == {"result": "refunded 19.5"}
    assert calls[5]["action"]["error"]["message"] == "Error executing tool boom"
    asked = [each for each in records if each["action"]["type"] == "approval"]
    assert [each["approval"]["status"] for each in asked] == ["pending", "approved"]
    assert {each["parent_span_id"] for each in asked} == {calls[2]["span_id"]}
    assert calls[3]["approval"]["status"] == "approved"
    assert "decided_by" not in calls[3]["approval"], "nobody knows who it was"
    assert asked[0]["metadata"]["approval"]["reason"] == "Approve refund 19.5 for order 42?"
    assert {each["agent"]["id"] for each in records} == {"mcp"}
    assert {each["user"]["id"] for each in records} == {"alice@example.com"}


def test_ids_of_the_two_directions_are_kept_apart() -> None:
    """Up to 2025-11-25 the server asks with an id of its own, which may be that of the call."""
    with recording() as audit:
        talk = opened(audit)
        for passed, raw in (
            (talk.from_client(call(1)), call(1)),
            (talk.from_server(ask := line(id=1, method="elicitation/create", params={"message": "?"})), ask),
            (talk.from_client(yes := line(id=1, result={"action": "accept", "content": {"approve": True}})), yes),
            (talk.from_server(done := line(id=1, result=RESULT)), done),
        ):
            assert passed == (raw, b"")
        talk.close()
        assert steps(audit) == [
            ("lifecycle", "start", "success"),
            ("tool_invocation", "start", "pending"),
            ("approval", None, "pending"),
            ("approval", None, "success"),
            ("tool_invocation", "end", "success"),
            ("lifecycle", "end", "success"),
        ]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"action": "decline"}, "denied"),
        ({"action": "cancel"}, "denied"),
        ({"action": "accept", "content": {"approve": False}}, "denied"),
        ({"action": "accept", "content": {"reason": "ok"}}, "approved"),
        ({"action": "perhaps"}, "pending"),
    ],
)
def test_answers_are_approvals(answer: dict[str, Any], status: str) -> None:
    """An accepted form whose only truth value is false is a no."""
    with recording() as audit:
        talk = opened(audit)
        talk.from_client(call(1))
        talk.from_server(line(id=9, method="elicitation/create", params={"message": "?"}))
        talk.from_client(line(id=9, result=answer))
        talk.from_server(line(id=1, result=RESULT))
        talk.close()
        assert audit.of_type("approval")[-1]["approval"]["status"] == status


def test_a_question_that_may_belong_to_two_calls_is_given_to_none() -> None:
    with recording() as audit:
        talk = opened(audit)
        talk.from_client(call(1))
        talk.from_client(call(2))
        talk.from_server(line(id=1, method="elicitation/create", params={"message": "?"}))
        talk.from_client(line(id=1, result={"action": "decline"}))
        asked = audit.of_type("approval")
        assert [each["approval"]["status"] for each in asked] == ["pending", "denied"]
        assert len({each["approval"]["id"] for each in asked}) == 1
        assert {each["parent_span_id"] for each in asked} == {audit.records[0]["span_id"]}


def test_a_second_request_with_other_arguments_is_another_call() -> None:
    """What was approved is one call; what runs in its place has an intent of its own."""
    with recording() as audit:
        talk = opened(audit)
        asks = {"resultType": "input_required", "requestState": "s", "inputRequests": {}}
        talk.from_client(call(1))
        talk.from_server(line(id=1, result=asks))
        talk.from_client(call(2, requestState="s", arguments={"order_id": 43}))
        talk.from_server(line(id=2, result=RESULT))
        talk.from_client(call(3, requestState="s"))
        talk.from_server(line(id=3, result=RESULT))
        talk.from_client(call(4, requestState="s"))
        starts = [each for each in audit.of_type("tool_invocation") if each["action"]["phase"] == "start"]
        assert [each["action"]["arguments"]["order_id"] for each in starts] == [42, 43, 42]


def test_a_call_that_cannot_be_recorded_is_not_forwarded_nor_any_later_one(tmp_path: Path) -> None:
    with recording(tmp_path) as audit:
        talk = opened(audit)
        audit.fail_after(2)
        talk.from_client(call(1))
        passed = talk.from_client(call("b"))
        assert passed.forward == b""
        assert error(passed.back) == ("b", -32603, UNWRITABLE)
        audit.fail_after(100)
        assert error(talk.from_client(call(3)).back) == (3, -32603, UNWRITABLE), "failure is sticky"
        listing = line(id=4, method="tools/list")
        assert talk.from_client(listing) == (listing, b""), "what is no call goes on"
        replaced = talk.from_server(line(id=1, result=RESULT))
        assert error(replaced.forward) == (1, -32603, UNWRITABLE), "nor does the client get an unrecorded result"
        assert replaced.back == b""
        with pytest.raises(AuditWriteError):
            talk.close()


def test_a_round_trip_does_not_go_on_after_a_failure(tmp_path: Path) -> None:
    """Neither its question nor its second request, though neither has anything to be recorded."""
    asks = {"resultType": "input_required", "requestState": "s"}
    with recording(tmp_path) as audit:
        talk = opened(audit)
        talk.from_client(call(1))
        talk.from_server(line(id=1, result=asks))
        talk.from_client(call(2, arguments={}))
        audit.fail_after(0)
        talk.from_client(call(3, arguments={"order_id": 3}))
        assert error(talk.from_server(line(id=2, result=asks)).forward) == (2, -32603, UNWRITABLE)
        again = talk.from_client(call(4, requestState="s"))
        assert again.forward == b""
        assert error(again.back) == (4, -32603, UNWRITABLE)


def test_each_append_may_fail(shared: Path, tmp_path: Path) -> None:
    """Whichever it is: what was forwarded has its intent, and what the client got is in the log."""
    captured = [
        json.loads(each) for each in (shared / "captures/mcp/stdio_jsonrpc_auto.jsonl").read_text().splitlines()
    ]
    for appends in range(12):
        folder = tmp_path / str(appends)
        folder.mkdir()
        with recording(folder) as audit:
            audit.fail_after(appends)
            talk = opened(audit)
            forwarded: list[str] = []
            given: list[int] = []
            unseen: set[int] = set()
            for each in captured:
                message = each["msg"]
                raw = json.dumps(message).encode() + b"\n"
                if each["dir"] == "s2c":
                    passed = talk.from_server(raw)
                    if passed.forward == raw and message["id"] not in unseen and message["id"] > 2:
                        given.append(message["id"])
                    continue
                passed = talk.from_client(raw)
                if message["method"] != "tools/call":
                    assert passed == (raw, b"")
                elif passed.forward:
                    forwarded.append(message["params"]["name"])
                    assert audit.refused == 0
                else:
                    unseen.add(message["id"])
                    assert error(passed.back) == (message["id"], -32603, UNWRITABLE)
            with pytest.raises(AuditWriteError):
                talk.close()
            actions = [record["action"] for record in audit.records]
        assert len(actions) == appends
        starts = [each["tool"] for each in actions if each.get("phase") == "start" and "tool" in each]
        ends = [each for each in actions if each.get("phase") == "end" and "tool" in each]
        assert set(forwarded) <= set(starts)
        asks = [each for each in actions if each["type"] == "approval" and each["result_status"] == "pending"]
        assert len(given) <= len(ends) + len(asks)


def test_an_approval_that_cannot_be_recorded_is_not_given(tmp_path: Path) -> None:
    with recording(tmp_path) as audit:
        talk = opened(audit)
        talk.from_client(call(1))
        talk.from_server(line(id=7, method="elicitation/create", params={"message": "?"}))
        audit.fail_after(0)
        passed = talk.from_client(line(id=7, result={"action": "accept"}))
        assert error(passed.forward) == (7, -32603, UNWRITABLE)
        assert passed.back == b""
        asked = talk.from_server(line(id=8, method="elicitation/create", params={"message": "?"}))
        assert asked.forward == b""
        assert error(asked.back) == (8, -32603, UNWRITABLE)


def test_a_log_that_takes_no_session_takes_no_call(tmp_path: Path) -> None:
    with recording(tmp_path) as audit:
        audit.fail_after(0)
        talk = opened(audit)
        hello = line(id=0, method="initialize", params={"clientInfo": {"name": "c"}})
        assert talk.from_client(hello) == (hello, b"")
        assert error(talk.from_client(call(1)).back) == (1, -32603, UNWRITABLE)
        with pytest.raises(AuditWriteError):
            talk.close()


def test_a_batch_passes_whole_or_without_what_was_refused(tmp_path: Path) -> None:
    with recording(tmp_path) as audit:
        talk = opened(audit)
        ping = {"jsonrpc": "2.0", "id": 5, "method": "ping"}
        batch = json.dumps([json.loads(call(1)), ping, json.loads(call(2))]).encode() + b"\n"
        assert talk.from_client(batch) == (batch, b"")
        answers = json.dumps([{"id": 1, "result": RESULT}, {"id": 2, "result": RESULT}]).encode() + b"\n"
        assert talk.from_server(answers) == (answers, b"")
        assert len(audit.of_type("tool_invocation")) == 4
        audit.fail_after(0)
        passed = talk.from_client(batch)
        assert json.loads(passed.forward) == [ping]
        assert [each["id"] for each in json.loads(passed.back)] == [1, 2]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b'{"id":1,"method":"tools/call","method":"ping"}\n', -32700),
        (b'{"id":1,"method":"tools\\/call","params":{"name":"x"}} trailing\n', -32700),
        (b'\xef\xbb\xbf{"id":1,"method":"tools/call","params":{"name":"x"}}\n', -32700),
        (b'{"id":1,"Method":"tools/call","params":{"name":"x"}}\n', -32600),
        (b'{"id":1,"method":"ping","params":{"x":\r{"method":"tools/call"}\r}}\n', -32600),
        (b'{"id":null,"method":"tools/call","params":{"name":"x"}}\n', -32600),
        (b'{"id":1,"method":"tools/call","params":{"name":""}}\n', -32602),
        (b'{"id":1,"method":"tools/call","params":["x"]}\n', -32602),
        (b'{"id":1,"method":"ping","result":{"action":"accept"}}\n', -32600),
    ],
)
def test_a_call_that_readers_may_read_otherwise_is_not_forwarded(raw: bytes, code: int) -> None:
    with recording() as audit:
        talk = opened(audit)
        passed = talk.from_client(raw)
        assert passed.forward == b""
        assert error(passed.back)[1] == code
        assert talk.refused == 1
        assert audit.of_type("tool_invocation") == []


def test_nothing_passes_after_the_end() -> None:
    """A line that comes while the server's end is being recorded opens no second session."""
    with recording() as audit:
        talk = opened(audit)
        talk.from_client(line(id=1, method="ping"))
        talk.close()
        assert talk.from_client(call(2)) == (b"", b"")
        assert len(audit.records) == 2


def test_an_id_in_use_is_refused() -> None:
    """Else the answer to one call would be taken for that to another."""
    with recording() as audit:
        talk = opened(audit)
        talk.from_client(call(1))
        assert error(talk.from_client(call("1")).back)[1] == -32600
        assert len(audit.of_type("tool_invocation")) == 1


def test_lines_that_are_no_json_go_on_and_are_counted() -> None:
    with recording() as audit:
        talk = opened(audit)
        for raw in (b"hello\n", b"\xff\n", b"[1,2]\n"):
            assert talk.from_client(raw) == (raw, b"")
            assert talk.from_server(raw) == (raw, b"")
        for blank in (b"\n", b"\r\n"):
            assert talk.from_client(blank) == (blank, b"")
            assert talk.from_server(blank) == (blank, b"")
        assert talk.bad == {"client": 3, "server": 3}


def test_an_answer_that_is_not_strict_json_is_replaced() -> None:
    """NaN is JSON to some clients: what cannot be recorded does not get there."""
    with recording() as audit:
        talk = opened(audit)
        talk.from_client(call(1))
        talk.from_client(call(2))
        assert error(talk.from_server(b'{"id":1,"result":{"x":NaN}}\n').forward)[:2] == (1, -32603)
        assert error(talk.from_server(b'[{"id":2,"result":{"x":NaN}}]\n').forward)[:2] == (2, -32603)
        assert [each["action"]["result_status"] for each in audit.of_type("tool_invocation")][2:] == ["error", "error"]
        other = b'{"id":99,"result":{"x":NaN}}\n'
        assert talk.from_server(other) == (other, b"")


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b'{"id":1,"result":' + b"[" * 5000 + b"]" * 5000 + b"}\n", id="too deep for Python"),
        pytest.param(b'{"id":1,"result":{"n":' + b"1" * 5000 + b',"x":NaN}}\n', id="digits that Python refuses"),
        pytest.param(b'{"id":1,"result":{"x":"\t"}}\n', id="a control character"),
        pytest.param(b'{"a":1}\r{"id":1,"result":{}}\n', id="a line of its own behind a carriage return"),
        pytest.param(b'{"id":1,"result":{}} {"id":99,"result":{}}\n', id="two values"),
        pytest.param(b'{"i\\u0064":1,"result":{}} x\n', id="an escaped name"),
        pytest.param(b'{"id":1,"id":99,"result":{}}\n', id="the first of two counts"),
        pytest.param(b'{"ID":1,"result":{"x":NaN}}\n', id="other case, not strict"),
        pytest.param(b'{"ID":1,"result":{}}\n', id="other case, strict"),
        pytest.param(b'{"id":1,"Result":{}}\n', id="the result in other case"),
    ],
)
def test_an_answer_that_some_reader_would_take_is_not_let_through_unrecorded(raw: bytes) -> None:
    with recording() as audit:
        talk = opened(audit)
        talk.from_client(call(1))
        assert error(talk.from_server(raw).forward)[:2] == (1, -32603)
        assert [each["action"]["result_status"] for each in audit.of_type("tool_invocation")][1:] == ["error"]
        assert talk.bad["server"] == 1


def test_a_garbled_answer_ends_only_the_call_that_it_answers() -> None:
    """Rows with ids of their own and NaN are what servers of tables send."""
    with recording() as audit:
        talk = opened(audit)
        talk.from_client(call(1))
        talk.from_client(call(2))
        assert error(talk.from_server(b'{"id":2,"result":{"rows":[{"id":1,"x":NaN}]}}\n').forward)[0] == 2
        assert talk.from_server(line(id=1, result=RESULT)).forward == line(id=1, result=RESULT)
        statuses = [each["action"]["result_status"] for each in audit.of_type("tool_invocation")]
        assert sorted(statuses[2:]) == ["error", "success"]


@pytest.mark.parametrize("number", [b"Infinity", b"NaN", b"1e400", b"1" * 5000])
def test_an_id_that_is_no_number_of_json_is_the_id_of_no_call(number: bytes) -> None:
    with recording() as audit:
        talk = opened(audit)
        talk.from_client(call(1))
        raw = b'{"id":' + number + b',"result":{"x":NaN}}\n'
        assert talk.from_server(raw) == (raw, b"")


def test_what_nobody_answered_ends_as_unknown_and_what_waits_stays_pending() -> None:
    with recording() as audit:
        talk = opened(audit)
        talk.from_client(call(1))
        talk.from_client(line(method="tools/call", params=CALL))
        talk.from_client(call(2))
        talk.from_server(line(id=2, result={"resultType": "input_required", "requestState": "s"}))
        talk.close()
        ends = [each["action"] for each in audit.of_type("tool_invocation") if each["action"]["phase"] == "end"]
        assert [each["result_status"] for each in ends] == ["unknown", "unknown"]


def test_an_error_of_json_rpc_is_an_error_of_the_tool() -> None:
    with recording() as audit:
        talk = opened(audit)
        talk.from_client(call(1))
        talk.from_server(line(id=1, error={"code": -32602, "message": "no such order"}))
        assert audit.of_type("tool_invocation")[-1]["action"]["error"]["message"] == "-32602: no such order"


def test_a_task_is_a_part_of_the_result() -> None:
    with recording() as audit:
        talk = opened(audit)
        talk.from_client(call(1))
        talk.from_server(line(id=1, result={"task": {"taskId": "t", "status": "working"}}))
        assert audit.of_type("tool_invocation")[-1]["action"]["result_status"] == "partial"


# --- whatever comes ------------------------------------------------------------------------------

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3), max_leaves=8)  # fmt: skip
ids = st.sampled_from([1, 2, "1", 1.0, None, True, [], 1e300, "x"]) | st.integers()
params = values | st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["a", "", "b"]) | values,
        "arguments": values,
        "requestState": st.sampled_from(["s", "t"]) | values,
        "inputResponses": st.dictionaries(st.sampled_from(["k", "l"]), st.fixed_dictionaries({"action": st.sampled_from(["accept", "decline", "cancel"])}) | values, max_size=2) | values,
        "_meta": values,
        "clientInfo": st.fixed_dictionaries({"name": values}) | values,
    },
)  # fmt: skip
results = values | st.fixed_dictionaries(
    {},
    optional={
        "resultType": st.sampled_from(["input_required", "complete"]),
        "requestState": st.sampled_from(["s", "t"]) | values,
        "inputRequests": st.dictionaries(st.sampled_from(["k", "l"]), st.fixed_dictionaries({"method": st.just("elicitation/create"), "params": values}) | values, max_size=2) | values,
        "content": values,
        "isError": values,
        "task": values,
        "action": st.sampled_from(["accept", "decline"]),
    },
)  # fmt: skip
messages = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.just("2.0"),
        "id": ids,
        "method": st.sampled_from(["tools/call", "elicitation/create", "initialize", "ping"]) | values,
        "params": params,
        "result": results,
        "error": values,
    },
)
raw_lines = st.binary(max_size=60) | (messages | st.lists(messages, max_size=3) | values).map(lambda held: json.dumps(held).encode())  # fmt: skip


@given(st.lists(st.tuples(st.booleans(), raw_lines), max_size=12), st.integers(0, 12))
def test_any_lines_pass_unchanged_or_are_replaced_by_errors(said: list[tuple[bool, bytes]], appends: int) -> None:
    """Never a traceback; and no call goes on whose start is not in the log."""
    with recording() as audit:
        audit.fail_after(appends)
        talk = opened(audit)
        for upwards, raw in said:
            whole = raw.replace(b"\n", b" ") + b"\n"
            before = len(audit.records)
            passed = (talk.from_client if upwards else talk.from_server)(whole)
            if passed.forward != whole:
                assert talk.refused
                for data in (passed.forward, passed.back):
                    if data:
                        json.loads(data)
            else:
                assert passed.back == b""
                if upwards and b"tools/call" in whole:
                    _calls_have_intents(whole, audit, before)
        try:
            talk.close()
        except AuditWriteError:
            assert audit.refused


def _calls_have_intents(whole: bytes, audit: Recording, before: int) -> None:
    try:
        held = json.loads(whole)
    except ValueError:
        return
    called = [each for each in (held if isinstance(held, list) else [held]) if isinstance(each, dict)]
    called = [each for each in called if each.get("method") == "tools/call" and "requestState" not in each["params"]]
    called = [each for each in called if "inputResponses" not in each["params"]]
    actions = [each["action"] for each in audit.records[before:]]
    assert len([each for each in actions if each.get("phase") == "start" and "tool" in each]) >= len(called)
