"""What docs/import.md shows in its terminal is what the commands print, one after the other, in one folder.

`UPDATE_GOLDEN=1 pytest tests/docs/test_import_page.py` puts the present output there.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli import importers
from tests.conftest import Result

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "import.md"
BLOCK = re.compile(r"^```console\n\$ (.*)\n((?:.*\n)*?)```$", re.MULTILINE)


def test_the_page_shows_what_is_printed(
    tmp_path: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(DOCS / "import" / "trace.json", tmp_path)
    monkeypatch.chdir(tmp_path)

    def printed(found: re.Match[str]) -> str:
        told = cli(*shlex.split(found[1])[1:])
        assert told.code == 0, told.err
        return f"```console\n$ {found[1]}\n{told.out}{told.err}```"

    text = PAGE.read_text()
    now = BLOCK.sub(printed, text)
    if os.environ.get("UPDATE_GOLDEN"):
        PAGE.write_text(now)
        return
    assert now == text


def test_the_page_names_every_format() -> None:
    for name in importers.names():
        assert f"`{name}`" in PAGE.read_text()
