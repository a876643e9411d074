"""What `auditlog verify` says of redacted logs, copies, and redactions that were interrupted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli import AuditLog, redact
from auditlog_cli.sealing import sshsig
from auditlog_cli.signing import signer
from tests.conftest import Result
from tests.withholding.state import call
from tests.withholding.test_crash import Crash, go, history

Cli = Callable[..., Result]


@pytest.fixture
def signers(tmp_path: Path, key: Path) -> Path:
    """The redactor's key, for redactions and for copies."""
    path = tmp_path / "signers"
    namespaces = 'namespaces="auditlog-redaction,auditlog-export"'
    path.write_text(f"dpo@example.org {namespaces} {sshsig.line(signer.load(str(key)).key)}\n")
    return path


def test_a_signed_redaction_is_declared_by_who_did_it(path: Path, key: Path, cli: Cli) -> None:
    history(path)
    go(path, key=key)
    done = cli("verify", path, "--no-remember")
    assert done.code == 0, done.out + done.err
    assert "declared in record 9 by dpo@example.org" in done.out


def test_a_redaction_by_another_key_is_refused(
    path: Path, stranger: Path, signers: Path, opened: Callable[..., AuditLog], cli: Cli
) -> None:
    opened().append(call())
    redact(path, fields=["user"], by="dpo@example.org", reason="case 17", key=stranger)
    assert cli("verify", path, "--no-remember", "--signers", signers).code == 1


def test_an_interrupted_one_is_no_tampering(path: Path, cli: Cli) -> None:
    """At every step: exit code 0, whatever is still readable."""
    for number in range(14):
        place = path.parent / str(number) / "audit.jsonl"
        history(place)
        count = iter(range(100))

        def step(name: str, count: object = count, number: int = number) -> None:
            if next(count) == number:  # type: ignore[call-overload]
                raise Crash

        with pytest.raises(Crash):
            go(place, step)
        done = cli("verify", place, "--no-remember")
        assert done.code == 0, (number, done.out, done.err)


def test_a_copy_and_its_manifest(
    path: Path, key: Path, signers: Path, opened: Callable[..., AuditLog], cli: Cli, tmp_path: Path
) -> None:
    opened().append(call())
    copy = tmp_path / "shared.jsonl"
    redact(path, fields=["user"], key=key, output=copy)
    assert cli("verify", copy, "--no-remember").code == 1, "undeclared without its manifest"
    done = cli("verify", copy, "--no-remember", "--manifest", tmp_path / "shared.manifest.json")
    assert done.code == 0, done.out + done.err
