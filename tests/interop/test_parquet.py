"""DuckDB and ClickHouse (chdb) read our Parquet whole, also when the export was killed and run again.

Needs pyarrow, duckdb and chdb, in this environment or in that of the Python that TABLES_PYTHON names; there auditlog has
to be installed, too (pip install -e '.[parquet]' duckdb chdb).
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli.queries import read
from tests.interop.test_otlp import append

pytestmark = pytest.mark.slow

DUCKDB = """
import duckdb, json, sys
rows = duckdb.sql(f"select record_id, record, action_type, epoch_us(timestamp), scopes from '{sys.argv[1]}'").fetchall()
print(json.dumps(rows))
"""
CHDB = """
import chdb, json, sys
answer = chdb.query(
    "select record_id, record, action_type, toUnixTimestamp64Micro(timestamp), scopes"
    f" from file('{sys.argv[1]}', Parquet) settings output_format_json_quote_64bit_integers=0", "JSONCompactEachRow")
print(json.dumps([json.loads(line) for line in str(answer).splitlines()]))
"""


@pytest.fixture(scope="module")
def python() -> str:
    found = os.environ.get("TABLES_PYTHON") or sys.executable
    done = subprocess.run([found, "-c", "import auditlog_cli, pyarrow, duckdb, chdb"], capture_output=True, text=True)
    if done.returncode:
        why = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "they do not run"
        pytest.skip(f"pyarrow, duckdb or chdb is not installed ({why}); TABLES_PYTHON names a Python that has them")
    return found


def asked(python: str, code: str, path: Path) -> list[list[Any]]:
    done = subprocess.run([python, "-c", code, str(path)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    found: list[list[Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("reader", [DUCKDB, CHDB], ids=["duckdb", "chdb"])
def test_every_record_is_there_once(tmp_path: Path, python: str, reader: str) -> None:
    """Killed at any moment, the export left no file, or a whole one; run again, it has everything."""
    log, out = tmp_path / "audit.jsonl", tmp_path / "audit.parquet"
    append(log, 2000)
    export = [python, "-m", "auditlog_cli", "export", str(log), "--to", "parquet", "-o", str(out)]
    rounds = random.Random(7)
    killed = 0
    for _ in range(8):
        with subprocess.Popen(export, stderr=subprocess.DEVNULL) as process:
            time.sleep(rounds.random() * 0.8)
            process.send_signal(signal.SIGKILL)
        if out.exists():
            assert len(asked(python, DUCKDB, out)) == 2000
        else:
            killed += 1
    assert killed, "none was killed before its end"
    done = subprocess.run(export, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    rows = {row[0]: row for row in asked(python, reader, out)}
    records = [record for record in read(log) if not record.is_own]
    assert len(asked(python, reader, out)) == len(rows) == len(records) == 2000
    for record in records:
        _, whole, kind, at, scopes = rows[record.content["record_id"]]
        stored = {name: value for name, value in record.content.items() if name != "_salts"}
        assert {name: value for name, value in json.loads(whole).items() if name != "_salts"} == stored
        assert kind == record.content["action"]["type"]
        assert isinstance(at, int)
        assert scopes == record.content["authorization"]["scopes"]
