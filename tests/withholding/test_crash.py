"""A crash at each step of a redaction: `--resume` finishes it, no value is lost, none is left readable."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli import AuditLog, AuditlogError, AuditWriteError, redact
from auditlog_cli.signing import signer
from auditlog_cli.withholding import carrying, planning, resuming
from auditlog_cli.withholding.choosing import BySubject, Nothing
from auditlog_cli.withholding.declaring import Declared
from auditlog_cli.withholding.subject import Subject
from auditlog_cli.writer import own
from tests.conftest import Result
from tests.refusals import refused
from tests.withholding.state import call, everything, look

Open = Callable[..., AuditLog]
STRACE = shutil.which("strace")
ROOT = Path(__file__).parents[2]
STEPS = ["large values marked", "declared", "rotated", "written", "renamed", "recorded", "index dropped",
         "large values dropped", "torn ends dropped"]  # fmt: skip


class Crash(BaseException):
    """The process is gone."""


def history(path: Path) -> None:
    """Two closed segments and an active one, with values, a large value, torn ends, and an index."""
    with AuditLog(path, fsync="none", ballast_bytes=0, origin="example.org/test") as log:
        log.append(call(1))
        log.append(call(2, action={"type": "llm_call", "result": {"text": "x " * 600_000 + "u-17"}}))
        log.rotate()
        log.append(call(3, user={"id": "u-3", "email": "other@example.org"}))
        log.append(call(4))
        log.rotate()
        with path.open("ab") as file:
            file.write(b'{"a":"' + b"t" * 9000 + b" u-17 ")
        log.append(call(5))
    Path(f"{path}.index").write_bytes(b"u-17")


def go(path: Path, step: Callable[[str], None] = lambda name: None, key: Path | None = None) -> None:
    plan = planning.plan(str(path), BySubject(Subject(["u-17", "ann@example.org"])))
    signing = signer.load(str(key)) if key else None
    carrying.run(plan, Declared("dpo@example.org", "case 17"), signing, request="17", step=step)


def finish(path: Path, key: Path | None = None) -> int:
    plan = planning.plan(str(path), Nothing())
    mine, others = resuming.finishable(plan, signer.load(str(key)) if key else None)
    if mine or plan.dregs:
        carrying.resume(plan, mine)
    return len(others)


def callers(path: Path) -> list[str]:
    """The records that are no record of the log's own, values aside."""
    return [str(each.get("session_id")) for each in look(path, finished=False).records if "auditlog" not in each]


def steps(path: Path) -> list[str]:
    found: list[str] = []
    go(path, found.append)
    return found


def test_the_steps_are_those_of_the_standard(path: Path) -> None:
    history(path)
    assert steps(path) == [
        "large values marked", "declared", "rotated", *["written", "renamed", "recorded"] * 3, "index dropped",
        "large values dropped", "torn ends dropped", "erasure recorded",
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(16))
def test_a_crash_at_each_step(path: Path, number: int) -> None:
    history(path)
    before, leaves = callers(path), look(path).leaves
    count = iter(range(100))

    def step(name: str) -> None:
        if next(count) == number:
            raise Crash

    with pytest.raises(Crash):
        go(path, step)
    assert look(path, finished=False).leaves[: len(leaves)] == leaves
    finish(path)
    look(path)
    go(path)
    state = look(path)
    assert state.leaves[: len(leaves)] == leaves
    assert callers(path) == before
    rest = everything(path.parent)
    assert b"u-17" not in rest
    assert b"ann@" not in rest
    assert b"other@example.org" in rest
    assert state.own("erase-subject")
    size = len(state.leaves)
    go(path)
    assert finish(path) == 0
    assert len(look(path).leaves) == size


def outcome(path: Path) -> str:
    """What a redaction says when it fails; nothing else than our own errors may come out."""
    try:
        go(path)
    except AuditlogError as error:
        return str(error)
    return ""


FAILING = [
    "os.rename",
    "os.unlink",
    "os.fsync",
    "os.write",
    "os.open",
    "os.fchmod",
    "fcntl.flock",
    "os.stat",
    "os.listdir",
]


