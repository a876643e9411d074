"""The whole way of a log with only what macOS has (tests/macos.py says what that shows, and what it does not)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import wholeway

HERE = Path(__file__).parent
MACOS = [
    "-c",
    "import macos, sys; macos.become(); from auditlog_cli.cli import front; sys.exit(front.main(sys.argv[1:]))",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a log lies that was written, rotated and closed there."""
    folder = tmp_path_factory.mktemp("macos")
    ran = subprocess.run(
        [sys.executable, "-c", f"import macos; macos.become(){wholeway.WRITING}"],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")
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
macos.become()
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


def test_the_commands(folder: Path) -> None:
    """One after the other, on one log."""
    for words, code in wholeway.STEPS:
        ran = auditlog(folder, *words.split())
        assert (words, ran.returncode, "Traceback" in ran.stderr) == (words, code, False), ran.stdout + ran.stderr


@pytest.mark.parametrize("words", [["-c", "import auditlog_cli"], ["-m", "auditlog_cli", "--version"]])
def test_windows_is_told_so_in_one_line(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os\nos.name = 'nt'\n")
    env = {**environment(tmp_path), "PYTHONPATH": str(tmp_path)}
    ran = subprocess.run([sys.executable, *words], env=env, capture_output=True, text=True)
    assert ran.returncode == 1
    assert ran.stderr.endswith("ImportError: auditlog_cli runs on Linux and macOS; on Windows, install it in WSL\n")
