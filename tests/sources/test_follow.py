"""A log that is still being written: nothing missed, nothing twice, whatever happens to the file."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli import segments
from auditlog_cli.record import BadLine, Line
from auditlog_cli.sources.follow import Follower


def raws(lines: list[Line | BadLine]) -> list[bytes]:
    return [line.raw for line in lines if isinstance(line, Line)]


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def opened(path: Path) -> Follower:
    follower = Follower(str(path))
    list(follower.open_at_end())
    return follower


def test_what_is_there_comes_backwards_and_what_follows_forwards(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"1\n2\n3\nunfin")
    follower = Follower(str(path))
    assert raws(list(follower.open_at_end())) == [b"3", b"2", b"1"]
    assert follower.poll() == []
    append(path, b"ished\n4\n")
    assert raws(follower.poll()) == [b"unfinished", b"4"]
    assert follower.events == []


def test_a_line_comes_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.touch()
    follower = opened(path)
    for piece in (b'{"a"', b":", b"1}"):
        append(path, piece)
        assert follower.poll() == []
    append(path, b"\n\n")
    lines = follower.poll()
    assert raws(lines) == [b'{"a":1}', b""]
    assert [line.offset for line in lines if isinstance(line, Line)] == [0, 8]


def test_a_log_that_appears_late(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    follower = opened(path)
    assert follower.poll() == []
    path.write_bytes(b"1\n")
    assert raws(follower.poll()) == [b"1"]
    assert follower.events == ["created"]


def test_rotation_is_no_event_and_loses_nothing(tmp_path: Path) -> None:
    """What was written between the last look and the renaming, and whole segments in between."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"0\n")
    follower = opened(path)
    expected = []
    for first in (0, 10, 20):
        append(path, b"%d\n" % (first + 1))
        expected.append(b"%d" % (first + 1))
        os.rename(path, segments.closed_name(str(path), first))
        path.write_bytes(b"%d\n" % (first + 2))
        expected.append(b"%d" % (first + 2))
    assert raws(follower.poll()) == expected
    assert follower.events == []


def test_truncation_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"1\n2\n3\n")
    follower = opened(path)
    path.write_bytes(b"4\n")
    assert raws(follower.poll()) == [b"4"]
    assert follower.events == ["truncated"]


def test_replacement_finishes_the_old_file_first(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"1\n")
    follower = opened(path)
    append(path, b"2\nhalf")
    (tmp_path / "b").write_bytes(b"3\n")
    os.rename(tmp_path / "b", path)
    assert raws(follower.poll()) == [b"2", b"half", b"3"]
    assert follower.events == ["replaced"]


def test_a_log_that_goes_and_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"1\n")
    follower = opened(path)
    path.unlink()
    assert follower.poll() == []
    assert follower.poll() == []
    assert follower.events == ["gone"]
    path.write_bytes(b"2\n")
    assert raws(follower.poll()) == [b"2"]


STEPS = st.lists(st.sampled_from(["write", "half", "end", "rotate", "poll"]), max_size=25)


@given(steps=STEPS)
def test_any_order_of_writing_rotating_and_looking(tmp_path_factory, steps: list[str]) -> None:  # type: ignore[no-untyped-def]
    """Every line comes once, in order."""
    path = tmp_path_factory.mktemp("follow") / "a.jsonl"
    path.touch()
    follower = opened(path)
    pending, written, seen = b"", [], []
    for number, step in enumerate([*steps, "end", "poll"]):
        if step == "write":
            append(path, b"%d\n" % number)
            written.append(pending + b"%d" % number)
            pending = b""
        elif step == "half":
            append(path, b"h")
            pending += b"h"
        elif step == "end" and pending:
            append(path, b"\n")
            written.append(pending)
            pending = b""
        elif step == "rotate" and not pending:
            os.rename(path, segments.closed_name(str(path), number))
            path.touch()
        elif step == "poll":
            seen += raws(follower.poll())
    assert seen == written
    assert set(follower.events) == set()


def test_from_the_start_every_line_comes_once_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    segment = tmp_path / "a.000000000000.jsonl"
    segment.write_bytes(b"1\n2\n")
    path.write_bytes(b"3\n4\nunfin")
    follower = Follower(str(path))
    found = list(follower.from_start())
    assert raws(found) == [b"1", b"2", b"3", b"4"] and follower.there
    assert [line.number for line in found if isinstance(line, Line)] == [1, 2, 1, 2]
    append(path, b"ished\n")
    assert [(line.raw, line.number) for line in follower.poll() if isinstance(line, Line)] == [(b"unfinished", 3)]


def test_a_rotation_while_the_start_is_read_loses_nothing(tmp_path: Path) -> None:
    """The file that was opened as the active one is not read a second time as a closed one."""
    path = tmp_path / "a.jsonl"
    (tmp_path / "a.000000000000.jsonl").write_bytes(b"1\n")
    path.write_bytes(b"2\n")
    follower = Follower(str(path))
    lines = follower.from_start()
    first = next(lines)
    path.rename(tmp_path / "a.000000000001.jsonl")
    path.write_bytes(b"3\n")
    assert raws([first, *lines, *follower.poll()]) == [b"1", b"2", b"3"]


def test_whether_a_log_is_there(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    follower = Follower(str(path))
    assert list(follower.from_start()) == [] and not follower.there
    path.write_bytes(b"1\n")
    assert raws(follower.poll()) == [b"1"] and follower.there
    path.unlink()
    assert follower.poll() == [] and not follower.there


def test_a_redaction_and_two_rotations_between_two_looks_lose_nothing(tmp_path: Path) -> None:
    """The file that was open is closed and put anew (redacted), another one is begun and closed: all of it comes once."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"seq":0}\n')
    follower = opened(path)
    append(path, b'{"seq":1}\n')
    first = tmp_path / "a.000000000000.jsonl"
    path.rename(first)
    (tmp_path / "anew").write_bytes(b'{"seq":0,"x":"redacted"}\n{"seq":1}\n')
    (tmp_path / "anew").rename(first)
    (tmp_path / "a.000000000002.jsonl").write_bytes(b'{"seq":2}\n{"seq":3}\n')
    path.write_bytes(b'{"seq":4}\n')
    assert raws(follower.poll()) == [b'{"seq":1}', b'{"seq":2}', b'{"seq":3}', b'{"seq":4}']
    assert follower.events == []


def test_another_log_in_the_place_of_this_one_is_said(tmp_path: Path) -> None:
    """A closed segment that is not the file that was open: nothing of it is passed over in silence."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"seq":7}\n')
    follower = opened(path)
    path.unlink()
    (tmp_path / "a.000000000000.jsonl").write_bytes(b'{"seq":0}\n')
    path.write_bytes(b'{"seq":1}\n')
    assert raws(follower.poll()) == [b'{"seq":1}']
    assert follower.events == ["replaced"]
