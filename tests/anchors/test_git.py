"""Checkpoints in a Git history: put there, and held against the log ever after."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli import verify
from auditlog_cli.anchors import git
from auditlog_cli.errors import AuditWriteError, InputError
from auditlog_cli.signing import signer
from auditlog_cli.writer.checkpoints import Sealer
from auditlog_cli.writer.log import AuditLog


def commit(repository: str, log: Path) -> str:
    return git.commit(repository, "test/log", Path(f"{log}.checkpoint").read_bytes(), "head")


def grow(log: Path) -> None:
    with AuditLog(log, ballast_bytes=0) as opened:
        opened.append({"record_id": "more"})
        Sealer(str(log), signer.load(str(log.parent / "key"))).seal(opened.durable, opened.append_own)


def forge(log: Path) -> None:
    """Another history of the same length, signed with the same key."""
    for file in log.parent.glob("audit*"):
        file.unlink()
    with AuditLog(log, origin="test/log", ballast_bytes=0) as opened:
        for n in range(40):
            opened.append({"record_id": f"forged-{n}"})
        Sealer(str(log), signer.load(str(log.parent / "key"))).seal(opened.durable, opened.append_own)


def test_each_state_in_the_history_is_compared(log: Path, repository: str) -> None:
    first = commit(repository, log)
    grow(log)
    second = commit(repository, log)
    assert first != second
    assert [each.id for each in git.history(repository, "HEAD", "test/log")] == [second, first]
    verdict = verify(log, anchors=[f"git:{repository}"])
    assert verdict.exit_code == 0
    assert len(verdict.anchored) == 2
    assert second[:12] in verdict.anchored[0]
    assert len(verify(log, anchors=[f"git:{repository}@{first}"]).anchored) == 1


def test_the_same_state_twice_is_one_commit(log: Path, repository: str) -> None:
    assert commit(repository, log) == commit(repository, log)


def test_only_the_checkpoint_is_committed(log: Path, repository: str) -> None:
    (Path(repository) / "other").write_text("x")
    subprocess.run(["git", "-C", repository, "add", "other"], check=True)
    made = commit(repository, log)
    words = ["git", "-C", repository, "show", "--name-only", "--format=", made]
    assert (
        subprocess.run(words, capture_output=True, text=True, check=True).stdout == "auditlog/test%2Flog.checkpoint\n"
    )


def test_a_history_that_was_signed_anew_is_found_with_the_key_and_all(log: Path, repository: str) -> None:
    commit(repository, log)
    forge(log)
    key = f"{log.parent / 'key'}.pub"
    assert verify(log, signers=key).exit_code == 0
    verdict = verify(log, signers=key, anchors=[f"git:{repository}"])
    assert [problem.code for problem in verdict.findings] == ["rewritten"]
    assert "commit" in verdict.findings[0].message


def test_a_log_that_was_put_back_is_found(log: Path, repository: str) -> None:
    before = {file: file.read_bytes() for file in log.parent.glob("audit*")}
    grow(log)
    commit(repository, log)
    for file, data in before.items():
        file.write_bytes(data)
    assert verify(log).exit_code == 0
    assert [problem.code for problem in verify(log, anchors=[f"git:{repository}"]).findings] == ["rolled-back"]


def test_a_checkpoint_in_a_file_is_an_anchor_too(log: Path, tmp_path: Path) -> None:
    kept = tmp_path / "from-a-ticket"
    kept.write_bytes(Path(f"{log}.checkpoint").read_bytes())
    grow(log)
    assert verify(log, anchors=[kept]).anchored == [f"the first 12 records stood as they do: {kept}"]
    forge(log)
    assert [problem.code for problem in verify(log, anchors=[kept]).findings] == ["rewritten"]


def test_an_anchor_of_another_log_is_not_taken_for_agreement(log: Path, repository: str, tmp_path: Path) -> None:
    subprocess.run(["git", "-C", repository, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    verdict = verify(log, anchors=[f"git:{repository}"])
    assert (verdict.exit_code, verdict.findings[0].code) == (6, "anchor")
    other = tmp_path / "other"
    other.write_text(Path(f"{log}.checkpoint").read_text().replace("test/log\n", "test/lag\n", 1))
    verdict = verify(log, anchors=[other])
    assert (verdict.exit_code, verdict.findings[0].code) == (6, "anchor")


def test_what_git_cannot_do_is_said(log: Path, repository: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="git rev-parse failed"):
        commit(str(tmp_path), log)
    with pytest.raises(InputError, match="git rev-list failed"):
        git.history(repository, "nothing", "test/log")
    with pytest.raises(InputError, match="git rev-list failed"):
        git.history(repository, "--output=/tmp/x", "test/log")
    hook = Path(repository) / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no >&2; exit 1\n")
    hook.chmod(0o755)
    with pytest.raises(AuditWriteError, match="git commit failed: no"):
        commit(repository, log)


@pytest.mark.parametrize("origin", ["..", "/etc/x", "../../x", "-x", "a/b", ".git/config"])
def test_no_name_of_a_log_leads_out_of_the_folder(origin: str) -> None:
    name = git.name_of(origin)
    assert name.startswith("auditlog/")
    assert name.count("/") == 1
    assert name.endswith(".checkpoint")


def test_the_command_line(log: Path, repository: str, cli: Callable[..., object]) -> None:
    done = cli("anchor", log, "--git", repository)
    assert (done.code, len(done.out.strip())) == (0, 40), done  # type: ignore[attr-defined]
    done = cli("verify", log, "--no-remember", "--anchor", f"git:{repository}", "--format", "json")
    assert done.code == 0  # type: ignore[attr-defined]
    told = json.loads(done.out)  # type: ignore[attr-defined]
    assert "as its committer says" in told["logs"][0]["anchored"][0]
    assert cli("anchor", log, "--git", log.parent).code == 3  # type: ignore[attr-defined]
    assert cli("verify", log, "--no-remember", "--anchor", "git:/nowhere").code == 3  # type: ignore[attr-defined]
