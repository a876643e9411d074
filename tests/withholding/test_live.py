"""Redacting while others write, rotate and redact; compressed segments; copies."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import AuditLog, AuditWriteError, UsageError, redact
from auditlog_cli.sealing import sshsig
from auditlog_cli.signing import checks
from auditlog_cli.withholding import sharing
from tests.withholding.state import call, everything, look
from tests.writer.chain import files, stock

Open = Callable[..., AuditLog]
SAID: dict[str, Any] = {"by": "dpo@example.org", "reason": "case 17", "unsigned": True}

WRITER = """
import sys
from auditlog_cli import AuditLog
from tests.withholding.state import call
with AuditLog(sys.argv[1], fsync="none", ballast_bytes=0, max_bytes=20_000) as log:
    for number in range(400):
        log.append(call(number))
        if number == 20:
            print("ready", flush=True)
"""


def test_a_writer_goes_on_over_a_redaction(path: Path, opened: Open) -> None:
    log = opened()
    log.append(call(1))
    redact(path, fields=["user.id"], **SAID)
    receipt = log.append(call(2))
    assert look(path).leaves[receipt.seq] == receipt.leaf
    redact(path, fields=["user.id"], **SAID)
    log.append(call(3))
    assert len(look(path).withheld) == 2


def test_a_writer_goes_on_though_what_follows_its_last_record_is_a_tombstone(path: Path, opened: Open) -> None:
    one, two = opened(), opened()
    one.append(call(1))
    two.append(call(2))
    redact(path, whole=True, records=[2], **SAID)
    one.append(call(3))
    look(path)


def test_writers_of_other_processes_that_rotate(path: Path) -> None:
    """Three redactions under two writers: every record is there, chain and sums hold."""
    commands = [[sys.executable, "-c", WRITER, str(path)] for _ in range(2)]
    writers = [subprocess.Popen(each, stdout=subprocess.PIPE, text=True) for each in commands]
    for each in writers:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for field in ("user.email", "action.arguments.to", "user.id"):
        redact(path, fields=[field], **SAID)
    for each in writers:
        each.communicate(timeout=60)
        assert each.returncode == 0
    assert len([record for record in look(path).records if "auditlog" not in record]) == 800
    redact(path, subject=["u-17", "ann@example.org"], request="1", **SAID)
    look(path)
    assert b"ann@" not in everything(path.parent)


def test_two_redactors_at_once(path: Path, opened: Open) -> None:
    """Neither undoes the other's work."""
    log = opened()
    log.write_many([call(number) for number in range(300)])
    log.rotate()
    wanted = ["user.id", "user.email", "action.arguments.to", "action.arguments.n"]
    threads = [threading.Thread(target=redact, args=(path,), kwargs={"fields": [each], **SAID}) for each in wanted]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(look(path).withheld) == 1200


def test_a_log_that_signs_itself_goes_on(path: Path, opened: Open, key: Path, shared: Path) -> None:
    log = opened(key=key)
    log.append(call(1))
    log.checkpoint()
    redact(path, fields=["user"], **SAID)
    log.append(call(2))
    log.checkpoint()
    assert len(look(path).own("checkpoint")) == 2
    for checker in ("check.py", "check.pl"):
        assert stock(path, shared, checker).returncode == 0


@pytest.mark.parametrize("ending", [".zst", ".gz"])
def test_compressed_segments(path: Path, opened: Open, ending: str) -> None:
    log = opened()
    log.append(call(1))
    log.rotate()
    closed = files(path)[0]
    packed = Path(f"{closed}{ending}")
    if ending == ".gz":
        import gzip

        packed.write_bytes(gzip.compress(closed.read_bytes()))
    else:
        import zstandard

        packed.write_bytes(zstandard.compress(closed.read_bytes()))
    closed.unlink()
    done = redact(path, fields=["user"], **SAID)
    assert done.segments == [packed.name]
    subprocess.run(["zstd" if ending == ".zst" else "gzip", "-d", "-q", str(packed)], check=True)
    packed.unlink(missing_ok=True)
    assert len(look(path).withheld) == 2


def test_mode_of_the_segment_stays(path: Path, opened: Open) -> None:
    log = opened()
    log.append(call(1))
    log.rotate()
    files(path)[0].chmod(0o640)
    redact(path, fields=["user"], **SAID)
    assert files(path)[0].stat().st_mode & 0o777 == 0o640


# --- copies ---------------------------------------------------------------------------------------


