"""An index that is damaged, stale, foreign, unfinished or a trap costs time, and never an answer."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli import parallel
from auditlog_cli.index import building, opening, pages
from auditlog_cli.index.pages import PAGE
from auditlog_cli.selection import select_by
from tests.conftest import Result
from tests.index.asking import QUESTIONS, alike, ask, build
from tests.index.lines import HOSTILE
from tests.logs import line, record, write

Cli = Callable[..., Result]
RECORDS = [
    record(session_id=f"sess_{n % 5}", span_id=f"span_{n}", timestamp=f"2026-06-01T14:23:{n % 60:02d}Z") for n in range(90)
]  # fmt: skip


@pytest.fixture
def log(small: None, tmp_path: Path) -> Path:
    """A log of some parts, hostile lines among them, with its index."""
    path = write(tmp_path / "log.jsonl", *RECORDS[:50], *HOSTILE, *RECORDS[50:])
    build(path)
    return path


def ask_everything(path: Path) -> list[str]:
    """Every question both ways; what was said about the index."""
    said: list[str] = []
    for question in [*QUESTIONS, {"session": ["sess_3"]}, {"session": ["sess_4"], "since": "2026-06-01T14:23:30Z"}]:
        said += alike(path, **question)[1]
    return said


@pytest.mark.slow
def test_a_flipped_bit_anywhere_never_changes_an_answer(log: Path) -> None:
    index = Path(f"{log}.index")
    whole = index.read_bytes()
    assert not ask_everything(log)
    chance = random.Random(7)
    places = [(at, 1 << chance.randrange(8)) for at in range(0, len(whole), max(len(whole) // 250, 1))]
    places += [(at, 1 << bit) for at in range(40) for bit in (0, 7)]
    told = 0
    for at, bit in places:
        damaged = bytearray(whole)
        damaged[at] ^= bit
        index.write_bytes(damaged)
        told += bool(alike(log, session=["sess_3"])[1]) or bool(alike(log, session=["sess_abc"])[1])
        alike(log, since="2026-06-01T14:23:30Z")
    assert told  # the damage was there, and was seen


@pytest.mark.slow
def test_every_damaged_page_is_seen_by_whom_reads_it(log: Path) -> None:
    index = Path(f"{log}.index")
    whole = index.read_bytes()
    for number in range(len(whole) // PAGE):
        damaged = bytearray(whole)
        damaged[number * PAGE : (number + 1) * PAGE] = b"\0" * PAGE
        index.write_bytes(damaged)
        assert ask_everything(log), number


@pytest.mark.slow
def test_a_forged_index_may_hide_and_never_shows_what_is_not_there(
    small: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if every sum were right, whatever was changed: nothing but an answer comes out, and no record twice."""
    monkeypatch.setattr(pages, "crc32", lambda data, seed=0: 0)
    path = write(tmp_path / "log.jsonl", *RECORDS[:30], *HOSTILE)
    build(path)
    index = Path(f"{path}.index")
    whole = index.read_bytes()
    chance = random.Random(11)
    chosen = [select_by(**question) for question in QUESTIONS[:1] + QUESTIONS[11:12] + [{"session": ["sess_3"]}]]
    truth = [ask([path], each).wanted for each in chosen]
    used = [at for at in range(len(whole)) if whole[at]]
    for _ in range(500):
        forged = bytearray(whole)
        for _ in range(chance.choice((1, 1, 3))):
            forged[chance.choice(used)] = chance.choice((0, 1, 127, 128, 255, chance.randrange(256)))
        index.write_bytes(forged)
        for each, right in zip(chosen, truth, strict=True):
            found = [wanted[2:4] for wanted in ask([path], each, index=[]).wanted]
            assert len({*found}) == len(found)
            assert {*found} <= {wanted[2:4] for wanted in right}


@pytest.mark.parametrize("keep", [0, 1, 20, 4095, 4096, 9000, -4096, -1])
def test_an_index_that_was_cut_short_is_not_used(log: Path, keep: int) -> None:
    index = Path(f"{log}.index")
    index.write_bytes(index.read_bytes()[:keep])
    assert ask_everything(log)


def test_pages_in_the_wrong_order_are_damage(log: Path) -> None:
    index = Path(f"{log}.index")
    whole = index.read_bytes()
    found = [whole[at : at + PAGE] for at in range(0, len(whole), PAGE)]
    index.write_bytes(b"".join([found[0], *found[2:-1], found[1], found[-1]]))
    assert ask_everything(log)


