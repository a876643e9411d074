"""A log that is deleted, shortened or replaced under a live writer: said, recorded for ever, gone on with."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli.errors import AuditWriteError, TamperError
from auditlog_cli.writer.log import AuditLog
from tests.writer.chain import Broken, walk
from tests.writer.records import small

Open = Callable[..., AuditLog]


def live(opened: Open, count: int = 5) -> AuditLog:
    log = opened()
    for i in range(count):
        log.append(small(i))
    return log


def test_deleted(path: Path, opened: Open) -> None:
    """The append raises; later records go on at the remembered seq, never with a new genesis (10.2)."""
    log = live(opened)
    head = log.head
    path.unlink()
    with pytest.raises(TamperError, match="was deleted under a live writer, 6 records are gone"):
        log.append(small(5))
    receipt = log.append(small(6))
    with pytest.raises(Broken, match="seq 6 where 0"):
        walk(path)
    found = walk(path, gaps=True)
    assert found.seals[0].seq == 6
    assert found.seals[0].prev == head, "the chain goes on from what was there"
    vanished, refused = found.own("lost")
    assert (vanished["reason"], vanished["count"]) == ("file-vanished", 6)
    assert (refused["reason"], refused["count"]) == ("tamper", 1)
    assert found.own("genesis") == []
    assert found.has(receipt)
    assert receipt.seq == 8
    assert str(log.failed).startswith(str(path))


def test_deleted_after_rotation(path: Path, opened: Open) -> None:
    """Closed segments are still there: only what the active one held is gone."""
    log = live(opened)
    log.rotate()
    log.append(small(5))
    log.append(small(6))
    path.unlink()
    with pytest.raises(TamperError, match="3 records are gone"):
        log.append(small(7))
    log.append(small(8))
    found = walk(path, gaps=True)
    assert [said["count"] for said in found.own("lost")] == [3, 1]
    assert [r["i"] for r in found.callers] == [0, 1, 2, 3, 4, 8]


def test_everything_deleted(path: Path, opened: Open) -> None:
    """Folder, lock file, segments: the log goes on at the remembered place all the same."""
    log = live(opened)
    log.rotate()
    log.append(small(5))
    shutil.rmtree(path.parent)
    with pytest.raises(AuditWriteError):
        log.append(small(6))
    path.parent.mkdir()
    with pytest.raises(TamperError, match="8 records are gone"):
        log.append(small(7))
    assert log.append(small(8)).seq == 10


@pytest.mark.parametrize("bytes_left", ["0", "1", "half a line", "two lines", "all but 1", "all but 20"])
def test_shortened(path: Path, opened: Open, bytes_left: str) -> None:
    """Smaller than this writer has seen: TamperError, whatever is left; the numbers of lost records stay unused."""
    log = live(opened)
    data = path.read_bytes()
    lines = data.splitlines(keepends=True)
    left = {
        "0": 0, "1": 1, "half a line": len(lines[0]) + 50, "two lines": len(lines[0] + lines[1]),
        "all but 1": len(data) - 1, "all but 20": len(data) - 20,
    }[bytes_left]  # fmt: skip
    os.truncate(path, left)
    with pytest.raises(TamperError, match="was shortened"):
        log.append(small(5))
    receipt = log.append(small(6))
    found = walk(path, gaps=True)
    assert found.has(receipt)
    if bytes_left == "all but 1":
        assert [said["reason"] for said in found.own("lost")] == ["tamper"], "no record was lost, one was refused"
        assert found.own("recovered")[0]["kind"] == "newline"
        walk(path)
    else:
        kept = {"0": 0, "1": 0, "half a line": 1, "two lines": 2, "all but 20": 5}[bytes_left]
        lost = found.own("lost")[0]
        assert (lost["reason"], lost["count"]) == ("file-shrunk", 6 - kept)
        with pytest.raises(Broken, match=f"seq 6 where {kept}"):
            walk(path)


def test_cut_and_grown_again(path: Path, opened: Open) -> None:
    """Records cut off and others put in their place by a second writer: the first one notices at its next append."""
    log = live(opened)
    lines = path.read_bytes().splitlines(keepends=True)
    os.truncate(path, sum(map(len, lines[:3])))
    with opened() as other:
        for i in range(10, 20):
            other.append(small(i))
    assert path.stat().st_size > sum(map(len, lines))
    with pytest.raises(TamperError, match="was replaced"):
        log.append(small(5))
    receipt = log.append(small(6))
    found = walk(path)
    assert found.has(receipt)
    assert found.own("lost")[0]["reason"] == "file-replaced"


def test_replaced_by_another_log(path: Path, opened: Open, tmp_path: Path) -> None:
    """A whole other log in its place, shorter or longer: noticed, and never taken for ours in silence."""
    for count in (1, 50):
        folder = tmp_path / str(count)
        log = opened(folder / "audit.jsonl")
        for i in range(5):
            log.append(small(i))
        with opened(tmp_path / f"other-{count}.jsonl") as other:
            for i in range(count):
                other.append(small(i, "other"))
        os.replace(tmp_path / f"other-{count}.jsonl", folder / "audit.jsonl")
        with pytest.raises(TamperError, match="was replaced under a live writer, 6 records are gone"):
            log.append(small(5))
        receipt = log.append(small(6))
        found = walk(folder / "audit.jsonl", gaps=True)
        assert found.has(receipt)
        assert found.own("lost")[0]["count"] == 6


def test_replaced_by_an_older_copy(path: Path, opened: Open, tmp_path: Path) -> None:
    """A backup restored under a live writer: what came after it is gone, and said to be."""
    log = live(opened, 3)
    shutil.copy(path, tmp_path / "backup")
    log.append(small(3))
    log.append(small(4))
    os.replace(tmp_path / "backup", path)
    with pytest.raises(TamperError, match="2 records are gone"):
        log.append(small(5))
    assert log.append(small(6)).seq == 8


def test_replaced_by_an_equal_copy_is_no_tampering(path: Path, opened: Open, tmp_path: Path) -> None:
    """The question is put to the content: another inode with the same records is the same log."""
    log = live(opened)
    for name in ("copy", "grown"):
        shutil.copy(path, tmp_path / name)
        if name == "grown":
            with opened(tmp_path / name) as other:
                other.append(small(100))
                other.append(small(101))
        os.replace(tmp_path / name, path)
        log.append(small(6))
    assert len(walk(path).callers) == 9
    assert log.failed is None


@pytest.mark.parametrize("content", [b"", b"\x00" * 5000, b"garbage\n"])
def test_replaced_by_something_else(path: Path, opened: Open, tmp_path: Path, content: bytes) -> None:
    """An empty file or garbage: kept if there is anything to keep, and the log goes on at its remembered place."""
    log = live(opened)
    (tmp_path / "x").write_bytes(content)
    os.replace(tmp_path / "x", path)
    with pytest.raises(TamperError, match="was replaced"):
        log.append(small(5))
    log.append(small(6))
    found = walk(path, gaps=True)
    assert found.seals[0].seq == 6
    assert found.own("lost")[0]["count"] == 6
    assert len(found.own("recovered")) == (1 if content else 0)


def test_replaced_by_somebodys_lines(path: Path, opened: Open) -> None:
    """Foreign JSON lines are refused for as long as they are there, and stay as they are."""
    log = live(opened)
    before = path.read_bytes()
    path.unlink()
    path.write_bytes(b'{"somebody":"else"}\n')
    for _ in range(2):
        with pytest.raises(AuditWriteError, match="not sealed"):
            log.append(small(5))
    assert path.read_bytes() == b'{"somebody":"else"}\n'
    path.write_bytes(before)
    log.append(small(6))
    assert walk(path).own("lost")[0]["count"] == 2


def test_two_live_writers_and_a_deleted_file(path: Path, opened: Open) -> None:
    """Each of them says it once; what the first has told of is not told again by one that knew less."""
    first, second = live(opened), live(opened)
    behind = live(opened, 1)
    second.append(small(50))
    path.unlink()
    for log in (second, first, behind):
        with pytest.raises(TamperError):
            log.append(small(51))
    seqs = [log.append(small(52)).seq for log in (first, second, behind)]
    assert seqs == sorted(seqs)
    found = walk(path, gaps=True)
    assert [said["count"] for said in found.own("lost") if said["reason"] == "file-vanished"] == [13]
    assert all(said["count"] == 1 for said in found.own("lost")[1:])


def test_a_record_of_the_loss_that_cannot_be_written_is_written_later(
    path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full just then: AuditWriteError, and the next append records hole and refusal."""
    log = live(opened)
    path.unlink()

    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", fail)
        with pytest.raises(AuditWriteError, match="No space"):
            log.append(small(5))
    assert path.read_bytes() == b""
    with pytest.raises(TamperError, match="was deleted"):
        log.append(small(6))
    log.append(small(7))
    found = walk(path, gaps=True)
    assert [(said["reason"], said["count"]) for said in found.own("lost")] == [("file-vanished", 6), ("ENOSPC", 2)]


def test_a_segment_in_the_way_stops_rotation(path: Path, opened: Open) -> None:
    """A file with the name of the segment to be closed is never overwritten."""
    log = live(opened)
    blocking = path.parent / "audit.000000000000.jsonl"
    blocking.write_bytes(b"somebody's\n")
    with pytest.raises(TamperError, match="in the way"):
        log.rotate()
    assert blocking.read_bytes() == b"somebody's\n"
    blocking.unlink()
    log.append(small(9))
    walk(path)


def test_active_segment_missing_behind_a_torn_closed_one(path: Path, opened: Open) -> None:
    """Where the last closed segment does not end in a sealed line, nothing is guessed."""
    log = live(opened)
    log.rotate()
    log.close()
    path.unlink()
    closed = path.parent / "audit.000000000000.jsonl"
    whole = closed.read_bytes()
    closed.write_bytes(whole[:-9])
    with pytest.raises(TamperError, match="does not end in a sealed line"):
        opened()
    assert not path.exists()
    closed.write_bytes(whole)
    opened().append(small(7))
    walk(path)
