"""The door for foreign files: what is left alone, what is translated, and that nothing goes missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli import importers
from auditlog_cli.record import BadLine
from auditlog_cli.sources import foreign, scan
from auditlog_cli.sources.backwards import backwards
from auditlog_cli.sources.files import Log
from auditlog_cli.sources.lines import read_lines
from auditlog_cli.sources.looking import is_ours
from auditlog_cli.sources.ranges import cut
from tests.conftest import Result
from tests.logs import agentaudit, line, record, tutorial

OTLP = importers.load("otlp").SAMPLES[0]
TRANSCRIPT = importers.load("claude_code").SAMPLES[0]


def texts(path: Path) -> list[bytes]:
    """The lines of a file."""
    return [each.line.raw if isinstance(each, BadLine) else each.raw for each in read_lines(str(path))]


@pytest.mark.parametrize(
    "raw", [line(record()), tutorial("tool_call", tool="x"), agentaudit("tool_start", prompt="{}"), b""]
)
def test_logs_of_our_shapes_need_no_second_look(raw: bytes) -> None:
    """The first line tells."""
    assert is_ours(raw + b"\n")


def test_lines_that_nobody_knows_stay_as_they_are(tmp_path: Path) -> None:
    """Bad lines, unknown objects and texts come through byte for byte."""
    path = tmp_path / "x.jsonl"
    raw = [b'{"hello":1}', b"no json", b"[1,2]", b'{"a":', b'{"sessionId":"s"}']
    path.write_bytes(b"\n".join(raw) + b"\n")
    assert texts(path) == raw


@pytest.mark.parametrize("indent", [None, 1])
def test_a_document_becomes_lines(tmp_path: Path, indent: int | None) -> None:
    """A JSON array, on one line or on many, is read like its elements one a line; what is no object is a bad line."""
    path = tmp_path / "x.json"
    path.write_text(json.dumps([json.loads(agentaudit("tool_start", prompt="{}")), 7, {"hello": 1}], indent=indent))
    found = list(read_lines(str(path)))
    assert [isinstance(each, BadLine) for each in found] == [False, True, False]
    assert [each.line.number if isinstance(each, BadLine) else each.number for each in found] == [1, 2, 3]


def test_a_page_of_agentaudits_api_is_its_records(tmp_path: Path, cli: Callable[..., Result]) -> None:
    """`{"data": […], "pagination": {…}}`: each record through the shape `agentaudit`."""
    path = tmp_path / "page.json"
    entries = [json.loads(agentaudit("tool_start", prompt="{}", id=f"log_{number}")) for number in range(3)]
    path.write_text(json.dumps({"data": entries, "pagination": {"page": 1, "total": 3}}, indent=2))
    told = cli("stats", path)
    assert told.code == 0
    assert "records   3" in told.out


def test_a_byte_order_mark_before_lines_is_a_bad_line(tmp_path: Path, cli: Callable[..., Result]) -> None:
    """Before a document it is passed over, as the programs that write it mean it; lines are read strictly."""
    mark, lines = b"\xef\xbb\xbf", [line(record(n=each)) for each in range(2)]
    (tmp_path / "a.jsonl").write_bytes(mark + b"\n".join(lines) + b"\n")
    told = cli("filter", tmp_path / "a.jsonl")
    assert told.code == 6 and "2 lines read: 1 selected, 0 not selected, 1 bad" in told.err
    (tmp_path / "b.json").write_bytes(mark + b"[" + b",\n".join(lines) + b"]")
    assert len(cli("filter", tmp_path / "b.json").out.splitlines()) == 2


def test_a_torn_document_is_bad_lines_not_silence(tmp_path: Path, cli: Callable[..., Result]) -> None:
    """Half of an export cannot be read; every line of it is reported."""
    path = tmp_path / "torn.json"
    path.write_bytes(json.dumps(json.loads(OTLP), indent=1).encode()[:500])
    told = cli("filter", path)
    assert told.code == 3
    assert "bad line" in told.err


def test_every_door_agrees(tmp_path: Path) -> None:
    """Forwards, backwards and by a search over the bytes: the same lines; a foreign file is never cut into parts."""
    from auditlog_cli.counts import Counts

    path = tmp_path / "t.jsonl"
    path.write_bytes(TRANSCRIPT)
    forwards = [each.raw for each in read_lines(str(path)) if not isinstance(each, BadLine)]
    assert len(forwards) == 4
    assert [each.raw for each in backwards(Log(str(path), [str(path)])) if not isinstance(each, BadLine)] == forwards[
        ::-1
    ]
    counts = Counts()
    found = [each.raw for each in scan.candidates(str(path), [b"toolu_1"], counts) if not isinstance(each, BadLine)]
    assert found == [raw for raw in forwards if b"toolu_1" in raw]
    assert counts.read == 4
    assert cut(str(path)) == []


def test_bad_lines_among_foreign_ones_keep_their_place(tmp_path: Path) -> None:
    """Number and offset are those of the file."""
    path = tmp_path / "t.jsonl"
    first, rest = TRANSCRIPT.split(b"\n", 1)
    path.write_bytes(first + b"\nnoise\n" + rest)
    bad = [each for each in read_lines(str(path)) if isinstance(each, BadLine)]
    assert [(each.line.number, each.line.offset) for each in bad] == [(2, len(first) + 1)]


def test_a_long_file_is_read_twice_and_a_long_pipe_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded: what cannot be held must be readable again."""
    path = tmp_path / "t.jsonl"
    path.write_bytes(TRANSCRIPT)
    before = texts(path)
    monkeypatch.setattr(foreign, "MAX_LINE", 100)
    assert texts(path) == before


@pytest.mark.parametrize("command", [["tail"], ["filter"], ["traces"], ["stats"], ["validate", "--profile", "record"]])
def test_every_reading_command_takes_a_foreign_file(
    tmp_path: Path, cli: Callable[..., Result], command: list[str]
) -> None:
    """As it is, without an import."""
    path = tmp_path / "trace.json"
    path.write_bytes(OTLP)
    told = cli(*command, path)
    assert told.code == 0, told.err
    assert "planner" in told.out or "valid" in told.out or "records   2" in told.out


def test_check_reads_a_foreign_file(tmp_path: Path, cli: Callable[..., Result]) -> None:
    """The rules see the records, not the lines of the document."""
    path = tmp_path / "trace.json"
    path.write_bytes(json.dumps(json.loads(OTLP), indent=1).encode())
    told = cli("check", path, "--no-policy", "--format", "json")
    assert json.loads(told.out)["lines"]["read"] == 2 or '"records": 2' in told.out
