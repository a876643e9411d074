"""`auditlog sql`: the table answers, and a query reads nothing else and writes nothing."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import goldens, logs
from tests.exporters import siem

duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed: pip install -e '.[duckdb]'")

from auditlog_cli.database import Database, question  # noqa: E402 - it needs duckdb
from auditlog_cli.exporters import _duckdb  # noqa: E402 - it needs duckdb


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return siem.write(tmp_path)


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
def test_an_answer_in_each_form(form: str, log: Path, cli: Callable[..., Any]) -> None:
    asked = (
        "select timestamp, user_id, tool, scopes, seq, (record->'$.metadata') is not null as m, record->'$.action' as a, "
        "seq / 3 as seq, 1.50::decimal(4,2) as d from records"
    )
    done = cli("sql", asked, log, "--format", form)
    goldens.check(f"export/sql-{form}", done, scrub={str(log.parent): "TMP"})
    assert done.code == 6  # a bad line was not looked at


def test_forms_say_the_same(log: Path, cli: Callable[..., Any], tmp_path: Path) -> None:
    asked = "select record_id, action_type from records order by 1"
    whole = json.loads(cli("sql", asked, log, "--format", "json").out)
    lines = [json.loads(line) for line in cli("sql", asked, log, "--format", "jsonl").out.splitlines()]
    cells = list(csv.DictReader(io.StringIO(cli("sql", asked, log, "--format", "csv").out)))
    assert whole == lines
    assert cells == [{name: value or "" for name, value in row.items()} for row in whole]
    assert cli("sql", asked, log, "--format", "json", "-o", tmp_path / "out").out == ""
    assert json.loads((tmp_path / "out").read_bytes()) == whole
    assert json.loads(cli("sql", f"select * from ({asked}) where false", log, "--format", "json").out) == []


def test_a_terminal_is_not_written_to_by_a_log(log: Path, cli: Callable[..., Any]) -> None:
    for form in ("table", "json", "jsonl"):
        out = cli("sql", "select * from records", log, "--format", form).out
        assert all(char == "\n" or char.isprintable() or char in "\u2068\u2069" for char in out)


def test_a_table_keeps_to_the_width_of_the_terminal(
    log: Path, cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = "select user_id, tool, record from records where user_id is not null"
    wide = cli("sql", asked, log).out
    assert max(map(len, wide.splitlines())) > 200
    monkeypatch.setenv("COLUMNS", "60")
    narrow = cli("sql", asked, log).out
    assert max(map(len, narrow.splitlines())) <= 60
    assert narrow.startswith("user_id  ")
    cli("sql", asked, log, "-o", tmp_path / "out")
    assert (tmp_path / "out").read_text() == wide, "a file has no width"


def test_values_of_every_type_are_printed(cli: Callable[..., Any], log: Path) -> None:
    asked = (
        "select 'nan'::float as a, 1e300 as b, 170141183460469231731687303715884105727::hugeint as c, [1, null] as d, "
        "{'x': date '2026-01-01'} as e, map {1: 'y'} as f, '\\xAA'::blob as g, interval 3 hours as h, time '01:02' as i, "
        "uuid '00000000-0000-4000-8000-000000000001' as j, null as k, true as l, timestamp '0001-01-01' as m, "
        "'infinity'::timestamp as n limit 1"
    )
    (line,) = cli("sql", asked, log, "--format", "jsonl").out.splitlines()
    found = json.loads(line)
    assert found["a"] == "nan"
    assert found["c"] == 2**127 - 1
    assert found["d"] == [1, None]
    assert found["e"] == {"x": "2026-01-01"}
    assert found["f"] == {"1": "y"}
    assert found["g"] == "aa"
    for form in ("table", "csv", "json"):
        assert cli("sql", asked, log, "--format", form).code == 6


def test_the_logs_own_records_are_there_if_asked_for(tmp_path: Path, cli: Callable[..., Any]) -> None:
    from auditlog_cli.writer.log import AuditLog

    with AuditLog(tmp_path / "audit.jsonl", origin="x", ballast_bytes=0) as opened:
        opened.append(logs.record())
    asked = "select count(*) as n from records"
    assert json.loads(cli("sql", asked, tmp_path / "audit.jsonl", "--format", "jsonl").out) == {"n": 1}
    assert json.loads(cli("sql", asked, tmp_path / "audit.jsonl", "--format", "jsonl", "--own").out)["n"] > 1


def test_extreme_times_are_no_trouble(tmp_path: Path, cli: Callable[..., Any]) -> None:
    times = ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "1969-12-31T23:59:59Z", "no time"]
    log = logs.write(tmp_path / "audit.jsonl", *[logs.record(timestamp=each) for each in times])
    done = cli("sql", "select timestamp from records", log, "--format", "jsonl")
    assert done.code == 0, done
    found = [json.loads(line)["timestamp"] for line in done.out.splitlines()]
    assert found[1:] == ["9999-12-31T23:59:59.999999", "1969-12-31T23:59:59", None]


NOT_A_QUESTION = [
    "", ";", "select 1; select 2", "drop table records", "delete from records", "update records set tool = 'x'",
    "insert into records (tool) values ('x')", "create table x (a int)", "copy records to '{out}'",
    "copy (select 1) to '{out}' (format parquet)", "attach '{out}' as x", "install httpfs", "load httpfs",
    "set enable_external_access = true", "reset lock_configuration", "export database '{out}'", "import database '{out}'",
    "pragma database_list", "call pragma_version()", "checkpoint", "create secret s (type s3)", "vacuum", "begin",
    "use memory", "prepare p as select 1", "select 1; copy records to '{out}'",
]  # fmt: skip
OUTSIDE = [
    "select * from '{file}'", "from read_csv('{file}')", "from read_text('{file}')", "from read_blob('{file}')",
    "from read_json('{file}')", "from read_parquet('{file}')", "from glob('{folder}/*')", "from parquet_metadata('{file}')",
    "from 'http://127.0.0.1:9/x.csv'", "from read_parquet('s3://bucket/x')", "select * from sqlite_scan('{file}', 'x')",
    "explain analyze copy records to '{out}'", "from query('copy records to ''{out}''')", "from sys", "from logs",
    "from sniff_csv('{file}')", "select getenv('HOME')", "from read_duckdb('{file}')",
]  # fmt: skip


@pytest.mark.parametrize(("code", "asked"), [*((2, each) for each in NOT_A_QUESTION), *((4, each) for each in OUTSIDE)])
def test_a_hostile_query_reads_and_writes_nothing(
    code: int, asked: str, log: Path, tmp_path: Path, cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    secret = "-".join(("a", "secret", "of", "the", "disk"))
    file = tmp_path / "secret.csv"
    file.write_text(f"name\n{secret}\n")
    done = cli("sql", asked.format(out=folder / "out", file=file, folder=tmp_path), log, "--format", "jsonl")
    assert done.code in (code, 4), done
    assert secret not in done.out + done.err
    assert done.out == ""
    assert list(folder.iterdir()) == []


def test_the_table_is_locked_even_for_what_is_no_question(log: Path) -> None:
    """The second fence: statements that `question` would refuse do not get out either."""
    with Database([siem.entry(logs.record())]) as records:
        for each in (
            "copy records to '{out}'",
            "attach '{out}' as x",
            "set enable_external_access=true",
            "load httpfs",
            "set memory_limit='1GB'",
        ):
            statement = each.format(out=log.parent / "out")
            with pytest.raises(Exception, match="sql: "):
                records.ask(statement)
    assert [found.name for found in log.parent.iterdir()] == ["audit.jsonl"]


def test_an_error_quotes_no_value(tmp_path: Path, cli: Callable[..., Any]) -> None:
    log = logs.write(tmp_path / "audit.jsonl", logs.record(user__id="somebody-private"))
    for asked in ("select user_id::int from records", "select error(user_id) from records", "select user_id::date from records",
                  "select json(user_id) from records", "select regexp_matches('a', '(' || user_id) from records"):  # fmt: skip
        done = cli("sql", asked, log)
        assert done.code == 4, done
        assert "somebody-private" not in done.err
        assert done.out == ""


def test_what_is_wrong_with_a_query_is_said(log: Path, cli: Callable[..., Any]) -> None:
    assert 'Referenced column "nothing" not found' in cli("sql", "select nothing from records", log).err
    assert "syntax error" in cli("sql", "selec", log).err


def test_a_query_is_looked_at_before_a_log(tmp_path: Path, cli: Callable[..., Any]) -> None:
    assert cli("sql", "selec", tmp_path / "missing").code == 4
    assert cli("sql", "select 1", tmp_path / "missing").code == 3


def test_a_missing_library_is_named(log: Path, cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    done = cli("sql", "select 1", log)
    assert done.code == 2
    assert "auditlog-cli[duckdb]" in done.err


def test_nothing_is_spilled_to_the_disk(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(log.parent)
    with Database([siem.entry(logs.record())]) as records:
        ((found,),) = records.ask(question("select current_setting('temp_directory')")).rows
    assert found == ""
    assert os.listdir(log.parent) == ["audit.jsonl"]


def test_ctrl_c_ends_it_and_leaves_nothing(tmp_path: Path) -> None:
    """DuckDB takes the signal itself; what it raises then is no bug of ours."""
    log, out = tmp_path / "a.jsonl", tmp_path / "out"
    log.write_text('{"user": "ann"}\n')
    endless = "select sum(a.range + b.range) from range(1000000) a, range(1000000) b"
    words = ["sql", endless, log, "-o", out]
    program = (
        "import os, signal, sys, threading\n"
        "from auditlog_cli import database\n"
        "from auditlog_cli.cli import front\n"
        "real = database.Database.ask\n"
        "def interrupt():\n"
        "    threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "def ask(self, question):\n"
        "    interrupt()\n"
        "    return real(self, question)\n"
        "database.Database.ask = ask\n"
        "sys.exit(front.main(sys.argv[1:]))\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, *map(str, words)], capture_output=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (130, b"")
    assert os.listdir(tmp_path) == ["a.jsonl"]


class Busy:
    """A library that is at work, and lets go when it was interrupted so many times."""

    def __init__(self, times: int) -> None:
        self._left = times
        self._over = threading.Event()
        self.interrupted = 0

    def work(self) -> None:
        assert threading.current_thread() is not threading.main_thread()
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        assert self._over.wait(60)
        raise RuntimeError("interrupted")

    def interrupt(self) -> None:
        self.interrupted += 1
        if self.interrupted == 2:
            os.kill(os.getpid(), signal.SIGINT)  # an impatient user
        if self.interrupted >= self._left:
            self._over.set()


@pytest.mark.parametrize("times", [1, 5])
def test_ctrl_c_is_heard_while_the_threads_of_the_library_have_all_the_work(times: int) -> None:
    """And not before they have let go: what is interrupted before it began hears nothing of it the first time."""
    busy = Busy(times)
    with pytest.raises(KeyboardInterrupt):
        _duckdb.interruptible(busy, busy.work)
    assert busy.interrupted >= times


def test_what_the_library_raises_comes_out_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        _duckdb.interruptible(None, lambda: 1 // 0)
    assert _duckdb.interruptible(None, lambda: 7) == 7
