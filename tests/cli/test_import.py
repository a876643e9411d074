"""`auditlog import`: what goes into a log, once, and what is said about it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli import AuditLog, importers
from tests.conftest import Result
from tests.logs import agentaudit, record, tutorial, write

TRANSCRIPT = importers.load("claude_code").SAMPLES[0]


@pytest.fixture
def transcript(tmp_path: Path) -> Path:
    """A small transcript."""
    path = tmp_path / "t.jsonl"
    path.write_bytes(TRANSCRIPT)
    return path


def records(log: Path) -> list[dict[str, object]]:
    """The records of a log, without the log's own."""
    return [each for each in map(json.loads, log.read_text().splitlines()) if "auditlog" not in each]


def test_a_source_goes_into_a_sealed_log_once(tmp_path: Path, transcript: Path, cli: Callable[..., Result]) -> None:
    """The second import of the same adds nothing, and of a longer one what is new."""
    log = tmp_path / "audit.jsonl"
    first = cli("import", transcript, "-o", log)
    assert first.code == 0
    assert "3 units read: 3 recorded, 0 folded, 0 bad" in first.err
    assert "4 written" in first.err
    again = cli("import", transcript, "-o", log)
    assert "0 written, 4 there already" in again.err
    more = json.loads(TRANSCRIPT.splitlines()[2]) | {"uuid": "u3", "parentUuid": "u2"}
    more["message"] = {"role": "user", "content": "Thanks"}
    transcript.write_bytes(TRANSCRIPT + json.dumps(more).encode() + b"\n")
    longer = cli("import", transcript, "-o", log)
    assert "1 written, 4 there already" in longer.err
    assert len(records(log)) == 5
    assert cli("verify", log).code == 0


def test_again_writes_it_once_more(tmp_path: Path, transcript: Path, cli: Callable[..., Result]) -> None:
    log = tmp_path / "audit.jsonl"
    cli("import", transcript, "-o", log)
    cli("import", transcript, "-o", log, "--again")
    assert len(records(log)) == 8


def test_what_has_no_place_can_be_withheld(tmp_path: Path, transcript: Path, cli: Callable[..., Result]) -> None:
    """A log begun by an import has a salt for `provenance.import.rest`."""
    log = tmp_path / "audit.jsonl"
    cli("import", transcript, "-o", log)
    told = cli("redact", log, "--fields", "provenance.import.rest", "--dry-run")
    assert told.code == 1
    assert "/provenance/import/rest" in told.out or "provenance.import.rest" in told.out


def test_flags_say_what_the_source_does_not(transcript: Path, cli: Callable[..., Result]) -> None:
    told = cli(
        "import", transcript, "--user", "ann", "--agent", "coder", "--scopes", "a,b", "--scopes", "c",
        "--approved-by", "bob", "--approved-at", "2026-06-01T10:00:00Z",
    )  # fmt: skip
    one = json.loads(told.out.splitlines()[0])
    assert one["user"] == {"id": "ann"}
    assert one["authorization"] == {
        "scopes": ["a", "b", "c"], "session_type": "human_approved", "approved_by": "bob",
        "approved_at": "2026-06-01T10:00:00Z",
    }  # fmt: skip
    assert one["provenance"]["import"]["supplied"][:3] == ["user.id", "agent.id", "authorization.scopes"]


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (["--approved-by", "bob"], "one needs the other"),
        (["--approved-by", "bob", "--approved-at", "noon"], "no time"),
        (["--tz", "summer"], "no offset"),
        (["--from", "telegram"], "no such format"),
    ],
)
def test_flags_that_make_no_sense_are_usage_errors(
    transcript: Path, cli: Callable[..., Result], flags: list[str], word: str
) -> None:
    told = cli("import", transcript, *flags)
    assert told.code == 2
    assert word in told.err


