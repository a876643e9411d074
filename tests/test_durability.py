"""What is written reaches the disk, by the means each system has."""

from __future__ import annotations

import errno
import fcntl
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from auditlog_cli import durability

SRC = Path(durability.__file__).parent
Sync = Callable[[int], None]
FULL = 51  # F_FULLFSYNC of macOS, <sys/fcntl.h>


@pytest.fixture
def fd(tmp_path: Path) -> Iterator[int]:
    opened = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    yield opened
    os.close(opened)


class Drive:
    """Stands for fcntl(2) of macOS."""

    def __init__(self, answer: int | None = None) -> None:
        self.asked: list[int] = []
        self._answer = answer

    def __call__(self, fd: int, command: int) -> int:
        self.asked.append(command)
        if self._answer is not None:
            raise OSError(self._answer, os.strerror(self._answer))
        return 0


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which calls of the system there were."""
    called: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda fd: called.append("fsync"))
    monkeypatch.setattr(os, "fdatasync", lambda fd: called.append("fdatasync"), raising=False)
    monkeypatch.delattr(fcntl, "F_FULLFSYNC", raising=False)
    return called


def macos(monkeypatch: pytest.MonkeyPatch, answer: int | None = None) -> Drive:
    drive = Drive(answer)
    monkeypatch.delattr(os, "fdatasync")
    monkeypatch.setattr(fcntl, "F_FULLFSYNC", FULL, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", drive)
    return drive


def test_linux_has_a_call_for_each(fd: int, synced: list[str]) -> None:
    durability.sync(fd)
    durability.sync_data(fd)
    assert synced == ["fsync", "fdatasync"]


@pytest.mark.parametrize("how", [durability.sync, durability.sync_data])
def test_macos_is_asked_to_empty_the_memory_of_the_drive(
    fd: int, synced: list[str], monkeypatch: pytest.MonkeyPatch, how: Sync
) -> None:
    drive = macos(monkeypatch)
    how(fd)
    assert (drive.asked, synced) == ([FULL], [])


@pytest.mark.parametrize("how", [durability.sync, durability.sync_data])
@pytest.mark.parametrize("answer", [errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOTTY])
def test_a_file_system_of_macos_without_a_drive_is_synced_as_it_can_be(
    fd: int, synced: list[str], monkeypatch: pytest.MonkeyPatch, how: Sync, answer: int
) -> None:
    macos(monkeypatch, answer)
    how(fd)
    assert synced == ["fsync"]


def test_a_drive_that_fails_is_a_failure(fd: int, synced: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    macos(monkeypatch, errno.EIO)
    with pytest.raises(OSError, match=re.escape(os.strerror(errno.EIO))):
        durability.sync_data(fd)
    assert synced == []


def test_nobody_else_asks_the_system() -> None:
    calls = {path.name for path in SRC.rglob("*.py") if re.search(r"\bos\.f(?:data)?sync\b", path.read_text())}
    assert calls == {"durability.py"}
