"""Which files the user means."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli.errors import InputError
from auditlog_cli.sources import files
from tests.conftest import Result
from tests.logs import record, write


def names(paths: list[str]) -> list[list[str]]:
    return [[Path(file).name for file in log.files] for log in files.find(paths)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("audit.jsonl", "audit.000000000000.jsonl", "audit.000000000097.jsonl.zst", "other.ndjson", "x.txt",
                 ".hidden.jsonl", "audit.jsonl.lock", "audit.torn.3.bin", "audit.pruned.json"):  # fmt: skip
        (tmp_path / name).touch()
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "audit.jsonl").touch()
    return tmp_path


def test_a_log_is_its_segments_in_order(folder: Path) -> None:
    assert names([str(folder / "audit.jsonl")]) == [
        ["audit.000000000000.jsonl", "audit.000000000097.jsonl.zst", "audit.jsonl"]
    ]


def test_a_closed_segment_named_outright_stands_alone(folder: Path) -> None:
    assert names([str(folder / "audit.000000000000.jsonl")]) == [["audit.000000000000.jsonl"]]


def test_a_folder_is_every_log_below_it(folder: Path) -> None:
    assert names([str(folder)]) == [
        ["audit.000000000000.jsonl", "audit.000000000097.jsonl.zst", "audit.jsonl"],
        ["other.ndjson"],
        ["audit.jsonl"],
    ]


def test_a_glob_that_the_shell_left_alone(folder: Path) -> None:
    assert names([str(folder / "audit.*.jsonl*")]) == [
        ["audit.000000000000.jsonl", "audit.000000000097.jsonl.zst"]
    ] or (len(names([str(folder / "audit.*.jsonl*")])) == 1)
    assert names([str(folder / "**" / "audit.jsonl")]) == [["audit.jsonl"], ["audit.jsonl"]]


def test_no_file_is_read_twice(folder: Path) -> None:
    both = names([str(folder / "audit.jsonl"), str(folder / "audit.000000000000.jsonl")])
    assert both == [["audit.000000000000.jsonl", "audit.000000000097.jsonl.zst", "audit.jsonl"]]


def test_a_log_without_its_active_segment_is_still_there(folder: Path) -> None:
    """A writer was killed between closing one segment and beginning the next."""
    (folder / "audit.jsonl").unlink()
    assert names([str(folder / "audit.jsonl")]) == [["audit.000000000000.jsonl", "audit.000000000097.jsonl.zst"]]


@pytest.mark.parametrize("name", ["audit.000000000050.jsonl", "sub/pipe.jsonl"])
def test_a_pipe_that_nobody_named_is_not_waited_for(folder: Path, name: str) -> None:
    """Who can write into the folder of a log could let every reader wait for ever; a pipe that is named is meant."""
    os.mkfifo(folder / name)
    with pytest.raises(InputError, match=f"{name}: bears the name of a log, and is no file"):
        files.find([str(folder)])
    with pytest.raises(InputError):
        files.find([str(folder / "**" / "*.jsonl")])
    assert names([str(folder / name)]) == [[Path(name).name]]


@pytest.mark.parametrize(
    ("path", "words", "help_words"),
    [("audt.jsonl", "no such file", "audit.jsonl?"), ("nofolder/x.jsonl", "no such file", "no folder"),
     ("*.nothing", "no file matches", ""), ("empty", "no log in this folder", "name the file itself")],
)  # fmt: skip
def test_what_is_not_there(folder: Path, path: str, words: str, help_words: str) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(InputError) as caught:
        files.find([str(folder / path)])
    assert words in caught.value.message
    assert help_words in caught.value.help


def test_standard_input() -> None:
    assert files.find(["-"])[0].files == ["-"]


def test_a_trace_is_looked_for_in_a_log_that_changes_since_it_was_listed(
    tmp_path: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A closed segment is compressed, and what was a file has gone: nobody asks for it by its old name again."""
    log = write(tmp_path / "audit.jsonl", record())
    closed = write(tmp_path / "audit.000000000000.jsonl", record(span_id="span_0"))
    find = files.find

    def listed(paths: list[str], **options: bool) -> list[files.Log]:
        found = find(paths, **options)
        if closed.exists():
            (tmp_path / "audit.000000000000.jsonl.gz").write_bytes(gzip.compress(closed.read_bytes()))
            closed.unlink()
        return found

    monkeypatch.setattr(files, "find", listed)
    told = cli("trace", "trace_1", log)
    assert told.code == 0, told.err
    assert "2 records" in told.out


def test_a_link_to_nothing_in_a_folder_is_an_error_of_trace(tmp_path: Path, cli: Callable[..., Result]) -> None:
    write(tmp_path / "audit.jsonl", record())
    (tmp_path / "gone.jsonl").symlink_to("nowhere")
    told = cli("trace", "trace_1", tmp_path)
    assert (told.code, "gone.jsonl: cannot be read" in told.err) == (3, True), told


def closed_to_us(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let the folders of that name refuse to be listed, as they do to who is neither their owner nor root."""
    scandir = os.scandir

    def refusing(path: str) -> object:
        if os.path.basename(path) == name:
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)


def test_a_folder_that_cannot_be_looked_into_does_not_pass_for_one_without_logs(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed_to_us(monkeypatch, "sub")
    for asked in (folder, folder / "sub"):
        with pytest.raises(InputError, match=r"sub: cannot be read \(Permission denied\)"):
            files.find([str(asked)])
    unread: list[InputError] = []
    found = files.find([str(folder)], unread=unread)
    assert ([log.path for log in found], len(unread)) == (
        [str(folder / "audit.jsonl"), str(folder / "other.ndjson")],
        1,
    )


def test_what_fsck_keeps_for_root_is_no_folder_of_logs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else nobody but root could name the folder in which a disk is mounted."""
    (folder / "lost+found").mkdir()
    closed_to_us(monkeypatch, "lost+found")
    assert len(files.find([str(folder)])) == 3


@pytest.mark.parametrize("command", [["stats"], ["tail", "-f"], ["check", "--no-policy", "--follow"]])
def test_no_command_is_content_with_the_folders_that_it_could_look_into(
    folder: Path, monkeypatch: pytest.MonkeyPatch, cli: Callable[..., Result], command: list[str]
) -> None:
    write(folder / "other.ndjson", [record()])
    closed_to_us(monkeypatch, "sub")
    done = cli(*command, folder)
    assert (done.code, f"error[input]: {folder}/sub: cannot be read" in done.err) == (3, True), done