def test_lines_of_known_and_unknown_shapes_are_brought_in_too(tmp_path: Path, cli: Callable[..., Result]) -> None:
    """Nothing is dropped: an object that nobody knows is a record that holds it; a bad line is said."""
    path = tmp_path / "mixed.jsonl"
    path.write_bytes(
        b"\n".join(
            [tutorial("tool_call", tool="x"), agentaudit("tool_start", prompt="{}"), b'{"odd":{"a":1}}', b"noise", b""]
        )
    )
    told = cli("import", path)
    assert told.code == 6
    found = [json.loads(each) for each in told.out.splitlines()]
    assert [each["provenance"]["import"]["format"] for each in found] == ["tutorial", "agentaudit", "unknown"]
    assert found[2]["action"]["type"] == "unknown"
    assert found[2]["provenance"]["import"]["rest"] == {"odd": {"a": 1}}
    assert "4 units read: 3 recorded (1 of a kind not known here), 0 folded, 1 bad" in told.err


def test_all_keeps_structural_units(tmp_path: Path, cli: Callable[..., Result]) -> None:
    """Each as a record of type `span` that holds it."""
    path = tmp_path / "t.jsonl"
    path.write_bytes(b'{"type":"summary","summary":"x","leafUuid":"u1","sessionId":"s-1"}\n' + TRANSCRIPT)
    assert "1 folded (1 summary)" in cli("import", path).err
    told = cli("import", path, "--all")
    assert "4 units read: 4 recorded, 0 folded, 0 bad" in told.err
    kept = json.loads(told.out.splitlines()[0])
    assert kept["action"]["type"] == "span"
    assert kept["provenance"]["import"]["rest"]["summary"] == "x"


def test_a_sealed_log_is_nothing_to_import(tmp_path: Path, transcript: Path, cli: Callable[..., Result]) -> None:
    log = tmp_path / "audit.jsonl"
    cli("import", transcript, "-o", log)
    told = cli("import", log, "-o", tmp_path / "other.jsonl")
    assert told.code == 2
    assert "sealed log" in told.err
    assert cli("import", log, "-o", log).code == 2


def test_a_file_that_is_no_sealed_log_is_not_written_to(
    tmp_path: Path, transcript: Path, cli: Callable[..., Result]
) -> None:
    other = tmp_path / "other.jsonl"
    other.write_bytes(tutorial("tool_call", tool="x") + b"\n")
    before = other.read_bytes()
    told = cli("import", transcript, "-o", other)
    assert told.code == 2
    assert other.read_bytes() == before


def test_empty_and_missing_sources_were_not_looked_at(tmp_path: Path, cli: Callable[..., Result]) -> None:
    (tmp_path / "empty.json").write_bytes(b"")
    assert cli("import", tmp_path / "empty.json").code == 3
    assert cli("import", tmp_path / "none.json").code == 3


@pytest.mark.parametrize("name", ["empty.jsonl", "missing.jsonl", "."])
def test_of_what_cannot_be_read_no_log_is_begun(
    tmp_path: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "empty.jsonl").touch()
    monkeypatch.chdir(tmp_path / "sources")
    assert cli("import", name, "-o", tmp_path / "audit.jsonl").code == 3
    assert [each.name for each in tmp_path.iterdir()] == ["sources"]


def test_a_log_that_agents_write_takes_no_imports(cli: Callable[..., Result], tmp_path: Path) -> None:
    """Said as what it is: no policy was given, so none can be left out."""
    with AuditLog(tmp_path / "ours.jsonl") as log:
        log.append({"a": 1})
    source = write(tmp_path / "theirs.jsonl", record())
    refused = cli("import", source, "-o", tmp_path / "ours.jsonl")
    assert refused.code == 2
    assert "is a log that was not begun by an import\n  help: import into a log of its own" in refused.err


