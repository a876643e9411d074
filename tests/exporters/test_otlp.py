"""Log records lose nothing on their way out and back; spans are what a trace viewer expects."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli import exporters
from auditlog_cli._version import __version__
from auditlog_cli.exporters import Entry, Settings, Source, _otlp, otlp_logs, otlp_spans
from auditlog_cli.sealing.line import unseal
from auditlog_cli.writer.log import AuditLog
from tests.conftest import Result
from tests.goldens import check
from tests.importers.reading import read
from tests.logs import record, tutorial, write
from tests.test_strictjson import json_values

TRACE = "0af7651916cd43dd8448eb211c80319c"
Span = dict[str, Any]


def exported(module: Any, records: Iterable[dict[str, Any]], **settings: Any) -> list[bytes]:
    entries = [Entry(orjson.dumps(each, option=orjson.OPT_PASSTHROUGH_SUBCLASS), each, b"", "x") for each in records]
    said: list[str] = []
    pieces = module.export(Source("test/log", entries), Settings(said.append, **settings))
    return [data for _, data in pieces]


def returned(path: Path, data: bytes) -> list[dict[str, Any]]:
    """The records that our importer makes of an export, without what it says of the import, place and provenance put back."""
    path.write_bytes(data)
    found = read(path)
    assert found.tally.format == "otlp"
    assert found.bad == []
    back = []
    for each in found.records:
        origin = each.pop("provenance")["import"]
        assert set(origin) <= {"format", "id", "file", "line", "offset", "rest"}, "nothing was derived"
        back.append(each | origin.get("rest", {}))
    return back


def at(number: int, **changes: Any) -> dict[str, Any]:
    """A record with ids in W3C's form, `number` seconds after the others."""
    members = {
        "timestamp": f"2026-06-01T14:23:{number:02d}.000000Z",
        "record_id": f"00000000-0000-4000-8000-{number:012d}",
        "trace_id": TRACE,
        "span_id": f"{number:016x}",
    }
    return record(**(members | changes))


SMALL = [
    at(1, action={"type": "lifecycle", "phase": "start", "result_status": "pending"}, span_id="a" * 16),
    at(2, action__phase="start", action__result_status="pending", action__latency_ms=None, action__call_id="call_1",
       span_id="b" * 16, parent_span_id="a" * 16),
    at(3, action={"type": "approval", "result_status": "success"}, parent_span_id="b" * 16,
       approval={"id": "ap_1", "status": "approved", "decided_by": "user_bob", "decided_at": "2026-06-01T14:23:03Z"}),
    at(4, action__phase="end", action__result_status="error", action__error={"type": "TimeoutError", "message": "late"},
       action__call_id="call_1", action__latency_ms=2000, span_id="b" * 16, parent_span_id="a" * 16),
    at(5, action={"type": "llm_call", "result_status": "success", "latency_ms": 500}, agent__model="m-1",
       agent__provider="p", usage={"input_tokens": 3, "output_tokens": 4}, prompt={"text": "Hi"},
       response={"text": "Ho"}, parent_span_id="a" * 16),
    at(6, action={"type": "handoff", "result_status": "success"}, message={"from": "planner", "to": "payer"},
       parent_span_id="a" * 16),
    at(7, action__result_status="denied", action__latency_ms=None, action__tool="pay", parent_span_id="a" * 16),
    at(8, action__phase="start", action__result_status="pending", action__latency_ms=None, action__tool="wait",
       parent_span_id="a" * 16),
    at(9, action={"type": "lifecycle", "phase": "end", "result_status": "success"}, span_id="a" * 16),
]  # fmt: skip


def spans(records: Iterable[dict[str, Any]], **settings: Any) -> dict[str, Span]:
    """The spans of some records by name, with plain attributes."""
    found: dict[str, Span] = {}
    for data in exported(otlp_spans, records, **settings):
        for resource in json.loads(data)["resourceSpans"]:
            for group in resource["scopeSpans"]:
                assert group["scope"] == {"name": "auditlog", "version": __version__}
                for span in group["spans"]:
                    assert span["name"] not in found
                    span["attributes"] = plain(span["attributes"])
                    for event in span.get("events", ()):
                        event["attributes"] = plain(event["attributes"])
                    found[span["name"]] = span
    return found


def plain(attributes: list[dict[str, Any]]) -> dict[str, Any]:
    from auditlog_cli.importers.otlp import attributes as read_attributes

    assert len({each["key"] for each in attributes}) == len(attributes)
    return read_attributes(attributes)


