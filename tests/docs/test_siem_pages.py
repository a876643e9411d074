"""What docs/siem.md and docs/sql.md show in their terminals is what the commands print; and they name what there is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from auditlog_cli import exporters
from auditlog_cli.exporters._envelope import Row
from tests.docs.terminal import ROOT, shows_what_commands_print

SIEM, SQL = ROOT / "docs" / "siem.md", ROOT / "docs" / "sql.md"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "docs" / "siem" / "audit.jsonl", tmp_path)
    return tmp_path


def test_the_terminals_show_what_is_printed(home: Path) -> None:
    assert shows_what_commands_print(SIEM, home) == 4


def test_the_terminal_of_sql_shows_what_is_printed(home: Path) -> None:
    pytest.importorskip("duckdb", reason="duckdb is not installed: pip install -e '.[duckdb]'")
    assert shows_what_commands_print(SQL, home) == 4


def test_the_page_names_every_format_of_ours_and_every_column() -> None:
    text = SIEM.read_text()
    mine = {"ocsf", "ecs", "cef", "syslog", "cloudevents", "csv", "parquet", "sqlite", "duckdb"}
    assert mine <= set(exporters.names())
    assert all(f"| `{name}` |" in text for name in mine)
    assert all(f"`{name}`" in text for name in Row._fields)
