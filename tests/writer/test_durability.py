"""fsync: when a record counts as on the disk, and what happens when the disk says no (integrity.md, 6.3)."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli.errors import AuditWriteError, DurabilityError
from auditlog_cli.writer.log import AuditLog
from tests.writer.chain import walk
from tests.writer.records import small

Open = Callable[..., AuditLog]


class Disk:
    """Counts syncs, and can refuse them."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.calls: list[str] = []
        self.broken = False
        self.delay = 0.0
        for name in ("fsync", "fdatasync"):
            patch.setattr(os, name, self._counted(name, getattr(os, name)))

    def _counted(self, name: str, real: Callable[[int], None]) -> Callable[[int], None]:
        def call(fd: int) -> None:
            self.calls.append(os.readlink(f"/proc/self/fd/{fd}"))
            if self.broken:
                raise OSError(5, "Input/output error")
            time.sleep(self.delay)
            real(fd)

        return call

    def count(self, path: Path) -> int:
        """How often the file at `path` was synced."""
        return self.calls.count(str(path))


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def test_always_waits_for_the_disk_at_each_append(path: Path, opened: Open, disk: Disk) -> None:
    """A receipt says durable, and there was a sync for each."""
    log = opened(fsync="always")
    before = disk.count(path)
    receipts = [log.append(small(i)) for i in range(5)]
    assert [r.status for r in receipts] == ["durable"] * 5
    assert disk.count(path) == before + 5
    assert log.status["durable_seq"] == 6


def test_a_batch_is_one_sync(path: Path, opened: Open, disk: Disk) -> None:
    """write_many(…, durable=True) syncs once, whatever the policy."""
    log = opened(fsync="none")
    receipts = log.write_many([small(i) for i in range(100)], durable=True)
    assert {r.status for r in receipts} == {"durable"}
    assert disk.count(path) == 1


def test_none_never_syncs_by_itself(path: Path, opened: Open, disk: Disk) -> None:
    """Not at append, not at close; on request it does."""
    log = opened(fsync="none")
    assert log.append(small()).status == "written"
    log.sync()
    assert disk.count(path) == 1
    log.append(small())
    log.close()
    assert disk.count(path) == 1


def test_interval_syncs_soon_in_the_background_and_at_close(path: Path, opened: Open, disk: Disk) -> None:
    """Written at once, durable within the interval; idle logs are left alone; close syncs what is left."""
    log = opened(fsync="interval", interval_s=0.05)
    receipts = [log.append(small(i)) for i in range(20)]
    assert {r.status for r in receipts} == {"written"}
    deadline = time.monotonic() + 60
    while log.status["durable_seq"] != 21 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert log.status["durable_seq"] == 21
    count = disk.count(path)
    assert 1 <= count <= 20
    time.sleep(0.2)
    assert disk.count(path) == count
    log.append(small())
    log.close()
    assert disk.count(path) == count + 1


def test_threads_share_one_sync(path: Path, opened: Open, disk: Disk) -> None:
    """Group commit: eight threads that wait for a slow disk need far fewer syncs than appends, and all are durable."""
    log = opened(fsync="always")
    disk.delay = 0.01
    receipts = []

    def work(who: str) -> None:
        for i in range(10):
            receipts.append(log.append(small(i, who)))

    before = disk.count(path)
    threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {r.status for r in receipts} == {"durable"}
    assert disk.count(path) - before <= 40
    found = walk(path)
    assert len(found.callers) == 80
    assert all(found.has(r) for r in receipts)


def test_a_failed_sync_is_no_receipt_and_the_next_append_copies_the_log(path: Path, opened: Open, disk: Disk) -> None:
    """DurabilityError; then a copy in a new file, durable, and a `durability` record (10.2, `fsync` returns EIO)."""
    log = opened(fsync="always")
    log.append(small(0))
    inode = path.stat().st_ino
    disk.broken = True
    with pytest.raises(DurabilityError, match="the disk did not confirm it") as caught:
        log.append(small(1))
    assert caught.value.exit_code == 5
    with pytest.raises(DurabilityError, match="cannot be copied"):
        log.append(small(2))
    assert path.stat().st_ino == inode
    disk.broken = False
    receipt = log.append(small(3))
    assert receipt.status == "durable"
    assert path.stat().st_ino != inode
    found = walk(path)
    assert found.has(receipt)
    assert found.own("durability") == [{"type": "durability", "from": 2, "to": 2, "error": "EIO", "present": 1}]
    assert [r["i"] for r in found.callers] == [0, 1, 3]
    assert found.own("lost")[0]["count"] == 1
    assert not list(path.parent.glob("*.resync"))
    assert isinstance(log.failed, DurabilityError)


def test_a_failed_sync_is_never_retried_and_called_good(path: Path, opened: Open, disk: Disk) -> None:
    """The kernel would say yes the second time: sync, close and waiting threads still hear the failure."""
    log = opened(fsync="interval", interval_s=60)
    log.append(small(0))
    disk.broken = True
    with pytest.raises(DurabilityError):
        log.sync()
    disk.broken = False
    for call in (log.sync, log.close):
        with pytest.raises(DurabilityError, match="did not confirm"):
            call()


