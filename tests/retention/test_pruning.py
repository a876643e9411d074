"""Retention: whole segments go, and everything later can be verified as before (integrity.md, 5.6)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from auditlog_cli import proofs, times, verify
from auditlog_cli.errors import AuditWriteError, InputError, SealRefused
from auditlog_cli.retention import compressing, pruning
from auditlog_cli.signing import keygen
from auditlog_cli.writer.checkpoints import Sealer
from auditlog_cli.writer.growth import Growth
from auditlog_cli.writer.log import AuditLog

SUMMER = times.moment("2026-07-01T00:00:00Z") or 0


def record(month: int, **more: object) -> dict[str, object]:
    return {"timestamp": f"2026-{month:02d}-01T12:00:00Z", "user": {"id": "ann"}, "action": {"type": "x"}, **more}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A signed log with a segment for each month from May to August, the last one active."""
    path = tmp_path / "audit.jsonl"
    key = keygen.make(str(tmp_path / "key"), "test")
    with AuditLog(path, origin="test/log", ballast_bytes=0) as log:
        for month in (5, 6, 7, 8):
            for _ in range(3):
                log.append(record(month))
            Sealer(str(path), key).seal(log.durable)
            if month < 8:
                log.rotate()
    return path


def closed(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.glob("audit.[0-9]*.jsonl"))


def root(path: Path) -> bytes:
    growth = Growth(str(path))
    growth.grow()
    return growth.tree.root()


def own(path: Path) -> list[dict[str, object]]:
    records = [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]
    return [each["auditlog"] for each in records if "auditlog" in each]


def test_old_segments_go_and_the_root_stays(path: Path) -> None:
    before = root(path)
    plan = pruning.plan(str(path), SUMMER)
    assert [Path(each.path).name for each in plan.goes] == closed(path)[:2]
    assert (plan.records, plan.stays) == (8, "audit.000000000008.jsonl holds newer records")
    size = Growth(str(path)).grow()
    pruning.carry_out(plan, "schedule 7")
    assert closed(path) == ["audit.000000000008.jsonl"]
    assert own(path)[-1]["type"] == "prune"
    assert (own(path)[-1]["records"], own(path)[-1]["reason"]) == (8, "schedule 7")
    growth = Growth(str(path))
    growth.grow(size)
    assert growth.tree.root() == before


def test_a_segment_that_is_compressed_between_the_plan_and_the_deed_goes(path: Path) -> None:
    plan = pruning.plan(str(path), SUMMER)
    assert compressing.carry_out(compressing.plan(str(path)))
    pruning.carry_out(plan, "x")
    assert [name for name in os.listdir(path.parent) if "000000000000" in name or "000000000004" in name] == []
    assert verify(path).exit_code == 0


def test_the_log_goes_on_and_is_signed(path: Path) -> None:
    """A fresh signer reads the stub, and what was signed before pruning still holds."""
    pruning.carry_out(pruning.plan(str(path), SUMMER), "x")
    key = Sealer(str(path), keygen.make(str(path.parent / "key2"), "test"))
    with AuditLog(path) as log:
        log.append(record(9))
        assert key.seal(log.durable, log.append_own).size == 18
    stub = path.parent / "audit.pruned.json"
    forged = json.loads(stub.read_text())
    forged["range"][0] = "A" * 43 + "="
    stub.write_text(json.dumps(forged))
    with pytest.raises(SealRefused):
        Sealer(str(path), keygen.make(str(path.parent / "key3"), "test")).seal()


def test_what_is_not_signed_yet_stays(path: Path) -> None:
    """A log with a checkpoint beside it: no gap comes to be between what was signed and what is there."""
    beside = path.with_name("audit.jsonl.checkpoint")
    key = keygen.make(str(path.parent / "key2"), "test")
    growth = Growth(str(path))
    assert growth.grow(6) == 6
    with AuditLog(path) as log:
        origin = log.origin
    beside.write_text(key.note(origin, 6, growth.tree.root())[0])
    plan = pruning.plan(str(path), SUMMER)
    assert (plan.records, plan.held_back) == (4, False)
    assert plan.stays == "audit.000000000004.jsonl holds records that are not signed yet (auditlog seal)"
    Sealer(str(path), key).seal()
    assert pruning.plan(str(path), SUMMER).records == 8
    beside.write_text("nonsense")
    with pytest.raises(SealRefused, match="is no checkpoint; nothing was deleted"):
        pruning.plan(str(path), SUMMER)


def test_the_stock_checker_agrees(path: Path, shared: Path) -> None:
    """check.pl, given what the stub says, comes to the same root."""
    if not shutil.which("perl"):
        pytest.skip("perl is not there")
    pruning.carry_out(pruning.plan(str(path), SUMMER), "x")
    stub = json.loads((path.parent / "audit.pruned.json").read_text())
    data = b"".join((path.parent / name).read_bytes() for name in closed(path)) + path.read_bytes()
    done = subprocess.run(
        ["perl", shared / "spec" / "vectors" / "check.pl"], input=data, capture_output=True, check=True,
        env={**os.environ, "START": str(stub["records"]), "HEAD": stub["head"], "RANGE": " ".join(stub["range"])},
    )  # fmt: skip
    from base64 import b64encode

    assert b64encode(root(path)) in done.stdout


