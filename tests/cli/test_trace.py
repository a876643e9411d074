"""`trace` and `traces` as the user sees them."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import pipeline
from auditlog_cli._version import __version__
from auditlog_cli.record import Record
from auditlog_cli.renderers import rows, safe
from auditlog_cli.renderers.text import Style
from auditlog_cli.renderers.traces import dot, mermaid
from auditlog_cli.renderers.traces import text as drawing
from auditlog_cli.tracing import forest
from auditlog_cli.validator import schemas
from tests import goldens
from tests.conftest import Result
from tests.logs import record, tutorial, write
from tests.tracing import runs, sketch

Cli = Callable[..., Result]
RUNS: dict[str, tuple[str, Callable[[], list[Any]]]] = {
    "five": ("trace_refund", runs.five_agents),
    "broken": ("trace_broken", runs.broken),
    "tutorial": ("req-71", runs.tutorial_log),
    "agentaudit": ("run-17", runs.agentaudit_log),
    "without-ids": ("-", runs.tutorial_log_without_ids),
    "hostile": ("trace_", runs.hostile),
    "wide": ("trace_wide", lambda: runs.wide(200)),
    "deep": ("trace_deep", lambda: runs.deep(60)),
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every run in a log of its own, named as in RUNS."""
    monkeypatch.chdir(tmp_path)
    for name, (_, made) in RUNS.items():
        write(Path(f"{name}.jsonl"), *made())
    return tmp_path


FIVE = ["trace", "trace_refund", "five.jsonl"]
LOOKS: dict[str, list[str]] = {
    "five": FIVE,
    "five-colour": [*FIVE, "--color", "always"],
    "five-depth": [*FIVE, "--depth", "3"],
    "five-span": ["trace", "s-transfer", "five.jsonl"],
    "five-chain": [*FIVE, "--chain", "s-transf"],
    "five-chain-json": [*FIVE, "--chain", "s-close", "--format", "json"],
    "five-json": [*FIVE, "--format", "json"],
    "five-mermaid": [*FIVE, "--format", "mermaid"],
    "five-dot": [*FIVE, "--format", "dot"],
    "five-session": ["trace", "sess_refund", "five.jsonl", "deep.jsonl", "wide.jsonl", "--depth", "1"],
    "five-verbose": [*FIVE, "broken.jsonl", "--depth", "1", "--verbose"],
    "broken": ["trace", "trace_broken", "broken.jsonl"],
    "broken-missing": ["trace", "b-gone", "broken.jsonl", "--depth", "1"],
    "tutorial": ["trace", "req-71", "tutorial.jsonl"],
    "agentaudit": ["trace", "run-17", "agentaudit.jsonl"],
    "without-ids": ["trace", "-", "without-ids.jsonl"],
    "without-ids-none": ["trace", "-", "five.jsonl"],
    "without-ids-listed": ["traces", "without-ids.jsonl", "five.jsonl"],
    "wide": ["trace", "trace_wide", "wide.jsonl"],
    "deep": ["trace", "trace_deep", "deep.jsonl"],
    "deep-span": ["trace", "d-45", "deep.jsonl"],
    "deep-all": ["trace", "trace_deep", "deep.jsonl", "--all"],
    "ambiguous": ["trace", "trace_", "five.jsonl", "broken.jsonl", "wide.jsonl"],
    "unknown": ["trace", "trace_refnud", "five.jsonl"],
    "unknown-nothing-alike": ["trace", "zzzzzzzz", "five.jsonl"],
    "too-short": ["trace", "tra", "five.jsonl"],
    "chain-unknown": [*FIVE, "--chain", "nowhere"],
    "chain-ambiguous": [*FIVE, "--chain", "s-"],
    "depth-zero": [*FIVE, "--depth", "0"],
    "id-and-log-swapped": ["trace", "five.jsonl", "trace_refund"],
    "missing-log": ["trace", "trace_refund", "fife.jsonl"],
    "traces": ["traces", "five.jsonl", "broken.jsonl", "tutorial.jsonl", "agentaudit.jsonl", "wide.jsonl"],
    "traces-colour": ["traces", "five.jsonl", "tutorial.jsonl", "--color", "always"],
    "traces-denied": ["traces", "five.jsonl", "tutorial.jsonl", "wide.jsonl", "--status", "denied", "--verbose"],
    "traces-limit": ["traces", "five.jsonl", "tutorial.jsonl", "wide.jsonl", "-n", "2"],
    "traces-none": ["traces", "five.jsonl", "--user", "nobody"],
    "traces-json": ["traces", "five.jsonl", "tutorial.jsonl", "--format", "json"],
    "traces-jsonl": ["traces", "five.jsonl", "tutorial.jsonl", "--format", "jsonl"],
    "traces-csv": ["traces", "five.jsonl", "tutorial.jsonl", "--format", "csv"],
    "traces-limit-negative": ["traces", "five.jsonl", "-n", "-1"],
}


