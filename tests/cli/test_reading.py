"""`tail`, `filter` and `stats` as the user sees them."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.cli.front import main
from tests import goldens
from tests.conftest import Result
from tests.logs import agentaudit, line, record, tutorial, write

Cli = Callable[..., Result]

HOSTILE = record(
    user__email="eve\x1b[31m@example.org\u202e",
    action__tool="rm\r\n\x07tool",
    action__arguments={"path": "שלום עולם", "wide": "東京タワー", "note": "a\u200bb\u2028c", "e": "😀"},
)
FIVE = [
    record(),
    record(timestamp="2026-06-01T14:23:12Z", action__tool="pay", action__result_status="denied", action__latency_ms=3,
           policy={"id": "auditlog.scopes", "decision": "deny"}, authorization__approved_by=None,
           authorization__session_type="autonomous"),
    record(timestamp="2026-06-01T14:23:13Z", session_id="sess_2", user__email=None, action__result_status="error",
           action__error={"type": "TimeoutError", "message": "no answer"}, action__latency_ms=30012),
    record(timestamp="2026-06-01T14:23:14Z", action={"type": "llm_call", "result_status": "success"}, agent__model="m-1",
           usage={"input_tokens": 12, "output_tokens": 7}),
    record(timestamp="2026-06-01T14:23:15Z", session_id="sess_2", action__arguments={"to": {"_redacted": "0" * 64}}),
]  # fmt: skip


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five records of ours, one of each foreign shape, one of no known shape, and a bad line."""
    monkeypatch.chdir(tmp_path)
    return write(
        Path("audit.jsonl"), *FIVE, tutorial("tool_call", tool="get_account_balance", account_id="12345"),
        agentaudit("guardrail_check", agentId="writer", prompt="Draft", metadata={"latency_ms": 42}),
        b'{"eventName":"ConsoleLogin","n":1.50}', b'{"a":1,"a":2}', HOSTILE,
    )  # fmt: skip


LOOKS: dict[str, list[str]] = {
    "tail": ["tail", "audit.jsonl", "--format", "text"],
    "tail-story": ["tail", "audit.jsonl", "--format", "story"],
    "tail-colour": ["tail", "audit.jsonl", "--format", "text", "--color", "always", "-n", "3"],
    "tail-jsonl": ["tail", "audit.jsonl", "--format", "jsonl"],
    "tail-csv": ["tail", "audit.jsonl", "--format", "csv"],
    "tail-json": ["tail", "audit.jsonl", "--format", "json", "-n", "2"],
    "filter-user": ["filter", "audit.jsonl", "--user", "ann@example.org", "--format", "text"],
    "filter-denied": ["filter", "audit.jsonl", "--status", "denied", "--status", "error", "--format", "text"],
    "filter-context": ["filter", "audit.jsonl", "--status", "error", "-C", "1", "--format", "text"],
    "filter-count-by": ["filter", "audit.jsonl", "--count-by", "action.tool"],
    "filter-count-by-json": ["filter", "audit.jsonl", "--count-by", "action.tool", "--format", "json"],
    "filter-nothing": ["filter", "audit.jsonl", "--session", "sess_99"],
    "filter-verbose": ["filter", "audit.jsonl", "--session", "sess_2", "--verbose", "--format", "text"],
    "filter-mistake": ["filter", "audit.jsonl", "--where", "action.latency_ms >> 5"],
    "filter-bad-time": ["filter", "audit.jsonl", "--since", "last week"],
    "stats": ["stats", "audit.jsonl"],
    "stats-by": ["stats", "audit.jsonl", "--by", "action.tool", "--top", "2"],
    "stats-csv": ["stats", "audit.jsonl", "--by", "agent.id", "--format", "csv"],
    "missing": ["tail", "adit.jsonl"],
}


@pytest.mark.parametrize("name", LOOKS)
@pytest.mark.usefixtures("log")
def test_how_it_looks(cli: Cli, name: str) -> None:
    goldens.check(f"reading/{name}", cli(*LOOKS[name]))