@pytest.mark.parametrize("to", ["otlp-logs", "otlp-spans"])
def test_a_small_log_as_others_get_it(to: str, tmp_path: Path, cli: Callable[..., Result]) -> None:
    log, out = write(tmp_path / "audit.jsonl", *SMALL), tmp_path / "out.jsonl"
    result = cli("export", log, "--to", to, "--content", "-o", out)
    shown = json.dumps([json.loads(line) for line in out.read_bytes().splitlines()], indent=1)
    golden = Result(result.code, shown.encode() + b"\n", result.err)
    scrub = {
        str(tmp_path): "TMP",
        f'"version": "{__version__}"': '"version": "VERSION"',
        str(out.stat().st_size): "SIZE",
    }
    check(f"export/{to}", golden, scrub=scrub)


deep = st.integers(15, 60).map(lambda levels: json.loads("[" * levels + '{"a":1e3}' + "]" * levels))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
contents = st.dictionaries(texts.filter(lambda name: name not in ("auditlog", "_leaf", "_salts")), json_values | deep)


@given(contents, st.booleans())
def test_a_record_comes_back_whole(
    tmp_path_factory: pytest.TempPathFactory, more: dict[str, Any], protobuf: bool
) -> None:
    """Whatever JSON it is made of: null, numbers beyond 64 bits, 1.0 beside 1, names with slashes, many levels."""
    path = tmp_path_factory.mktemp("back") / "x.json"
    try:
        content = at(1, metadata=more, provenance={"ingest": {"x": None}}, seq=7, prev="0" * 64, approval=None) | {
            "x": more
        }
        content["nothing"] = None
        json.dumps(content, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return  # a lone surrogate is no JSON text
    entries = [Entry(b"", content, b"", "x")]
    (data,) = (piece.data for piece in otlp_logs.export(Source("o", entries), Settings(print, protobuf=protobuf)))
    if protobuf:
        pytest.importorskip("opentelemetry.proto")
        from google.protobuf.json_format import MessageToJson

        data = MessageToJson(_otlp.message(_otlp.LOGS, "Request").FromString(data)).encode()
    (back,) = returned(path, data)
    # As text, so that 1 is not 1.0, True is not 1 and -0.0 is not 0.0; but for the order of the members.
    assert json.dumps(back, sort_keys=True) == json.dumps(content, sort_keys=True)


def test_a_sealed_log_goes_out_and_comes_back(tmp_path: Path, cli: Callable[..., Result]) -> None:
    """Through the command line, into a new sealed log: the same records with the same ids, once."""
    log, out, new = tmp_path / "audit.jsonl", tmp_path / "out.jsonl", tmp_path / "new.jsonl"
    with AuditLog(log, origin="test/log", ballast_bytes=0) as opened:
        for number in range(1, 12):
            opened.append(at(number, metadata={"n": number}))
    assert cli("export", log, "--to", "otlp-logs", "--batch", "4", "-o", out).code == 0
    assert len(out.read_bytes().splitlines()) == 3
    first = cli("import", out, "-o", new)
    assert "11 units read: 11 recorded, 0 folded, 0 bad" in first.err
    assert "0 written, 11 there already" in cli("import", out, "-o", new).err
    assert cli("verify", new).code == 0
    was, now = ([each for each in map(json.loads, path.read_bytes().splitlines()) if "auditlog" not in each] for path in (log, new))  # fmt: skip
    for one, other in zip(was, now, strict=True):
        for name in ("seq", "prev", "_salts"):
            del one[name], other[name]
        origin = other.pop("provenance")["import"]
        assert origin["id"] == one["record_id"] == other["record_id"]
        assert one == other


def test_a_log_record_names_the_leaf_and_the_place(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    with AuditLog(log, origin="test/log", ballast_bytes=0) as opened:
        opened.append(at(1))
    line = log.read_bytes().splitlines()[1]
    found = otlp_logs.log_record(Entry(line, json.loads(line), bytes.fromhex(unseal(line).leaf), "x"))
    said = plain(found["attributes"])
    assert said["auditlog.record.leaf"] == unseal(line).leaf
    assert said["auditlog.record.seq"] == 1
    assert found["traceId"] == TRACE
    assert found["spanId"] == f"{1:016x}"
    assert b"_salts" not in orjson.dumps(found)


@pytest.mark.parametrize(
    ("status", "severity"),
    [
        ("success", (9, "INFO")), ("partial", (9, "INFO")), ("pending", (9, "INFO")), ("unknown", (9, "INFO")),
        ("denied", (13, "WARN")), ("blocked", (13, "WARN")), ("error", (17, "ERROR")), ("timeout", (17, "ERROR")),
        (None, (9, "INFO")),
    ],
)  # fmt: skip
def test_how_grave_an_outcome_is(status: str | None, severity: tuple[int, str]) -> None:
    found = otlp_logs.log_record(Entry(b"", at(1, action__result_status=status), b"", "x"))
    assert (found["severityNumber"], found["severityText"]) == severity
    assert found["eventName"] == "auditlog.tool_invocation"


def test_what_is_withheld_stays_a_hole() -> None:
    hole = {"_redacted": "0" * 64}
    content = at(
        1, user={"id": hole}, session_id=hole, authorization=hole, delegation_chain=hole, action__arguments=hole
    )
    found = otlp_logs.log_record(Entry(b"", content, b"", "x"))
    assert not {"user.id", "session.id", "auditlog.authorization.scopes", "auditlog.delegation"} & set(
        plain(found["attributes"])
    )
    (back,) = (each["of"]["body"] for each in read_units(found))
    assert back == content
    assert spans([content], content=True)["execute_tool lookup_order"]["attributes"]["gen_ai.tool.call.arguments"] == (
        '{"_redacted":"' + "0" * 64 + '"}'
    )


def read_units(log_record: dict[str, Any]) -> list[dict[str, Any]]:
    from auditlog_cli.importers import otlp

    return [{"of": {"body": otlp.value(log_record["body"])}}]


@pytest.mark.parametrize("stored", [{}, {"timestamp": 5, "trace_id": 7, "action": [], "agent": "x", "seq": True}])
def test_whatever_stands_in_a_record_is_exported(stored: dict[str, Any]) -> None:
    for module in (otlp_logs, otlp_spans):
        exported(module, [stored])
    found = otlp_logs.log_record(Entry(b"", stored, b"", "x"))
    assert found["eventName"] == "auditlog.record"
    assert "timeUnixNano" not in found


def test_ids_of_another_form_are_mapped_and_kept() -> None:
    found = otlp_logs.log_record(Entry(b"", record(), b"", "x"))
    assert len(found["traceId"]) == 32
    assert plain(found["attributes"])["auditlog.trace_id"] == "trace_1"
    assert plain(found["attributes"])["auditlog.span_id"] == "span_1"
    (span,) = spans([record()]).values()
    assert (span["traceId"], span["spanId"]) == (found["traceId"], found["spanId"])


def test_a_start_and_its_end_are_one_span_under_the_right_parent() -> None:
    found = spans(SMALL)
    agent, tool = found["invoke_agent planner"], found["execute_tool lookup_order"]
    assert agent["spanId"] == "a" * 16
    assert "parentSpanId" not in agent
    assert (tool["spanId"], tool["parentSpanId"]) == ("b" * 16, "a" * 16)
    assert int(tool["endTimeUnixNano"]) - int(tool["startTimeUnixNano"]) == 2_000_000_000
    assert tool["kind"] == 1
    assert tool["attributes"]["gen_ai.operation.name"] == "execute_tool"
    assert tool["attributes"]["gen_ai.tool.call.id"] == "call_1"
    assert tool["attributes"]["auditlog.record.ids"] == [at(2)["record_id"], at(4)["record_id"]]


def test_an_error_is_the_status_of_the_span_and_its_words_stay_out() -> None:
    found = spans(SMALL, content=True)
    tool = found["execute_tool lookup_order"]
    assert tool["status"] == {"code": 2, "message": "TimeoutError"}
    assert tool["attributes"]["error.type"] == "TimeoutError"
    assert "status" not in found["invoke_agent planner"]
    assert "late" not in json.dumps(list(found.values()))


def test_a_model_call_is_a_client_span_that_ends_when_it_was_written() -> None:
    call = spans(SMALL)["chat m-1"]
    assert call["kind"] == 3
    assert int(call["endTimeUnixNano"]) - int(call["startTimeUnixNano"]) == 500_000_000
    said = call["attributes"]
    assert said["gen_ai.usage.input_tokens"] == 3
    assert said["gen_ai.usage.output_tokens"] == 4
    assert said["gen_ai.provider.name"] == "p"


def test_an_imported_record_begins_when_it_says() -> None:
    content = at(1, action__latency_ms=250, provenance={"import": {"format": "otlp"}})
    (span,) = spans([content]).values()
    assert int(span["startTimeUnixNano"]) == 1780323781_000_000_000
    assert int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"]) == 250_000_000


def test_a_record_without_a_trace_is_in_one_made_of_its_session() -> None:
    found = spans([at(1, trace_id=None), at(2, trace_id=None, action__tool="other")])
    assert len({span["traceId"] for span in found.values()}) == 1
    assert all(span["attributes"]["session.id"] == "sess_1" for span in found.values())


def test_what_took_no_time_is_an_event_of_the_span_above() -> None:
    """An approval under the call; a hand-off, a refusal and a start without an end under the agent."""
    found = spans(SMALL)
    assert set(found) == {"invoke_agent planner", "execute_tool lookup_order", "chat m-1"}
    (approval,) = found["execute_tool lookup_order"]["events"]
    assert approval["name"] == "auditlog.approval"
    assert approval["attributes"]["auditlog.approval.status"] == "approved"
    assert approval["attributes"]["auditlog.approval.by"] == "user_bob"
    handoff, denied, open_one = found["invoke_agent planner"]["events"]
    assert handoff["attributes"]["auditlog.handoff.to"] == "payer"
    assert denied["attributes"]["auditlog.result_status"] == "denied"
    assert denied["attributes"]["gen_ai.tool.name"] == "pay"
    assert open_one["attributes"]["gen_ai.tool.name"] == "wait"
    assert open_one["attributes"]["auditlog.open"] is True


def test_an_event_without_a_span_above_or_with_one_below_is_a_span() -> None:
    """Nothing is left out, and no parent dangles."""
    handoff = at(1, action={"type": "handoff", "result_status": "success"}, span_id="a" * 16)
    below = at(2, parent_span_id="a" * 16)
    found = spans([handoff, below])
    assert found["execute_tool lookup_order"]["parentSpanId"] == found["handoff"]["spanId"] == "a" * 16
    assert set(spans([handoff])) == {"handoff"}


def test_a_parent_that_is_not_exported_stays_named() -> None:
    (span,) = spans([at(2, parent_span_id="f" * 16)]).values()
    assert span["parentSpanId"] == "f" * 16


def test_parents_are_never_guessed() -> None:
    """`auditlog trace` may place a call by time and delegation; a span has a parent only where an id names it."""
    records = [json.loads(tutorial("tool_call", tool=name, request_id="r")) for name in "ab"]
    calls = [at(1, span_id=None, action__phase="start"), at(2, span_id=None, action__tool="other")]
    for each in exported(otlp_spans, calls + records):
        assert b"parentSpanId" not in each


def test_two_things_with_one_span_id_stay_two_spans() -> None:
    twins = [at(1, span_id="b" * 16), at(2, span_id="b" * 16, action__tool="other")]
    found = spans(twins)
    assert len({span["spanId"] for span in found.values()}) == 2


def test_texts_of_people_are_in_spans_only_where_asked_for() -> None:
    without, with_ = spans(SMALL), spans(SMALL, content=True)
    assert "order_id" not in json.dumps(list(without.values()))
    assert with_["execute_tool lookup_order"]["attributes"]["gen_ai.tool.call.arguments"] == '{"order_id":42}'
    asked = json.loads(with_["chat m-1"]["attributes"]["gen_ai.input.messages"])
    assert asked == [{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}]
    assert "gen_ai.input.messages" not in without["chat m-1"]["attributes"]


def test_every_record_is_in_a_span_or_an_event_or_said_to_be_in_none() -> None:
    said: list[str] = []
    hole = {"_redacted": "0"}
    more = [*SMALL, at(11, trace_id=None, session_id=None), at(12, trace_id=hole, session_id=hole)]
    entries = [Entry(b"", each, b"", "x") for each in more]
    (piece,) = otlp_spans.export(Source("o", entries), Settings(said.append))
    assert said == ["2 records name neither trace nor session that can be read: in no span"]
    for each in SMALL:
        assert each["record_id"].encode() in piece.data


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.sampled_from(["start", "end", None]),
                          st.sampled_from(["tool_invocation", "lifecycle", "message", "approval"])), max_size=12))  # fmt: skip
