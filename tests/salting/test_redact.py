"""`auditlog redact` of logs that others write: the leaves stay, the values and their salts go."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import AuditlogError, AuditWriteError, proofs, redact, verify
from auditlog_cli.errors import InputError, SealRefused
from auditlog_cli.sealing import notes
from auditlog_cli.signing import signer, signers
from auditlog_cli.withholding import carrying, planning, resuming
from auditlog_cli.withholding.choosing import BySubject, Nothing
from auditlog_cli.withholding.declaring import Declared
from auditlog_cli.withholding.subject import Subject
from auditlog_cli.writer import disk
from tests.conftest import Result
from tests.refusals import refused
from tests.salting.foreign import beside, everything, leaves, root, seal, write

Cli = Callable[..., Result]
BY = {"by": "dpo@example.org", "reason": "case 17"}


def rows(path: Path) -> list[bytes]:
    return path.read_bytes().split(b"\n")[:-1]


# --- what goes ------------------------------------------------------------------------------------


def test_a_field(old: Path, dpo: Path, cli: Cli) -> None:
    before, lines = leaves(old), rows(old)
    done = cli(
        "redact", old, "--fields", "user.email", "--by", BY["by"], "--reason", BY["reason"], "--key", dpo, "--yes"
    )
    assert done.code == 1, "one record is under a legal hold"
    assert "3 values of 3 records withheld" in done.out
    assert "2 lines could not be looked at: not one strict JSON object" in done.out
    assert "left readable in 1 place" in done.out
    assert leaves(old) == before
    after = rows(old)
    assert [at for at in range(6) if lines[at] != after[at]] == [0, 2, 3]
    assert b"bob@" not in everything(old)
    assert after[3].endswith(b"}\r"), "what stands around a value stays"


def test_the_salts_of_what_is_withheld_are_gone(old: Path, dpo: Path) -> None:
    salts = json.loads(rows(beside(old, "salts"))[2])
    redact(old, fields=["msgs.content"], key=dpo, **BY)
    left = json.loads(rows(beside(old, "salts"))[2])
    gone = {salt for salt, _, _ in salts} - {salt for salt, _, _ in left}
    assert len(gone) == 1
    assert not any(salt.encode() in everything(old) for salt in gone)


def test_a_selector_and_a_number(old: Path, dpo: Path) -> None:
    assert redact(old, fields=["user"], session=["s-1"], key=dpo, **BY).records == 1
    assert redact(old, fields=["payload.n"], records=["0"], key=dpo, **BY).values == 1
    assert redact(old, fields=["payload.n"], records=["0"], key=dpo, **BY).values == 0


def test_a_whole_record_also_one_that_is_no_json(old: Path, dpo: Path) -> None:
    before = leaves(old)
    assert redact(old, whole=True, records=[1, 3], key=dpo, **BY).values == 2
    assert leaves(old) == before
    assert [json.loads(rows(old)[at]) for at in (1, 3)] == [
        {"seq": at, "_leaf": before[at], "_salts": []} for at in (1, 3)
    ]
    assert verify(old).exit_code == 0


def test_the_first_record_withheld_as_a_whole(old: Path, key: Path, dpo: Path, cli: Cli) -> None:
    """The log then begins with a tombstone, as ours never do: it is still one of others, to every command."""
    redact(old, whole=True, records=[0], key=dpo, **BY)
    assert redact(old, fields=["user.email"], key=dpo, **BY).values == 2
    with old.open("ab") as file:
        file.write(b"{}\n")
    assert cli("seal", old, "--key", key).code == 0
    verdict = verify(old, signers=f"{key}.pub")
    assert (verdict.exit_code, verdict.signed, verdict.withheld_total) == (0, 7, 3)
    assert cli("prove", "0", old).code == 3


def test_one_person(old: Path, dpo: Path, cli: Cli, signers: Path) -> None:
    before = leaves(old)
    common = ["redact", old, "--subject", "ann@example.org", "--request", "17", "--by", BY["by"], "--reason", "erasure",
              "--key", dpo, "--yes"]  # fmt: skip
    done = cli(*common)
    assert done.code == 1
    assert "record 3 /session_id" in done.out
    assert "record 1 a name, or a line that is no JSON object" in done.out
    assert "1 record under a legal hold" in done.out
    assert "ann@" not in done.out + done.err
    done = cli(*common, "--whole", "--despite-hold")
    assert done.code == 0, done.err
    assert leaves(old) == before
    assert b"ann@example.org" not in everything(old)
    erased = [json.loads(row)["auditlog"] for row in rows(beside(old, "redactions")) if b"erase-subject" in row]
    assert [each["request"] for each in erased] == ["17", "17"]
    assert verify(old, signers=signers).exit_code == 0
    assert cli(*common).out.startswith(f"{old}: nothing left to withhold")


def test_digests_go_with_what_they_are_of(path: Path, key: Path, dpo: Path) -> None:
    from auditlog_cli.capture import digests

    total = digests.of_text("my secret")
    write(path, [
        json.dumps({"prompt": {"text": "my secret", "sha256": total}}),
        json.dumps({"prompt": {"sha256": total}}),
        json.dumps({"prompt": {"sha256": "0" * 64}}),
    ])  # fmt: skip
    seal(path, key)
    redact(path, fields=["prompt.text"], key=dpo, **BY)
    assert total.encode() not in everything(path)
    assert b"0" * 64 in rows(path)[2]
    assert verify(path).exit_code == 0


def test_a_member_called_auditlog_is_theirs(path: Path, key: Path, dpo: Path) -> None:
    write(path, ['{"auditlog":{"type":"redact","targets":[],"x":"u-17"}}'])
    seal(path, key)
    assert redact(path, fields=["auditlog.x"], key=dpo, **BY).values == 1
    assert verify(path).withheld_total == 1


def test_a_line_that_is_no_json_is_not_looked_into(path: Path, key: Path, dpo: Path, cli: Cli) -> None:
    seal(write(path, ['{"user":"u-17"}', "u-17"]), key)
    done = cli("redact", path, "--fields", "user", "--by", "dpo", "--reason", "r", "--key", dpo, "--yes")
    assert done.code == 6
    assert "1 line could not be looked at: not one strict JSON object" in done.out


def test_a_dry_run_changes_nothing_and_shows_no_value(old: Path, cli: Cli) -> None:
    before = everything(old)
    done = cli("redact", old, "--fields", "user.email", "--dry-run")
    assert done.code == 1
    assert f"{old.name}\t0\t/user/email" in done.out
    assert "example.org" not in done.out
    assert everything(old) == before


def test_owner_and_mode_stay(old: Path, dpo: Path) -> None:
    old.chmod(0o664)
    beside(old, "salts").chmod(0o640)
    redact(old, fields=["user.email"], key=dpo, **BY)
    assert stat.S_IMODE(old.stat().st_mode) == 0o664
    assert stat.S_IMODE(beside(old, "salts").stat().st_mode) == 0o640


def test_it_goes_on_growing(old: Path, key: Path, dpo: Path, signers: Path) -> None:
    """Sealed, redacted, grown, sealed, redacted: one tree, one history."""
    first = notes.parse(beside(old, "checkpoint").read_text())
    for number in ("0", "2", "3"):
        redact(old, fields=["user.email"], records=[number], key=dpo, **BY)
        with old.open("ab") as file:
            file.write(b'{"user":{"email":"eve@example.org"}}\n')
        seal(old, key)
    note = notes.parse(beside(old, "checkpoint").read_text())
    assert (note.origin, note.size, note.root) == (first.origin, 9, root(old))
    verdict = verify(old, signers=signers, known=f"6:{first.root.hex()}")
    assert (verdict.findings, verdict.warnings, verdict.withheld_total) == ([], [], 3)


# --- what is refused ------------------------------------------------------------------------------


def test_lines_that_are_not_sealed_yet(old: Path, dpo: Path) -> None:
    with old.open("ab") as file:
        file.write(b'{"user":{"email":"ann@example.org"}}')
    with pytest.raises(InputError, match="what follows line 6 is not sealed yet"):
        redact(old, fields=["user.email"], key=dpo, **BY)


def test_a_log_that_was_changed(old: Path, dpo: Path) -> None:
    old.write_bytes(old.read_bytes().replace(b"s-1", b"s-2"))
    before = everything(old)
    with pytest.raises(SealRefused, match="not the log that was signed"):
        redact(old, fields=["user.email"], key=dpo, **BY)
    assert everything(old) == before


def test_a_log_signed_without_salts(path: Path, key: Path, dpo: Path, cli: Cli) -> None:
    write(path)
    cli("seal", path, "--key", key)
    with pytest.raises(InputError, match="not a sealed log"):
        redact(path, fields=["user.email"], key=dpo, **BY)


def test_a_log_that_somebody_writes(old: Path, dpo: Path) -> None:
    before = everything(old)
    with old.open("ab"):
        if not disk.written_to(open_for_reading(old)):
            pytest.skip("this file system tells nobody who writes")
        with pytest.raises(AuditWriteError, match="somebody has it open for writing"):
            redact(old, fields=["user.email"], key=dpo, **BY)
    assert everything(old) == before
    redact(old, fields=["user.email"], key=dpo, **BY)


def open_for_reading(path: Path) -> int:
    import os

    return os.open(path, os.O_RDONLY)


def test_a_line_that_comes_at_the_last_moment_is_kept(old: Path, dpo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody opens the old file before the new one gets its name, and writes after that."""
    late = old.open("ab", buffering=0)
    monkeypatch.setattr(disk, "written_to", lambda fd: False)
    real = disk.Replacement.keep

    def keep(self: disk.Replacement) -> Any:
        done = real(self)
        if self.path == str(old):
            late.write(b'{"late":1}\n')
        return done

    monkeypatch.setattr(disk.Replacement, "keep", keep)
    redact(old, fields=["user.email"], key=dpo, **BY)
    late.close()
    assert rows(old)[-1] == b'{"late":1}'
    assert verify(old).exit_code == 0


