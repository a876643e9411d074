"""What docs/proofs.md shows in its terminal is what the commands print, one after the other, in one folder.

`UPDATE_GOLDEN=1 pytest tests/docs/test_proofs_page.py` puts the present output there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from auditlog_cli.anchors import stamps
from auditlog_cli.signing import keygen
from auditlog_cli.writer.checkpoints import Sealer
from auditlog_cli.writer.log import AuditLog
from tests.anchors.conftest import made
from tests.docs.terminal import checker
from tests.logs import record

PAGE = Path(__file__).parents[2] / "docs" / "proofs.md"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
VARYING = [
    (r"\s+", " "),  # lines break elsewhere
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", "TIME"),
    (r"[A-Za-z0-9+/]{43}=", "ROOT"),
    (r"\b[0-9a-f]{64}\b", "LEAF"),
    (r"\b[0-9a-f]{40}\b", "COMMIT"),
    (r"commit [0-9a-f]{12}", "commit COMMIT"),
]


def steady(text: str) -> str:
    """The text without what is different each time."""
    for pattern, word in VARYING:
        text = re.sub(pattern, word, text)
    return text.strip()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of a session or three, its keys, a checkpoint from July, one with a time stamp, a repository."""
    for program in ("openssl", "git"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not there")
    folder = tmp_path_factory.mktemp("page")
    key = keygen.make(str(folder / "seal.key"), "test")
    (folder / "signers").write_text(f'example.org/demo namespaces="auditlog-checkpoint" {key.public_line}\n')
    path = folder / "audit.jsonl"
    with AuditLog(path, origin="example.org/demo", ballast_bytes=0, heartbeat_s=3600) as log:
        for n in range(12):
            log.append(record(session_id=f"s-{n % 3}", record_id=None, timestamp=None))
            if n in (3, 7, 11):
                Sealer(str(path), key).seal(log.durable, log.append_own)
                for name in {3: ["july"], 7: ["year-end"]}.get(n, []):
                    shutil.copy(f"{path}.checkpoint", folder / f"{name}.checkpoint")
    authority = made(tmp_path_factory.mktemp("tsa"))
    shutil.copy(authority.ca, folder / "tsa.pem")
    answer = authority.answer(stamps.request((folder / "year-end.checkpoint").read_bytes()))
    (folder / "year-end.checkpoint.tsr").write_bytes(answer)
    (folder / "check.py").write_text(checker())
    subprocess.run(["git", "init", "-q", folder / "heads"], check=True)
    for name, value in (("user.name", "Test"), ("user.email", "test@example.org"), ("commit.gpgsign", "false")):
        subprocess.run(["git", "-C", folder / "heads", "config", name, value], check=True)
    return folder


def test_the_terminal_shows_what_the_commands_print(home: Path) -> None:
    text = PAGE.read_text()
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "COLUMNS": "110", "LC_ALL": "C.UTF-8"}
    shown, printed = [], []
    for block in BLOCK.finditer(text):
        shown.append(block[1])
        lines = ""
        for command in re.findall(r"^\$ (.*)$", block[1], re.MULTILINE):
            done = subprocess.run(
                ["bash", "-c", command], cwd=home, capture_output=True, text=True, env=environment, timeout=60
            )
            assert (done.returncode, done.stderr) == (0, ""), command
            lines += f"$ {command}\n{done.stdout}"
        printed.append(lines)
    assert len(shown) > 6
    if os.environ.get("UPDATE_GOLDEN"):
        new = iter(printed)
        PAGE.write_text(BLOCK.sub(lambda found: f"```console\n{next(new)}```", text))
        return
    for before, now in zip(shown, printed, strict=True):
        assert steady(now) == steady(before)
