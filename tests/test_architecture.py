"""The house keeps its own rules (docs/architecture.md): imports point down, every library has its room."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src" / "auditlog_cli"
MODULES = sorted(path for path in SRC.rglob("*.py"))

# Floors from the ground up. A module imports only from floors below its own, or from its own room.
FLOORS: list[set[str]] = [
    {"errors", "_version"},
    {"times", "fields", "record", "counts", "finding", "registry", "regexes", "strictjson", "segments", "places",
     "parallel", "pointers", "controls", "cells", "credentials", "durability"},
    {"matching", "verdict", "identifiers", "frames", "reported", "posting", "tlsstream"},
    {"predicates", "report"},
    {"validator", "expression", "sealing", "detectors", "statistics", "tracing", "suites"},
    {"signing", "rules"},
    {"importers"},
    {"sources", "decoders", "selection", "renderers", "exporters", "writer", "sinks", "syslogging"},
    {"capture", "alerting", "redaction", "salting", "shipping", "index"},
    {"mcp"},
    {"adapters", "pipeline", "shelf", "logging_handler", "structlog_processor", "testing"},
    {"lookup", "listing", "breakdown", "database", "withholding", "anchors", "importing"},
    {"queries", "validation", "verification", "notefiles"},
    {"proofs"},
    {"evidence", "judgement", "retention"},
    {"reporting", "serving"},
    {"__init__"},
    {"cli"},
    {"__main__"},
]  # fmt: skip
STAGES_THAT_MAY_MEET: set[tuple[str, str]] = set()
ROOMS = {
    "typer": ("cli/",),
    "rich": ("cli/", "renderers/"),
    "jsonschema": ("validator",),
    "jsonschema_rs": ("validator",),
    "cryptography": ("signing/", "anchors/stamps.py"),
    "rfc8785": ("exporters/",),
    "duckdb": ("exporters/",),
    "pyarrow": ("exporters/",),
    "opentelemetry": ("exporters/_otlp.py", "importers/_protobuf.py"),
    "rfc3161_client": ("anchors/stamps.py",),
    "starlette": ("serving/",),
    "uvicorn": ("serving/",),
    "anyio": ("serving/",),
}
DISK = (
    "credentials.py",
    "rules/compiled.py",
    "rules/yamlfile.py",
    "anchors/",
    "sources/",
    "index/",
    "writer/",
    "signing/",
    "salting/",
    "shipping/cursors.py",
    "withholding/beside.py",
    "withholding/replacing.py",
    "retention/",
    "withholding/salted_carrying.py",
    "segments.py",
    "frames.py",
    "registry.py",
    "sinks.py",
    "validator",
    "cli/",
)
LONGEST = {"cli/options.py": 900, "cli/commands/": 120, "decoders/": 170, "": 330}
GENERATED = ("cli/_table.py", "cli/_help.py")


def relative(path: Path) -> str:
    return path.relative_to(SRC).as_posix()


def room(path: Path) -> str:
    return path.relative_to(SRC).parts[0].removesuffix(".py")


def floor_of(name: str) -> int:
    for number, names in enumerate(FLOORS):
        if name in names:
            return number
    raise AssertionError(f"{name} has no floor: give it one here and in docs/architecture.md")


def imports(path: Path) -> set[str]:
    """Every module that `path` names in an import, wherever it stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            if node.module == "auditlog_cli":
                found.discard("auditlog_cli")
                found.update(f"auditlog_cli.{alias.name}" for alias in node.names)
    return found