def test_the_index_of_another_log_is_not_used(log: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other.jsonl", *RECORDS[::-1])
    shutil.copy(f"{log}.index", f"{other}.index")
    alike(other, session=["sess_3"])
    shutil.copy(log, tmp_path / "copy.jsonl")  # the same bytes, another inode
    shutil.copy(f"{log}.index", tmp_path / "copy.jsonl.index")
    with open(tmp_path / "copy.jsonl", "r+b") as file:
        file.write(line(RECORDS[3]))
    ask_everything(tmp_path / "copy.jsonl")


@pytest.mark.parametrize("what", ["folder", "pipe", "link", "text"])
def test_what_is_no_index_is_not_opened(log: Path, tmp_path: Path, what: str) -> None:
    index = Path(f"{log}.index")
    index.rename(tmp_path / "elsewhere")
    if what == "folder":
        index.mkdir()
    elif what == "pipe":
        os.mkfifo(index)
    elif what == "link":
        index.symlink_to(tmp_path / "elsewhere")
    else:
        index.write_text("an index")
    assert ask_everything(log)
    assert opening.present(str(log)) is None


def test_a_link_in_the_way_is_replaced_and_not_followed(log: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    index = Path(f"{log}.index")
    index.unlink()
    index.symlink_to(victim)
    assert build(log) is not None
    assert victim.read_text() == "mine"
    assert not index.is_symlink()
    Path(f"{log}.index.tmp").symlink_to(victim)
    with pytest.raises(OSError, match=r"symbolic|links"):
        build(log)
    assert victim.read_text() == "mine"


def test_an_unfinished_file_with_a_second_name_is_left_alone(log: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    os.link(victim, f"{log}.index.tmp")
    assert build(log) is None
    assert victim.read_text() == "mine"


def test_a_segment_rewritten_in_place_is_scanned(log: Path) -> None:
    data = log.read_bytes()
    new = data.replace(b'"sess_3"', b'"sess_4"')
    with open(log, "r+b") as file:
        file.write(new)
    status = log.stat()
    os.utime(log, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    found, said = alike(log, session=["sess_4"])
    assert len(found.wanted) == 36
    assert any("rewritten" in each for each in said)


def test_a_rewritten_segment_is_seen_by_its_change_time_alone(log: Path) -> None:
    before = log.stat()
    data = log.read_bytes().replace(b'"sess_3"', b'"sess_4"')
    while log.stat().st_ctime_ns == before.st_ctime_ns:  # the clock of a file system ticks some hundred times a second
        with open(log, "r+b") as file:
            file.write(data)
        os.utime(log, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert len(alike(log, session=["sess_4"])[0].wanted) == 36


def test_a_log_that_was_emptied_and_filled_again_is_scanned(log: Path) -> None:
    inode = log.stat().st_ino
    size = log.stat().st_size
    with open(log, "r+b") as file:
        file.truncate(0)
        while file.tell() <= size:
            file.write(b"".join(line(record(session_id="sess_3", span_id=f"new_{n}")) + b"\n" for n in range(30)))
    assert log.stat().st_ino == inode
    assert ask_everything(log)


def test_a_file_that_became_one_of_another_format_is_read_as_that(log: Path) -> None:
    spans = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5b8aa5a2d2c872e8321cf37308d69df2","spanId":"051581bf3cb55c13",'
    spans += b'"name":"execute_tool pay","startTimeUnixNano":"1780324991218000000","endTimeUnixNano":"1780324992218000000","attributes":'
    spans += b'[{"key":"gen_ai.tool.name","value":{"stringValue":"pay"}},{"key":"gen_ai.operation.name","value":{"stringValue":'
    spans += b'"execute_tool"}}]}]}]}]}\n'
    size = log.stat().st_size
    with open(log, "r+b") as file:
        file.truncate(0)
        file.write(spans * (size // len(spans) + 2))
    found, _ = alike(log, tool=["pay"])
    assert found.wanted
    alike(log, since="2026-01-01")


def test_a_log_that_was_cut_short_is_scanned(log: Path) -> None:
    os.truncate(log, log.stat().st_size // 2)
    assert ask_everything(log)


def test_a_torn_end_that_is_finished_later_is_found(log: Path) -> None:
    whole = line(record(session_id="sess_3", span_id="last"))
    with open(log, "ab") as file:
        file.write(whole[:40])
    build(log)
    ask_everything(log)
    with open(log, "ab") as file:
        file.write(whole[40:] + b"\n")
    assert alike(log, session=["sess_3"])[0].wanted[-1][3] == whole
    build(log)
    assert alike(log, session=["sess_3"])[0].wanted[-1][3] == whole


@pytest.mark.slow
@pytest.mark.parametrize("before", [False, True])
def test_killed_at_any_write_the_next_answer_is_right(small: None, tmp_path: Path, before: bool) -> None:
    """In a process of its own, which ends without a word; then the next one builds."""
    path = write(tmp_path / "log.jsonl", *RECORDS[:50], *HOSTILE)
    steps = 0
    while True:
        index = Path(f"{path}.index")
        index.unlink(missing_ok=True)
        Path(f"{path}.index.tmp").unlink(missing_ok=True)
        if before:
            build(path)
            with open(path, "ab") as file:
                file.write(line(RECORDS[50 + steps % 40]) + b"\n")
        pid = os.fork()
        if pid == 0:
            left = [steps]

            def step(name: str, left: list[int] = left) -> None:
                if not left[0]:
                    os._exit(9)
                left[0] -= 1

            build(path, step=step)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        ask_everything(path)
        assert build(path) is not None
        assert not Path(f"{path}.index.tmp").exists()
        assert not ask_everything(path)
        if os.waitstatus_to_exitcode(status) == 0:
            break
        steps += 1
    assert steps > 8


def test_only_one_reader_builds_at_a_time(log: Path) -> None:
    second: list[object] = []

    def step(name: str) -> None:
        if not second:
            second.append(None)
            second[0] = build(log) or "refused"

    assert build(log, step=step) is not None
    assert second == ["refused"]
    assert not ask_everything(log)


def test_whoever_builds_while_a_segment_is_put_anew_gives_up(log: Path, tmp_path: Path) -> None:
    index = Path(f"{log}.index")
    index.unlink()

    def step(name: str) -> None:
        if name == "head":
            write(tmp_path / "new", *RECORDS)
            os.rename(tmp_path / "new", log)

    assert build(log, step=step) is None
    assert not index.exists()
    assert not Path(f"{index}.tmp").exists()
    ask_everything(log)


def test_what_was_indexed_is_not_read_again(log: Path) -> None:
    first = build(log)
    assert first is not None and first.read == 0
    size = log.stat().st_size
    with open(log, "ab") as file:
        file.write(b"".join(line(each) + b"\n" for each in RECORDS[:3]))
    more = build(log)
    assert more is not None and more.read < 500 + log.stat().st_size - size
    assert not ask_everything(log)
    assert building.STRETCH == 2000


def test_an_index_has_the_mode_of_its_log(small: None, tmp_path: Path) -> None:
    path = write(tmp_path / "log.jsonl", *RECORDS)
    for mode in (0o600, 0o640, 0o644):
        path.chmod(mode)
        build(path)
        assert Path(f"{path}.index").stat().st_mode & 0o777 == mode


def test_no_value_of_a_record_stands_in_an_index(log: Path) -> None:
    data = Path(f"{log}.index").read_bytes()
    for text in (b"ann@example.org", b"user_ann", b"sess_", b"planner", b"lookup_order", b"span_", b"trace_"):
        assert text not in data


def test_several_processes_make_the_same_index(small: None, tmp_path: Path) -> None:
    path = write(tmp_path / "log.jsonl", *RECORDS, *HOSTILE)
    build(path)
    one = Path(f"{path}.index").read_bytes()
    Path(f"{path}.index").unlink()
    build(path, processes=max(2, parallel.cores()))
    assert Path(f"{path}.index").read_bytes() == one


@pytest.mark.usefixtures("eager")
def test_reading_a_large_log_makes_its_index_and_extends_it(tmp_path: Path, cli: Cli) -> None:
    path = write(tmp_path / "log.jsonl", *RECORDS)
    index = Path(f"{path}.index")
    plain = cli("filter", path, "--session", "sess_3", "--no-index")
    assert not index.exists()
    found = cli("filter", path, "--session", "sess_3", "--verbose")
    assert index.exists()
    assert "indexed" in found.err
    assert found.raw == plain.raw
    assert "index" not in cli("filter", path, "--session", "sess_3").err
    with open(path, "ab") as file:
        file.write(b"".join(line(each) + b"\n" for each in RECORDS))
    assert cli("filter", path, "--session", "sess_3").raw == plain.raw * 2
    assert "complete" in cli("index", "status", path).out


@pytest.mark.usefixtures("eager")
def test_where_no_index_can_be_written_the_log_is_scanned(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "log.jsonl", *RECORDS)
    plain = cli("filter", path, "--session", "sess_3", "--no-index")

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(building, "build", refused)
    found = cli("filter", path, "--session", "sess_3")
    assert (found.raw, found.err, found.code) == (plain.raw, plain.err, plain.code)
    assert "Permission denied" in cli("filter", path, "--session", "sess_3", "--verbose").err
