"""Rotation by size and age never loses or reorders a record, wherever it is cut short (integrity.md, 6.3)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli import segments
from auditlog_cli.errors import AuditWriteError
from auditlog_cli.writer import rotation
from auditlog_cli.writer.log import AuditLog
from tests.writer.chain import files, walk
from tests.writer.records import small

Open = Callable[..., AuditLog]


def test_by_size(path: Path, opened: Open, shared: Path) -> None:
    """Segments stay below max_bytes, are named by their first record, and the next one names the sum of the last."""
    log = opened(max_bytes=3000)
    receipts = [log.append(small(i)) for i in range(50)]
    found = walk(path)
    assert all(found.has(r) for r in receipts)
    assert len(files(path)) > 5
    assert all(file.stat().st_size <= 3000 for file in files(path))
    assert [r["i"] for r in found.callers] == list(range(50))
    firsts = [int(file.name.split(".")[1]) for file in files(path)[:-1]]
    assert firsts == [said["first"] for said in found.own("rotate")]
    assert [path for _, path in segments.closed(str(path))] == [str(file) for file in files(path)[:-1]]


def test_the_next_segment_may_be_read_by_whom_the_last_one_could(path: Path, opened: Open) -> None:
    """A sealer under another user reads a log through its group, and goes on doing so (docs/sealing.md)."""
    log = opened()
    log.append(small(0))
    path.chmod(0o640)
    log.rotate()
    assert path.stat().st_mode & 0o777 == 0o640
    path.chmod(0o440)
    log.append(small(1))
    log.rotate()
    assert path.stat().st_mode & 0o777 == 0o640  # its writer is never shut out
    assert path.stat().st_gid == files(path)[0].stat().st_gid


def test_so_may_one_that_is_begun_after_a_crash(path: Path, opened: Open) -> None:
    log = opened()
    log.append(small(0))
    path.chmod(0o640)
    log.close()
    path.rename(segments.closed_name(str(path), 0))
    opened().append(small(1))
    assert path.stat().st_mode & 0o777 == 0o640


def test_no_other_group_is_let_in(path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    log = opened()
    log.append(small(0))
    path.chmod(0o640)
    stat = os.stat

    def of_another_group(name: str, **options: bool) -> os.stat_result:
        found = stat(name, **options)
        return os.stat_result((*found[:5], found.st_gid + 1, *found[6:])) if name != str(path) else found

    def refused(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "stat", of_another_group)
    monkeypatch.setattr(os, "fchown", refused)
    log.rotate()
    monkeypatch.undo()
    assert path.stat().st_mode & 0o777 == 0o600


def test_by_age(path: Path, opened: Open) -> None:
    """A segment whose first record is older than max_age_s is closed by the next append."""
    log = opened(max_age_s=0.05)
    for i in range(3):
        log.append(small(i))
    assert len(files(path)) == 1
    log._pen.active.born -= 60_000_000
    log.append(small(3))
    assert len(files(path)) == 2
    log.append(small(4))
    assert len(files(path)) == 2
    walk(path)


def test_age_counts_from_the_first_record_not_from_opening(path: Path, opened: Open) -> None:
    """A writer that comes later closes an old segment, too."""
    import time

    opened().append(small(0))
    time.sleep(0.06)
    opened(max_age_s=0.05).append(small(1))
    assert len(files(path)) == 2


def test_a_damaged_first_line_does_not_change_the_name(path: Path, opened: Open) -> None:
    """The segment is named by the number of its first record, also if that can no longer be read."""
    log = opened(origin="example.org/x")
    log.append(small(0))
    log.rotate()
    log.append(small(1))
    log.append(small(2))
    log.close()
    first = path.read_bytes().index(b"\n")
    with path.open("r+b") as file:
        file.write(b"\x00" * first)
    again = opened()
    assert again.origin == "example.org/x", "the closed segment still tells"
    again.rotate()
    assert [file.name for file in files(path)] == [
        "audit.000000000000.jsonl",
        "audit.000000000002.jsonl",
        "audit.jsonl",
    ]


def test_a_first_line_without_lf_is_read_all_the_same(path: Path, opened: Open) -> None:
    """Found by test_any_history: the only line of a segment lost its LF, and its number was taken for 0."""
    log = opened()
    log.append(small(0))
    log.rotate()
    log.close()
    os.truncate(path, path.stat().st_size - 1)
    again = opened()
    again.append(small(1))
    again.rotate()
    assert [file.name for file in files(path)] == [
        "audit.000000000000.jsonl",
        "audit.000000000002.jsonl",
        "audit.jsonl",
    ]
    walk(path)


def test_a_log_that_begins_with_a_loss_keeps_its_origin(path: Path, opened: Open) -> None:
    """After the active segment was deleted there is no genesis and no rotate in it: closed segments tell."""
    log = opened(origin="example.org/x")
    log.append(small(0))
    log.rotate()
    log.append(small(1))
    path.unlink()
    with pytest.raises(AuditWriteError):
        log.append(small(2))
    log.append(small(3))
    log.close()
    again = opened(origin="example.org/x")
    again.rotate()
    assert [said["origin"] for said in walk(path, gaps=True).own("rotate")] == ["example.org/x"]


def test_on_request(path: Path, opened: Open) -> None:
    """rotate() closes what holds a record, and does nothing otherwise."""
    log = opened()
    log.rotate()
    log.append(small())
    log.rotate()
    log.rotate()
    assert len(files(path)) == 2
    log.append(small())
    walk(path)


def test_a_batch_larger_than_a_segment_is_not_torn_apart(path: Path, opened: Open) -> None:
    """All or nothing means one file: the segment before is closed, then the batch is written whole."""
    log = opened(max_bytes=2000)
    log.append(small(0))
    log.write_many([small(i) for i in range(1, 40)])
    log.append(small(40))
    found = walk(path)
    assert {
        name for record, name in zip(found.records, found.segments, strict=True) if 1 <= record.get("i", 0) < 40
    } == {"audit.000000000002.jsonl"}


def test_a_record_larger_than_a_segment_rotates_once(path: Path, opened: Open) -> None:
    """No endless rotation: a segment that holds only its first record takes whatever comes."""
    log = opened(max_bytes=500)
    for i in range(5):
        log.append({"i": i, "text": "x" * 5000})
    assert [r["i"] for r in walk(path).callers] == list(range(5))
    assert len(files(path)) == 5


def test_cut_short_between_any_two_steps(path: Path, opened: Open, tmp_path: Path) -> None:
    """Killed after the rename, after the new file, in the middle of its first line: the next writer does the rest."""
    log = opened()
    for i in range(3):
        log.append(small(i))
    log.close()
    whole = path.read_bytes()
    with opened() as other:
        other.rotate()
    first_line = path.read_bytes()
    for left in [None, *range(len(first_line))]:
        folder = tmp_path / f"cut-{left}"
        folder.mkdir()
        (folder / "audit.000000000000.jsonl").write_bytes(whole)
        if left is not None:
            (folder / "audit.jsonl").write_bytes(first_line[:left])
        log = opened(folder / "audit.jsonl")
        receipt = log.append(small(3))
        log.close()
        found = walk(folder / "audit.jsonl")
        assert found.has(receipt)
        assert [r["i"] for r in found.callers] == [0, 1, 2, 3]
        assert len(found.own("rotate")) == 1
        assert len(found.own("recovered")) == (0 if left in (None, 0) else 1)


@pytest.mark.parametrize("step", ["rename", "open", "sync_folder", "write"])
def test_a_live_writer_finishes_what_another_began(
    path: Path, opened: Open, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process fails in the middle of a rotation, with records that the other one has not seen."""
    behind, ahead = opened(), opened()
    for i in range(3):
        behind.append(small(i, "behind"))
    for i in range(3):
        ahead.append(small(i, "ahead"))

    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> int:
        raise Killed

    with monkeypatch.context() as patch:
        if step == "open":
            real = os.open
            patch.setattr(os, "open", lambda p, flags, *a, **k: die() if flags & os.O_EXCL else real(p, flags, *a, **k))
        elif step == "sync_folder":
            from auditlog_cli.writer import disk

            patch.setattr(disk, "sync_folder", die)
        elif step == "rename":
            patch.setattr(rotation, "take_over", die)
        else:
            patch.setattr(os, "write", die)
        with pytest.raises(Killed):
            ahead.rotate()
    receipts = [behind.append(small(3, "behind")), ahead.append(small(3, "ahead"))]
    found = walk(path)
    assert all(found.has(r) for r in receipts)
    for who in ("behind", "ahead"):
        assert [r["i"] for r in found.callers if r["who"] == who] == [0, 1, 2, 3]
    assert len(found.own("rotate")) == 1
    assert found.own("lost") == []