def test_no_two_modules_of_the_command_line_import_each_other() -> None:
    """Not even where one of them does it inside a function. But for the two doors, each of which knows the other."""
    names = {f"auditlog_cli.{relative(path).removesuffix('.py').replace('/', '.')}": path for path in MODULES}
    asked: dict[str, set[str]] = {}
    for name, path in names.items():
        if name.startswith("auditlog_cli.cli."):
            found = imports(path)
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ImportFrom):
                    found.update(f"{node.module}.{alias.name}" for alias in node.names)
            asked[name] = found & names.keys()
    doors = {"auditlog_cli.cli.front", "auditlog_cli.cli.app"}
    pairs = [{one, other} for one, others in asked.items() for other in others if one in asked.get(other, ())]
    assert [pair for pair in pairs if pair != doors] == []
    assert doors in pairs, "the test sees what it looks for"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_imports_point_down(path: Path) -> None:
    """A module imports from floors below its own, or from its own room."""
    own = room(path)
    for name in imports(path):
        if not name.startswith("auditlog_cli."):
            continue
        other = name.split(".")[1]
        if other in (own, "_version") or (own == "__init__" and path.parent == SRC):
            continue
        assert floor_of(other) < floor_of(own) or (own, other) in STAGES_THAT_MAY_MEET, f"{own} imports {other}"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_each_library_has_its_room(path: Path) -> None:
    """typer only in cli/, rich only in cli/ and renderers/, jsonschema only in validator."""
    for name in imports(path):
        rooms = ROOMS.get(name.split(".")[0])
        assert rooms is None or relative(path).startswith(rooms), f"{relative(path)} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_the_disk_and_the_exit_have_their_rooms(path: Path) -> None:
    """`open`, `print` and `sys.exit` only where input and output belong."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in ("open", "os.open"):
                assert relative(path).startswith(DISK), f"{relative(path)}:{node.lineno} opens files"
            assert called != "print", f"{relative(path)}:{node.lineno} prints"
            if called == "sys.exit":
                assert relative(path).startswith(("cli/", "__main__", "evidence/check.py")), (
                    f"{relative(path)}:{node.lineno} exits"
                )


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_modules_are_short(path: Path) -> None:
    """About 300 lines, plug-ins 150, commands 80; options.py is a table, and what is generated does not count."""
    if relative(path) in GENERATED:
        return
    longest = next(lines for start, lines in LONGEST.items() if relative(path).startswith(start))
    assert len(path.read_text().splitlines()) <= longest


def test_no_room_without_a_purpose() -> None:
    """No utils, helpers, common, misc, base: names that say nothing."""
    names = {part.removesuffix(".py") for path in MODULES for part in path.relative_to(SRC).parts}
    assert not names & {"utils", "helpers", "common", "misc", "base", "util"}


def test_the_start_path_stays_light(tmp_path: Path) -> None:
    """`tail` of a small log loads none of the modules that would double its start-up."""
    import subprocess
    import sys

    log = tmp_path / "audit.jsonl"
    log.write_text('{"ts":1780324991.2,"event_type":"tool_call","payload":{"tool":"x","request_id":"req-1"}}\n')
    code = (
        "import sys; from auditlog_cli.cli.front import main; main(sys.argv[1:]);"
        "sys.stderr.write(' '.join(sorted(sys.modules)))"
    )
    heavy = {"re", "typing", "json", "dataclasses", "typer", "rich", "orjson", "jsonschema", "enum", "argparse",
             "collections.abc", "datetime", "logging", "pathlib", "inspect", "contextlib"}  # fmt: skip
    for command in (["tail"], ["--help"], ["trace", "req-1"], ["traces"]):
        found = subprocess.run(
            [sys.executable, "-S", "-c", code, *command, str(log)], capture_output=True, text=True, check=True,
            env={"PYTHONPATH": str(SRC.parent)},
        )  # fmt: skip
        assert not heavy & set(found.stderr.split()), command


def test_check_loads_only_what_it_is_asked_for(tmp_path: Path) -> None:
    """A log without a seal needs no verifier, and findings that nobody is told of need no mail."""
    import subprocess
    import sys

    log = tmp_path / "audit.jsonl"
    log.write_text('{"timestamp":"2026-06-01T00:00:00Z","action":{"type":"tool_invocation","tool":"x"}}\n')
    code = (
        "import sys; from auditlog_cli.cli.front import main; code = main(sys.argv[1:]);"
        "sys.stderr.write(' '.join(sorted(sys.modules))); sys.exit(code)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code, "check", "--no-policy", str(log)], capture_output=True, text=True, check=False
    )
    loaded = set(found.stderr.split())
    assert "auditlog_cli.rules.engine" in loaded
    unasked = {"auditlog_cli.verification", "auditlog_cli.alerting.dispatch", "http.client", "smtplib", "yaml"}
    assert not unasked & loaded
