"""What the README shows in its terminal is what the commands print.

`UPDATE_GOLDEN=1 pytest tests/docs/test_readme.py` puts the present output there.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
BLOCK = re.compile(r"^```console\n\$ (.*)\n((?:.*\n)*?)```$", re.MULTILINE)
VARYING = [  # times, durations, shares, random ids; and with them, the widths of columns
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?", "TIME"),
    (r"\b\d\d:\d\d:\d\d(\.\d+)?", "TIME"),
    (r"\b\d+(\.\d+)? (µs|ms|s)\b", "DURATION"),
    (r"\b\d+ %", "SHARE"),
    (r"\b[0-9a-f]{32}\b", "ID"),
    (r"^critical path(.*\n)+?(?=self)", "CRITICAL PATH\n"),  # which of five short calls took longest varies, too
    (r"self +the time", "self the time"),
    (r" +", " "),
    (r" $", ""),
]


def steady(text: str) -> str:
    """The text without what is different each time."""
    for pattern, word in VARYING:
        text = re.sub(pattern, word, text, flags=re.MULTILINE)
    return text


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `make demo` leaves it."""
    folder = tmp_path_factory.mktemp("readme")
    log = folder / "demo" / "audit.jsonl"
    subprocess.run([sys.executable, ROOT / "examples" / "refund_agents.py", log], check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("command", [found[1] for found in BLOCK.finditer(README.read_text())])
def test_the_terminal_shows_what_the_command_prints(command: str, home: Path) -> None:
    words = shlex.split(command)
    assert words[0] == "auditlog"
    done = subprocess.run(
        [sys.executable, "-m", "auditlog_cli", *words[1:]], cwd=home, capture_output=True, text=True, check=False,
        env={**os.environ, "COLUMNS": "110", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert done.returncode in (0, 1) and "error" not in done.stderr, done.stderr  # 1: it found something
    text = README.read_text()
    shown = next(found for found in BLOCK.finditer(text) if found[1] == command)
    if os.environ.get("UPDATE_GOLDEN"):
        README.write_text(text[: shown.start(2)] + done.stdout + text[shown.end(2) :])
        return
    assert steady(done.stdout) == steady(shown[2])


def test_the_page_names_every_extra() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    text = README.read_text()
    assert [each for each in extras if f"`{each}`" not in text and f"[{each}]" not in text] == ["interop", "dev"]


def test_the_page_leads_to_every_page() -> None:
    """By a link of its own, or of a page to which it leads; and no link leads nowhere."""
    seen: set[Path] = set()
    waiting = [README]
    while waiting:
        page = waiting.pop()
        for target in re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            there = (page.parent / target).resolve()
            assert there.exists(), f"{page.name}: {target}"
            if there.suffix == ".md" and there not in seen:
                seen.add(there)
                waiting.append(there)
    pages = {*(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "rules").glob("*.md")}
    assert pages <= seen, sorted(each.name for each in pages - seen)


def test_the_page_shows_something() -> None:
    assert len(BLOCK.findall(README.read_text())) >= 2
