"""The shell blocks of docs/sealing.md, docs/redact.md and docs/verify.md work, typed one after the other in one folder.

Only what needs another user, an answer or somebody to end it is typed otherwise: no `sudo`, `--yes`, no `--watch`.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from auditlog_cli import AuditLog
from tests.docs.terminal import ROOT, checker, run

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def typed(page: str, block: int) -> list[str]:
    """The commands of a block without comments, as one types them here."""
    found = [code for kind, code in BLOCK.findall((ROOT / "docs" / page).read_text()) if kind in ("", "sh")]
    code = re.sub(r" *\\\n *", " ", found[block])
    lines = [re.sub(r" {2,}# .*", "", line) for line in code.splitlines()]
    lines = [re.sub(r"^sudo -u sealer ", "", line).replace(" --watch", "") for line in lines]
    lines = [re.sub(r"/srv/agent/|/home/sealer/", "", line) for line in lines]
    return [f"{line} --yes" if "redact " in line and "--key" in line and " -o " not in line else line for line in lines]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    if not shutil.which("ssh-keygen") or not shutil.which("jq"):
        pytest.skip("ssh-keygen or jq is not there")
    with AuditLog(tmp_path / "audit.jsonl", ballast_bytes=0) as log:
        for session in ("s-42", "refund-1042"):
            user = {"id": "u-17", "email": "ann@example.org"}
            with log.session(user=user, agent="a-7", scopes=[], session_id=session) as s, s.tool("send", {"n": 1}) as t:
                t.result("ok")
        log.rotate()
    (tmp_path / "old.jsonl").write_text('{"user":{"id":"u-1","email":"a@example.org"},"action":{"tool":"x"}}\n')
    (tmp_path / "check.py").write_text(checker())
    return tmp_path


def all_work(home: Path, lines: list[str], *, expected: dict[str, int] | None = None) -> str:
    """Type them; fail where one ends otherwise than with 0."""
    said = ""
    for line in lines:
        done = run(f"set -o pipefail; {line}", home)
        wanted = next((code for word, code in (expected or {}).items() if word in line), 0)
        assert done.returncode == wanted, f"{line}\n{done.stdout}"
        said += done.stdout
    return said


def test_a_log_is_sealed_checked_and_checked_by_others(home: Path) -> None:
    assert "intact and signed" in all_work(home, typed("sealing.md", 0))
    shutil.copy(home / "signers", home / "allowed_signers")
    said = all_work(home, ["auditlog seal audit.jsonl --key seal.key", *typed("sealing.md", 2), *typed("verify.md", 0)])
    assert said.count('Good "auditlog-checkpoint" signature') == 2
    assert re.search(r"root (\S+)\n\1\n", said), "the line that check.py prints, and the one that was signed"


def test_a_log_of_others_is_sealed_and_redacted(home: Path) -> None:
    who = "auditlog keygen dpo.key --by dpo@example.org >> signers"
    first, *others = typed("sealing.md", 3)
    said = all_work(home, [first, who, *others, "auditlog verify old.jsonl --signers signers"])
    assert "intact and signed" in said and "(signed)" in said


def test_values_are_withheld_and_a_copy_is_shared(home: Path) -> None:
    all_work(home, ["auditlog keygen seal.key --log audit.jsonl > signers", "auditlog seal audit.jsonl --key seal.key"])
    all_work(home, typed("redact.md", 0), expected={"--dry-run": 1})
    share = "auditlog redact audit.jsonl --fields user -o shared.jsonl --by dpo@example.org --reason x --key dpo.key"
    said = all_work(home, [share, *typed("redact.md", 1)])
    assert 'Good "auditlog-export" signature' in said
    all_work(home, ["auditlog verify shared.jsonl --signers signers --manifest shared.manifest.json --no-remember"])
