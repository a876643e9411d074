"""What docs/export.md shows is what the commands print, and it names every format that is sent somewhere."""

from __future__ import annotations

import shutil
from pathlib import Path

from auditlog_cli import exporters
from tests.docs import terminal

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "export.md"


def test_the_page_shows_what_is_printed(tmp_path: Path) -> None:
    for name in ("audit.jsonl", "redaction.yaml"):
        shutil.copy(DOCS / "export" / name, tmp_path)
    assert terminal.shows_what_commands_print(PAGE, tmp_path) >= 4


def test_the_page_names_every_format_that_can_be_sent() -> None:
    for name in exporters.names():
        if hasattr(exporters.load(name), "SIGNAL"):
            assert f"`{name}`" in PAGE.read_text()
