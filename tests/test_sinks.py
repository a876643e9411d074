"""Where bytes go: files that appear whole, devices and pipes that stay what they are."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli.errors import AuditWriteError
from auditlog_cli.sinks import FileOutput, write_whole
from tests.conftest import Result

Cli = Callable[..., Result]
LINE = b'{"user":{"id":"ann"}}\n'


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    out = FileOutput(str(tmp_path / "out"))
    out.write(b"half")
    out.discard()
    assert list(tmp_path.iterdir()) == []
    write_whole(str(tmp_path / "out"), b"whole")
    assert (tmp_path / "out").read_bytes() == b"whole"
    with pytest.raises(AuditWriteError, match="is there already"):
        write_whole(str(tmp_path / "out"), b"other", new=True)
    assert [each.name for each in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("call", ["write", "fsync", "rename"])
def test_what_cannot_be_written_is_named_and_leaves_nothing(
    cli: Cli, tmp_path: Path, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*args: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, refused)
    told = cli("schema", "record", "-o", tmp_path / "out.json")
    assert told.code == 5
    assert f"{tmp_path / 'out.json'}: cannot be written (No space left on device)" in told.err
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_schema_leaves_nothing(cli: Cli, tmp_path: Path) -> None:
    assert cli("schema", "none", "-o", tmp_path / "out.json").code == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_a_file_never_takes_the_place_of_what_is_none(make: Callable[[str], None], tmp_path: Path) -> None:
    """A folder, a pipe; a device, too, which nobody should try here."""
    there = str(tmp_path / "there")
    make(there)
    before = os.stat(there)
    with pytest.raises(AuditWriteError, match="cannot be written, it is"):
        FileOutput(there)
    assert os.stat(there).st_mode == before.st_mode
    assert [each.name for each in tmp_path.iterdir()] == ["there"]


def test_an_answer_goes_into_a_pipe_that_is_there(tmp_path: Path) -> None:
    """`-o >(gzip)`, `-o /dev/stdout`: written into, not replaced."""
    (tmp_path / "a.jsonl").write_bytes(LINE)
    os.mkfifo(tmp_path / "pipe")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_bytes()), daemon=True)
    reader.start()
    words = ["filter", str(tmp_path / "a.jsonl"), "--user", "ann", "-o", str(tmp_path / "pipe")]
    assert subprocess.run([sys.executable, "-m", "auditlog_cli", *words], timeout=60).returncode == 0
    reader.join(60)
    assert read == [LINE]
    assert (tmp_path / "pipe").is_fifo()


def test_an_answer_for_a_folder_is_refused_in_words(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(LINE)
    done = cli("filter", tmp_path / "a.jsonl", "--user", "ann", "-o", tmp_path)
    assert done.code == 5
    assert "cannot be written, it is a folder" in done.err
