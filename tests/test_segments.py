"""Which files a log consists of, also while they come and go."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli import AuditLog, segments
from auditlog_cli.writer.growth import Growth, is_sealed


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A sealed log of several segments."""
    path = tmp_path / "audit.jsonl"
    with AuditLog(path, fsync="none", ballast_bytes=0, max_bytes=8 * 1024) as opened:
        for _ in range(300):
            opened.append({"user": {"id": "u"}})
    assert len(segments.closed(str(path))) > 2
    return path


def at_first_sight(monkeypatch: pytest.MonkeyPatch, path: str, happens: Callable[[str], object]) -> None:
    """Let this happen in the moment in which the file is about to be opened for the first time."""
    real, left = os.open, [path]

    def opened(name: str, *rest: int, **options: int) -> int:
        if name in left:
            left.clear()
            happens(name)
        return real(name, *rest, **options)

    monkeypatch.setattr(os, "open", opened)


def compress(name: str) -> None:
    Path(f"{name}.gz").write_bytes(gzip.compress(Path(name).read_bytes()))
    os.unlink(name)


@pytest.mark.parametrize("at", [0, 1])
@pytest.mark.parametrize("happens", [compress, os.unlink])
def test_a_segment_that_goes_between_the_list_and_the_look_at_it(
    log: Path, monkeypatch: pytest.MonkeyPatch, at: int, happens: Callable[[str], object]
) -> None:
    """Pruned or compressed by another process: the list is made anew, and each segment in it is open."""
    at_first_sight(monkeypatch, segments.closed(str(log))[at][1], happens)
    taken = segments.snapshot(str(log))
    for _, fd, _ in taken:
        os.close(fd)
    assert [name for name, _, _ in taken] == [*(name for _, name in segments.closed(str(log))), str(log)]


@pytest.mark.parametrize("happens", [compress, os.unlink])
def test_a_log_is_known_for_sealed_though_its_first_segment_goes(
    log: Path, monkeypatch: pytest.MonkeyPatch, happens: Callable[[str], object]
) -> None:
    at_first_sight(monkeypatch, segments.closed(str(log))[0][1], happens)
    assert is_sealed(str(log))


def test_who_signs_reads_on_though_a_segment_is_compressed_meanwhile(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = Growth(str(log)).grow()
    at_first_sight(monkeypatch, segments.closed(str(log))[1][1], compress)
    assert Growth(str(log)).grow() == size


def test_a_segment_that_is_listed_and_never_there_is_an_error(log: Path) -> None:
    """A link to nothing: no writer of ours leaves that, and the log is not whole without it."""
    name = Path(segments.closed(str(log))[0][1])
    name.unlink()
    name.symlink_to("nowhere")
    with pytest.raises(FileNotFoundError):
        segments.snapshot(str(log))