def test_a_dash_is_standard_output_and_no_file(
    tmp_path: Path, transcript: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = cli("import", transcript, "-o", "-")
    assert told.code == 0 and told.raw == cli("import", transcript).raw != b""
    assert [each.name for each in tmp_path.iterdir()] == ["t.jsonl"]


@pytest.mark.parametrize(
    "words",
    [
        ["serve", "-"],
        ["hook", "claude-code", "--log", "-", "--user", "u"],
        ["mcp-proxy", "--log", "-", "--user", "u", "--", "cat"],
    ],
    ids=lambda words: words[0],
)
def test_who_writes_a_log_makes_no_file_that_is_called_dash(tmp_path: Path, words: list[str]) -> None:
    event = {"session_id": "a", "hook_event_name": "PreToolUse", "tool_name": "x", "tool_use_id": "y"}
    told = subprocess.run(
        [sys.executable, "-m", "auditlog_cli", *words],
        input=json.dumps(event).encode(), capture_output=True, cwd=tmp_path, timeout=60, check=False,
    )  # fmt: skip
    assert told.returncode == 2
    assert b"-: a log is a file, no stream" in told.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_document_of_many_megabytes_on_one_line_is_known_by_its_units(
    tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """As json.dump writes it. Its format stands nowhere but in the whole of it."""
    spans = [
        {"traceId": f"{place:032x}", "spanId": f"{place:016x}", "name": f"execute_tool t{place}" + "x" * 2_400_000,
         "startTimeUnixNano": "1795226463507000000", "attributes": [
             {"key": "gen_ai.operation.name", "value": {"stringValue": "execute_tool"}},
             {"key": "gen_ai.tool.name", "value": {"stringValue": "lookup"}}]}
        for place in (1, 2, 3)
    ]  # fmt: skip
    source = tmp_path / "spans.json"
    source.write_text(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}))
    told = cli("import", source, "-o", tmp_path / "audit.jsonl")
    assert told.code == 0
    assert "spans.json: otlp: 3 units read: 3 recorded, 0 folded, 0 bad" in told.err
    assert b"calls     3" in cli("stats", source).raw


def span(place: int, **attributes: str) -> dict[str, object]:
    told = [{"key": name.replace("__", "."), "value": {"stringValue": value}} for name, value in attributes.items()]
    return {
        "traceId": f"{place:032x}", "spanId": f"{place:016x}", "name": "execute_tool t",
        "startTimeUnixNano": "1795226463507000000",
        "attributes": [{"key": "gen_ai.operation.name", "value": {"stringValue": "execute_tool"}}, *told],
    }  # fmt: skip


def test_a_mapping_says_where_the_source_has_it_by_habit(tmp_path: Path, cli: Callable[..., Result]) -> None:
    """The source's own word stands before it, a flag behind it; `supplied` lists it, and what nobody has is named."""
    source = tmp_path / "spans.json"
    spans = [
        span(1, app__user="ann", app__grants="orders:read, refunds:write"),
        span(2, app__user="ann", user__id="bob"),
        span(3, app__user=" "),
    ]
    source.write_text(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}))
    words = ["--map", "user.id=app.user", "--map", "authorization.scopes=app.grants", "--map", "agent.id=app.agent"]
    told = cli("import", source, *words, "--user", "zoe")
    assert told.code == 0
    made = [json.loads(line) for line in told.raw.splitlines()]
    assert [each["user"]["id"] for each in made] == ["ann", "bob", "zoe"]
    assert made[0]["authorization"] == {"scopes": ["orders:read", "refunds:write"]}
    assert [each["provenance"]["import"].get("supplied") for each in made] == [
        ["user.id", "authorization.scopes"], None, ["user.id"],
    ]  # fmt: skip
    assert "--map agent.id=app.agent: no unit has a value there" in told.err
    assert "--map user.id" not in told.err


@pytest.mark.parametrize(
    ("pairs", "what"),
    [
        (["user.id"], "--map user.id: MEMBER=PLACE"),
        (["user.id="], "--map user.id=: MEMBER=PLACE"),
        (["user.id=a", "user.id=b"], "each member once"),
        (["authorization.approved_by=a"], "--map authorization.approved_by: cannot be mapped"),
    ],
)
def test_a_mapping_that_is_none_is_refused(
    tmp_path: Path, transcript: Path, cli: Callable[..., Result], pairs: list[str], what: str
) -> None:
    told = cli("import", transcript, *(word for pair in pairs for word in ("--map", pair)))
    assert told.code == 2 and told.raw == b""
    assert what in told.err and "\n  help: " in told.err


def test_formats_are_listed_without_a_source(cli: Callable[..., Result]) -> None:
    told = cli("import", "--from", "?")
    assert told.code == 2
    assert "help: otlp, " in told.err
    missing = cli("import")
    assert (missing.code, missing.out) == (2, "")
    assert "SRC" in missing.err and "help: " in missing.err