def test_whatever_the_ids_say_each_parent_is_there_or_was_never_recorded(
    drawn: list[tuple[int, int, str | None, str]],
) -> None:
    records = [
        at(place, span_id=f"{own + 1:016x}", parent_span_id=f"{above + 1:016x}", action__type=kind, action__phase=phase)
        for place, (own, above, phase, kind) in enumerate(drawn)
    ]
    found: list[Span] = [
        span
        for data in exported(otlp_spans, records)
        for span in json.loads(data)["resourceSpans"][0]["scopeSpans"][0]["spans"]
    ]
    ids = [span["spanId"] for span in found]
    assert len(ids) == len(set(ids))
    recorded = {each["span_id"] for each in records}
    for span in found:
        above = span.get("parentSpanId")
        assert above != span["spanId"]
        assert above is None or above in ids or above not in recorded
        assert int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"])
    everything = json.dumps(found)
    for each in records:
        assert each["record_id"] in everything


@pytest.mark.parametrize("module", [otlp_logs, otlp_spans])
def test_json_and_protobuf_say_the_same(module: Any) -> None:
    """And a file of several messages of protobuf is one message with all of them."""
    pytest.importorskip("opentelemetry.proto")
    from google.protobuf.json_format import MessageToDict

    in_json = [json.loads(data) for data in exported(module, SMALL, batch=4)]
    message = _otlp.message(module.SIGNAL, "Request").FromString(
        b"".join(exported(module, SMALL, batch=4, protobuf=True))
    )
    (outer, group, unit) = module.SIGNAL.outer, module.SIGNAL.group, module.SIGNAL.unit

    def units(document: dict[str, Any]) -> list[dict[str, Any]]:
        return [each for one in document[outer] for scope in one[group] for each in scope[unit]]

    wanted = [each for document in in_json for each in units(document)]
    found = units(MessageToDict(message, use_integers_for_enums=True))
    assert len(found) == len(wanted) > 0
    for one, other in zip(wanted, found, strict=True):
        for name in ("traceId", "spanId", "parentSpanId"):
            assert one.pop(name, "") == b64decode(other.pop(name, "")).hex()
        assert one == other