def test_a_background_failure_is_dealt_with_by_the_next_append(path: Path, opened: Open, disk: Disk) -> None:
    """Nobody waits for it, so the log says it: `failed`, and a `durability` record that names the range."""
    log = opened(fsync="interval", interval_s=0.3)
    log.append(small(0))
    log.sync()
    tried, deadline = len(disk.calls), time.monotonic() + 60
    disk.broken = True
    log.append(small(1))
    log.append(small(2))
    while len(disk.calls) == tried and time.monotonic() < deadline:
        time.sleep(0.001)
    disk.broken = False
    assert log.append(small(3)).status == "written"
    found = walk(path)
    assert found.own("durability")[0] == {"type": "durability", "from": 2, "to": 3, "error": "EIO", "present": 2}
    assert "did not confirm" in str(log.failed)


def test_without_a_thread_the_sync_is_done_at_once(path: Path, opened: Open, disk: Disk) -> None:
    """No more threads, or the interpreter shuts down: the policy `interval` still syncs."""
    log = opened(fsync="interval")

    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        log.append(small())
    assert log.status["durable_seq"] == 2
    assert disk.count(path) == 1


def test_records_that_are_gone_after_a_failed_sync_are_counted(path: Path, opened: Open, disk: Disk) -> None:
    """`present` says how many of the doubtful records the copy holds: damage on the way is not hidden."""
    log = opened(fsync="always")
    log.append(small(0))
    disk.broken = True
    with pytest.raises(DurabilityError):
        log.write_many([small(1), small(2), small(3)])
    disk.broken = False
    lines = path.read_bytes().splitlines(keepends=True)
    damaged = b"".join([*lines[:3], b"\x00" * (len(lines[3]) - 1) + b"\n", lines[4]])
    path.write_bytes(damaged)
    log.append(small(4))
    assert b'"from":2,"to":4,"error":"EIO","present":1' in path.read_bytes()
    assert damaged in path.read_bytes()


def test_a_failed_sync_at_rotation_leaves_the_segment_active(path: Path, opened: Open, disk: Disk) -> None:
    """Nothing is renamed that is not on the disk; the next append copies first, and then rotates."""
    log = opened(max_bytes=1500)
    log.append(small(0))
    log.append(small(1))
    disk.broken = True
    with pytest.raises(DurabilityError, match="nothing was written"):  # noqa: PT012
        for i in range(2, 9):
            log.append(small(i))
    assert [p.name for p in path.parent.glob("*.jsonl")] == ["audit.jsonl"]
    disk.broken = False
    receipt = log.append(small(9))
    found = walk(path)
    assert found.has(receipt)
    assert len(found.own("durability")) == 1
    assert len(found.own("rotate")) >= 1


def test_the_copy_keeps_mode_and_bytes(path: Path, opened: Open, disk: Disk) -> None:
    """What was 0640 for a log reader stays so, and every byte is the same."""
    log = opened(fsync="always")
    log.append(small(0))
    path.chmod(0o640)
    disk.broken = True
    with pytest.raises(DurabilityError):
        log.append(small(1))
    before = path.read_bytes()
    disk.broken = False
    log.append(small(2))
    assert path.read_bytes().startswith(before)
    assert path.stat().st_mode & 0o777 == 0o640


def test_another_live_writer_follows_the_copy(path: Path, opened: Open, disk: Disk) -> None:
    """The file changes its inode without a rotation: that is no tampering."""
    first, second = opened(fsync="always"), opened()
    second.append(small(0))
    disk.broken = True
    with pytest.raises(DurabilityError):
        first.append(small(1))
    disk.broken = False
    first.append(small(2))
    second.append(small(3))
    assert [r["i"] for r in walk(path).callers] == [0, 1, 2, 3]
    assert second.failed is None


def test_a_folder_that_cannot_be_synced_is_a_failure(path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new file whose name may be lost holds no record; where folders cannot be synced at all, that is no failure."""
    real = os.fsync

    def refuse(code: int) -> Callable[[int], None]:
        def fsync(fd: int) -> None:
            if os.path.isdir(f"/proc/self/fd/{fd}"):
                raise OSError(code, os.strerror(code))
            real(fd)

        return fsync

    monkeypatch.setattr(os, "fsync", refuse(5))
    with pytest.raises(DurabilityError, match="name of the new file"):
        opened()
    assert path.read_bytes() == b""
    monkeypatch.setattr(os, "fsync", refuse(22))
    opened().append(small())
    assert len(walk(path).records) == 2


def test_no_descriptor_left_for_a_sync_is_said(path: Path, opened: Open, disk: Disk) -> None:
    """A sync that the system refuses for whatever reason is a DurabilityError, never an OSError."""
    log = opened()
    log.append(small())

    def refuse(_: int) -> None:
        raise OSError(9, "Bad file descriptor")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fdatasync", refuse)
        with pytest.raises(DurabilityError, match="Bad file descriptor"):
            log.append(small(), durable=True)


def test_closing_while_threads_wait_for_the_disk(path: Path, opened: Open, disk: Disk) -> None:
    """Every append that was taken before the close is durable; every later one is refused; nothing hangs."""
    log = opened(fsync="always")
    disk.delay = 0.005
    done: list[str] = []

    def work(who: str) -> None:
        try:
            for i in range(50):
                done.append(log.append(small(i, who)).status)
        except AuditWriteError as error:
            done.append(f"refused: {error}")

    threads = [threading.Thread(target=work, args=(str(n),)) for n in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    log.close()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    refused = [status for status in done if status.startswith("refused")]
    assert set(done) - set(refused) == {"durable"}
    assert len(walk(path).callers) == len(done) - len(refused)
