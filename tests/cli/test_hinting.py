"""An empty answer says why it may be empty, and nothing else does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli.cli import hinting, show
from tests.conftest import Result
from tests.logs import record, write

Cli = Callable[..., Result]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write(tmp_path / "a.jsonl", record(), record())


@pytest.mark.parametrize("command", ["filter", "tail", "stats", "traces"])
def test_a_status_that_there_is_not_is_said_where_nothing_was_found(cli: Cli, log: Path, command: str) -> None:
    said = "--status: 'deny' is no word of auditlog.record/1: success, error, denied"
    assert said in cli(command, log, "--status", "deny").err
    assert cli(command, log, "--status", "deny", "--status", "success").err == ""
    assert cli(command, log, "--status", "denied").err == "", "a right word may find nothing"
    assert cli(command, log, "--status", "deny", "-q").err == ""


@pytest.mark.parametrize(("word", "ours"), [("ok", "success"), ("Failure", "error"), ("failed", "error")])
def test_a_word_of_others_for_a_status_is_put_right(cli: Cli, log: Path, word: str, ours: str) -> None:
    said = f"--status: {word!r} is no word of auditlog.record/1: did you mean {ours}?"
    assert said in cli("filter", log, "--status", word, "--session", "none").err


def test_part_of_a_type_is_put_right(cli: Cli, log: Path) -> None:
    assert "did you mean tool_invocation or tool_call or tool_use?" in cli("filter", log, "--type", "tool").err
    assert cli("filter", log, "--type", "x*").err == "", "a pattern is meant as it stands"


def test_a_person_is_told_that_values_are_compared_whole(cli: Cli, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`trace` takes the beginning of an id, selectors do not; a script is told nothing, for nothing is wrong."""
    assert cli("filter", log, "--session", "sess").err == ""
    monkeypatch.setattr(show, "is_terminal", lambda fd: fd == 2)
    said = cli("filter", log, "--session", "sess", "--tool", "x*").err.splitlines()
    assert said[0] == "auditlog: --session: is compared whole; 'sess*' finds what begins with it"
    assert len(said) == 2, "a pattern is one, and the counts follow"


@pytest.mark.parametrize("words", [["filter", "--count-by"], ["stats", "--by"]])
def test_a_short_name_of_a_member_is_put_right(cli: Cli, log: Path, words: list[str]) -> None:
    command, option = words
    assert (
        cli(command, log, option, "tool").err == "auditlog: no record has a value at tool; did you mean action.tool?\n"
    )
    assert cli(command, log, option, "nothing.of.it").err == "auditlog: no record has a value at nothing.of.it\n"
    assert cli(command, log, option, "action.tool").err == ""


def test_the_words_are_those_of_the_schema() -> None:
    text = (Path(__file__).parents[2] / "schemas" / "record-1.schema.json").read_text()
    assert json.dumps(list(hinting.STATUSES)) in text
    named = text.partition('"tool_invocation (synonyms tool_call, tool_use), ')[2].partition(", or a lower-case")[0]
    assert set(named.split(", ")) | {"tool_invocation", "tool_call", "tool_use"} == set(hinting.TYPES)


def test_a_question_in_sql_comes_before_the_logs(cli: Cli, log: Path) -> None:
    refused = cli("sql", log)
    assert (refused.code, refused.err) == (
        2,
        f"auditlog: error[usage]: {log}: is a file, and the query comes first\n  help: auditlog sql QUERY {log}\n",
    )


def test_statuses_that_count_as_nothing_are_named_beside_the_errors(cli: Cli, tmp_path: Path) -> None:
    """`errors 0` alone would say that all went well."""
    log = write(tmp_path / "b.jsonl", record(action__result_status="failure"), record())
    assert "\nneither   failure 1, statuses that auditlog.record/1 does not know\n" in cli("stats", log).out
    assert "neither" not in cli("stats", write(tmp_path / "c.jsonl", record())).out
