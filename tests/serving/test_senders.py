"""Other senders: OTLP in JSON and protobuf, LangSmith, Langfuse, Claude Code's hooks."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.importers import claude_hooks, langsmith, otlp
from auditlog_cli.serving import bodies, keys
from auditlog_cli.serving import otlp as wire
from auditlog_cli.serving.refusals import Refused
from tests.serving.conftest import Served
from tests.serving.test_api import refused

TRACES = "/v1/traces"
SPANS = otlp.SAMPLES[0]


def protobuf(spans: bytes) -> bytes:
    """The same export as a message."""
    pytest.importorskip("opentelemetry.proto", reason="the package opentelemetry-proto is not installed")
    from google.protobuf.json_format import ParseDict
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    export = json.loads(spans)
    for span in export["resourceSpans"][0]["scopeSpans"][0]["spans"]:  # protobuf's own JSON has ids in base64
        for name in ("traceId", "spanId", "parentSpanId"):
            if name in span:
                span[name] = base64.b64encode(bytes.fromhex(span[name])).decode()
    message: bytes = ParseDict(export, ExportTraceServiceRequest()).SerializeToString()
    return message


def facts(record: dict[str, Any]) -> tuple[Any, ...]:
    """What an import of the same would give."""
    names = ("timestamp", "trace_id", "span_id", "parent_span_id", "user", "agent", "action", "prompt", "response")
    return tuple(record.get(name) for name in names)


def test_spans_become_the_records_of_an_import(served: Served, cli: Callable[..., Any], tmp_path: Path) -> None:
    """JSON, protobuf and gzip give what `auditlog import --all` gives of the same bytes."""
    file = tmp_path / "spans.json"
    file.write_bytes(SPANS)
    want = [facts(json.loads(line)) for line in cli("import", "--all", file).raw.splitlines()]
    assert len(want) == 2
    assert served.post(SPANS, TRACES).content == b"{}"
    assert [facts(record) for record in served.records()] == want
    message = protobuf(SPANS)
    answer = served.post(gzip.compress(message), TRACES, Content_Type=bodies.PROTOBUF, Content_Encoding="gzip")
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"", bodies.PROTOBUF)
    assert [facts(record) for record in served.records()[2:]] == want
    chunks = served.client.post(
        TRACES, content=(message[at : at + 50] for at in range(0, len(message), 50)), headers={"Content-Type": bodies.PROTOBUF}
    )  # fmt: skip
    assert chunks.status_code == 200
    assert len(served.records()) == 6


def test_langfuse_sends_spans_with_basic_auth(serve: Callable[..., Served], tmp_path: Path) -> None:
    """Its secret key is one of ours."""
    file = str(tmp_path / "keys")
    key = keys.make(file, "langfuse")
    served = serve(keys.load(file))
    auth = base64.b64encode(f"pk-lf:{key}".encode()).decode()
    path = "/api/public/otel/v1/traces"
    answer = served.post(protobuf(SPANS), path, Content_Type=bodies.PROTOBUF, Authorization=f"Basic {auth}")
    assert answer.status_code == 200
    assert served.records()[0]["provenance"]["ingest"]["key"] == "langfuse"
    refused(served.post(SPANS, path, Authorization="Basic eDp5"), 401, "unauthorized")


def test_structure_is_kept(served: Served) -> None:
    """A span that an import would fold was acknowledged, so it is in the log; its children may come later."""
    export = json.loads(SPANS)
    span = export["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    span["name"], span["attributes"] = "GET /", []
    export["resourceSpans"][0]["scopeSpans"][0]["spans"] = [span]
    assert served.post(export, TRACES).status_code == 200
    assert [record["action"]["type"] for record in served.records()] == ["span"]


def test_log_records_are_taken(served: Served) -> None:
    """OTLP logs, as Claude Code sends its events."""
    log = {
        "timeUnixNano": "1780324991000000000", "body": {"stringValue": "claude_code.tool_result"},
        "attributes": [
            {"key": "event.sequence", "value": {"intValue": "1"}}, {"key": "session.id", "value": {"stringValue": "s"}},
            {"key": "tool_name", "value": {"stringValue": "Bash"}}, {"key": "success", "value": {"stringValue": "true"}},
        ],
    }  # fmt: skip
    export = {
        "resourceLogs": [{"scopeLogs": [{"scope": {"name": "com.anthropic.claude_code.events"}, "logRecords": [log]}]}]
    }
    assert served.post(export, "/v1/logs").status_code == 200
    assert served.records()[0]["action"]["tool"] == "Bash"


def changed(change: Callable[[dict[str, Any], dict[str, Any]], None]) -> bytes:
    export = json.loads(SPANS)
    change(export, export["resourceSpans"][0]["scopeSpans"][0]["spans"][1])
    return json.dumps(export).encode()


@pytest.mark.parametrize(
    "change",
    [
        lambda export, span: span.pop("traceId"),
        lambda export, span: span.update(traceId="0" * 32),
        lambda export, span: span.update(traceId="zz"),
        lambda export, span: span.update(spanId=5),
        lambda export, span: span.update(attributes={}),
        lambda export, span: export["resourceSpans"][0]["scopeSpans"][0]["spans"].append("x"),
        lambda export, span: export["resourceSpans"][0]["scopeSpans"].append(None),
        lambda export, span: export.update(resourceSpans={}),
        lambda export, span: (export.clear(), export.update(spans=[])),
    ],
)
def test_one_wrong_span_refuses_the_export(served: Served, change: Any) -> None:
    """400, nothing written; no partialSuccess, which senders do not look at."""
    refused(served.post(changed(change), TRACES), 400, "validation_error")
    assert served.records() == []


def test_an_export_of_nothing_is_one(served: Served) -> None:
    """The protocol allows it; there is nothing to write."""
    for body in ({}, {"resourceSpans": []}):
        assert served.post(body, TRACES).status_code == 200
    assert served.post(b"", TRACES, Content_Type=bodies.PROTOBUF).status_code == 200
    assert served.records() == []


def test_a_refusal_speaks_the_encoding_of_the_request(served: Served) -> None:
    """`google.rpc.Status` in protobuf, whose second field is the message."""
    answer = served.post(b"\xff\xff", TRACES, Content_Type=bodies.PROTOBUF)
    assert (answer.status_code, answer.headers["content-type"]) == (400, bodies.PROTOBUF)
    assert answer.content[:3] == b"\x08\x03\x12"
    assert answer.content[4:] == b"the body is not the protobuf message of this route"
    assert answer.content[3] == len(answer.content) - 4


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    """Never another error."""
    try:
        found: list[Any] | None = wire.records(bodies.PROTOBUF, wire.SPANS, data)
    except Refused as error:
        found = None
        assert error.status == 400  # noqa: PT017 - either is right
    assert found is None or isinstance(found, list)


any_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["resourceSpans", "resource_spans", "scopeSpans", "spans", "attributes", "key", "value", "stringValue", "traceId",
                 "spanId", "events", "status", "resource", "scope", "arrayValue", "values", "body", "batches", "post", "patch"]
            ), inner, max_size=4,
        ),
    ),
    max_leaves=12,
)  # fmt: skip


@given(any_json, st.sampled_from([TRACES, "/v1/logs", "/runs/batch", "/hooks/claude-code"]))
def test_any_json_is_taken_or_refused(value: object, path: str) -> None:
    """No importer falls over what a stranger sends."""
    from auditlog_cli.serving import langsmith as runs
    from auditlog_cli.serving import translating

    data = json.dumps(value).encode()
    try:
        if path == "/runs/batch":
            runs.Runs().records(data)
        elif path == "/hooks/claude-code":
            if isinstance(value, dict):
                translating.records("claude_hooks", {"hook_event_name": "x", "session_id": "s", **value}, data)
        else:
            wire.records(bodies.JSON, wire.SPANS if path == TRACES else wire.LOGS, data)
    except Refused as error:
        assert error.status == 400  # noqa: PT017 - either is right


SPAN = {"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331"}


@given(
    st.dictionaries(
        st.sampled_from(["parentSpanId", "name", "startTimeUnixNano", "endTimeUnixNano", "status", "kind", "links", "traceState"]),
        any_json, max_size=4,
    ),
    st.lists(any_json, max_size=3), st.lists(any_json, max_size=2),
)  # fmt: skip
def test_any_span_is_taken(members: dict[str, object], attributes: list[object], events: list[object]) -> None:
    """Whatever the optional members of a span hold, it becomes a record."""
    span = {**SPAN, **members, "attributes": attributes, "events": events}
    data = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
    try:
        assert len(wire.records(bodies.JSON, wire.SPANS, data)) == 1
    except Refused as error:
        assert error.status == 400  # noqa: PT017 - nested too deep, or a number out of range


# --- LangSmith -----------------------------------------------------------------------------------------


def test_langsmith_is_told_to_send_plain_json(served: Served) -> None:
    """`use_multipart_endpoint: false`."""
    assert served.get("/info").json()["batch_ingest_config"]["use_multipart_endpoint"] is False


def run(**members: object) -> dict[str, object]:
    own = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
    return {"id": own, "trace_id": own, "name": "lookup", "run_type": "tool", "dotted_order": "x",
            "start_time": "2026-06-01T14:23:12Z", **members}  # fmt: skip


def test_a_run_begins_and_ends_as_one_call(served: Served, cli: Callable[..., Any]) -> None:
    """Posted, then patched in another request: start and end of one span, drawn as one node."""
    patch = {
        "id": run()["id"],
        "trace_id": run()["id"],
        "end_time": "2026-06-01T14:23:13Z",
        "outputs": {"output": "ok"},
    }
    assert served.post({"post": [run(inputs={"input": "x"})]}, "/runs/batch").status_code == 202
    assert served.post({"patch": [patch]}, "/runs/batch").status_code == 202
    first, second = served.records()
    assert first["span_id"] == second["span_id"]
    assert (first["action"]["phase"], first["action"]["result_status"]) == ("start", "pending")
    assert (second["action"]["phase"], second["action"]["tool"], second["action"]["result"]) == ("end", "lookup", "ok")
    assert second["timestamp"] == "2026-06-01T14:23:13.000000Z"
    drawn = cli("trace", first["trace_id"], served.path).out
    assert drawn.count("lookup") == 1


def test_a_batch_with_both_is_one_record_for_each_run(served: Served) -> None:
    """As an import has it."""
    assert served.post(langsmith.SAMPLES[0], "/runs/batch").status_code == 202
    assert [record["action"]["type"] for record in served.records()] == ["lifecycle", "tool_invocation"]
    assert all("phase" not in record["action"] for record in served.records())


@pytest.mark.parametrize(
    "body", [[], {}, {"post": {}}, {"post": [1]}, {"post": [{}]}, {"patch": [{"id": 1}]}, {"post": [{"id": "a"}, {"id": ""}]}]
)  # fmt: skip
def test_what_is_no_batch_of_runs_is_refused(served: Served, body: object) -> None:
    """400, and nothing is written."""
    refused(served.post(body, "/runs/batch"), 400, "validation_error")
    assert served.records() == []


def test_claude_code_hooks(served: Served) -> None:
    """One event, one record, with its tool."""
    for line in claude_hooks.SAMPLES[0].splitlines():
        assert served.post(line, "/hooks/claude-code").status_code == 200
    assert [record["action"].get("tool") for record in served.records()] == [None, "Bash", "Bash"]
    refused(served.post({"session_id": "s"}, "/hooks/claude-code"), 400, "validation_error")


def test_the_interface_is_described(served: Served) -> None:
    """Every route stands in the OpenAPI document, and nothing else."""
    from auditlog_cli.rules.sitefacts import EMPTY
    from auditlog_cli.serving.ledger import Ledger
    from auditlog_cli.serving.routes import Routes

    document = served.get("/openapi.json").json()
    told = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert told == {
        (method, path) for method, path, _ in Routes(Ledger(served.log), "x", 1, None, EMPTY, keyed=False).table()
    }
    assert document["openapi"].startswith("3.1")
