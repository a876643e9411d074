"""`--from FORMAT` on the commands that read, and folders of JSON documents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli import importers
from auditlog_cli.sources import looking
from tests.conftest import Result

COMMANDS = (["tail"], ["filter"], ["traces"], ["stats"], ["validate", "--profile", "record"], ["check"])


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """A session of Gemini CLI after fifty objects that no format claims: not recognised, `--from` has to say it."""
    path = tmp_path / "chat.jsonl"
    other = b'{"nothing": "known"}\n'
    path.write_bytes(other * 60 + importers.load("gemini").SAMPLES[0] + b"\n")
    return path


@pytest.mark.parametrize("command", COMMANDS, ids=lambda each: each[0])
def test_a_command_takes_a_file_for_the_format_that_is_named(
    command: list[str], session: Path, cli: Callable[..., Result]
) -> None:
    """Where it would have seen lines of no known shape."""
    plain, told = cli(*command, str(session)), cli(*command, str(session), "--from", "gemini")
    assert told.code in (0, 1)
    assert told.out != plain.out
    assert looking.taken_for() == "gemini"
    cli(*command, str(session))
    assert looking.taken_for() is None, "the next command tells by itself"


def test_a_trace_is_found_in_a_file_of_the_format_that_is_named(session: Path, cli: Callable[..., Result]) -> None:
    """Tree and all."""
    told = cli("trace", "s-1", str(session), "--from", "gemini")
    assert told.code == 0
    assert "lookup_order(order=43)" in told.out


@pytest.mark.parametrize("command", [*COMMANDS, ["trace", "s-1"]], ids=lambda each: each[0])
def test_a_name_that_nobody_knows_is_refused_and_what_there_is_is_listed(
    command: list[str], session: Path, cli: Callable[..., Result]
) -> None:
    """Wrong usage, and no bug."""
    for name in ("nonsense", "?"):
        told = cli(*command, str(session), "--from", name)
        assert told.code == 2
        assert "gemini" in told.err


@pytest.mark.parametrize(
    "command", [["tail", "-f", "--from", "otlp"], ["check", "--follow", "--from", "otlp"], ["check", "--from", "tutorial"]],
    ids=["tail -f", "check --follow", "check, a shape of lines"],
)  # fmt: skip
def test_what_it_cannot_do_it_refuses(command: list[str], session: Path, cli: Callable[..., Result]) -> None:
    """A tree needs the whole file; `check` tells shapes of lines by itself."""
    told = cli(*command, str(session))
    assert told.code == 2
    assert "--from" in told.err or "--follow" in told.err


def test_a_folder_without_logs_is_searched_for_documents(tmp_path: Path, cli: Callable[..., Result]) -> None:
    """By those who only read; beside a log, a document is something else."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "chat.json").write_bytes(importers.load("gemini").SAMPLES[0])
    assert cli("filter", str(tmp_path), "--tool", "lookup_order", "--count").out.strip() == "2"
    assert "gemini" in cli("import", str(tmp_path)).err
    assert cli("redact", str(tmp_path), "--fields", "user.id").code == 3
    (tmp_path / "audit.jsonl").write_bytes(b'{"nothing": "known"}\n')
    assert cli("filter", str(tmp_path), "--tool", "lookup_order", "--count").out.strip() == "0"
