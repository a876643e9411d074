"""The whole way of a log with only what macOS has (tests/macos.py says what that shows, and what it does not)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
MACOS = ["-c", "import macos, sys; from auditlog_cli.cli import front; sys.exit(front.main(sys.argv[1:]))"]
WRITING = """
import macos, os, sys
from auditlog_cli import AuditLog
log = AuditLog("a.jsonl", max_bytes=20_000)
with log.session(session_id="s-1", user="ann@example.org", agent="bot", scopes=["orders:read"]) as s:
    for number in range(30):
        with s.tool("look", {"number": number}, requires="orders:read") as t:
            t.result({"mail": "ann@example.org"})
child = os.fork()
if not child:
    with log.session(session_id="s-2", user="ann@example.org", agent="bot", scopes=[]) as s:
        s.message_to("mailer", "done")
    os._exit(0)
os.waitpid(child, 0)
log.close()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a log lies that was written, rotated and closed there."""
    folder = tmp_path_factory.mktemp("macos")
    ran = subprocess.run([sys.executable, "-c", WRITING], cwd=folder, env=environment(folder), capture_output=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")
    assert auditlog(folder, "keygen", "key").returncode == 0
    return folder


def environment(home: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(HERE), "TZ": "UTC"}


def auditlog(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *MACOS, *words], cwd=folder, env=environment(folder), capture_output=True, text=True
    )


def test_the_log_is_on_the_drive_after_each_record(tmp_path: Path) -> None:
    script = """
import macos
from auditlog_cli import AuditLog
asked = []
drive = macos.fcntl.fcntl
macos.fcntl.fcntl = lambda fd, command, argument=0: asked.append(command) or drive(fd, command, argument)
with AuditLog("a.jsonl", fsync="always") as log:
    asked.clear()
    log.append({"action": {"type": "message"}})
    print(asked.count(macos.FULLFSYNC))
"""
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True
    )
    assert (ran.stdout, ran.stderr) == ("1\n", "")


STEPS = [
    ("tail a.jsonl", 0),
    ("filter a.jsonl --user ann@example.org", 0),
    ("trace s-1 a.jsonl", 0),
    ("traces a.jsonl", 0),
    ("stats a.jsonl", 0),
    ("validate a.jsonl", 0),
    ("check a.jsonl --fail-on never -o found.txt", 0),
    ("index build a.jsonl", 0),
    ("stats a.jsonl --by action.tool", 0),
    ("seal a.jsonl --key key", 0),
    ("verify a.jsonl --signers key.pub", 0),
    ("bundle s-1 a.jsonl -o evidence.zip", 0),
    ("export a.jsonl --to csv -o a.csv", 0),
    ("compress a.jsonl", 0),
    ("hold add a.jsonl --by counsel --reason 17 --session s-2", 0),
    ("redact a.jsonl --fields user.id --session s-1 --reason asked --by ann --key key --yes", 0),
    ("verify a.jsonl --signers key.pub", 0),
    ("redact --check a.jsonl", 1),
    ("prune a.jsonl --older-than 2030-01-01 --reason schedule --despite-hold --yes", 0),
    ("verify a.jsonl --signers key.pub", 0),
]


def test_the_commands(folder: Path) -> None:
    """One after the other, on one log."""
    for words, code in STEPS:
        ran = auditlog(folder, *words.split())
        assert (words, ran.returncode, "Traceback" in ran.stderr) == (words, code, False), ran.stdout + ran.stderr


@pytest.mark.parametrize("words", [["-c", "import auditlog_cli"], ["-m", "auditlog_cli", "--version"]])
def test_windows_is_told_so_in_one_line(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os\nos.name = 'nt'\n")
    env = {**environment(tmp_path), "PYTHONPATH": str(tmp_path)}
    ran = subprocess.run([sys.executable, *words], env=env, capture_output=True, text=True)
    assert ran.returncode == 1
    assert ran.stderr.endswith("ImportError: auditlog_cli runs on Linux and macOS; on Windows, install it in WSL\n")
