"""`from auditlog_cli import …`: every public name loads, none costs anything before, and each does its work."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import auditlog_cli
from auditlog_cli import AuditLog, Record, read, select, stats, validate

HEAVY = {"typer", "rich", "jsonschema", "jsonschema_rs", "orjson", "stringzilla", "asyncio", "logging", "structlog",
         "re", "json", "typing", "dataclasses", "enum", "datetime", "pathlib", "inspect", "threading"}  # fmt: skip


@pytest.mark.parametrize("name", auditlog_cli.__all__)
def test_it_loads_from_where_the_table_says(name: str) -> None:
    value = getattr(auditlog_cli, name)
    module = importlib.import_module(f"auditlog_cli.{auditlog_cli._WHERE[name]}")
    assert getattr(module, name) is value
    assert name == "__version__" or value.__doc__


def test_the_tables_agree() -> None:
    """What is listed, what is loaded, what `dir` shows, and what type checkers see: one set of names, sorted."""
    assert auditlog_cli.__all__ == sorted(auditlog_cli.__all__)
    assert list(auditlog_cli._WHERE) == auditlog_cli.__all__
    assert set(auditlog_cli.__all__) <= set(dir(auditlog_cli))
    source = Path(str(auditlog_cli.__file__)).read_text()
    below = source[source.index("if TYPE_CHECKING:") :]
    assert [name for name in auditlog_cli.__all__ if f"{name}\n" not in below and f"{name}," not in below] == []


def test_a_name_that_is_none_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        auditlog_cli.nonsense  # type: ignore[attr-defined]


def test_star_gives_the_public_names() -> None:
    found: dict[str, object] = {}
    exec("from auditlog_cli import *", found)
    assert set(found) - {"__builtins__"} == set(auditlog_cli.__all__)


def imported(code: str) -> set[str]:
    """The modules that are loaded after `code`, in a bare interpreter."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"{code}\nimport sys; print(*sys.modules)"],
        capture_output=True, text=True, check=True, env={"PYTHONPATH": str(Path(str(auditlog_cli.__file__)).parents[1])},
    )  # fmt: skip
    return set(done.stdout.split())


def test_the_import_alone_loads_nothing() -> None:
    found = imported("import auditlog_cli")
    assert {name for name in found if name.startswith("auditlog_cli")} == {"auditlog_cli"}
    assert not HEAVY & found


def test_errors_are_light() -> None:
    """An application that only catches them does not pay for the writer."""
    assert not HEAVY & imported("from auditlog_cli import AuditWriteError, NoSession, Record")


def test_writing_needs_neither_terminal_nor_schemas() -> None:
    found = subprocess.run(
        [sys.executable, "-c", "import sys\nfrom auditlog_cli import AuditLog, Session, audit_to\nprint(*sys.modules)"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert not {"typer", "rich", "jsonschema", "jsonschema_rs", "structlog", "pydantic"} & set(found)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A log of two sessions, and a bad line."""
    path = tmp_path / "audit.jsonl"
    with AuditLog(path) as log:
        for user in ("alice", "bob"):
            with log.session(user=user, agent="planner", scopes=[]) as s, s.tool("look", {"for": user}) as t:
                t.result(1)
    with path.open("ab") as file:
        file.write(b"not json\n")
    return path


def test_reading_works_from_python(path: Path) -> None:
    """Of a path or of lines; what is read is what was written."""
    lines = list(read(path))
    assert [isinstance(line, Record) for line in lines] == [True] * 9 + [False]
    assert [record.content["user"]["id"] for record in select(path, user=["bob"])] == ["bob"] * 4
    assert [
        record.line.raw for record in select(path.read_bytes().splitlines(), tool=["look"], status=["success"])
    ] == [line.line.raw for line in (lines[3], lines[7]) if isinstance(line, Record)]


def test_the_names_that_the_specification_promises_are_there() -> None:
    """architecture.md, "Public API": the import as it stands there, and each analysing command by its name."""
    exec(
        "from auditlog_cli import AuditLog, Session, Receipt, read, select, validate, trace, check, redact, verify, "
        "Record, Line, Finding, Report, AuditlogError"
    )
    assert {"stats", "traces", "trace", "validate", "check", "redact", "verify"} <= set(auditlog_cli.__all__)


def test_stats_has_the_words_of_the_options(path: Path) -> None:
    found = auditlog_cli.stats(path, user="bob", where=["action.tool exists"], by=["action.tool"])
    assert {value: group.records for value, group in found.groups["action.tool"].items()} == {"look": 2}
    assert auditlog_cli.stats(path.read_bytes().splitlines(), user="bob").all.records == 4


def test_counting_and_judging_work_from_python(path: Path) -> None:
    statistics = stats(path)
    report = validate(path, strict=True)
    assert (report.tally.read, report.tally.bad, report.ok) == (10, 1, False)
    assert sorted(statistics.groups["user.id"]) == ["alice", "bob"]
