"""What is said of one record, line or segment is said in the singular; of none and of several, in the plural."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli import AuditLog
from auditlog_cli.verdict import Verdict
from auditlog_cli.verification import anchored
from auditlog_cli.verification.heads import Head
from tests.conftest import Result
from tests.withholding.conftest import REDACTOR, write_key

pytest.importorskip("cryptography", reason="signatures are made with the package cryptography")

Cli = Callable[..., Result]
NOUNS = "record|line|segment|finding|bundle|checkpoint"
WRONG = re.compile(
    rf"\b1 (?:other |more )?(?:{NOUNS})s\b|\b1 (?:more |of (?:them|these \w+) )?(?:are|were|have|show)\b"
)
ALSO_WRONG = re.compile(rf"\b(?:0|[2-9]|[1-9]\d+) (?:other |more )?(?:{NOUNS})\b")


def said(*done: Result) -> None:
    for each in done:
        assert each.code < 70, each
        assert not WRONG.findall(each.out + each.err), each
        assert not ALSO_WRONG.findall(each.out + each.err), each


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_key(tmp_path / "k.key", REDACTOR)
    return tmp_path


def test_the_patterns_see_what_they_look_for() -> None:
    assert WRONG.search("but 1 of them are withheld") and WRONG.search("a: 1 records signed")
    assert ALSO_WRONG.search("2 record") and not ALSO_WRONG.search("1 record, 21 records")


@pytest.mark.parametrize("many", [1, 2, 3])
def test_of_a_log_that_others_write(cli: Cli, many: int) -> None:
    """Signed; shortened to one line, or to none that is whole; changed; redacted."""
    line = '{"action":{"type":"tool_invocation","tool":"x","arguments":{"a":"ann@example.org"}},"session_id":"s"}\n'
    log = Path("raw.jsonl")
    log.write_text(line * many)
    said(cli("seal", log, "--key", "k.key"), cli("verify", log), cli("redact", "--check", log), cli("validate", log))
    log.write_text(line.replace("x", "y") * many)
    said(cli("verify", log), cli("seal", log, "--key", "k.key"))
    log.write_text(line * (many - 1))
    said(cli("verify", log), cli("seal", log, "--key", "k.key"))
    log.write_text(line * (many + 1))
    said(cli("verify", log, "--signers", "k.key.pub", "--require-signed-tail"))


@pytest.mark.parametrize("many", [1, 2, 3])
def test_of_a_sealed_log(cli: Cli, many: int) -> None:
    """Closed and compressed, bundled, gone."""
    log = Path("audit.jsonl")
    with AuditLog(log, ballast_bytes=0) as open_log:
        for _ in range(many):
            open_log.append({"action": {"tool": "x"}, "session_id": "s"})
            open_log.rotate()
    said(cli("seal", log, "--key", "k.key"))
    with AuditLog(log, ballast_bytes=0) as open_log:
        open_log.append({"action": {"tool": "x"}, "session_id": "s"})
    said(cli("bundle", "s", log, "-o", "b.zip", "--complete"), cli("compress", log, "--dry-run"))
    said(cli("compress", log), cli("verify", log, "--session", "s", "--signers", "k.key.pub", "--require-signed-tail"))
    for name in os.listdir():
        if name.startswith("audit.") and "checkpoint" not in name:
            os.unlink(name)
    said(cli("recover", log, "--accept-loss"))


@pytest.mark.parametrize("what", ["record", "line"])
@pytest.mark.parametrize("size", [1, 2])
def test_of_what_was_seen_before(size: int, what: str) -> None:
    """Put back, rewritten, and as it stood."""
    verdict = Verdict("audit.jsonl")
    verdict.records = size
    heads = [Head(size + 1, bytes(32), "a"), Head(size, bytes(32), "b"), Head(size, b"\1" * 32, "c")]
    anchored.compare(verdict, heads, {size: bytes(32)}, what)
    told = " / ".join([*(each.message for each in verdict.findings), *verdict.anchored])
    assert len(verdict.findings) == 2 and len(verdict.anchored) == 1
    assert not WRONG.findall(told) and not ALSO_WRONG.findall(told)
    assert (f"first {what} is not the one that was seen" in told) == (size == 1)
    assert (f"the first {what} stood as it does" in told) == (size == 1)
