"""Lines that are read again by their places are those that were read, or it is said that they are not."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from auditlog_cli.errors import InputError
from auditlog_cli.record import Line
from auditlog_cli.sources import files, rereading
from auditlog_cli.sources.lines import read_lines
from auditlog_cli.sources.rereading import Places
from auditlog_cli.writer.log import AuditLog
from tests.logs import line, record, write
from tests.test_segments import compress


def put(places: Places, path: Path) -> list[Line]:
    found = [each for log in files.find([str(path)]) for file in log.files for each in read_lines(file)]
    lines = [each for each in found if isinstance(each, Line)]
    assert [places.put(each) for each in lines] == list(range(len(places) - len(lines), len(places)))
    return lines


def seen(each: Line) -> tuple[object, ...]:
    return each.raw, str(each.path), each.number, each.offset, each.ended


def test_each_line_comes_again_in_any_order(tmp_path: Path) -> None:
    places = Places()
    lines = put(places, write(tmp_path / "a.jsonl", *(record(n=n) for n in range(50))))
    assert places.held == 0
    for number in (49, 0, 17, 17, 3):
        assert seen(places.take(number)) == seen(lines[number])
    places.close()


def test_a_last_line_without_lf_is_held(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(line(record()) + b"\n" + line(record()))
    places = Places()
    lines = put(places, path)
    assert places.held == 1
    assert seen(places.take(1)) == seen(lines[1])


def test_what_does_not_stand_in_its_place_is_held(tmp_path: Path) -> None:
    """A packed file; a file of a foreign format, whose lines are ours; a line that somebody gives us."""
    packed = tmp_path / "a.jsonl.gz"
    packed.write_bytes(gzip.compress(line(record()) + b"\n"))
    trace = tmp_path / "foreign.jsonl"
    trace.write_text(json.dumps({"type": "user", "uuid": "u", "parentUuid": None, "sessionId": "s",
                                 "timestamp": "2026-06-01T00:00:00Z", "version": "2",
                                 "message": {"role": "user", "content": "hello"}}) + "\n")  # fmt: skip
    for path in (packed, trace):
        places = Places()
        lines = put(places, path)
        assert lines
        assert places.held == len(lines)
        assert [seen(places.take(number)) for number in range(len(lines))] == [*map(seen, lines)]
    places = Places()
    places.put(Line(b"{}", "-", 1))
    places.put(Line(b"{}", str(tmp_path / "nowhere"), 1))
    assert places.held == 2


def test_a_line_that_was_changed_meanwhile_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", record(user={"id": "ann"}), record())
    places = Places()
    put(places, path)
    with open(path, "r+b") as file:
        file.write(b'{"user":{"id":"eve"}')
    with pytest.raises(InputError, match=r"a\.jsonl:1: was changed while it was being read"):
        places.take(0)
    assert places.take(1)
    with open(path, "r+b") as file:
        file.truncate(3)
    with pytest.raises(InputError, match="was changed"):
        places.take(1)


def test_a_file_that_was_rotated_and_packed_meanwhile_is_the_one_that_is_open(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with AuditLog(path, fsync="none", ballast_bytes=0, max_bytes=2000) as log:
        log.append({"user": {"id": "u"}})
        places = Places()
        lines = put(places, path)
        for _ in range(20):
            log.append({"user": {"id": "u"}, "prompt": {"text": "x" * 400}})
    for closed in sorted(tmp_path.glob("a.0*.jsonl")):
        compress(closed)
    assert [seen(places.take(number)) for number in range(len(lines))] == [*map(seen, lines)]


def test_no_more_files_are_open_than_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rereading, "_OPEN", 2)
    places = Places()
    lines = [put(places, write(tmp_path / f"{n}.jsonl", record(n=n)))[0] for n in range(5)]
    for number in (4, 0, 3, 1, 2, 0):
        assert seen(places.take(number)) == seen(lines[number])
        assert len(places._open) <= 2
    assert places.held == 0
    places.close()
    assert not places._open
