"""The reading functions of the public API: the words of the command line, from Python."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli.counts import Counts
from auditlog_cli.errors import DefinitionError, InputError, UsageError
from auditlog_cli.queries import read, select, stats
from auditlog_cli.record import BadLine, Record
from tests.conftest import Result
from tests.logs import line, record, tutorial, write

LINES = [line(record()), b"nonsense", line(record(action__result_status="denied")), tutorial("tool_call", tool="x")]


@pytest.fixture(params=["path", "str", "paths", "lines", "ended lines", "generator"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> object:
    """One log, given in every way in which it can be given."""
    path = write(tmp_path / "a.jsonl", *LINES)
    return {
        "path": path, "str": str(path), "paths": [path], "lines": LINES,
        "ended lines": [each + b"\n" for each in LINES], "generator": (each for each in LINES),
    }[request.param]  # fmt: skip


def test_a_source_is_a_path_or_lines(source: object) -> None:
    found = list(read(source))  # type: ignore[arg-type]
    assert [type(each) for each in found] == [Record, BadLine, Record, Record]
    assert [each.line.number for each in found] == [1, 2, 3, 4]
    assert found[1].line.offset == len(LINES[0]) + 1


def test_select_takes_the_words_of_filter(source: object) -> None:
    counts = Counts()
    found = list(select(source, status="denied", where=["action.tool exists"], counts=counts))  # type: ignore[arg-type]
    assert [each.line.raw for each in found] == [LINES[2]]
    assert (counts.read, counts.selected, counts.bad) == (4, 1, 1)
    assert counts.read == counts.selected + counts.passed + counts.own + counts.bad


def test_select_and_filter_agree(cli: Callable[..., Result], tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", *LINES)
    assert [each.line.raw for each in select(path, user=["user_ann"])] == cli(
        "filter", path, "--user", "user_ann"
    ).raw.splitlines()


def test_mistakes_are_errors_of_ours(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        list(read(tmp_path / "nothing.jsonl"))
    with pytest.raises(UsageError):
        select([], since="last week")
    with pytest.raises(DefinitionError):
        select([], where="a >")


def test_statistics_from_python(source: object) -> None:
    found = stats(source, by="action.tool")  # type: ignore[arg-type]
    assert found.all.records == 3
    assert found.all.refused == 1
    assert {value: group.records for value, group in found.groups["action.tool"].items()} == {"lookup_order": 2, "x": 1}