@pytest.mark.parametrize("columns", ["40", "60", "80", "100"])
@pytest.mark.usefixtures("log")
def test_narrow_terminals(cli: Cli, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    from auditlog_cli.renderers.safe import width

    monkeypatch.setenv("COLUMNS", columns)
    for name in ("tail", "stats"):
        result = cli(*LOOKS[name])
        goldens.check(f"reading/{name}-{columns}", result)
        if name == "tail":
            assert all(width(each) <= int(columns) for each in result.out.splitlines())


@pytest.mark.usefixtures("log")
def test_a_terminal_without_unicode(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """LANG=C: escapes in place of what it cannot show."""
    monkeypatch.setenv("LANG", "C")
    for name in ("tail", "tail-story", "stats"):
        result = cli(*LOOKS[name])
        assert result.out.isascii()
        goldens.check(f"reading/{name}-ascii", result)


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_content_can_break_the_line(tmp_path_factory: Any, tool: str, value: str) -> None:
    """Whatever the texts, one record is one line, and no control or bidi character gets out."""
    from auditlog_cli import decoders
    from auditlog_cli.record import Line
    from auditlog_cli.renderers import safe
    from auditlog_cli.renderers.records import story
    from auditlog_cli.renderers.text import Style
    from auditlog_cli.renderers.text import line as drawn

    made = record(action__tool=tool, action__arguments={tool: value}, user__email=value, agent__name=tool)
    raw = json.dumps(made).encode()
    item = decoders.decode(Line(raw, "x", 1))
    for style in (Style(), Style(columns=40), Style(unicode=False)):
        for text in (drawn(item, style), story.item(item, style, first=True).decode()[:-1]):
            inside = text.replace("\u2068", "").replace("\u2069", "")
            assert safe.one_line(inside).replace("\u2068", "").replace("\u2069", "") == inside
            assert text.count("\u2068") == text.count("\u2069")
            if style.columns:
                assert "\n" not in text


def test_filter_and_its_inverse_are_the_log(cli: Cli, log: Path) -> None:
    """Bytes intact: what matches and what does not add up to the lines that are records."""
    matching = cli("filter", log, "--session", "sess_2", "-q").raw.splitlines()
    rest = cli("filter", log, "--session", "sess_2", "-v", "-q").raw.splitlines()
    lines = [each for each in log.read_bytes().splitlines() if b'"a":2' not in each]
    assert sorted(matching + rest) == sorted(lines)
    assert b'{"eventName":"ConsoleLogin","n":1.50}' in rest, "no number is rewritten"


def test_a_pipe_gets_raw_bytes_and_a_bad_line_gives_6(cli: Cli, log: Path) -> None:
    result = cli("filter", log, "--tool", "pay")
    assert result.raw == line(FIVE[1]) + b"\n"
    assert result.code == 0, "the bad line holds no pay: it was ruled out unparsed, and the notice would say so"
    everything = cli("filter", log)
    assert everything.code == 6
    assert "bad line: audit.jsonl: line 9, byte" in everything.err
    assert "10 lines read: 9 selected, 0 not selected, 1 bad" in everything.err


@pytest.mark.parametrize("command", ["tail", "filter", "stats", "traces"])
def test_nothing_to_look_at_is_3(cli: Cli, tmp_path: Path, command: str) -> None:
    """Missing, empty, a folder without logs, unreadable bytes: never reported as clean, nothing created."""
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    (tmp_path / "folder").mkdir()
    packed = tmp_path / "p.jsonl.gz"
    packed.write_bytes(b"\x1f\x8bnonsense")
    for path in (empty, tmp_path / "nothing.jsonl", tmp_path / "folder", packed):
        result = cli(command, path)
        assert result.code == 3, path
        assert result.out == "", "no summary of nothing"
        assert result.err.startswith("auditlog: error[input]: ")
        assert len(result.err.splitlines()) <= 2
    only_bad = write(tmp_path / "bad.jsonl", b"nonsense", b"\x00\x00")
    assert cli(command, only_bad).code == 3
    assert not (tmp_path / "nothing.jsonl").exists()


def test_several_logs_are_merged_by_time(cli: Cli, tmp_path: Path) -> None:
    a = write(tmp_path / "a.jsonl", *(record(timestamp=f"2026-06-01T00:00:0{n}Z", n=n) for n in (0, 2, 4)))
    b = write(tmp_path / "b.jsonl", *(record(timestamp=f"2026-06-01T00:00:0{n}Z", n=n) for n in (1, 3, 5)))
    for command in (["filter", a, b], ["filter", tmp_path], ["tail", a, b], ["filter", a, b, "--session", "sess_1"]):
        found = [json.loads(each)["n"] for each in cli(*command).out.splitlines()]
        assert found == [0, 1, 2, 3, 4, 5], command
    assert [json.loads(each)["n"] for each in cli("tail", "-n", "2", a, b).out.splitlines()] == [4, 5]


def test_segments_are_read_in_order(cli: Cli, tmp_path: Path) -> None:
    import zstandard

    first = line(record(n=0)) + b"\n"
    (tmp_path / "audit.000000000000.jsonl.zst").write_bytes(zstandard.ZstdCompressor().compress(first))
    write(tmp_path / "audit.000000000001.jsonl", record(n=1))
    active = write(tmp_path / "audit.jsonl", record(n=2))
    assert [json.loads(each)["n"] for each in cli("filter", active).out.splitlines()] == [0, 1, 2]
    assert [json.loads(each)["n"] for each in cli("tail", "-n", "2", active).out.splitlines()] == [1, 2]
    assert [json.loads(each)["n"] for each in cli("tail", "-n", "3", active).out.splitlines()] == [0, 1, 2]


def test_selectors(cli: Cli, log: Path) -> None:
    def count(*words: str) -> int:
        return int(cli("filter", log, *words, "--count", "-q").out)

    assert count("--user", "user_ann") == 6
    assert count("--user", "ann@*") == 4
    assert count("--agent", "planner", "--status", "denied") == 1
    assert count("--agent", "planner", "--agent", "writer") == 7
    assert count("--type", "tool_call") == 6
    assert count("--type", "tool_invocation") == 6
    assert count("--tool", "get_account_balance") == 1
    assert count("--approved-by", "user_bob") == 5
    assert count("--since", "2026-06-01T14:23:13Z", "--until", "2026-06-01T14:23:15Z") == 2
    assert count("--trace", "trace_?") == 6
    assert count("--where", "action.latency_ms > 200", "--where", "user.email exists") == 3
    assert count("--from", "tutorial", "--tool", "get_account_balance") == 1


def test_own_records_are_passed_over_unless_asked_for(cli: Cli, shared: Path) -> None:
    log = shared / "spec/vectors/demo-after.jsonl"
    assert cli("filter", log, "--count").out == "3\n"
    assert cli("filter", log, "--count", "--own").out == "9\n"
    assert "6 of the log's own" in cli("filter", log, "--verbose").err
    assert len(cli("tail", log).out.splitlines()) == 9, "tail shows what stands there"
    assert len(cli("tail", log, "--agent", "a-7").out.splitlines()) == 3


def test_a_limit_stops_early(cli: Cli, log: Path) -> None:
    assert len(cli("filter", log, "-n", "2").out.splitlines()) == 2
    assert cli("filter", log, "-n", "0").out == ""
    told = cli("filter", log, "-n", "2", "--verbose").err
    assert "2 selected" in told, "what was printed, and none that was only looked at"


def test_none_of_the_last_records_is_an_answer(cli: Cli, log: Path) -> None:
    """It was said that the log is empty, which it is not."""
    assert cli("tail", log, "-n", "0") == (0, b"", "")
    assert cli("tail", log, "--lines=-1").code == 2


@pytest.mark.parametrize("words", [["-n", "-1"], ["-n", "1", "-c"], ["-n", "1", "--count-by", "action.tool"]])
def test_a_limit_that_would_do_nothing_is_refused(cli: Cli, log: Path, words: list[str]) -> None:
    assert cli("filter", log, *words).code == 2


def test_check_names_a_similar_log_as_other_commands_do(cli: Cli, log: Path) -> None:
    wrong = f"{log}"[:-1]
    assert cli("check", wrong).err == cli("stats", wrong).err
    assert "did you mean" in cli("check", wrong).err


def test_a_file_appears_whole_or_not_at_all(cli: Cli, log: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    assert cli("filter", log, "--session", "sess_2", "-o", target).code == 0
    assert len(target.read_bytes().splitlines()) == 2
    target.write_text("kept")
    packed = tmp_path / "broken.jsonl.gz"
    import gzip

    packed.write_bytes(gzip.compress(b'{"action":{}}\n' * 50000)[:-20])
    assert cli("filter", packed, "-o", target).code == 3
    assert target.read_text() == "kept"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["audit.jsonl", "broken.jsonl.gz", "out.jsonl"]
    assert cli("filter", log, "-o", tmp_path / "no" / "where").code == 5


def test_csv_is_read_by_the_standard_library_and_runs_nothing(cli: Cli, tmp_path: Path) -> None:
    """A cell that a spreadsheet would take for a formula begins with an apostrophe."""
    log = write(tmp_path / "a.jsonl", record(action__tool="=cmd|' /C calc'!A0", agent__name='a,"b"\nc'))
    rows = list(csv.DictReader(io.StringIO(cli("filter", log, "--format", "csv").out)))
    assert rows[0]["action.tool"] == "'=cmd|' /C calc'!A0"
    assert rows[0]["agent.name"] == 'a,"b"\nc'
    assert json.loads(rows[0]["action.arguments"]) == {"order_id": 42}


def test_json_formats_hold_our_names_for_foreign_shapes(cli: Cli, log: Path) -> None:
    array = json.loads(cli("filter", log, "--format", "json").out)
    lines = [json.loads(each) for each in cli("filter", log, "--format", "jsonl").raw.splitlines()]
    assert array == lines
    assert len(array) == 9
    assert array[5]["action"]["tool"] == "get_account_balance"


def test_standard_input_and_environment(log: Path) -> None:
    base = [sys.executable, "-m", "auditlog_cli"]
    data = log.read_bytes()
    for words in (["filter", "-c", "-"], ["filter", "-c"]):
        piped = subprocess.run([*base, *words], input=data, capture_output=True)
        assert piped.stdout == b"9\n"
        assert piped.returncode == 6
    clean = {key: value for key, value in os.environ.items() if key != "AUDITLOG_LOG"}
    named = subprocess.run(
        [*base, "filter", "-c"], stdin=subprocess.DEVNULL, capture_output=True, env=clean | {"AUDITLOG_LOG": str(log)}
    )
    assert named.stdout == b"9\n"
    here = subprocess.run([*base, "filter", "-c"], stdin=subprocess.DEVNULL, capture_output=True, env=clean)
    assert here.stdout == b"9\n", "./audit.jsonl"
    nothing = subprocess.run([*base, "filter"], stdin=subprocess.DEVNULL, capture_output=True, env=clean, cwd="/")
    assert nothing.returncode == 2
    assert b"which log?" in nothing.stderr


def test_following_prints_what_arrives(tmp_path: Path) -> None:
    """Late creation, selectors, rotation, several logs; the notices say what happened."""
    log = tmp_path / "audit.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-m", "auditlog_cli", "tail", "-f", str(log), "--status", "denied"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    assert "not there yet" in process.stderr.readline()
    time.sleep(0.3)
    write(log, record(n=1), record(n=2, action__result_status="denied"))
    assert json.loads(process.stdout.readline())["n"] == 2
    log.rename(tmp_path / "audit.000000000000.jsonl")
    write(log, record(n=3, action__result_status="denied"))
    assert json.loads(process.stdout.readline())["n"] == 3
    log.write_bytes(b"")
    said = ""
    while "truncated" not in said:
        assert process.poll() is None
        said += process.stderr.readline()
    assert "has appeared" in said
    write(log, record(n=4, action__result_status="denied"))
    assert json.loads(process.stdout.readline())["n"] == 4
    process.send_signal(2)
    process.communicate(timeout=60)
    assert process.returncode == 130


def test_a_follower_ends_when_nobody_reads(tmp_path: Path) -> None:
    """`tail -f | head -1` does not hang until the next record arrives."""
    log = write(tmp_path / "audit.jsonl", record())
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m auditlog_cli tail -f {log} | head -1; echo ${{PIPESTATUS[0]}}"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "141"


def test_every_file_of_the_shared_data(cli: Cli, shared: Path) -> None:
    """agents/, audit/, json/, otel/: no traceback, documented exit codes, counts that add up."""
    files = [
        path
        for folder in ("agents", "audit", "json", "otel")
        for path in sorted((shared / "data" / folder).rglob("*"))
        if path.is_file() and path.suffix not in (".md", ".tsv")
    ]
    assert len(files) > 400
    for path in files:
        for words in (["tail", "-n", "5"], ["filter", "--count", "--verbose", "--user", "ann"], ["stats"]):
            result = cli(*words, path)
            assert result.code in (0, 3, 6), (path, words, result.err)
            told = [each for each in result.err.splitlines() if " read: " in each]
            if told:
                numbers = [
                    int(word.replace(",", "")) for word in told[-1].replace("(", "").split() if word[0].isdigit()
                ]
                read, parts = numbers[0], numbers[1:]
                unparsed = "unparsed)" in told[-1]
                total = parts[0] + parts[1] + sum(parts[3:] if unparsed else parts[2:])
                assert total == read, (path, told)


def test_the_naughty_strings_survive(shared: Path, tmp_path: Path, cli: Cli) -> None:
    """Written, read, filtered and displayed: the bytes stay, the line stays one line."""
    naughty = json.loads((shared / "data/json/naughty-strings/blns.part1.json").read_text())
    log = write(tmp_path / "n.jsonl", *(json.dumps(record(action__arguments={"x": text})).encode() for text in naughty))
    back = [json.loads(each)["action"]["arguments"]["x"] for each in cli("filter", log).out.splitlines()]
    assert back == naughty
    shown = cli("filter", log, "--format", "text").out
    assert len(shown.split("\n")) == len(naughty) + 1
    assert not set(shown) & {chr(code) for code in (*range(10), *range(11, 32), 0x7F, *range(0x80, 0xA0), 0x202E)}


def test_main_is_the_unit_under_test() -> None:
    assert main(["--version"]) == 0


def test_objects_are_told_apart_whole(cli: Cli, tmp_path: Path) -> None:
    """However long they are, as JSON, and alike in `stats` and `filter`; a value that a list holds twice counts once."""
    long = "x" * 300
    given = [{"text": f"{long}1"}, {"text": f"{long}2"}, {"text": f"{long}2"}]
    log = write(
        tmp_path / "a.jsonl", *(record(action__arguments=each, authorization__scopes=["a", "a"]) for each in given)
    )
    for words in (["filter", "--count-by"], ["stats", "--by"]):
        told = cli(*words, "action.arguments", "--format", "csv", log).out
        assert f'{{""text"":""{long}1""}}' in told and f'{{""text"":""{long}2""}}' in told
        rows = json.loads(cli(*words, "authorization.scopes", "--format", "json", log).out)
        assert [each.get("count", each.get("records")) for each in rows] == [3]


def test_what_could_match_nothing_is_refused(cli: Cli, log: Path) -> None:
    """A period that ends before it begins; fewer than no values."""
    for words in (["--since", "2026-06-02", "--until", "2026-06-01"], ["--since", "1h", "--until", "2h"]):
        told = cli("filter", log, *words)
        assert (told.code, told.out) == (2, "") and "is later than --until" in told.err and "\n  help: " in told.err
    assert "is later" not in cli("filter", log, "--since", "2026-06-02", "--until", "2026-06-02").err
    assert cli("stats", log, "--top", "-1").code == 2


@pytest.mark.parametrize(
    "words", [["filter", "--count"], ["stats", "--by", "user.id", "--format", "csv"], ["validate"]]
)
def test_a_log_that_is_named_twice_is_read_once(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """By another spelling, its folder, a link."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "logs").mkdir()
    write(tmp_path / "logs" / "a.jsonl", record(), record())
    (tmp_path / "link.jsonl").symlink_to("logs/a.jsonl")
    once = cli(*words, "logs/a.jsonl")
    assert cli(*words, "logs/a.jsonl", "./logs/a.jsonl", tmp_path / "logs" / "a.jsonl", "logs", "link.jsonl") == once


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_closed_standard_streams_are_no_bug(tmp_path: Path, closed: str) -> None:
    """What cannot be written is said, and no file that is opened is taken for standard output."""
    path = write(tmp_path / "a.jsonl", record())
    before = path.read_bytes()
    done = subprocess.run(
        ["sh", "-c", f'"$0" -m auditlog_cli tail "$1" {closed}', sys.executable, path], capture_output=True, check=False
    )
    assert done.returncode == (5 if "1>" in closed else 0)
    assert b"Traceback" not in done.stderr and path.read_bytes() == before
    assert ("1>" in closed) is (done.stdout == b"")


@pytest.mark.parametrize(
    "words",
    [["tail"], ["filter"], ["stats"], ["traces"], ["import"], ["export", "--to", "ecs", "-o", "-"],
     ["policy", "init", "-o", "-"]],
    ids=" ".join,
)  # fmt: skip
def test_a_file_without_a_record_is_an_error_also_without_notices(
    tmp_path: Path, cli: Callable[..., Result], words: list[str]
) -> None:
    """Else exit code 3 would come without a word."""
    path = tmp_path / "key.pub"
    path.write_text("ssh-ed25519 AAAA\n")
    done = cli(*words, "--quiet", path)
    assert done.code == 3
    assert done.err.startswith(f"auditlog: error[input]: {path}: no") and "\n  help: " in done.err