@pytest.mark.parametrize("name", FAILING)
def test_a_refusal_of_the_system_at_each_call(
    path: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the system refuses: a clear error of ours, nothing lost, and it can be finished."""
    history(path)
    shutil.copytree(path.parent, tmp_path / "kept")
    for number in range(60):
        shutil.rmtree(path.parent)
        shutil.copytree(tmp_path / "kept", path.parent)
        before = callers(path)
        with refused(monkeypatch, name, number) as failed:
            said = outcome(path)
        assert not said or re.search("Input/output error|did not confirm", said), said
        assert "u-17" not in said
        if not failed:
            return
        finish(path)
        go(path)
        look(path)
        assert callers(path) == before
        assert b"u-17" not in everything(path.parent)
    raise AssertionError("so many calls? raise the limit")


def test_what_stops_behind_the_declaration_says_how_to_go_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history(path)
    real = os.rename

    def refuse(old: str, new: str) -> None:
        if str(old).endswith(".jsonl.tmp"):
            raise OSError(28, "No space left on device")
        real(old, new)

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(AuditWriteError, match="declared in record 9 and not finished") as caught:
        go(path)
    assert caught.value.help.endswith(f"auditlog redact {path} --resume")
    assert not list(path.parent.glob("*.tmp"))


def test_only_what_the_key_signed_is_finished(
    path: Path, key: Path, stranger: Path, cli: Callable[..., Result]
) -> None:
    """Whoever can append can declare: a declaration alone destroys nothing."""
    history(path)

    def step(name: str) -> None:
        if name == "declared":
            raise Crash

    with pytest.raises(Crash):
        go(path, step, stranger)
    before = path.read_bytes()
    done = cli("redact", path, "--resume", "--yes", "--key", key)
    assert done.code == 1
    assert "left alone" in done.err
    assert path.read_bytes() == before
    done = cli("redact", path, "--resume", "--yes", "--key", stranger)
    assert done.code == 0, done.err
    look(path)


class NoKey:
    """A token that nobody touches."""

    def sshsig(self, namespace: str, message: bytes) -> str:
        raise AuditWriteError("dpo.key: ssh-keygen did not sign with this key; nothing was signed")


def test_a_key_that_cannot_sign_changes_nothing(path: Path) -> None:
    history(path)
    before = everything(path.parent)
    names = sorted(path.parent.rglob("*"))
    plan = planning.plan(str(path), BySubject(Subject(["u-17"])))
    with pytest.raises(AuditWriteError, match="did not sign"):
        carrying.run(plan, Declared("dpo@example.org", "case 17"), NoKey(), request="17")
    assert everything(path.parent) == before
    assert sorted(path.parent.rglob("*")) == names


def test_writers_need_not_wait_for_a_signature(path: Path, key: Path) -> None:
    """While the key is used, another writer appends."""
    history(path)
    signing = signer.load(str(key))

    class Slow:
        def sshsig(self, namespace: str, message: bytes) -> str:
            with AuditLog(path, fsync="none", ballast_bytes=0, lock_timeout_s=0.5) as log:
                log.append(call(9, user={"id": "u-9"}))
            return signing.sshsig(namespace, message)

    plan = planning.plan(str(path), BySubject(Subject(["u-17"])))
    carrying.run(plan, Declared("dpo@example.org", "case 17"), Slow(), request="17")
    look(path)


def test_a_value_that_is_not_the_one_declared_stays(path: Path, opened: Open) -> None:
    """A forged declaration, carried out with --unsigned: number, field and commitment have to agree."""
    log = opened()
    log.append(call(1))
    target = {"seq": 1, "field": "/user/id", "commit": "00" * 32}
    log.append_own(own.record("redact", targets=[target], reason="none", by="nobody"))
    finish(path)
    assert not look(path, finished=False).withheld
    assert b"u-17" in everything(path.parent)


def test_an_ordinary_redaction_says_that_one_is_unfinished(path: Path, cli: Callable[..., Result]) -> None:
    history(path)

    def step(name: str) -> None:
        if name == "rotated":
            raise Crash

    with pytest.raises(Crash):
        go(path, step)
    done = cli("redact", path, "--fields", "user.name", "--dry-run")
    assert "an earlier redaction was not finished (record 9)" in done.err
    assert redact(path, fields=["user.name"], dry_run=True).unfinished


# --- killed at every call -----------------------------------------------------------------------

CHILD = """
import sys
from tests.withholding.test_crash import go
from pathlib import Path
go(Path(sys.argv[1]))
"""
CALLS = ["write", "fsync", "rename", "unlink", "openat", "flock", "close", "ftruncate", "fdatasync"]


def run(path: Path, *faults: str, child: str = CHILD, more: list[Path] | None = None) -> list[str]:
    """Redact in a process of its own; return the calls it made on files of the log, and on `more`."""
    assert STRACE is not None
    trace = path.parent.with_suffix(".strace")
    watched = [str(each) for each in path.parent.rglob("*")] + [str(path.parent)]
    watched += [f"{each}.tmp" for each in watched] + [
        f"{path.parent}/audit.{seq:012}.jsonl{end}" for seq in range(16) for end in ("", ".tmp")
    ]
    watched += [f"{each}.withheld" for each in watched if "blobs" in each]
    watched += [str(each) for each in more or []]
    names = [word for each in dict.fromkeys(watched) for word in ("-P", each)]
    inject = [word for fault in faults for word in ("-e", f"inject={fault}")]
    done = subprocess.run(
        [STRACE, "-f", "-qq", "-o", str(trace), "-e", "signal=none", "-e", f"trace={','.join(CALLS)}", *names, *inject,
         sys.executable, "-c", child, str(path)],
        capture_output=True, text=True, cwd=ROOT, timeout=120,
    )  # fmt: skip
    if "ptrace" in done.stderr.lower():
        pytest.skip(f"strace may not trace here: {done.stderr.strip()}")
    return re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.MULTILINE)


@pytest.mark.skipif(STRACE is None, reason="strace is not there: nothing can be killed at each call")
@pytest.mark.parametrize("call", [pytest.param(each, marks=pytest.mark.slow) for each in CALLS])
def test_killed_at_every_call(path: Path, tmp_path: Path, call: str) -> None:
    history(path)
    before = callers(path)
    shutil.copytree(path.parent, tmp_path / "kept")
    total = run(path).count(call)
    look(path)
    assert total or call in ("ftruncate", "fdatasync")
    for number in range(1, total + 1):
        shutil.rmtree(path.parent)
        shutil.copytree(tmp_path / "kept", path.parent)
        run(path, f"{call}:signal=KILL:when={number}")
        finish(path)
        go(path)
        look(path)
        assert callers(path) == before
        assert b"u-17" not in everything(path.parent), (call, number)
        assert json.loads(path.read_bytes().split(b"\n")[0])
