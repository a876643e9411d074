"""A named pipe where a file of a log should be is refused: nobody waits for who might write into it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from auditlog_cli import AuditLog, segments
from tests.conftest import Result
from tests.withholding.conftest import REDACTOR, write_key

pytest.importorskip("cryptography", reason="signatures are made with the package cryptography")

Cli = Callable[..., Result]
OLD = ("--older-than", "0d", "--yes")
RECORD = {"action": {"tool": "x"}}


@pytest.fixture(autouse=True)
def limit() -> Iterator[None]:
    """Who waits after all is told so, and does not wait for ever."""

    def late(*_: object) -> None:
        raise AssertionError("it waited")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return write_key(tmp_path / "seal.key", REDACTOR)


@pytest.fixture
def log(tmp_path: Path, key: Path, cli: Cli) -> Path:
    """A signed log of which one segment is pruned and one is closed."""
    path = tmp_path / "audit.jsonl"
    with AuditLog(path, key=key, ballast_bytes=0) as log:
        log.append(RECORD)
        log.rotate()
        log.checkpoint()
        assert cli("prune", path, *OLD, "-q").code == 0
        log.append(RECORD)
        log.rotate()
    return path


@pytest.fixture
def raw(tmp_path: Path, key: Path, cli: Cli) -> Path:
    """A log that others write, signed, with salts and a hold."""
    path = tmp_path / "raw.jsonl"
    path.write_text('{"action":{"tool":"x"}}\n')
    assert cli("seal", path, "--key", key, "--redactable", "-q").code == 0
    assert cli("hold", "add", path, "--all", "--by", "a", "--reason", "b").code == 0
    return path


def refuses(cli: Cli, instead: str, *words: object) -> None:
    """A pipe instead of this file: one line that names it, one line of help."""
    os.unlink(instead)
    os.mkfifo(instead)
    before = sorted(os.listdir(os.path.dirname(instead)))
    done = cli(*words)
    assert (done.code, done.out) == (3, ""), done
    said = done.err.splitlines()
    assert len(said) == 2 and said[0].startswith(f"auditlog: error[input]: {instead}: not a file"), said
    assert said[1].startswith("  help: ")
    assert sorted(os.listdir(os.path.dirname(instead))) == before


def segment(log: Path) -> str:
    return segments.closed(str(log))[0][1]


def stub(log: Path) -> str:
    return segments.pruned_name(str(log))


def checkpoint(log: Path) -> str:
    return segments.checkpoint_name(str(log))


@pytest.mark.parametrize("file", [segment, stub, checkpoint], ids=["segment", "stub", "checkpoint"])
@pytest.mark.parametrize("words", [("seal", "--key", "seal.key"), ("prune", *OLD)], ids=lambda words: words[0])
def test_who_signs_or_prunes_refuses_each(
    log: Path, cli: Cli, words: tuple[str, ...], file: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(log.parent)
    refuses(cli, file(log), words[0], log, *words[1:])


def test_what_was_to_be_written_is_refused_by_the_writer(log: Path, key: Path, cli: Cli) -> None:
    """Then the exit code is that of a writer."""
    log.unlink()
    os.mkfifo(log)
    done = cli("seal", log, "--key", key)
    assert (done.code, "not a regular file" in done.err, done.err.count("\n")) == (5, True, 2), done


@pytest.mark.parametrize("file", [segment, stub, str], ids=["segment", "stub", "log"])
def test_head_refuses_each_that_it_reads(log: Path, cli: Cli, file: Callable[[Path], str]) -> None:
    refuses(cli, file(log), "head", log)


@pytest.mark.parametrize("file", [segment, checkpoint], ids=["segment", "checkpoint"])
@pytest.mark.parametrize(
    "words",
    [
        ("hold", "list"),
        ("hold", "add", "--all", "--by", "a", "--reason", "b"),
        ("hold", "release", "hold-1", "--by", "a", "--reason", "b"),
    ],
    ids=lambda words: words[1],
)
def test_holds_refuse_each_that_they_read(
    log: Path, cli: Cli, words: tuple[str, ...], file: Callable[[Path], str]
) -> None:
    refuses(cli, file(log), *words[:2], log, *words[2:])


@pytest.mark.parametrize("file", [stub, checkpoint], ids=["stub", "checkpoint"])
def test_recover_refuses_each_that_it_reads(log: Path, cli: Cli, file: Callable[[Path], str]) -> None:
    os.unlink(segment(log))
    os.unlink(log)
    refuses(cli, file(log), "recover", log, "--accept-loss")


@pytest.mark.parametrize(
    "words", [("compress",), ("export", "--to", "csv", "-o", "out.csv")], ids=lambda words: words[0]
)
def test_compress_and_export_refuse_a_segment(log: Path, cli: Cli, words: tuple[str, ...]) -> None:
    refuses(cli, segment(log), words[0], log, *words[1:])


def test_compress_refuses_what_lies_where_it_would_write(log: Path, cli: Cli) -> None:
    there = f"{segment(log)}.zst"
    Path(there).touch()
    refuses(cli, there, "compress", log)


@pytest.mark.parametrize("ending", ["", ".checkpoint", ".salts", ".holds"])
@pytest.mark.parametrize("words", [("seal", "--key", "seal.key"), ("hold", "list")], ids=lambda words: words[0])
def test_a_log_of_others_is_refused_likewise(
    raw: Path, cli: Cli, words: tuple[str, ...], ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(raw.parent)
    place = 1 if words[0] == "seal" else 2
    refuses(cli, f"{raw}{ending}", *words[:place], raw, *words[place:])


def test_anchor_refuses_a_checkpoint_that_nobody_named(log: Path, cli: Cli) -> None:
    refuses(cli, checkpoint(log), "anchor", log, "--git", log.parent)


def test_a_writer_goes_on_though_the_checkpoint_is_a_pipe(log: Path) -> None:
    """It looks at it only to tell how a torn end is repaired."""
    with open(log, "ab") as file:
        file.write(b'{"torn')
    os.unlink(checkpoint(log))
    os.mkfifo(checkpoint(log))
    with AuditLog(log, ballast_bytes=0) as again:
        again.append(RECORD)
    assert b'"type":"recovered"' in log.read_bytes()


def test_a_writer_refuses_a_pipe_as_the_segment_before(log: Path) -> None:
    from auditlog_cli import AuditWriteError

    closed = segment(log)
    os.unlink(log)
    os.unlink(closed)
    os.mkfifo(closed)
    with pytest.raises(AuditWriteError, match="not a file"):
        AuditLog(log, ballast_bytes=0)
