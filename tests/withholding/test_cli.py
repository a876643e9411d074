"""`auditlog redact` as the user sees it: golden texts; never a value."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli import AuditLog
from tests import goldens
from tests.conftest import Result
from tests.withholding.state import call, everything, look

Cli = Callable[..., Result]
SAID = ("--by", "dpo@example.org", "--reason", "case 17")


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, still: None) -> Path:
    """A log of two segments in the current folder, the same in each run."""
    monkeypatch.chdir(tmp_path)
    with AuditLog("audit.jsonl", fsync="none", ballast_bytes=0, origin="example.org/test") as log:
        log.append(call(1))
        log.append(call(2, user={"id": "u-2", "email": "bea@example.org"}, prompt={"text": "ask u-17"}))
        log.rotate()
        log.append(call(3, session_id="u-17"))
        log.append(call(4, **{"bea@example.org": 1}))
    return tmp_path / "audit.jsonl"


PEOPLE = (b"ann@", b"bea@", b"bob@", b"u-17")


def clean(done: Result) -> Result:
    """The same, once it is sure that no value stands in it."""
    for value in PEOPLE:
        assert value not in done.raw
        assert value.decode() not in done.err
    return done


def test_a_dry_run_by_field(log: Path, cli: Cli) -> None:
    before = everything(log.parent)
    goldens.check(
        "withholding/dry-run-fields",
        clean(cli("redact", "audit.jsonl", "--fields", "user.email,action.tool", "--dry-run")),
    )
    assert everything(log.parent) == before


def test_a_dry_run_by_subject(log: Path, cli: Cli) -> None:
    goldens.check(
        "withholding/dry-run-subject",
        clean(cli("redact", "audit.jsonl", "--subject", "u-17", "--subject", "bea@example.org", "--dry-run")),
    )


def test_a_dry_run_that_finds_nothing(log: Path, cli: Cli) -> None:
    goldens.check("withholding/dry-run-nothing", cli("redact", "audit.jsonl", "--fields", "user.phone", "--dry-run"))


def test_by_field(log: Path, cli: Cli, key: Path) -> None:
    words = ("redact", "audit.jsonl", "--fields", "user.email", "--session", "s-1", *SAID, "--key", key, "--yes")
    goldens.check("withholding/fields", clean(cli(*words)))
    look(log)
    goldens.check("withholding/fields-again", clean(cli(*words)))


def test_by_subject(log: Path, cli: Cli, key: Path) -> None:
    words = ("redact", "audit.jsonl", "--subject", "u-17", "--request", "case-17", *SAID, "--key", key, "--yes")
    goldens.check("withholding/subject", clean(cli(*words)))
    goldens.check("withholding/subject-whole", clean(cli(*words, "--whole")))
    look(log)
    assert b"u-17" not in everything(log.parent).replace(b"dpo", b"")


def test_unsigned_says_what_that_means(log: Path, cli: Cli) -> None:
    goldens.check(
        "withholding/unsigned",
        clean(cli("redact", "audit.jsonl", "--record", "1", "--whole", *SAID, "--unsigned", "--yes")),
    )


def test_a_copy(log: Path, cli: Cli, key: Path) -> None:
    goldens.check(
        "withholding/copy", clean(cli("redact", "audit.jsonl", "--fields", "user", "-o", "copy.jsonl", "--key", key))
    )


def test_nothing_to_resume(log: Path, cli: Cli, key: Path) -> None:
    goldens.check("withholding/resume-nothing", cli("redact", "audit.jsonl", "--resume", "--key", key))


@pytest.mark.parametrize(
    ("name", "words", "code"),
    [
        ("no-key", ("--fields", "user.id", *SAID), 2),
        ("no-choice", SAID, 2),
        ("no-by", ("--fields", "user.id", "--unsigned"), 2),
        ("nobody-to-ask", ("--fields", "user.id", *SAID, "--unsigned"), 2),
        ("no-request", ("--subject", "u-17", *SAID, "--unsigned", "--yes"), 2),
        ("request-names-person", ("--subject", "u-17", "--request", "for u-17", *SAID, "--unsigned", "--yes"), 2),
        ("missing-key", ("--fields", "user.id", *SAID, "--key", "nowhere.key"), 4),
        ("both-keys", ("--fields", "user.id", *SAID, "--key", "x", "--unsigned"), 2),
    ],
)
def test_what_is_refused(log: Path, cli: Cli, name: str, words: tuple[str, ...], code: int) -> None:
    before = everything(log.parent)
    done = clean(cli("redact", "audit.jsonl", *words))
    assert done.code == code
    goldens.check(f"withholding/refused-{name}", done)
    assert everything(log.parent) == before


def test_a_log_without_a_seal(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("other.jsonl").write_text('{"user":{"id":"u-17"}}\n')
    goldens.check(
        "withholding/refused-unsealed", clean(cli("redact", "other.jsonl", "--fields", "user.id", *SAID, "--unsigned"))
    )


def test_standard_input_is_refused(cli: Cli) -> None:
    goldens.check("withholding/refused-stdin", cli("redact", "-", "--fields", "user.id", *SAID, "--unsigned"))


@pytest.mark.parametrize(("answer", "gone"), [("yes\n", True), ("no\n", False), ("\n", False)])
def test_somebody_at_a_terminal_is_asked(log: Path, answer: str, gone: bool) -> None:
    """What would go, that there is no way back, and only a whole `yes` counts."""
    ours, theirs = pty.openpty()
    words = ["redact", "audit.jsonl", "--fields", "user.id", *SAID, "--unsigned"]
    child = subprocess.Popen(
        [sys.executable, "-m", "auditlog_cli", *words],
        stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, cwd=log.parent,
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    while b"Type yes:" not in shown:
        shown += os.read(ours, 4096)
    assert b"There is no way back" in shown
    assert b"backups" in shown
    assert b"/user/id" in shown
    os.write(ours, answer.encode())
    child.communicate(timeout=30)
    os.close(ours)
    assert (child.returncode == 0) is gone
    assert bool(look(log).withheld) is gone


def test_several_logs(log: Path, cli: Cli) -> None:
    """A folder: each of its logs, and the worst exit code."""
    with AuditLog("second.jsonl", fsync="none", ballast_bytes=0, origin="example.org/second") as second:
        second.append(call(1, user={"id": "x"}))
    done = cli("redact", log.parent, "--fields", "user.email", *SAID, "--unsigned", "--yes")
    assert done.code == 0
    assert done.out.count("withheld") == 1
    assert done.out.count("nothing left") == 1
