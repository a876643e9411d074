"""Start-up: how long the shortest answers take beside a bare interpreter."""

from __future__ import annotations

import compileall
import sys
from pathlib import Path

from measure import AUDITLOG, BIN, ROOT, WORK, commands
from tables import Bench, Table, timed


def tables(quick: bool) -> list[Table]:
    """Measure, and return the table."""
    compileall.compile_dir(ROOT / "src", quiet=2)
    WORK.mkdir(parents=True, exist_ok=True)
    log = WORK / "tiny.jsonl"
    _write(log)
    python = str(BIN / "python")
    cases = {
        "python -c pass": [python, "-c", "pass"],
        "python -c 'import auditlog_cli'": [python, "-c", "import auditlog_cli"],
        "python -c 'import json'": [python, "-c", "import json"],
        "auditlog --version": [AUDITLOG, "--version"],
        "auditlog --help": [AUDITLOG, "--help"],
        "auditlog tail": [AUDITLOG, "tail", str(log)],
        "auditlog filter --session": [AUDITLOG, "filter", str(log), "--session", "sess_1"],
        "auditlog stats": [AUDITLOG, "stats", str(log)],
        "auditlog trace": [AUDITLOG, "trace", "trace_1", str(log)],
        "auditlog traces": [AUDITLOG, "traces", str(log)],
        "auditlog validate": [AUDITLOG, "validate", str(log)],
        "auditlog schema": [AUDITLOG, "schema", "record"],
        "python -c 'import typer'": [python, "-c", "import typer"],
    }
    return [timed("Start-up, a log of three records", commands(cases, 5 if quick else 41), "python -c pass")]


def _write(path: Path) -> None:
    sys.path.insert(0, str(ROOT))
    from tests.logs import record, write

    write(path, *(record(span_id=f"span_{n}", record_id=f"r{n}") for n in range(3)))


BENCHES = (Bench("startup", "the shortest answers beside a bare interpreter", ("orjson", "typer"), tables),)
