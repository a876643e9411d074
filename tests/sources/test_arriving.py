"""A file of a foreign format that is followed shows what the same file shows when it is read whole."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import importers
from auditlog_cli.errors import UsageError
from auditlog_cli.record import BadLine, Line
from auditlog_cli.sources import arriving
from tests.importers.reading import read

SAMPLES = [
    (name, sample)
    for name in sorted(importers.IN_ORDER)
    for sample in importers.load(name).SAMPLES
    if not sample.startswith(b"[")
    and all(line.startswith(b"{") and line.endswith(b"}") for line in sample.splitlines())
]
PATIENCE_S = 60


def lines_of(data: bytes, path: Path) -> list[Line | BadLine]:
    found: list[Line | BadLine] = []
    offset = 0
    for number, raw in enumerate(data.splitlines(), 1):
        found.append(Line(raw, str(path), number, offset))
        offset += len(raw) + 1
    return found


def told(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Records without times that were read off the clock."""
    for record in records:
        if "timestamp" in record["provenance"]["import"].get("derived", []):
            del record["timestamp"]
    return records


def test_there_are_samples_of_every_format() -> None:
    assert {name for name, _ in SAMPLES} >= importers.IN_ORDER - {"gemini", "cloudtrail"}


@pytest.mark.parametrize(("name", "sample"), SAMPLES, ids=[f"{name}-{at}" for at, (name, _) in enumerate(SAMPLES)])
@pytest.mark.parametrize("there", [0, 1, 2])
def test_line_by_line_is_as_good_as_whole(
    tmp_path: Path, name: str, sample: bytes, there: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the file ended when it was begun. What stands for the file is its first line then, not its digest."""
    monkeypatch.setattr(arriving, "sha256", lambda _: sha256(sample))
    path = tmp_path / "a.jsonl"
    path.write_bytes(sample)
    whole = read(path)
    assert whole.tally.format == name
    lines = lines_of(sample, path)
    followed = arriving.Arriving(str(path), name, lines[0].raw if isinstance(lines[0], Line) else b"")
    found = [*followed.all(lines[:there])]
    for line in lines[there:]:
        found += followed.each([line])
    records = [json.loads(line.raw) for line in found if isinstance(line, Line)]
    assert told(records) == told(whole.records)
    assert sum(isinstance(line, BadLine) for line in found) == whole.tally.bad


@pytest.mark.parametrize("name", sorted(set(importers.names()) - importers.IN_ORDER))
def test_what_needs_its_end_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="what comes later decides") as error:
        arriving.Arriving("x", name, b"{}")
    assert error.value.help


def test_a_document_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    lines = lines_of(b'{\n  "type": "thread.started"\n}', path)
    with pytest.raises(UsageError, match="one JSON document"):
        arriving.begun(str(path), lines)


class Following:
    """`auditlog tail --follow` beside the test."""

    def __init__(self, path: Path, *words: str) -> None:
        self.out = path.with_name("out")
        self._file = open(self.out, "wb")  # noqa: SIM115 - closed with the process
        self.process = subprocess.Popen(
            [sys.executable, "-m", "auditlog_cli", "tail", "-f", str(path), "--format", "jsonl", *words],
            stdout=self._file, stderr=subprocess.PIPE,
        )  # fmt: skip

    def records(self, many: int) -> list[dict[str, Any]]:
        deadline = time.monotonic() + PATIENCE_S
        while self.out.read_bytes().count(b"\n") < many:
            assert self.process.poll() is None and time.monotonic() < deadline, self.out.read_text()
            time.sleep(0.02)
        return [json.loads(line) for line in self.out.read_bytes().splitlines()]

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
        self._file.close()


@pytest.fixture
def following(tmp_path: Path) -> Iterator[Any]:
    made: list[Following] = []

    def start(path: Path, *words: str) -> Following:
        made.append(Following(path, *words))
        return made[-1]

    yield start
    for each in made:
        each.close()


def test_a_transcript_is_followed_as_it_grows(tmp_path: Path, following: Any) -> None:
    """What is there, what is added, half a line that is finished later, and the file that is put in its place."""
    name, sample = next(each for each in SAMPLES if each[0] == "claude_code")
    path = tmp_path / "session.jsonl"
    path.write_bytes(sample)
    whole = read(path).records
    lines = sample.splitlines(keepends=True)
    path.write_bytes(lines[0])
    shown = following(path, "-n", "100")
    shown.records(1)
    rest = b"".join(lines[1:])
    with open(path, "ab") as file:
        file.write(rest[:10])
        file.flush()
        time.sleep(0.3)
        file.write(rest[10:])
    found = shown.records(len(whole))
    assert [each["record_id"] if "record_id" in each else each["span_id"] for each in found] == [
        each["record_id"] if "record_id" in each else each["span_id"] for each in whole
    ]
    assert all(each["provenance"]["import"]["format"] == name for each in found)


def test_a_transcript_that_is_not_there_yet_is_waited_for(tmp_path: Path, following: Any) -> None:
    _, sample = next(each for each in SAMPLES if each[0] == "codex")
    path = tmp_path / "session.jsonl"
    shown = following(path)
    time.sleep(0.5)
    path.with_name("new").write_bytes(sample)
    path.with_name("new").rename(path)
    assert {each["provenance"]["import"]["format"] for each in shown.records(1)} == {"codex"}


def test_spans_are_refused_with_what_to_do(tmp_path: Path, following: Any) -> None:
    path = tmp_path / "spans.jsonl"
    span = {"traceId": "a" * 32, "spanId": "b" * 16, "name": "x", "startTimeUnixNano": "1", "endTimeUnixNano": "2"}
    path.write_text(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}) + "\n")
    shown = following(path)
    _, error = shown.process.communicate(timeout=PATIENCE_S)
    assert shown.process.returncode == 2
    assert b"help: without --follow it is read whole" in error
