"""Eighty columns are enough: nothing that matters is cut there, and no word is broken by the terminal."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli.cli import _help, _table, show
from auditlog_cli.renderers.safe import width
from tests.conftest import Result
from tests.logs import record, write

Cli = Callable[..., Result]


@pytest.fixture(autouse=True)
def eighty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.parametrize("command", [*sorted(_table.COMMANDS), *sorted(_table.GROUPS)])
def test_no_line_of_a_help_page_is_wider_than_the_terminal(cli: Cli, command: str) -> None:
    """But for a quoted argument of an example, which stays whole."""
    for line in cli(*command.split(), "--help").out.splitlines():
        assert len(line) <= 80 or "'" in line or '"' in line, line


@pytest.mark.parametrize("command", sorted(_table.COMMANDS))
def test_a_folded_example_is_the_same_command_to_a_shell(cli: Cli, command: str) -> None:
    shown = cli(*command.split(), "--help").out.replace(" \\\n", " ")
    lines = [shlex.split(line) for line in shown.splitlines() if line.startswith("  ") and "auditlog" in line]
    for example in _help.PAGES[command][4].splitlines():
        assert shlex.split(example) in lines


@pytest.mark.parametrize("status", ["denied", "success", "blocked"])
def test_the_status_is_never_cut(cli: Cli, tmp_path: Path, status: str) -> None:
    """However long the names of user, agent and tool are."""
    made = record(action__result_status=status, action__tool="a_tool_with_a_long_name", user__email="a" * 30)
    log = write(tmp_path / "a.jsonl", record(), made)
    shown = cli("tail", log, "--format", "text").out.splitlines()
    assert all(width(line) <= 80 for line in shown)
    assert f"  {status}" in shown[1]


def test_the_times_of_narrow_lines_are_equally_long(cli: Cli, tmp_path: Path) -> None:
    log = write(tmp_path / "a.jsonl", record(), record(action__tool="a_tool_with_quite_a_long_name" * 3))
    assert len({line.split("  ")[0] for line in cli("tail", log, "--format", "text").out.splitlines()}) == 1


def test_facts_of_stats_go_on_below_rather_than_being_cut(cli: Cli, tmp_path: Path) -> None:
    kinds = [f"kind of session {number}" for number in range(6)]
    log = write(tmp_path / "a.jsonl", *(record(authorization__session_type=kind) for kind in kinds))
    shown = cli("stats", log).out.splitlines()
    assert all(width(line) <= 80 for line in shown)
    assert all(any(f"{kind} 1" in line for line in shown) for kind in kinds)


@pytest.mark.parametrize("columns", [40, 60])
def test_a_narrow_stats_leaves_out_its_last_columns(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    """No row goes on in a second line, and the counts stand there as long as there is room."""
    monkeypatch.setenv("COLUMNS", str(columns))
    log = write(tmp_path / "a.jsonl", *(record(action__tool="a_tool_with_quite_a_long_name") for _ in range(3)))
    shown = cli("stats", log, "--by", "action.tool").out.splitlines()
    assert all(width(line) <= columns for line in shown)
    assert shown[0].split()[:4] == ["action.tool", "records", "calls", "errors"]
    assert shown[1].split()[1:4] == ["3", "3", "0"]


def test_tables_have_a_head_and_break_at_words(cli: Cli) -> None:
    head, *rows = cli("packs", "list").out.splitlines()
    assert head.split() == ["rules", "pack", "version", "status", "as_of", "title"]
    assert all(width(row) <= 80 for row in rows)
    entities = cli("detectors", "list").out.splitlines()
    assert all(width(row) <= 80 for row in entities)
    assert "telephone number of the North American plan" in " ".join(" ".join(entities).split())


def test_a_table_that_is_wider_than_the_terminal_goes_on_below(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    lines = cli("packs", "list").out.splitlines()
    assert all(width(line) <= 40 for line in lines), lines
    assert lines[3:6] == ["   26  baseline       0.1.0    review", "    2026-11-21", "    Six questions and integrity"]


def test_what_is_said_to_a_person_folds_at_words_and_a_file_gets_one_line(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = write(tmp_path / "a.jsonl", *(record() for _ in range(12)))
    for words in (["filter", log, "--tool", "none", "--verbose"], ["filter", log, "--from", "nothing"]):
        whole = cli(*words).err
        with monkeypatch.context() as patched:
            patched.setattr(show, "is_terminal", lambda fd: fd == 2)
            folded = cli(*words, "--tool", "x*").err if "none" in words else cli(*words).err
        assert all(len(line) <= 80 for line in folded.splitlines())
        assert len(folded.splitlines()) > len(whole.splitlines())
    assert " ".join(folded.split()) == " ".join(whole.split())


@pytest.mark.parametrize("columns", ["9" * 5000, "1000000", "²", "-3", "0", "x"])
def test_a_width_that_is_none_is_passed_over(monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert show.columns(-1) == 0
