"""Files of a log that are listed, and rotated, compressed or pruned before they are read."""

from __future__ import annotations

import fcntl
import json
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from auditlog_cli import AuditLog, read, segments, validate
from auditlog_cli.counts import Counts
from auditlog_cli.errors import InputError
from auditlog_cli.judgement import reading
from auditlog_cli.record import Line
from auditlog_cli.sources import files, listed, opening
from auditlog_cli.sources.backwards import backwards
from auditlog_cli.sources.follow import Follower
from auditlog_cli.sources.lines import lines_of, read_lines
from auditlog_cli.sources.ranges import cut, read_range
from auditlog_cli.sources.scan import candidates
from tests.conftest import Result
from tests.test_segments import compress
from tests.verification.test_battery import KEEPER, WRITER, write

Cli = Callable[..., Result]
Happens = Callable[[Path], object]


def grow(path: Path, records: int, **options: object) -> None:
    with AuditLog(path, fsync="none", ballast_bytes=0, **options) as log:  # type: ignore[arg-type]
        for _ in range(records):
            log.append({"user": {"id": "u"}})


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of several closed segments and an active one."""
    path = tmp_path / "audit.jsonl"
    grow(path, 140, max_bytes=8 * 1024)
    assert len(segments.closed(str(path))) > 3
    return path


def one_by_one(names: list[str]) -> list[Line]:
    return [line for name in names for line in read_lines(name) if isinstance(line, Line)]


def searched(names: list[str]) -> list[Line]:
    return [line for name in names for line in candidates(name, [b'"seq"'], Counts()) if isinstance(line, Line)]


def from_behind(names: list[str]) -> list[Line]:
    found = [line for line in backwards(files.Log(names[-1], names)) if isinstance(line, Line)]
    return found[::-1]


WAYS = (one_by_one, searched, from_behind)


def numbers(lines: list[Line]) -> list[int]:
    return [json.loads(line.raw)["seq"] for line in lines]


def rotate(path: Path) -> None:
    """What the active segment held is a closed one now; there are further ones."""
    grow(path, 100, max_bytes=8 * 1024)


def rotate_and_compress(path: Path) -> None:
    rotate(path)
    for _, name in segments.closed(str(path)):
        compress(name)


def halfway(path: Path) -> None:
    """A writer between closing one segment and beginning the next."""
    last = numbers(one_by_one([str(path)]))[0]
    path.rename(segments.closed_name(str(path), last))


@pytest.mark.parametrize("happens", [rotate, rotate_and_compress, halfway])
@pytest.mark.parametrize("way", WAYS)
def test_every_record_that_was_listed_is_read_once(
    log: Path, way: Callable[[list[str]], list[Line]], happens: Happens
) -> None:
    names = files.find([str(log)])[0].files
    there = numbers(one_by_one(names))
    happens(log)
    read_now = numbers(way(names))
    assert read_now[: len(there)] == there
    assert read_now == [*range(len(read_now))]


@pytest.mark.parametrize("way", WAYS)
def test_a_segment_that_was_pruned_holds_nothing_any_more(log: Path, way: Callable[[list[str]], list[Line]]) -> None:
    names = files.find([str(log)])[0].files
    there = numbers(one_by_one(names))
    os.unlink(names[0])
    os.unlink(names[1])
    assert numbers(way(names)) == there[segments.first_of(names[2]) :]


def test_an_active_segment_that_was_closed_and_pruned_is_followed_by_the_next(log: Path) -> None:
    active = files.find([str(log)])[0].files[-1]
    before = len(segments.closed(str(log)))
    rotate(log)
    closed = segments.closed(str(log))
    for _, name in closed[: before + 1]:
        os.unlink(name)
    assert numbers(one_by_one([active]))[0] == closed[before + 1][0]


@pytest.mark.parametrize("happens", [rotate, rotate_and_compress])
def test_parts_of_a_file_are_those_that_were_cut(log: Path, happens: Happens) -> None:
    names = files.find([str(log)])[0].files
    there = numbers(one_by_one(names))
    parts = [part for name in names for part in cut(name, 1000)]
    happens(log)
    assert numbers([line for part in parts for line in read_range(part) if isinstance(line, Line)]) == there


def test_a_name_travels_between_processes_and_into_reports_as_what_it_is(log: Path) -> None:
    name = listed.whole(str(log))[-1]
    again = pickle.loads(pickle.dumps(name))
    assert (again, again.inode, again.newest) == (name, name.inode, name.newest)
    assert orjson.dumps({"path": name}) == json.dumps({"path": name}, separators=(",", ":")).encode()


def test_a_file_that_is_put_anew_in_the_same_place_is_read(tmp_path: Path) -> None:
    """As `redact` and `logrotate` do: nothing was closed, so the name tells."""
    path = tmp_path / "any.jsonl"
    path.write_bytes(b'{"seq":1}\n')
    names = files.find([str(path)])[0].files
    (tmp_path / "new").write_bytes(b'{"seq":2}\n')
    (tmp_path / "new").rename(path)
    assert numbers(one_by_one(names)) == [2]


def test_an_active_segment_that_is_gone_is_an_error(log: Path) -> None:
    names = files.find([str(log)])[0].files
    log.unlink()
    with pytest.raises(InputError, match="cannot be read"):
        one_by_one(names)


def test_a_closed_segment_that_cannot_be_opened_is_an_error(log: Path) -> None:
    names = files.find([str(log)])[0].files
    os.unlink(names[0])
    os.symlink("nowhere", names[0])
    with pytest.raises(InputError, match="cannot be read"):
        one_by_one(names)


def test_a_list_is_made_anew_if_a_segment_is_closed_meanwhile(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, left = os.stat, [str(log)]

    def stat(path: str, *rest: object, **options: object) -> os.stat_result:
        found = real(path)
        if path in left:
            left.clear()
            rotate(log)
        return found

    before = len(segments.closed(str(log)))
    monkeypatch.setattr(os, "stat", stat)
    names = listed.whole(str(log))
    assert len(names) > before + 2
    assert names == [*(name for _, name in segments.closed(str(log))), str(log)]
    assert numbers(one_by_one([*names])) == [*range(len(one_by_one([*names])))]


@pytest.mark.parametrize("name", ["audit.jsonl", "audit*.jsonl", "."])
def test_a_log_is_the_same_however_it_is_named(log: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its name, by a glob, by its folder: each knows what to look for behind a rotation."""
    monkeypatch.chdir(log.parent)
    names = files.find([name])[0].files
    there = numbers(one_by_one(names))
    rotate(log)
    found = numbers(one_by_one(names))
    assert found == [*range(len(found))]
    assert found[: len(there)] == there


