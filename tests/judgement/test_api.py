"""`check()` from Python says what the command says, and prints nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import AuditLog, DefinitionError, InputError, UsageError, check
from auditlog_cli.cli.front import main
from auditlog_cli.renderers.checks import json as json_
from tests.leaks import assert_no_leak

KEY = "AKIA" + "IOSFODNN7EXAMPLE"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "audit.jsonl"
    with AuditLog(path, origin="test/check", fsync="none", ballast_bytes=0) as writer:
        for number, agent in enumerate(("billing", "mailer", "billing", "mailer")):
            writer.append({"timestamp": f"2026-11-20T10:00:0{number}Z", "session_id": "s1", "agent": {"id": agent},
                           "action": {"type": "tool_invocation", "tool": "x", "arguments": {"note": KEY}}})  # fmt: skip
    return path


def test_it_says_what_the_command_says(log: Path, capfd: pytest.CaptureFixture[str]) -> None:
    words: dict[str, Any] = {
        "pack": ["baseline", "gdpr"],
        "as_of": "2026-11-21",
        "skip": ["BASE-ID-*"],
        "fail_on": "critical",
    }
    report = check(log, **words)
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")
    code = main(["check", str(log), "-p", "baseline", "-p", "gdpr", "--as-of", "2026-11-21", "--skip", "BASE-ID-*",
                 "--fail-on", "critical", "--format", "json", "--no-policy"])  # fmt: skip
    said = json.loads(capfd.readouterr()[0])
    assert code == report.exit_code == 1 and said == json.loads(json_.render(report))
    assert_no_leak(report, [KEY])


def test_one_pack_one_path_or_several(log: Path) -> None:
    one = check(str(log), pack="gdpr", as_of="2026-11-21")
    assert [each.name for each in one.packs] == ["gdpr"]
    assert [each.name for each in check([log], as_of="2026-11-21").packs] == ["baseline"]


def test_a_policy_that_lies_here_is_not_looked_for(log: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    policy = tmp_path / "auditlog.policy.json"
    policy.write_text(json.dumps({"format": "auditlog.policy/1", "alerts": {"log": "alerts.jsonl"}}))
    assert check(log).policy_file is None
    report = check(log, policy=policy)
    assert report.policy_file is not None and not (tmp_path / "alerts.jsonl").exists()


def test_what_is_wrong_is_raised(log: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--fail-on"):
        check(log, fail_on="terrible")
    with pytest.raises(InputError):
        check(tmp_path / "missing.jsonl")
    with pytest.raises((DefinitionError, UsageError)):
        check(log, pack="nope")
    assert check([log, tmp_path / "missing.jsonl"]).exit_code == 3


def test_checks_of_the_whole_log_see_what_was_not_selected(log: Path) -> None:
    """A selection is no gap in the numbers; a gap among the others is one all the same."""
    report = check(log, agent=["mailer"], only=["BASE-INT-02", "BASE-SEC-01"])
    assert [each.rule.id for each in report.findings] == ["BASE-SEC-01", "BASE-SEC-01"]
    assert (report.lines.judged, report.lines.not_selected) == (2, 3)
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:1] + lines[3:]))
    assert "BASE-INT-02" in {each.rule.id for each in check(log, agent=["mailer"], only=["BASE-INT-02"]).findings}


def test_what_was_found_before_since_is_not_told(log: Path) -> None:
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join([lines[0], lines[2], *lines[3:]]))
    assert len(check(log, only=["BASE-INT-02"]).findings) == 1
    assert check(log, only=["BASE-INT-02"], since="2026-11-20T10:00:02Z").findings == []