def test_a_copy_and_its_manifest(path: Path, opened: Open, key: Path, tmp_path: Path, shared: Path) -> None:
    log = opened()
    log.append(call(1))
    log.rotate()
    log.append(call(2))
    before = {file: file.read_bytes() for file in files(path)}
    leaves = look(path).leaves
    copy = tmp_path / "shared.jsonl"
    done = redact(path, fields=["user"], key=key, output=copy)
    assert {file: file.read_bytes() for file in files(path)} == before, "the log is as it was"
    assert b"ann@" not in copy.read_bytes()
    raw = Path(sharing.manifest_name(str(copy))).read_bytes()
    manifest = json.loads(raw)
    assert manifest["sha256"] == hashlib.sha256(copy.read_bytes()).hexdigest()
    assert (manifest["format"], manifest["origin"]) == ("auditlog-export/1", "example.org/test")
    assert (manifest["size"], manifest["head"]) == (len(leaves), leaves[-1])
    assert len(manifest["withheld"]) == done.values == 4
    armour = Path(f"{sharing.manifest_name(str(copy))}.sig").read_text()
    assert checks.ssh(sshsig.parse(armour), armour, "auditlog-export", raw) is True
    for checker in ("check.py", "check.pl"):
        assert f"head {leaves[-1]}" in stock(copy, shared, checker).stdout


def test_a_copy_never_overwrites(path: Path, opened: Open, tmp_path: Path) -> None:
    opened().append(call(1))
    copy = tmp_path / "shared.jsonl"
    copy.write_text("mine")
    with pytest.raises(AuditWriteError, match="there already"):
        redact(path, fields=["user"], unsigned=True, output=copy)
    assert copy.read_text() == "mine"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["logs", "shared.jsonl"]


def test_a_copy_cannot_pass_for_a_segment(path: Path, opened: Open) -> None:
    opened().append(call(1))
    with pytest.raises(UsageError, match="named like a segment"):
        redact(path, fields=["user"], unsigned=True, output=path.parent / "audit.000000000009.jsonl")


def test_a_copy_holds_only_what_was_looked_at(
    path: Path, opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a writer appends between the plan and the copy is not in the copy."""
    log = opened()
    log.append(call(1))
    share = sharing.share
    monkeypatch.setattr(sharing, "share", lambda *args: (log.append(call(2)), share(*args))[1])
    copy = tmp_path / "shared.jsonl"
    redact(path, fields=["user"], unsigned=True, output=copy)
    assert copy.read_bytes().count(b"\n") == 2
    assert b"ann@" not in copy.read_bytes()


# --- logs in odd states -----------------------------------------------------------------------------


def test_a_log_whose_writer_died_between_two_segments(path: Path, opened: Open) -> None:
    """Closed segments, no active one: what is withheld is there, and so is the next segment afterwards."""
    log = opened()
    log.append(call(1))
    log.rotate()
    log.close()
    path.unlink()
    assert redact(path, fields=["user"], **SAID).values == 2
    assert len(look(path).withheld) == 2


def test_a_pruned_log(path: Path, opened: Open) -> None:
    """What went is not looked for; what stays is withheld under its own number."""
    from auditlog_cli.retention import pruning

    log = opened()
    for number in range(3):
        log.append(call(number))
        log.rotate()
    log.close()
    first = files(path)[0]
    plan = pruning.plan(str(path), 2**62)
    pruning.carry_out(plan._replace(goes=plan.goes[:1]), "old")
    assert not first.exists()
    done = redact(path, fields=["user.id"], **SAID)
    assert done.values == 2
    rest = b"".join(file.read_bytes() for file in files(path))
    assert rest.count(b'"user":{"id":{"_redacted":"') == 2
    assert redact(path, fields=["user.id"], dry_run=True).values == 0


def test_a_link_to_a_log(path: Path, opened: Open, tmp_path: Path) -> None:
    opened().append(call(1))
    link = tmp_path / "link.jsonl"
    link.symlink_to(path)
    redact(link, fields=["user"], **SAID)
    assert len(look(path).withheld) == 2
    assert link.is_symlink()


def test_several_threads_and_processes_find_a_segment_that_is_being_rewritten(path: Path, opened: Open) -> None:
    """A reader sees the segment before or after, never half of it."""
    from auditlog_cli import read

    log = opened()
    log.write_many([call(number) for number in range(500)])
    log.rotate()
    stop = threading.Event()
    counts: list[int] = []

    def look_often() -> None:
        while not stop.is_set():
            counts.append(sum(1 for record in read(path) if not getattr(record, "is_own", True)))

    reader = threading.Thread(target=look_often)
    reader.start()
    for field in ("user.id", "user.email"):
        redact(path, fields=[field], **SAID)
    stop.set()
    reader.join()
    assert set(counts) == {500}