def test_batches_are_bounded_by_number_and_by_size() -> None:
    assert [len(each) for each in _otlp.batches([b"x"] * 7, 3)] == [3, 3, 1]
    half = b"x" * (_otlp.LARGEST // 2)
    assert [len(each) for each in _otlp.batches([half, half, half, half * 3, b"x"], 10)] == [2, 1, 1, 1]
    assert list(_otlp.batches([], 3)) == []


def test_both_are_exporters() -> None:
    assert {"otlp-logs", "otlp-spans"} <= set(exporters.names())


def test_spans_of_ours_keep_their_outcome_on_the_way_back(tmp_path: Path) -> None:
    """A result is not sent unless asked for, so our importer takes our own word for how a call ended."""
    path = tmp_path / "spans.json"
    path.write_bytes(b"".join(exported(otlp_spans, SMALL)))
    status = {each["metadata"]["name"]: each["action"]["result_status"] for each in read(path).records}
    assert status == {"invoke_agent planner": "success", "execute_tool lookup_order": "error", "chat m-1": "success"}


@pytest.mark.parametrize(
    "listed",
    [
        ["/x"], ["x"], [""], ["/n/" + "9" * 5000], ["/n/9"], ["/n/-1"], ["/n/0/a"], [None], [5], "x", {"a": 1}, ["/deep"],
        ["/many"], ["/n/0"], ["/twice"], ["/nan"], ["/missing"],
    ],
)  # fmt: skip
def test_a_list_of_texts_that_somebody_made_up_changes_nothing(tmp_path: Path, listed: object) -> None:
    body = at(1, n=["no", 1], deep="[" * 100_000, many="1 2", twice='{"a":1,"a":2}', nan="NaN", x="{")
    made = otlp_logs.log_record(Entry(b"", body, b"", "x"))
    made["attributes"] += [
        {"key": "auditlog.json", "value": _otlp.body({"v": listed})[0]["kvlistValue"]["values"][0].get("value")}
    ]
    data = orjson.loads(_otlp.request(_otlp.LOGS, "o", [_otlp.packed(made)], protobuf=False))
    (back,) = returned(tmp_path / "x.json", orjson.dumps(data))
    assert back == body


def test_otlp_alone_is_what_loses_nothing(tmp_path: Path, cli: Callable[..., Any]) -> None:
    log = write(tmp_path / "a.jsonl", record())
    short, long = (cli("export", log, "--to", to, "-o", "-", "--quiet") for to in ("otlp", "otlp-logs"))
    assert (short.code, short.raw) == (long.code, long.raw)
    assert b"resourceLogs" in short.raw
    nowhere = ["--endpoint", "http://127.0.0.1:1", "--cursor", tmp_path / "c", "--retries", "0"]
    assert "cannot be reached" in cli("ship", log, "--to", "otlp", *nowhere).err
