"""docs/tracing.md: its commands, typed where its logs lie, print what the page shows.

`UPDATE_GOLDEN=1 pytest tests/docs/test_tracing_page.py` puts the present output there.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.docs.terminal import ROOT, shows_what_commands_print


def test_the_commands_print_what_the_page_shows(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs" / "tracing", tmp_path, dirs_exist_ok=True)
    assert shows_what_commands_print(ROOT / "docs" / "tracing.md", tmp_path) == 2
