"""A log that is gone is begun anew only if somebody accepts the loss, and then it says so (integrity.md, 2.1)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli import AuditLog, TamperError, verify
from auditlog_cli.writer import renewing
from tests.conftest import Result
from tests.withholding.conftest import write_key

pytest.importorskip("cryptography", reason="signatures are made with the package cryptography")

Cli = Callable[..., Result]
RECORD = {"action": {"tool": "x"}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A signed log of which only the checkpoint (over 4 records) is left."""
    path = tmp_path / "audit.jsonl"
    with AuditLog(path, key=write_key(tmp_path / "seal.key", bytes(32)), origin="test/old", ballast_bytes=0) as log:
        log.write_many([RECORD] * 3)
    path.unlink()
    return path


def everything(folder: Path) -> list[tuple[str, bytes]]:
    return sorted((str(each), each.read_bytes()) for each in folder.rglob("*"))


@pytest.mark.parametrize("rest", [None, b"", bytes(700), b'{"a":'])
def test_the_new_log_says_which_one_is_gone(path: Path, cli: Cli, rest: bytes | None) -> None:
    if rest is not None:
        path.write_bytes(rest)
    with pytest.raises(TamperError) as refused:
        AuditLog(path)
    assert f"auditlog recover {path} --accept-loss" in "".join(refused.value.__notes__)
    checkpoint = Path(f"{path}.checkpoint").read_bytes()
    done = cli("recover", path, "--accept-loss")
    assert (done.code, "4 records of the log before it are gone" in done.out) == (0, True), done
    assert Path(f"{path}.checkpoint.lost").read_bytes() == checkpoint
    assert not os.path.exists(f"{path}.checkpoint")
    with AuditLog(path, ballast_bytes=0) as log:
        log.append(RECORD)
    first, second = (json.loads(line)["auditlog"] for line in path.read_bytes().splitlines()[:2])
    assert first["type"] == "genesis" and first["origin"] != "test/old"
    assert [second[name] for name in ("type", "count", "reason")] == ["lost", 4, "log-gone: test/old"]
    verdict = verify(path)
    assert (verdict.exit_code, [each.code for each in verdict.listed][:1]) == (0, ["lost"])


def test_the_log_may_be_named_as_in_the_examples(path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    done = cli("recover", "audit.jsonl", "--accept-loss")
    assert (done.code, verify(path).exit_code) == (0, 0), done
    assert verify(path).records == 2


def test_a_log_that_is_there_is_left_alone(path: Path, cli: Cli, tmp_path: Path) -> None:
    """Whole, or of another name than its checkpoint: what to do is nothing that a command can guess."""
    kept = Path(f"{path}.checkpoint").read_bytes()
    for origin in ("test/old", "test/other"):
        os.unlink(f"{path}.checkpoint")
        with AuditLog(path, origin=origin, ballast_bytes=0) as log:
            log.append(RECORD)
        Path(f"{path}.checkpoint").write_bytes(kept)
        before = everything(tmp_path)
        done = cli("recover", path, "--accept-loss")
        assert (done.code, done.err.count("\n")) == (2, 2)
        assert everything(tmp_path) == before
        path.unlink()


def test_a_log_of_which_the_active_segment_is_gone_is_there(tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "audit.jsonl"
    with AuditLog(path, key=write_key(tmp_path / "seal.key", bytes(32)), ballast_bytes=0) as log:
        log.append(RECORD)
        log.rotate()
    path.unlink()
    before = everything(tmp_path)
    told = cli("recover", path, "--accept-loss")
    assert (told.code, told.out) == (2, "")
    assert "is there, so no loss can be accepted" in told.err
    assert everything(tmp_path) == before


def test_the_wrong_path_and_the_loss_not_accepted(path: Path, cli: Cli, tmp_path: Path) -> None:
    before = everything(tmp_path)
    assert cli("recover", path).code == 2
    assert cli("recover", tmp_path / "none.jsonl", "--accept-loss").code == 3
    assert cli("recover", tmp_path / "no" / "none.jsonl", "--accept-loss").code == 3
    assert everything(tmp_path) == before


def test_killed_in_between_it_is_finished_by_the_next_run(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(name: str) -> str:
        raise KeyboardInterrupt(name)

    with monkeypatch.context() as patch:
        patch.setattr(renewing, "_aside", killed)
        with pytest.raises(KeyboardInterrupt):
            renewing.renew(str(path))
    before = path.read_bytes()
    assert verify(path).exit_code == 1, "the old checkpoint still lies beside it"
    done = renewing.renew(str(path))
    assert (done.gone, done.kept) == (4, [f"{path}.checkpoint.lost"])
    assert path.read_bytes() == before
    assert verify(path).exit_code == 0


def test_nothing_that_was_kept_is_overwritten(path: Path) -> None:
    Path(f"{path}.checkpoint.lost").write_bytes(b"older")
    assert renewing.renew(str(path)).kept == [f"{path}.checkpoint.lost.2"]
    assert Path(f"{path}.checkpoint.lost").read_bytes() == b"older"


def test_a_stub_and_a_damaged_checkpoint(path: Path) -> None:
    """What was pruned is not lost; of a checkpoint that is none nothing is known."""
    stub = {
        "format": "auditlog-pruned/1",
        "origin": "test/old",
        "records": 2,
        "head": "0" * 64,
        "range": ["A" * 43 + "="],
    }
    (path.parent / "audit.pruned.json").write_text(json.dumps(stub))
    assert renewing.renew(str(path)).gone == 2
    path.unlink()
    Path(f"{path}.checkpoint").write_bytes(b"\xff")
    assert renewing.renew(str(path)).gone == 0
    assert json.loads(path.read_bytes().splitlines()[1])["auditlog"]["reason"] == "log-gone"


def test_closed_segments_without_the_active_one_are_a_log_that_is_there(path: Path, cli: Cli) -> None:
    """A writer was killed between closing one segment and beginning the next: nothing is lost."""
    kept = Path(f"{path}.checkpoint").read_bytes()
    os.unlink(f"{path}.checkpoint")
    with AuditLog(path, origin="test/old", ballast_bytes=0) as log:
        log.append(RECORD)
        log.rotate()
    path.unlink()
    Path(f"{path}.checkpoint").write_bytes(kept)
    before = everything(path.parent)
    done = cli("recover", path, "--accept-loss")
    assert (done.code, "is there, so no loss can be accepted" in done.err) == (2, True), done
    assert everything(path.parent) == before


def test_a_checkpoint_that_cannot_be_read_is_not_taken_for_a_damaged_one(path: Path, cli: Cli) -> None:
    """How many records are gone stands in it."""
    os.rename(f"{path}.checkpoint", f"{path}.elsewhere")
    os.symlink(f"{path}.checkpoint", f"{path}.checkpoint")
    done = cli("recover", path, "--accept-loss")
    assert (done.code, "cannot be read" in done.err) == (3, True), done
    assert not path.exists()