def test_a_rename_that_fails_leaves_the_segment_active(
    path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AuditWriteError; nothing is lost; the next append rotates."""
    log = opened()
    log.append(small(0))

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", fail)
        with pytest.raises(AuditWriteError, match="renamed for rotation"):
            log.rotate()
    log.append(small(1))
    log.rotate()
    assert [r["i"] for r in walk(path).callers] == [0, 1]


def test_a_segment_that_may_not_be_renamed_goes_on_growing(
    path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`chattr +a`: appends are not refused for want of a small file; one warning says so; on request it raises."""

    def fail(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "rename", fail)
    log = opened(max_bytes=1000)
    log.append(small(0))
    with pytest.warns(UserWarning, match="cannot be rotated and grows"):
        log.append(small(1))
    for i in range(2, 9):
        log.append(small(i))
    with pytest.raises(AuditWriteError, match="Operation not permitted"):
        log.rotate()
    assert [r["i"] for r in walk(path).callers] == list(range(9))


def test_an_idle_writer_finds_its_record_after_redaction_and_pruning(path: Path, opened: Open) -> None:
    """Closed segments get another inode (redaction), are packed or pruned: none of it is tampering."""
    import gzip

    idle = opened()
    idle.append(small(0))
    with opened() as busy:
        for i in range(1, 4):
            busy.append(small(i))
            busy.rotate()
    closed = path.parent / "audit.000000000000.jsonl"
    rewritten = closed.read_bytes()
    closed.unlink()
    (path.parent / "x").write_bytes(b"")  # so that the inode is not used again
    closed.write_bytes(rewritten)
    idle.append(small(4))
    walk(path)

    idle_too = opened()
    with opened() as busy:
        busy.append(small(5))
        busy.rotate()
        busy.append(small(6))
    last = files(path)[-2]
    last.with_name(last.name + ".gz").write_bytes(gzip.compress(last.read_bytes()))
    last.unlink()
    idle_too.append(small(7))
    assert idle_too.failed is None

    idle_three = opened()
    with opened() as busy:
        busy.rotate()
        busy.append(small(8))
    for file in files(path)[:-1]:
        file.unlink()
    (path.parent / "audit.pruned.json").write_text("{}")
    idle_three.append(small(9))
    assert idle_three.failed is None


def test_the_folder_that_cannot_be_listed_is_no_empty_folder(
    path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its closed segments a log would begin anew: an error of listdir stops the writer instead."""
    log = opened()
    log.append(small())
    log.rotate()
    log.close()
    path.unlink()

    def fail(*_: object) -> list[str]:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "listdir", fail)
        with pytest.raises(AuditWriteError, match="Input/output error"):
            opened()
    assert not path.exists()
    opened().append(small())
    walk(path)
