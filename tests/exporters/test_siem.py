"""Formats for SIEMs: what each holds, what it says that it cannot, and that no value can pass for something else."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli import cells
from auditlog_cli._version import __version__
from tests import goldens, logs
from tests.exporters import siem

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    [siem.HOSTILE, "\\n", "\\", "="]
)
FORMATS = ("ocsf", "ecs", "cef", "syslog", "cloudevents", "csv")
JSON_LINES = ("ocsf", "ecs", "cloudevents")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return siem.write(tmp_path)


@pytest.mark.parametrize(
    "name", [*FORMATS, "ecs --bulk", "ocsf --ocsf-version 1.9.0", "syslog --enterprise-number 99999"]
)
def test_a_small_log_in_each_format(name: str, log: Path, cli: Callable[..., Any]) -> None:
    done = cli("export", log, "--to", *name.split(), "-o", "-")
    scrub = {
        str(log.parent): "TMP",
        f"|{__version__}|": "|VERSION|",
        f'"version":"{__version__}"': '"version":"VERSION"',
    }
    goldens.check(f"export/{re.sub('[^a-z0-9]+', '-', name)}", done, scrub=scrub)
    assert "7 read = 6 exported + 0 skipped + 1 bad" in done.err
    assert done.code == 6


@pytest.mark.parametrize(
    ("words", "option"),
    [
        ("csv -o - --bulk", "--bulk"),
        ("csv -o - --content", "--content"),
        ("csv -o - --protobuf", "--protobuf"),
        ("ecs -o - --batch 3", "--batch"),
        ("csv -o - --key nothing.pem", "--key"),
        ("csv -o - --trust-level L3", "--trust-level"),
        ("csv -o - --checkpoint nothing", "--checkpoint"),
        ("ecs -o - --ocsf-version 1.9.0", "--ocsf-version"),
        ("cef -o - --enterprise-number 9", "--enterprise-number"),
        ("otlp-logs -o - --gzip", "--gzip"),
        ("otlp-logs -o - --insecure", "--insecure"),
        ("otlp-logs -o - --retries 9", "--retries"),
        ("otlp-logs -o - --header a=b", "--header"),
        ("syslog --endpoint tcp://127.0.0.1:1 --header a=b", "--header"),
        ("syslog --endpoint tcp://127.0.0.1:1 --insecure", "--insecure"),
        ("syslog -o - --ca nothing", "--ca"),
        ("ecs --endpoint http://127.0.0.1:1 --cert nothing", "--cert"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(
    words: str, option: str, log: Path, cli: Callable[..., Any]
) -> None:
    done = cli("export", log, "--to", *words.split())
    assert (done.code, done.raw) == (2, b"")
    assert done.err.startswith(f"auditlog: error[usage]: {option}: is for --to ")
    assert done.err.count("\n") == 2


@pytest.mark.parametrize("name", FORMATS)
def test_no_value_makes_a_second_line_or_a_control_character(name: str) -> None:
    contents = [logs.record(**{path: siem.HOSTILE}) for path in
                ("session_id", "trace_id", "user__id", "agent__id", "action__tool", "action__type", "record_id",
                 "action__error", "action__result", "source__host", "action__result_status")]  # fmt: skip
    data, _ = siem.exported(name, *contents)
    text = data.decode()
    assert len(text.splitlines()) == len(contents) + (name == "csv")  # splitlines knows more line ends than LF
    assert all(char == "\n" or char.isprintable() for char in text)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "content",
    [{}, {"user": None, "agent": [], "action": "x", "authorization": {"scopes": "x"}, "delegation_chain": {}},
     {"timestamp": "0000-01-01T00:00:00Z", "seq": 1 << 70}, {"deep": siem.nested(500)}, {"delegation_chain": [1, {}]},
     {"action": {"latency_ms": -1, "arguments": None, "result": False, "error": [1]}, "timestamp": 7},
     {"action": {"latency_ms": True, "type": {"_redacted": "00"}, "error": {"_redacted": "00"}}}],
)  # fmt: skip
def test_a_record_of_any_shape_is_exported(name: str, content: dict[str, object]) -> None:
    data, _ = siem.exported(name, content)
    assert data.count(b"\n") == 1 + (name == "csv")


@pytest.mark.parametrize("name", [*JSON_LINES, "syslog", "csv"])
def test_nothing_of_a_record_is_lost(name: str) -> None:
    """Formats with a place for the whole record: every leaf of it stands in what was written."""
    content = logs.record(
        metadata={"a": [{"b": "unlikely-1"}]}, prompt={"text": "unlikely-2"}, approval={"status": "unlikely-3"},
        action__result={"x": "unlikely-4"}, user__id={"_redacted": "unlikely-5"}, timestamp="unlikely-6",
        span_id=["unlikely-7"], prev="unlikely-8", source__component="unlikely-9",
    )  # fmt: skip
    data, _ = siem.exported(name, content)
    missing = [n for n in range(1, 10) if f"unlikely-{n}" not in data.decode()]
    assert not missing


@pytest.mark.parametrize("name", FORMATS)
def test_salts_are_not_exported(name: str) -> None:
    data, _ = siem.exported(name, logs.record(_salts=[["salt-of-a-value", 1, 2]]))
    assert b"salt-of-a-value" not in data


# OCSF: what the schema demands, taken from its files at v1.8.0 and v1.9.0-dev by hand.
BASE = {"activity_id", "category_uid", "class_uid", "type_uid", "severity_id", "time", "metadata"}
DEMANDED = {6003: BASE | {"actor", "api", "src_endpoint"}, 6002: BASE | {"app"}}
INNER = {
    "metadata": {"product", "version"}, "api": {"operation"}, "request": {"uid"}, "trace": {"uid"},
    "span": {"uid", "start_time", "end_time"}, "ai_model": {"name", "ai_provider"}, "ai_agent": {"uid"},
}  # fmt: skip
ONE_OF = {
    "actor": {"process", "user", "session", "app_name", "app_uid"}, "user": {"account", "name", "uid"},
    "src_endpoint": {"ip", "uid", "name", "hostname"}, "app": {"name", "uid"}, "product": {"name", "uid"},
    "service": {"name", "uid"}, "policy": {"name", "uid"},
}  # fmt: skip


def ocsf_faults(name: str, value: object) -> list[str]:
    if isinstance(value, list):
        return [fault for each in value for fault in ocsf_faults(name, each)]
    if not isinstance(value, dict):
        return []
    faults = [f"{name} lacks {member}" for member in INNER.get(name, set()) - set(value)]
    if name in ONE_OF and not ONE_OF[name] & set(value):
        faults.append(f"{name} has none of its members")
    return faults + [
        f for inner, each in value.items() if inner not in ("unmapped", "data") for f in ocsf_faults(inner, each)
    ]


@pytest.mark.parametrize("version", ["1.8.0", "1.9.0"])
def test_ocsf_events_have_what_the_schema_demands(log: Path, version: str) -> None:
    contents = [json.loads(line) for line in log.read_bytes().splitlines() if line.endswith(b"}")]
    contents += [{"timestamp": "2026-06-01T00:00:00Z"}, {"timestamp": "2026-06-01T00:00:00Z", "user": {"email": "a@b"}}]
    data, said = siem.exported("ocsf", *contents, ocsf_version=version)
    events = [json.loads(line) for line in data.splitlines()]
    assert len(events) == len(contents)
    untimed = 0
    for event in events:
        lacks = DEMANDED[event["class_uid"]] - set(event)
        untimed += lacks == {"time"}
        assert lacks <= {"time"}
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
        assert not ocsf_faults("event", event)
        profiles = set(event["metadata"].get("profiles", ()))
        assert ("trace" in event) == ("trace" in profiles)
        assert (bool({"ai_agent", "ai_model"} & set(event))) == ("ai_operation" in profiles)
        assert "ai_agent" not in event or version == "1.9.0"
    assert {event["class_uid"] for event in events} == {6003, 6002}
    assert said[0].startswith(f"{untimed} records: no time")


def test_ocsf_says_since_when_a_span_lasts() -> None:
    start = 1780323791218
    for phase, begins in (("end", start - 218), (None, start)):
        data, _ = siem.exported("ocsf", logs.record(action__phase=phase))
        span = json.loads(data)["trace"]["span"]
        assert (span["start_time"], span["end_time"]) == (begins, begins + 218)
    data, _ = siem.exported("ocsf", logs.record(action__latency_ms=None))
    assert "span" not in json.loads(data)["trace"]


def test_what_is_withheld_is_named_and_never_a_value() -> None:
    content = logs.record(user={"id": {"_redacted": "00"}}, action__arguments={"_redacted": "01"})
    paths = ["user.id", "action.arguments"]
    ocsf, ecs = (json.loads(siem.exported(name, content)[0]) for name in ("ocsf", "ecs"))
    assert ocsf["unmapped"]["withheld"] == ecs["auditlog"]["withheld"] == paths
    assert "id" not in ecs.get("user", {})
    assert "uid" not in ocsf["actor"].get("user", {})
    cef = cef_parsed(siem.exported("cef", content)[0].decode()[:-1])[1]
    assert cef["flexString1"] == "user.id action.arguments"
    assert "suid" not in cef
    assert "cs4" not in cef


def test_ecs_nests_no_deeper_than_elasticsearch_takes() -> None:
    def depth(value: object) -> int:
        inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else None
        return 1 + max(map(depth, inner), default=0) if inner is not None else 0

    content = logs.record(metadata=siem.nested(400), action__arguments=siem.nested(40))
    data, said = siem.exported("ecs", content)
    assert depth(json.loads(data)) <= 20
    assert said == ["1 record: nested deeper than 15 levels; what is deeper is JSON in a text"]


def test_cloudevents_have_an_id_each_and_ids_of_the_w3c() -> None:
    contents = [
        logs.record(),
        logs.record(record_id=None),
        logs.record(trace_id="0af7651916cd43dd8448eb211c80319c", span_id="b7ad6b7169203331"),
    ]
    data, said = siem.exported("cloudevents", *contents)
    first, second, third = (json.loads(line) for line in data.splitlines())
    assert first["id"] == contents[0]["record_id"]
    assert len(second["id"]) == 64
    assert said == ["1 record: no record_id, so the id of the event is the SHA-256 of the line"]
    assert third["traceparent"] == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
    assert third["source"] == "test%20log"
    for event in (first, second, third):
        assert {"specversion", "id", "source", "type"} <= set(event)
        assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-00", event["traceparent"])


# CEF, read as ArcSight's guide describes it.


def cef_parsed(event: str) -> tuple[list[str], dict[str, str]]:
    head: list[str] = []
    rest = event
    while len(head) < 7:
        found = re.match(r"((?:[^\\|]|\\[\\|])*)\|", rest)
        assert found, rest
        head.append(re.sub(r"\\(.)", r"\1", found[1]))
        rest = rest[found.end() :]
    keys = [(m.start(1), m.end(), m[1]) for m in re.finditer(r"(?:^| )(\w+)(?<!\\)=", rest)]
    starts = [start for start, _, _ in keys[1:]] + [len(rest) + 1]
    unescape = {"n": "\n", "r": "\r"}
    return head, {
        key: re.sub(r"\\(.)", lambda m: unescape.get(m[1], m[1]), rest[after : following - 1])
        for (_, after, key), following in zip(keys, starts, strict=True)
    }


def visible(text: str, *, but: str = "") -> str:
    """What stands for a text in an export: escapes in the place of characters that do something."""
    from auditlog_cli.controls import escapes

    return "".join(char if char in but else escapes().get(ord(char), char) for char in text)


@given(tool=TEXTS, user=TEXTS, kind=TEXTS)
def test_cef_values_come_out_as_they_went_in(tool: str, user: str, kind: str) -> None:
    data, _ = siem.exported("cef", logs.record(action__tool=tool, user__id=user, action__type=kind))
    head, extension = cef_parsed(data.decode()[:-1])
    assert head[:3] == ["CEF:0", "auditlog", "auditlog"]
    shown = {"tool_call": "tool_invocation", "tool_use": "tool_invocation"}.get(kind, kind)
    assert head[4] == visible(shown or "record")
    assert head[6] == "3"
    assert extension.get("act", "") == visible(tool if len(tool) <= 63 else f"{tool[:55]}...[cut]", but="\r\n")
    assert extension.get("suid", "") == visible(user, but="\r\n")
    assert extension["cs2"] == "sess_1"


def test_cef_says_what_it_cut_and_left_out() -> None:
    data, said = siem.exported("cef", logs.record(action__arguments={"a": "x" * 5000}, metadata={"a": 1}))
    extension = cef_parsed(data.decode()[:-1])[1]
    assert len(extension["cs4"]) == 4000
    assert extension["cs4"].endswith("...[cut]")
    assert said == [
        "1 record: a value is longer than CEF allows and ends in ...[cut]",
        "1 record: members that CEF has no key for (prompts, evidence, metadata, …) are not in the event",
    ]


# RFC 5424, read by its grammar.
_HEADER = re.compile(r"<(\d{1,3})>1 (\S+) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) ")
_PARAM = re.compile(r' ([!#-<>-\\^-~]{1,32})="((?:[^"\\\]]|\\["\\\]])*)"')


def syslog_parsed(message: str) -> tuple[tuple[str, ...], dict[str, str], str]:
    head = _HEADER.match(message)
    assert head, message
    rest = message[head.end() :]
    element = re.match(r"\[auditlog@\d+", rest)
    assert element, rest
    at, params = element.end(), {}
    while rest[at] != "]":
        found = _PARAM.match(rest, at)
        assert found, rest[at:]
        params[found[1]] = re.sub(r'\\(["\\\]])', r"\1", found[2])
        at = found.end()
    assert rest[at + 1] == " "
    return head.groups(), params, rest[at + 2 :]


@given(tool=TEXTS, user=TEXTS, kind=TEXTS, host=TEXTS)
def test_syslog_is_read_back_by_the_grammar(tool: str, user: str, kind: str, host: str) -> None:
    content = logs.record(action__tool=tool, user__id=user, action__type=kind, source__host=host)
    data, _ = siem.exported("syslog", content)
    assert data.endswith(b"\n")
    assert data.count(b"\n") == 1
    head, params, message = syslog_parsed(data.decode()[:-1])
    assert head[0] == "110"
    assert head[1] == content["timestamp"]
    assert params.get("tool", "") == visible(tool)
    assert params.get("user_id", "") == visible(user)
    assert json.loads(message) == content


def test_syslog_says_how_bad_it_is() -> None:
    for status, priority in {
        "success": 110,
        "partial": 110,
        "denied": 108,
        "blocked": 108,
        "error": 107,
        "timeout": 107,
    }.items():
        data, _ = siem.exported("syslog", logs.record(action__result_status=status))
        assert data.startswith(f"<{priority}>1 ".encode())


def test_the_number_of_an_enterprise_is_one(log: Path, cli: Callable[..., Any]) -> None:
    assert cli("export", log, "--to", "syslog", "-o", "-", "--enterprise-number", "0").code == 2


@given(
    tool=TEXTS,
    user=st.sampled_from(["=", "+", "-", "@", "\t=", " =", "'", "\uff1d", "\r", "x", "", '"', ",\n"]).flatmap(
        lambda start: TEXTS.map(lambda text: start + text)
    ),
)
def test_csv_is_read_back_and_no_cell_is_a_formula(tool: str, user: str) -> None:
    content = logs.record(action__tool=tool, user__id=user)
    data, _ = siem.exported("csv", content)
    (found,) = csv.DictReader(io.StringIO(data.decode(), newline=""))
    assert json.loads(found["record"]) == content
    for name, value in (("tool", tool), ("user_id", user)):
        cell = found[name]
        assert not cell.strip().startswith(("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"))
        assert cell.removeprefix("'") == visible(value)
        assert cell == cells.guarded(visible(value))
