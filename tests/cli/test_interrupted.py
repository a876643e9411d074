"""Ctrl-C: exit code 130, one line that says what there is now, and no half file."""

from __future__ import annotations

import gzip
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli.cli.importing import AuditLog
from auditlog_cli.index import building
from auditlog_cli.redaction import running
from tests.conftest import Result
from tests.logs import line, record, write

Cli = Callable[..., Result]


def pressed(*_: Any, **__: Any) -> Any:
    """Somebody presses Ctrl-C."""
    raise KeyboardInterrupt


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of 1,200 records that others wrote."""
    return write(tmp_path / "log.jsonl", *(line(record(record_id=f"r{n}")) for n in range(1200)))


def test_an_index_is_as_it_was(log: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli("index", "build", log)
    before = Path(f"{log}.index").read_bytes()
    monkeypatch.setattr(building, "_write", pressed)
    found = cli("index", "build", log)
    assert (found.code, found.err) == (130, f"auditlog: {log}: interrupted; its index is as it was\n")
    assert Path(f"{log}.index").read_bytes() == before
    assert sorted(path.name for path in log.parent.iterdir()) == ["log.jsonl", "log.jsonl.index"]


def test_a_masked_copy_is_not_there(log: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "mask", pressed)
    found = cli("redact", log, "-o", log.parent / "masked.jsonl")
    assert (found.code, found.err) == (
        130,
        f"auditlog: {log.parent / 'masked.jsonl'}: interrupted; it was not written\n",
    )
    assert [path.name for path in log.parent.iterdir()] == ["log.jsonl"]


def test_an_import_goes_on_with_the_same_command(log: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    write_many = AuditLog.write_many
    calls = []

    def later(self: AuditLog, *given: Any, **named: Any) -> Any:
        calls.append(1)
        return write_many(self, *given, **named) if len(calls) < 3 else pressed()

    target = log.parent / "new.jsonl"
    with monkeypatch.context() as patched:
        patched.setattr(AuditLog, "write_many", later)
        found = cli("import", log, "-o", target)
    assert found.code == 130
    said = f"auditlog: {target}: interrupted; at least 1,000 written; with the same command the rest is added"
    assert found.err.splitlines()[-1] == said
    again = cli("import", log, "-o", target)
    assert again.code == 0 and "200 written, 1,000 there already" in again.err
    assert cli("verify", target).code == 0


def test_of_an_empty_log_there_is_nothing_to_index(tmp_path: Path, cli: Cli, log: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    found = cli("index", "build", empty)
    assert found.code == 3 and f"{empty}: empty, nothing to index" in found.err
    assert not Path(f"{empty}.index").exists()
    both = cli("index", "build", empty, log)
    assert both.code == 0 and "empty, nothing to index" in both.err and Path(f"{log}.index").exists()


def test_a_log_that_cannot_be_indexed_is_not_said_to_be(cli: Cli, tmp_path: Path) -> None:
    """gzip has no places to go to: it is scanned, however small it is (docs/index.md)."""
    packed = tmp_path / "a.jsonl.gz"
    packed.write_bytes(gzip.compress(line(record()) + b"\n"))
    told = cli("index", "build", packed)
    assert (told.code, f"{packed}: {packed.stat().st_size:,} bytes cannot be indexed" in told.err) == (6, True)


def test_what_orjson_imports_is_there_before_it(log: Path) -> None:
    """Ctrl-C while orjson imports something for itself ends the process by SIGSEGV: it takes the failure for a module."""
    said = subprocess.run(
        [sys.executable, "-c", LISTENING, "export", str(log), "--to", "ecs", "-o", "-"], capture_output=True, text=True
    )
    imported = said.stderr.split()
    assert said.returncode == 0, said.stderr
    before = imported[: imported.index("orjson.orjson")]
    assert {"dataclasses", "datetime", "enum", "json", "uuid", "zoneinfo"} <= {*before}


def test_sigterm_leaves_no_half_file_and_is_seen_to_have_ended_the_process(log: Path) -> None:
    words = ["export", "-", "--to", "ecs", "-o", str(log.parent / "out.ndjson")]
    with subprocess.Popen([sys.executable, "-m", "auditlog_cli", *words], stdin=subprocess.PIPE) as running_:
        assert running_.stdin is not None
        running_.stdin.write(log.read_bytes())
        running_.stdin.flush()
        until(lambda: any(log.parent.glob("out.ndjson.*.tmp")))
        running_.terminate()
        assert running_.wait(60) == -signal.SIGTERM
    assert [path.name for path in log.parent.iterdir()] == ["log.jsonl"]


def test_sigterm_is_not_lost_where_python_forgets_an_exception() -> None:
    said = subprocess.run([sys.executable, "-c", FORGETTING], capture_output=True, text=True, timeout=60)
    assert (said.returncode, said.stdout) == (-signal.SIGTERM, "forgotten\n"), said.stderr


def until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


LISTENING = """
import os, sys
sys.addaudithook(lambda event, given: event == "import" and os.write(2, given[0].encode() + b"\\n"))
from auditlog_cli.cli.front import run
run()
"""

FORGETTING = """
import os, signal, time
from auditlog_cli.cli import front
front._TIDYING_S = 0.2
front._ended_by_sigterm()
class Callback:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0)
made = Callback()
del made
print("forgotten", flush=True)
time.sleep(50)
"""
