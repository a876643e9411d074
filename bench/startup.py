"""Start-up: how long the shortest answers take beside a bare interpreter.

python bench/startup.py [ROUNDS]
"""

from __future__ import annotations

import compileall
import sys
from pathlib import Path

from measure import BIN, ROOT, WORK, commands, markdown


def table(rounds: int = 41) -> str:
    """The table as Markdown."""
    compileall.compile_dir(ROOT / "src", quiet=2)
    WORK.mkdir(parents=True, exist_ok=True)
    log = WORK / "tiny.jsonl"
    _write(log)
    python, auditlog = str(BIN / "python"), str(BIN / "auditlog")
    cases = {
        "python -c pass": [python, "-c", "pass"],
        "python -c 'import auditlog_cli'": [python, "-c", "import auditlog_cli"],
        "python -c 'import json'": [python, "-c", "import json"],
        "auditlog --version": [auditlog, "--version"],
        "auditlog --help": [auditlog, "--help"],
        "auditlog tail": [auditlog, "tail", str(log)],
        "auditlog filter --session": [auditlog, "filter", str(log), "--session", "sess_1"],
        "auditlog stats": [auditlog, "stats", str(log)],
        "auditlog trace": [auditlog, "trace", "trace_1", str(log)],
        "auditlog traces": [auditlog, "traces", str(log)],
        "auditlog validate": [auditlog, "validate", str(log)],
        "auditlog schema": [auditlog, "schema", "record"],
        "python -c 'import typer'": [python, "-c", "import typer"],
    }
    return markdown("Start-up, a log of three records", commands(cases, rounds), "python -c pass")


def _write(path: Path) -> None:
    sys.path.insert(0, str(ROOT))
    from tests.logs import record, write

    write(path, *(record(span_id=f"span_{n}", record_id=f"r{n}") for n in range(3)))


if __name__ == "__main__":
    sys.stdout.write(table(int(sys.argv[1]) if len(sys.argv) > 1 else 41))
