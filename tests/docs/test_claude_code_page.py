"""docs/claude-code.md: its commands print what the page shows."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.docs.terminal import ROOT, shows_what_commands_print


def test_the_commands_print_what_the_page_shows(tmp_path: Path) -> None:
    shutil.copy(ROOT / "docs/claude-code/events.jsonl", tmp_path)
    assert shows_what_commands_print(ROOT / "docs/claude-code.md", tmp_path) == 3
