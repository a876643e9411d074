"""A disk that is really full: a tiny tmpfs of our own (integrity.md, 10.1). Needs root."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from auditlog_cli.errors import AuditWriteError
from auditlog_cli.writer.log import AuditLog
from tests.writer.chain import walk
from tests.writer.records import full

pytestmark = pytest.mark.root


def fill(log: AuditLog) -> list[object]:
    """Append until the disk is full; the file must not change any more."""
    receipts: list[object] = []
    with pytest.raises(AuditWriteError, match="No space left|disk or quota full") as caught:  # noqa: PT012
        while True:
            receipts.append(log.append(full(len(receipts))))
    assert "make room" in caught.value.help
    return receipts


def test_full_and_empty_again(tiny: Path) -> None:
    """Refused while it is full, byte for byte; with room again the next append works; every receipt holds."""
    path = tiny / "audit.jsonl"
    log = AuditLog(path, ballast_bytes=16_384)
    receipts = fill(log)
    before = path.read_bytes()
    for _ in range(3):
        with pytest.raises(AuditWriteError):
            log.append({"text": "x" * 30_000})
        with pytest.raises(AuditWriteError):
            log.write_many([full(i) for i in range(50)])
    assert path.read_bytes() == before
    (tiny / "audit.jsonl.ballast").unlink()
    receipts.append(log.append(full()))
    found = walk(path)
    assert all(found.has(receipt) for receipt in receipts)
    assert found.own("lost")[0]["reason"] in ("ENOSPC", "write")
    log.close()


def test_the_last_words_fit(tiny: Path) -> None:
    """Closed on a full disk: the ballast makes room for the `lost` record."""
    path = tiny / "audit.jsonl"
    log = AuditLog(path, ballast_bytes=16_384)
    receipts = fill(log)
    os.sync()
    log.close()
    assert not (tiny / "audit.jsonl.ballast").exists()
    found = walk(path)
    assert all(found.has(receipt) for receipt in receipts)
    assert found.own("lost")[-1]["count"] >= 1


def test_rotation_on_a_full_disk(tiny: Path) -> None:
    """With small segments: whichever step of a rotation finds no room, nothing is lost."""
    path = tiny / "audit.jsonl"
    log = AuditLog(path, ballast_bytes=16_384, max_bytes=8_000)
    receipts = fill(log)
    with pytest.raises(AuditWriteError):
        log.append({"text": "x" * 30_000})
    log.close()
    found = walk(path)
    assert all(found.has(receipt) for receipt in receipts)
    assert len(found.own("rotate")) > 10


def test_a_new_log_on_a_full_disk(tiny: Path) -> None:
    """Genesis does not fit: AuditWriteError, and later the empty file becomes a log."""
    (tiny / "filler").write_bytes(b"")
    with (tiny / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass
    path = tiny / "audit.jsonl"
    with pytest.raises(AuditWriteError, match="No space left"):
        AuditLog(path)
    (tiny / "filler").unlink()
    with AuditLog(path) as log:
        log.append(full())
    assert len(walk(path).callers) == 1


def test_the_fallback_takes_over_on_a_full_disk(tiny: Path, tmp_path: Path) -> None:
    """The log on the full disk, the fallback elsewhere: every record is in one of them, and the receipt says which."""
    path, second = tiny / "audit.jsonl", tmp_path / "second.jsonl"
    log = AuditLog(path, fallback=second, ballast_bytes=16_384)
    receipts = [log.append(full(i)) for i in range(400)]
    log.close()
    main, other = walk(path), walk(second)
    assert {r.status for r in receipts} == {"written", "fallback"}
    for receipt in receipts:
        assert (main if receipt.path == str(path) else other).has(receipt)
    assert sum(said["count"] for said in main.own("lost")) == len(other.callers)


def test_a_file_system_that_becomes_read_only(tiny: Path) -> None:
    """Remounted read-only under a live writer: refused in words; writable again, it goes on."""
    path = tiny / "audit.jsonl"
    log = AuditLog(path, ballast_bytes=0)
    log.append(full(0))
    log.rotate()
    log._pen.active.close()  # a descriptor open for writing would forbid the remount
    log._pen._lock.close()
    subprocess.run(["mount", "-o", "remount,ro", str(tiny)], check=True)
    try:
        with pytest.raises(AuditWriteError, match="Read-only file system"):
            log.append(full(1))
        with pytest.raises(AuditWriteError, match="Read-only file system"):
            AuditLog(tiny / "other.jsonl")
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(tiny)], check=True)
    log.append(full(2))
    log.close()
    assert len(walk(path).callers) == 2
