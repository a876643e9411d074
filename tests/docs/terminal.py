"""Terminal blocks of a page: run one after the other in one folder, and compared with what the page shows.

A block (```console) holds commands (`$ …`) and what each of them prints, both streams. `UPDATE_GOLDEN=1` puts the
present output there.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


def checker() -> str:
    """The script of docs/log-format.md that checks a log without our tool."""
    found = re.search(r"^```py\n(# check\.py: .*?)^```$", (ROOT / "docs" / "log-format.md").read_text(), re.M | re.S)
    assert found
    return found[1]


def environment() -> dict[str, str]:
    """An environment in which `auditlog` is this project's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "AUDITLOG_", "GIT_"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    return kept | {"COLUMNS": "110", "LC_ALL": "C.UTF-8", "PATH": path}


def run(command: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a shell does."""
    return subprocess.run(
        ["bash", "-c", command], cwd=home, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False, timeout=120,
    )  # fmt: skip


def shows_what_commands_print(page: Path, home: Path) -> int:
    """Run every command of a page; fail where it shows something else. Return how many there were."""
    text = page.read_text()
    count = 0

    def again(block: re.Match[str]) -> str:
        nonlocal count
        out = "```console\n"
        for command in COMMAND.finditer(block[1]):
            printed = run(command[1], home).stdout
            count += 1
            assert "Traceback" not in printed and "this is a bug" not in printed, printed
            if not os.environ.get("UPDATE_GOLDEN"):
                assert printed == command[2], command[1]
            out += f"$ {command[1]}\n{printed}"
        return f"{out}```"

    made = BLOCK.sub(again, text)
    if os.environ.get("UPDATE_GOLDEN"):
        page.write_text(made)
    return count