def test_pruning_twice_is_pruning_once_more(path: Path) -> None:
    pruning.carry_out(pruning.plan(str(path), SUMMER), "x")
    again = pruning.plan(str(path), SUMMER)
    assert (again.goes, again.leftover) == ((), ())
    pruning.carry_out(pruning.plan(str(path), times.moment("2026-07-15T00:00:00Z") or 0), "y")
    assert closed(path) == []
    root(path)


def test_the_active_segment_never_goes(path: Path) -> None:
    plan = pruning.plan(str(path), times.moment("2030-01-01T00:00:00Z") or 0)
    assert (len(plan.goes), plan.stays) == (3, "")
    pruning.carry_out(plan, "x")
    assert path.exists()
    root(path)


def test_a_legal_hold_keeps_its_segment_and_all_behind(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with AuditLog(path, ballast_bytes=0) as log:
        for month in (1, 2, 3):
            log.append(record(month, **({"retention": {"legal_hold": True}} if month == 2 else {})))
            log.rotate()
    plan = pruning.plan(str(path), SUMMER)
    assert len(plan.goes) == 1
    assert plan.stays.endswith("holds a record under a legal hold (retention.legal_hold)")


@pytest.mark.parametrize("step", ["durable", "stub", "first", "second", "folder"])
def test_killed_in_between_the_next_prune_finishes(path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """At no step is a record gone that no stub speaks for."""
    before = root(path)
    size = Growth(str(path)).grow()

    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        if step == "durable":
            patch.setattr(AuditLog, "durable", lambda _: (_ for _ in ()).throw(AuditWriteError("disk")))
        elif step == "stub":
            patch.setattr(pruning.disk, "keep", fail)
        elif step == "folder":
            patch.setattr(pruning.disk, "sync_folder", fail)
        else:
            count = iter([False, True] if step == "second" else [True])
            unlink = os.unlink
            patch.setattr(pruning.os, "unlink", lambda name: fail() if next(count, True) else unlink(name))
        with pytest.raises(AuditWriteError):
            pruning.carry_out(pruning.plan(str(path), SUMMER), "x")
    if step in ("durable", "stub"):
        assert len(closed(path)) == 3
    pruning.carry_out(pruning.plan(str(path), SUMMER), "x")
    assert closed(path) == ["audit.000000000008.jsonl"]
    growth = Growth(str(path))
    growth.grow(size)
    assert growth.tree.root() == before


def test_what_cannot_be_pruned(path: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        pruning.plan(str(tmp_path / "nothing.jsonl"), SUMMER)
    first = path.parent / closed(path)[0]
    good = first.read_bytes()
    first.write_bytes(good[:-5])
    with pytest.raises(SealRefused, match="does not end"):
        pruning.plan(str(path), SUMMER)
    first.write_bytes(good.replace(b'"x"', b'"y"', 1))
    with pytest.raises(SealRefused, match="broken"):
        pruning.carry_out(pruning.plan(str(path), SUMMER), "x")
    assert len(closed(path)) == 3
    first.write_bytes(b'{"a":1}\n')
    with pytest.raises(SealRefused):
        pruning.plan(str(path), SUMMER)


def test_the_command_line(path: Path) -> None:
    def auditlog(*words: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "auditlog_cli", "prune", path, "--older-than", *map(str, words)]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL
        )

    dry = auditlog("2026-07-01", "--dry-run")
    assert dry.returncode == 0
    assert "records 0 to 3" in dry.stdout
    assert "2 segments with 8 records would go; nothing was deleted" in dry.stderr
    asked = auditlog("2026-07-01")
    assert (asked.returncode, "nobody can be asked here" in asked.stderr) == (2, True)
    assert len(closed(path)) == 3
    assert auditlog("yesterday-ish").returncode == 2
    done = auditlog("2026-07-01", "--yes")
    assert (done.returncode, len(closed(path))) == (0, 1)
    assert "nothing is old enough" in auditlog("2026-07-01", "--yes").stderr


def test_what_was_pruned_is_not_called_unknown(path: Path) -> None:
    """Who asks for the proof of such a record learns why there is none."""
    pruning.carry_out(pruning.plan(str(path), SUMMER), "test")
    for wanted, said in (("1", "its beginning was pruned"), ("999", "there is no record '999'")):
        with pytest.raises(InputError, match=said):
            proofs.prove(str(path), wanted)


def test_what_is_no_sealed_log_is_never_said_to_hold_nothing_old(tmp_path: Path) -> None:
    """Missing, empty, a folder, somebody else's log: an error, for "nothing is old enough" would be untrue."""
    foreign = tmp_path / "foreign.jsonl"
    foreign.write_text('{"ts":1780324991.2,"event_type":"tool_call"}\n')
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    for each in (tmp_path / "missing.jsonl", empty, tmp_path, foreign):
        with pytest.raises(InputError):
            pruning.plan(str(each), SUMMER)
    assert foreign.read_text().count("\n") == 1