def test_a_line_that_comes_before_stops_it(old: Path, dpo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = disk.Replacement.finish

    def finish(self: disk.Replacement) -> Any:
        if self.path == str(old):
            with old.open("ab") as file:
                file.write(b'{"late":1}\n')
        return real(self)

    monkeypatch.setattr(disk.Replacement, "finish", finish)
    with pytest.raises(AuditWriteError, match="declared in line 1 of old.jsonl.redactions and not finished"):
        redact(old, fields=["user.email"], key=dpo, **BY)
    assert b"ann@example.org" in old.read_bytes()
    assert rows(old)[-1] == b'{"late":1}'
    assert not list(old.parent.glob("*.tmp"))


def test_that_it_only_grew_can_be_proved(old: Path, key: Path, dpo: Path) -> None:
    """Between two checkpoints, also after a redaction."""
    first = notes.parse(beside(old, "checkpoint").read_text())
    with old.open("ab") as file:
        file.write(b'{"n":7}\n')
    seal(old, key)
    redact(old, fields=["user.email"], key=dpo, **BY)
    earlier = proofs.Earlier(first.size, first.root, first.origin)
    made = proofs.prove_growth(str(old), earlier)
    assert proofs.check_growth(made, signers.load(f"{key}.pub"), earlier).holds
    old.write_bytes(old.read_bytes().replace(b"s-1", b"s-2"))
    with pytest.raises(SealRefused):
        proofs.prove_growth(str(old), earlier)


def test_proofs_of_single_records_are_refused(old: Path, cli: Cli, tmp_path: Path) -> None:
    for command in (["prove", "1", old], ["bundle", "s-1", old, "-o", tmp_path / "x.zip"]):
        done = cli(*command)
        assert done.code == 3
        assert "others write it: no record of it can be proved by itself" in done.err


# --- shared ---------------------------------------------------------------------------------------


def test_a_copy(old: Path, dpo: Path, signers: Path, tmp_path: Path) -> None:
    redact(old, fields=["payload"], key=dpo, **BY)
    before = everything(old)
    copy = tmp_path / "out" / "shared.jsonl"
    copy.parent.mkdir()
    redact(old, fields=["user.email"], key=dpo, output=copy, despite_hold=True)
    assert everything(old) == before
    assert sorted(each.name for each in copy.parent.iterdir()) == [
        "shared.jsonl", "shared.jsonl.checkpoint", "shared.jsonl.redactions", "shared.jsonl.salts",
        "shared.manifest.json", "shared.manifest.json.sig",
    ]  # fmt: skip
    assert leaves(copy) == leaves(old)
    manifest = copy.parent / "shared.manifest.json"
    verdict = verify(copy, signers=signers, manifest=manifest)
    assert (verdict.findings, verdict.withheld_total) == ([], 6)
    assert verify(copy, signers=signers).exit_code == 1
    manifest.write_bytes(manifest.read_bytes().replace(b'"size":6', b'"size":7'))
    assert [each.code for each in verify(copy, signers=signers, manifest=manifest).findings] == ["declaration"]


# --- interrupted ----------------------------------------------------------------------------------

STEPS = ["declared", "written", "new salts", "renamed", "salts renamed", "index dropped", "erasure recorded"]


class Crash(BaseException):
    """The process is gone."""


def go(path: Path, step: Callable[[str], None] = lambda name: None, key: Path | None = None) -> None:
    plan = planning.plan(str(path), BySubject(Subject(["ann@example.org", "u-17"]), whole=True), despite_hold=True)
    signing = signer.load(str(key)) if key else None
    carrying.run(plan, Declared(BY["by"], BY["reason"]), signing, request="17", step=step)


def finish(path: Path) -> None:
    plan = planning.plan(str(path), Nothing())
    mine, _ = resuming.finishable(plan, None)
    if mine or plan.dregs:
        carrying.resume(plan, mine)


def settled(path: Path, before: list[str]) -> None:
    """Everything withheld, nothing lost, nothing left."""
    assert leaves(path) == before
    rest = everything(path)
    assert b"ann@example.org" not in rest
    assert b"u-17" not in rest
    assert b"bob@example.org" in rest
    verdict = verify(path)
    assert (verdict.findings, verdict.warnings) == ([], [])
    assert not list(path.parent.glob("*.tmp")) + list(path.parent.glob("*.new"))
    assert b"erase-subject" in beside(path, "redactions").read_bytes()


def test_the_steps(old: Path) -> None:
    found: list[str] = []
    go(old, found.append)
    assert found == STEPS


@pytest.mark.parametrize("number", range(len(STEPS)))
def test_a_crash_at_each_step(old: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    before = leaves(old)
    count = iter(range(100))
    monkeypatch.setattr(disk.Replacement, "discard", lambda self: None)  # a crash cleans nothing up

    def step(name: str) -> None:
        if next(count) == number:
            raise Crash

    with pytest.raises(Crash):
        go(old, step)
    monkeypatch.undo()
    assert verify(old).exit_code == 0, "at each moment it is intact"
    finish(old)
    go(old)
    settled(old, before)
    finish(old)


def test_after_a_crash_a_sealer_goes_on(old: Path, key: Path) -> None:
    def step(name: str) -> None:
        if name == "renamed":
            raise Crash

    with pytest.raises(Crash):
        go(old, step)
    warned = verify(old)
    assert [each.code for each in warned.warnings] == ["declared-readable"]
    assert "before the salts of what it withheld were gone" in warned.warnings[0].message
    with old.open("ab") as file:
        file.write(b'{"n":7}\n')
    seal(old, key)
    assert not beside(old, "salts.new").exists()
    assert verify(old).exit_code == 0


def test_only_what_the_key_signed_is_finished(old: Path, dpo: Path, stranger: Path, cli: Cli) -> None:
    def step(name: str) -> None:
        if name == "declared":
            raise Crash

    with pytest.raises(Crash):
        go(old, step, stranger)
    before = old.read_bytes()
    done = cli("redact", old, "--resume", "--yes", "--key", dpo)
    assert done.code == 1
    assert "line 1 of old.jsonl.redactions declares a redaction that another key signed" in done.err
    assert old.read_bytes() == before
    assert cli("redact", old, "--resume", "--yes", "--key", stranger).code == 0
    assert b"ann@example.org" not in old.read_bytes()


def outcome(path: Path) -> str:
    """What a redaction says when it fails; nothing else than our own errors may come out."""
    try:
        go(path)
    except AuditlogError as error:
        return str(error)
    return ""


FAILING = ["os.rename", "os.unlink", "os.fsync", "os.write", "os.open", "os.fchmod", "fcntl.flock", "os.pread"]


@pytest.mark.parametrize("name", FAILING)
def test_a_refusal_of_the_system_at_each_call(
    old: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept"
    shutil.copytree(old.parent, kept)
    before = leaves(old)
    for number in range(80):
        shutil.rmtree(old.parent)
        shutil.copytree(kept, old.parent)
        with refused(monkeypatch, name, number) as failed:
            said = outcome(old)
        assert not said or "Input/output error" in said or "cannot be read" in said, said
        assert "ann@" not in said
        if not failed:
            return
        assert verify(old).exit_code == 0
        finish(old)
        go(old)
        settled(old, before)
    raise AssertionError("so many calls? raise the limit")


# --- killed at every call -------------------------------------------------------------------------

CHILD = """
import sys
from pathlib import Path
from tests.salting.test_redact import go
go(Path(sys.argv[1]))
"""
STRACE = shutil.which("strace")
ROOT = Path(__file__).parents[2]
CALLS = ["write", "fsync", "rename", "unlink", "openat", "flock", "close", "fchmod", "pread64", "fcntl"]


def traced(path: Path, call: str, *faults: str) -> int:
    """Redact in a process of its own; return how often it made the call on files of the log."""
    assert STRACE is not None
    out = path.parent.with_suffix(".strace")
    ends = (
        "salts",
        "salts.new",
        "salts.new.tmp",
        "tmp",
        "redactions",
        "redactions.tmp",
        "holds",
        "holds.tmp",
        "checkpoint",
        "lock",
    )
    names = [path.parent, path, *(beside(path, end) for end in ends)]
    watched = [word for each in names for word in ("-P", str(each))]
    inject = [word for fault in faults for word in ("-e", f"inject={fault}")]
    done = subprocess.run(
        [STRACE, "-f", "-qq", "-o", out, "-e", "signal=none", "-e", f"trace={call}", *watched, *inject,
         sys.executable, "-c", CHILD, path],
        capture_output=True, text=True, cwd=ROOT, timeout=120,
    )  # fmt: skip
    if "ptrace" in done.stderr.lower():
        pytest.skip(f"strace may not trace here: {done.stderr.strip()}")
    return out.read_text().count(f"{call}(")


@pytest.mark.skipif(STRACE is None, reason="strace is not there: nothing can be killed at each call")
@pytest.mark.parametrize("call", [pytest.param(each, marks=pytest.mark.slow) for each in CALLS])
def test_killed_at_every_call(old: Path, tmp_path: Path, call: str) -> None:
    before = leaves(old)
    kept = tmp_path / "kept"
    shutil.copytree(old.parent, kept)
    total = traced(old, call)
    settled(old, before)
    assert total
    for number in range(1, total + 1):
        shutil.rmtree(old.parent)
        shutil.copytree(kept, old.parent)
        traced(old, call, f"{call}:signal=KILL:when={number}")
        assert verify(old).exit_code == 0, (call, number)
        finish(old)
        go(old)
        settled(old, before)