def test_what_follows_a_log_misses_nothing_though_all_it_knew_was_pruned(log: Path) -> None:
    follower = Follower(str(log))
    seen = [line for line in follower.from_start() if isinstance(line, Line)]
    before = len(segments.closed(str(log)))
    rotate(log)
    gone = segments.closed(str(log))[: before + 2]
    for _, name in gone:
        os.unlink(name)
    new = [line for line in follower.poll() if isinstance(line, Line)]
    follower.close()
    assert not follower.events
    left = numbers(one_by_one(files.find([str(log)])[0].files))
    assert numbers(new) == [*range(numbers(seen)[-1] + 1, gone[-1][0]), *left]  # what was open is read to its end


def test_what_follows_a_log_reads_what_is_compressed_between_the_list_and_the_look(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = Follower(str(log))
    seen = numbers([line for line in follower.from_start() if isinstance(line, Line)])
    rotate(log)
    real = listed.closed

    def closed(path: str) -> list[tuple[int, listed.Listed]]:
        found = real(path)
        for _, name in found:
            compress(name)
        return found

    monkeypatch.setattr(listed, "closed", closed)
    new = numbers([line for line in follower.poll() if isinstance(line, Line)])
    follower.close()
    assert [*seen, *new] == [*range(len(seen) + len(new))]
    assert len(new) > 50


def by_parts(names: list[str]) -> list[Line]:
    return [line for name in names for part in cut(name) for line in read_range(part) if isinstance(line, Line)]


def summed(names: list[str]) -> list[Line]:
    """As `check` reads, up to where a log ended when it began."""
    sizes = {name: reading.size_of(name) for name in names}
    return [
        line for name in names for line in lines_of(reading.Counted(name, sizes[name]), name) if isinstance(line, Line)
    ]


def counted(names: list[str]) -> list[Line]:
    """As `check` reads what it need not share out."""
    return [line for name in names for line in lines_of(reading.Counted(name), name) if isinstance(line, Line)]


@pytest.fixture
def half_written(log: Path) -> Iterator[Path]:
    """A log whose writer, which holds its lock, has written half of a line when it is listed, and then the rest."""
    line = log.read_bytes().splitlines(keepends=True)[-1]
    number = json.loads(line)["seq"]
    line = line.replace(b'"seq":%d' % number, b'"seq":%d' % (number + 1))
    lock = os.open(segments.lock_name(str(log)), os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    file = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.write(file, line[:99])

    def rest() -> None:
        os.write(file, line[99:])
        fcntl.flock(lock, fcntl.LOCK_UN)

    later = threading.Timer(0.1, rest)
    later.start()
    yield log
    later.join()
    os.close(file)
    os.close(lock)


@pytest.mark.parametrize("way", [*WAYS, by_parts, summed, counted])
def test_a_line_that_a_writer_is_writing_is_waited_for(
    half_written: Path, way: Callable[[list[str]], list[Line]]
) -> None:
    """A reader may see the first page of a write before the second one."""
    found = way(files.find([str(half_written)])[0].files)
    assert all(line.ended for line in found)
    assert numbers(found) == [*range(len(found))]
    assert len(half_written.read_bytes().splitlines()) == len(way([str(half_written)]))


@pytest.mark.parametrize("way", [*WAYS, by_parts, summed, counted])
def test_a_line_that_nobody_goes_on_with_is_torn(log: Path, way: Callable[[list[str]], list[Line]]) -> None:
    with log.open("ab") as file:
        file.write(b'{"seq":')
    found = way([str(log)])
    assert (found[-1].raw, found[-1].ended) == (b'{"seq":', False)


def test_a_small_file_that_ends_without_a_line_end_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no log, and who reads it may hold the lock that bears its name: a cursor."""
    (tmp_path / "cursor").write_bytes(b"{}")
    monkeypatch.delattr(opening, "shared_lock")
    assert opening.read_small(str(tmp_path / "cursor"), 100) == b"{}"


@pytest.fixture
def live(tmp_path: Path) -> Iterator[tuple[Path, Callable[[], None]]]:
    """A log that a process of its own writes and rotates, and another compresses and prunes, a step at each call."""
    path = write(tmp_path / "log", 5)
    told = [
        subprocess.Popen([sys.executable, "-c", *words], stdin=-1, stdout=-1, stderr=-1, text=True)
        for words in ([WRITER, str(path), ""], [KEEPER, str(path)])
    ]

    def step() -> None:
        for each in told:
            assert each.stdin is not None
            each.stdin.write("\n")
            each.stdin.flush()

    try:
        yield path, step
    finally:
        said = [each.communicate(timeout=60) for each in told]
    assert [each.returncode for each in told] == [0, 0], said
    compressed, pruned = map(int, said[1][0].split())
    assert compressed
    assert pruned


def complete(found: list[int], path: Path) -> bool:
    """Whether it is in order and whole, but for what was pruned by now."""
    first = next((first for first, _ in segments.closed(str(path))), 0)
    kept = [number for number in found if number >= first]
    return found == sorted({*found}) and kept == [*range(first, found[-1] + 1)]


def test_readers_of_a_live_log_fail_never_and_lose_nothing(live: tuple[Path, Callable[[], None]], cli: Cli) -> None:
    """Read in a loop, in every way, while others write, rotate, compress and prune: what is there comes whole."""
    path, step = live
    follower = Follower(str(path))
    followed = numbers([line for line in follower.from_start() if isinstance(line, Line)])
    done = latest = 0
    while done < 60 or not followed or latest < 300:
        step()
        found = [json.loads(record.line.raw)["seq"] for record in read(path)]
        assert complete(found, path), found
        assert found[-1] >= latest
        latest = found[-1]
        names = files.find([str(path)])[0].files
        step()
        for way in WAYS:
            found = numbers(way(names))
            assert complete(found, path), (way, found)
        followed += numbers([line for line in follower.poll() if isinstance(line, Line)])
        if done % 10 == 0:
            assert not validate(path).unread
            for words in (["filter", "--user", "u"], ["tail", "-n", "5"], ["stats"], ["traces"], ["head"]):
                step()
                result = cli(*words, str(path))
                assert result.code == 0, (words, result)
        done += 1
    follower.close()
    assert followed == sorted(set(followed))