def check(name: str, result: Result) -> None:
    goldens.check(f"trace/{name}", result, scrub={f'"{__version__}"': '"VERSION"'})


@pytest.mark.parametrize("name", LOOKS)
@pytest.mark.usefixtures("here")
def test_how_it_looks(cli: Cli, name: str) -> None:
    check(name, cli(*LOOKS[name]))


@pytest.mark.parametrize("columns", ["40", "60", "100"])
@pytest.mark.parametrize(
    "name", ["five", "broken", "tutorial", "hostile", "deep-span", "traces", "ambiguous", "five-chain"]
)
@pytest.mark.usefixtures("here")
def test_terminals(cli: Cli, monkeypatch: pytest.MonkeyPatch, name: str, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    result = cli(*LOOKS.get(name, ["trace", "trace_", "hostile.jsonl"]))
    check(f"{name}-{columns}", result)
    shown = result.err.splitlines()[2:] if name == "ambiguous" else result.out.splitlines()
    assert shown
    for each in shown:
        assert safe.width(each) <= int(columns), each
        assert not set(each) & {chr(code) for code in (*range(32), 0x7F, *range(0x80, 0xA0), 0x202E, 0x2028, 0x200B)}
        assert each.count("\u2068") == each.count("\u2069")


@pytest.mark.parametrize("name", ["five", "broken", "hostile", "tutorial", "traces", "ambiguous", "wide"])
@pytest.mark.usefixtures("here")
def test_a_terminal_without_unicode(cli: Cli, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """LANG=C: branches of ASCII, escapes in place of what it cannot show."""
    monkeypatch.setenv("LANG", "C")
    monkeypatch.setenv("COLUMNS", "80")
    result = cli(*LOOKS.get(name, ["trace", "trace_", "hostile.jsonl"]))
    assert result.out.isascii()
    assert result.err.isascii()
    assert all(len(each) <= 80 for each in result.out.splitlines())
    check(f"{name}-ascii", result)


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("format_", ["text", "json", "mermaid", "dot"])
@pytest.mark.usefixtures("here")
def test_every_format_of_every_run(cli: Cli, name: str, format_: str) -> None:
    """JSON is what the schema says; no format lets a control character out."""
    import jsonschema_rs

    result = cli("trace", RUNS[name][0], f"{name}.jsonl", "--format", format_)
    assert result.code == 0
    if format_ == "json":
        document = json.loads(result.out)
        jsonschema_rs.validator_for(schemas.load("trace")).validate(document)
        (trace,) = document["traces"]
        numbers = [node["node"] for node in trace["nodes"]]
        assert numbers == list(range(1, len(numbers) + 1))
        assert all(node["parent"] is None or node["parent"] < node["node"] for node in trace["nodes"])
        assert sum(len(node["records"]) for node in trace["nodes"]) == trace["counts"]["records"]
        whole = Path(f"{name}.jsonl").read_bytes()
        for node in trace["nodes"]:
            for each in node["records"]:
                assert json.loads(whole[each["byte"] : each["byte"] + each["bytes"]])
    else:
        assert not set(result.out) & {chr(code) for code in (*range(10), *range(11, 32), 0x7F, *range(0x80, 0xA0))}


@pytest.mark.usefixtures("here")
def test_colours_are_all_that_colour_adds(cli: Cli) -> None:
    import re

    plain, coloured = cli(*FIVE).out, cli(*FIVE, "--color", "always").out
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert "\x1b" not in plain


def test_a_span_in_the_middle_of_a_large_log_is_seen_and_marked(cli: Cli, here: Path) -> None:
    assert "asked for" in cli("trace", "w-111", here / "wide.jsonl").out
    assert "asked for" in cli("trace", "d-59", here / "deep.jsonl").out


def test_what_is_folded_is_counted(cli: Cli, here: Path) -> None:
    assert "189 of 201 nodes are only counted" in cli("trace", "trace_wide", here / "wide.jsonl").out
    whole = cli("trace", "trace_wide", here / "wide.jsonl", "--all").out
    assert whole.count("fetch(page=") == 200


def test_a_diagram_that_mermaid_would_refuse_says_so(cli: Cli, tmp_path: Path) -> None:
    log = write(tmp_path / "large.jsonl", *runs.wide(600))
    words = ["trace", "trace_wide", log, "--format", "mermaid"]
    assert "%% 600 edges" in cli(*words, "--all").out.splitlines()[1]
    assert "%%" not in cli(*words).out


def test_what_the_library_writes_is_drawn_as_it_was_nested(cli: Cli, tmp_path: Path) -> None:
    """The capture's own ids alone place everything: no guess, no warning."""
    from auditlog_cli import AuditLog, trace

    path = tmp_path / "own.jsonl"
    with AuditLog(path) as log, log.session(user="alice", agent="planner", trace_id="t-own", scopes=["a:b"]) as s:
        s.user_message("hello")
        with s.tool("ask", {"n": 1}) as t:
            with s.agent("writer") as writer, writer.tool("look", {"n": 2}) as inner:
                inner.result(3)
            t.result(4)
    made = trace(path, "t-own")
    assert {node.evidence for node in made.nodes} == {"", "span"}
    assert not [node for node in made.nodes if node.notes]
    assert sketch.sketch(made).split() == [
        "lifecycle", "planner", "message", "ask", "lifecycle", "writer", "look",
    ]  # fmt: skip
    result = cli("trace", "t-own", path)
    assert result.code == 0
    assert "⚠" not in result.out


def test_foreign_logs_need_no_conversion_whole_or_mixed(cli: Cli, here: Path, tmp_path: Path) -> None:
    """All shapes in one log: each trace is drawn as from a log of its own."""
    mixed = write(tmp_path / "mixed.jsonl", *runs.tutorial_log(), *runs.agentaudit_log(), *runs.five_agents())
    for name in ("five", "tutorial", "agentaudit"):
        assert cli("trace", RUNS[name][0], mixed).out == cli("trace", RUNS[name][0], here / f"{name}.jsonl").out


def test_bad_lines_are_said_and_give_6(cli: Cli, tmp_path: Path) -> None:
    log = write(tmp_path / "a.jsonl", record(), b'{"trace_id":"trace_1","trace_id":"trace_1"}')
    for words in (["trace", "trace_1"], ["traces"]):
        result = cli(*words, log)
        assert result.code == 6
        assert "line 2, byte" in result.err
        assert "2 lines read: 1 selected, 0 not selected, 1 bad" in result.err


def test_lines_that_bear_no_id_are_listed_and_drawn(cli: Cli, tmp_path: Path) -> None:
    log = write(tmp_path / "a.jsonl", record(), b'{"eventName":"ConsoleLogin"}', record(trace_id="-", session_id=None))
    assert [each.split()[0] for each in cli("traces", log).out.splitlines()] == ["trace", "-", "trace_1"]
    result = cli("trace", "-", log, "--verbose")
    assert result.out.startswith("records without an id")
    assert "3 lines read: 2 selected, 1 not selected, 0 bad" in result.err


def test_nothing_to_look_at_is_3(cli: Cli, tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    only_bad = write(tmp_path / "bad.jsonl", b"nonsense", b"\x00\x00")
    for path in (empty, only_bad, tmp_path / "nothing.jsonl"):
        for words in (["trace", "trace_1"], ["traces"]):
            result = cli(*words, path)
            assert result.code == 3, (words, path)
            assert "Traceback" not in result.err


def test_a_file_appears_whole_or_not_at_all(cli: Cli, here: Path) -> None:
    target = here / "out.txt"
    assert cli(*FIVE, "-o", target).code == 0
    assert target.read_text() == cli(*FIVE).out
    target.write_text("kept")
    assert cli("trace", "zzzzzz", "five.jsonl", "-o", target).code == 3
    assert target.read_text() == "kept"
    assert cli("traces", "five.jsonl", "-o", here / "list.txt").code == 0
    assert (here / "list.txt").read_text() == cli("traces", "five.jsonl").out


@pytest.mark.parametrize("words", [["trace", "trace_wide", "wide.jsonl", "--all"], ["traces", "wide.jsonl"]])
def test_the_reader_may_close_the_pipe(here: Path, words: list[str]) -> None:
    if words[0] == "traces":
        write(here / "wide.jsonl", *(record(trace_id=f"t{n}") for n in range(3000)))
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m auditlog_cli {' '.join(words)} | head -1; echo ${{PIPESTATUS[0]}}"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[1] in ("0", "141")
    assert done.stderr == ""


def test_standard_input(here: Path) -> None:
    data = (here / "five.jsonl").read_bytes()
    for words in (["trace", "s-transfer", "-"], ["trace", "s-transfer"], ["traces"]):
        done = subprocess.run([sys.executable, "-m", "auditlog_cli", *words], input=data, capture_output=True)
        assert done.returncode == 0
        assert b"trace_refund" in done.stdout


def test_csv_runs_nothing_and_is_read_by_the_standard_library(cli: Cli, tmp_path: Path) -> None:
    log = write(tmp_path / "a.jsonl", record(trace_id="=cmd()", agent__name='a,"b"'))
    (row,) = csv.DictReader(io.StringIO(cli("traces", log, "--format", "csv").out))
    assert row["id"] == "'=cmd()"
    assert row["agents"] == 'a,"b"'


def test_newest_first_and_without_a_time_last(cli: Cli, tmp_path: Path) -> None:
    log = write(
        tmp_path / "a.jsonl", record(trace_id="no-time", timestamp=None),
        record(trace_id="old", timestamp="2025-01-01T00:00:00Z"), record(trace_id="new"),
        tutorial("tool_call", 1.0, request_id="oldest", tool="x"),
    )  # fmt: skip
    listed = [json.loads(each)["id"] for each in cli("traces", log, "--format", "jsonl").out.splitlines()]
    assert listed == ["new", "old", "oldest", "no-time"]


def _added_up(err: str) -> bool:
    told = next(each for each in reversed(err.splitlines()) if " read: " in each)
    numbers = [int(word.replace(",", "")) for word in told.replace("(", "").split() if word[0].isdigit()]
    parts = numbers[1:3] + numbers[(4 if "unparsed)" in told else 3) :]
    return sum(parts) == numbers[0]


def test_every_file_of_the_shared_data(cli: Cli, shared: Path) -> None:
    """agents/, audit/, json/: listed and drawn without a traceback, documented exit codes, counts that add up."""
    files = [
        path
        for folder in ("agents", "audit", "json")
        for path in sorted((shared / "data" / folder).rglob("*"))
        if path.is_file() and path.suffix not in (".md", ".tsv")
    ]
    assert len(files) > 300
    drawn = 0
    for path in files:
        listed = cli("traces", path, "--format", "jsonl", "--verbose")
        assert listed.code in (0, 3, 6), (path, listed.err)
        if listed.code == 3:
            assert listed.err.startswith("auditlog: ")
            continue
        assert _added_up(listed.err), (path, listed.err)
        for each in [json.loads(text) for text in listed.out.splitlines()[:3]]:
            result = cli("trace", each["id"], path, "--verbose", "--quiet")
            assert result.code in (0, 2, 6), (path, each, result.err)
            loud = cli("trace", each["id"], path, "--verbose", "--format", "json")
            if loud.code != 2:  # 2: one id, two meanings
                assert _added_up(loud.err), (path, loud.err)
                assert sum(trace["counts"]["records"] for trace in json.loads(loud.out)["traces"]) >= each["records"]
                drawn += 1
        found = [item for item in pipeline.read([str(path)]) if isinstance(item, Record)][:300]
        made = forest.build(found, "whole file")
        sketch.check(made, found)
        for renderer in (drawing, mermaid, dot):
            assert list(renderer.lines("x", "trace", [(made, rows.rows(made), None)], Style(columns=60)))
    assert drawn > 100


def test_the_naughty_strings_survive(cli: Cli, shared: Path, tmp_path: Path) -> None:
    """As ids, agents, tools and arguments: a line each, and nothing gets out of it."""
    naughty = json.loads((shared / "data/json/naughty-strings/blns.part1.json").read_text())
    made = [
        runs.event(
            n,
            tool=text,
            arguments={text: text},
            span=text or None,
            agent=text,
            trace="trace_n",
            result_status="success",
        )
        for n, text in enumerate(naughty)
    ]
    log = write(tmp_path / "n.jsonl", *(json.dumps(each).encode() for each in made))
    result = cli("trace", "trace_n", log, "--all")
    assert result.code == 0
    assert not set(result.out) & {chr(code) for code in (*range(10), *range(11, 32), 0x7F, *range(0x80, 0xA0), 0x202E)}
    assert sum("✓" in each for each in result.out.splitlines()) >= len(naughty)
