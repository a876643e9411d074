"""An option that would do nothing beside the others is refused: nobody learns it from what did not happen."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli import AuditLog
from tests.conftest import Result
from tests.withholding.conftest import REDACTOR, write_key

Cli = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sealed log, a plain one, a key."""
    monkeypatch.chdir(tmp_path)
    with AuditLog("audit.jsonl", ballast_bytes=0) as log:
        log.append({"action": {"tool": "x"}, "session_id": "s"})
    Path("plain.jsonl").write_text('{"action":{"tool":"x"}}\n')
    pytest.importorskip("cryptography", reason="keys are made with the package cryptography")
    write_key(tmp_path / "k.key", REDACTOR)
    return tmp_path


def refused(cli: Cli, line: str) -> str:
    """What is said of it: one line, and one of help; nothing is written."""
    before = sorted((name, Path(name).read_bytes()) for name in os.listdir())
    done = cli(*line.split())
    assert (done.code, done.out) == (2, ""), done
    said = done.err.splitlines()
    assert len(said) == 2 and said[1].startswith("  help: "), done
    assert sorted((name, Path(name).read_bytes()) for name in os.listdir()) == before
    return said[0].removeprefix("auditlog: error[usage]: ")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("check audit.jsonl --lateness 5m", "--lateness goes with --follow"),
        ("check audit.jsonl --lateness 60s", "--lateness goes with --follow"),
        ("check audit.jsonl --emit-as ecs", "--emit-as goes with --emit"),
        ("check audit.jsonl --sarif-waived include", "--sarif-waived goes with --format sarif"),
        ("check audit.jsonl --fail-on never --fail-on-indicators", "--fail-on-indicators goes with --fail-on SEVERITY"),
        ("report audit.jsonl --fail-on-indicators", "--fail-on-indicators goes with --fail-on SEVERITY"),
        ("seal audit.jsonl --key k.key --every 60", "--every goes with --watch"),
        ("import plain.jsonl --again", "--again goes with -o LOG"),
        ("import plain.jsonl -o - --again", "--again goes with -o LOG"),
        ("export audit.jsonl --to csv -o a.csv --pseudonyms k.key", "--pseudonyms goes with --redact"),
        ("redact plain.jsonl --format sarif", "--format goes with --check"),
        ("redact plain.jsonl --rule A-1", "--rule goes with --findings"),
    ],
)
def test_an_option_without_its_partner(folder: Path, cli: Cli, line: str, said: str) -> None:
    assert refused(cli, line) == said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("filter audit.jsonl -c -A 1", "--count: --after-context would do nothing"),
        ("filter audit.jsonl -c --count-by action.tool", "--count-by: --count would do nothing"),
        ("filter audit.jsonl --count-by action.tool -C 2", "--count-by: --context would do nothing"),
        ("serve audit.jsonl --new-key a --port 99", "--new-key makes a key, and ends: --port would do nothing"),
        (
            "serve audit.jsonl --new-key a --allow-remote",
            "--new-key makes a key, and ends: --allow-remote would do nothing",
        ),
    ],
)
def test_an_option_beside_one_that_leaves_it_nothing_to_do(folder: Path, cli: Cli, line: str, said: str) -> None:
    assert refused(cli, line) == said


@pytest.mark.parametrize("log", ["audit.jsonl", "plain.jsonl"])
@pytest.mark.parametrize("option", ["--session", "--user", "--where", "--since", "--record", "--subject", "--tool"])
def test_redact_check_says_nothing_of_some_records_only(folder: Path, cli: Cli, log: str, option: str) -> None:
    """It would look at all of them."""
    value = "2026-01-01" if option == "--since" else "s"
    said = refused(cli, f"redact --check {log} {option} {value}")
    assert said == f"--check looks at whole logs: {option} would do nothing"


@pytest.mark.parametrize("option", ["--dry-run", "--output copy.jsonl", "--session s", "--check"])
def test_redact_resume_takes_nothing_that_it_would_pass_over(folder: Path, cli: Cli, option: str) -> None:
    """Least of all a dry run, for it would change the log."""
    said = refused(cli, f"redact audit.jsonl --resume --key k.key {option}")
    assert said.endswith("would do nothing") and "--resume" in said


def test_a_policy_and_none(folder: Path, cli: Cli) -> None:
    Path("auditlog.policy.yaml").write_text("schema: auditlog.policy/1\n")
    for command in ("packs list", "check audit.jsonl", "report audit.jsonl"):
        line = f"{command} --no-policy --policy auditlog.policy.yaml"
        assert refused(cli, line) == "--policy and --no-policy contradict each other"


@pytest.mark.parametrize("option", ["--checkpoint elsewhere", "--redactable"])
def test_a_successor_and_a_log_that_is_not_touched(folder: Path, cli: Cli, option: str) -> None:
    said = refused(cli, f"seal audit.jsonl --key k.key --successor k.key {option}")
    assert said == "--successor: is recorded in the log, which --checkpoint and --redactable do not touch"


def test_a_successor_and_a_log_that_others_write(folder: Path, cli: Cli) -> None:
    """Whoever may write it: there is no place in it for such a record."""
    write_key(folder / "new.key", bytes(32))
    said = refused(cli, "seal plain.jsonl --key k.key --successor new.key")
    assert said == "plain.jsonl: --successor is recorded in the log, and others write this one"
