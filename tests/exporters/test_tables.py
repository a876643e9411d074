"""Files with the envelope in columns: read back by the libraries that everybody else reads them with."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import exporters
from auditlog_cli.cli import exporting
from auditlog_cli.errors import InputError
from auditlog_cli.exporters import sqlite
from auditlog_cli.writer.log import AuditLog
from tests import goldens, logs
from tests.exporters import siem

COLUMNS = [
    "timestamp", "action_type", "phase", "user_id", "agent_id", "session_id", "trace_id", "span_id", "parent_span_id",
    "tool", "result_status", "scopes", "session_type", "approved_by", "record_id", "seq", "leaf", "record",
]  # fmt: skip


def rows_of(path: Path) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(path)) as base:
        base.row_factory = sqlite3.Row
        return [dict(row) for row in base.execute("SELECT * FROM records")]


def test_sqlite_holds_each_record_once(tmp_path: Path, cli: Callable[..., Any]) -> None:
    log, out = siem.write(tmp_path), tmp_path / "audit.db"
    done = cli("export", log, "--to", "sqlite", "-o", out)
    goldens.check("export/sqlite", done, scrub={str(tmp_path): "TMP", f"{out.stat().st_size} bytes": "SIZE bytes"})
    rows = rows_of(out)
    assert [list(row) for row in rows] == [COLUMNS] * 6
    wanted = [json.loads(line) for line in log.read_bytes().splitlines()[:6] if line.endswith(b"}")]
    assert [json.loads(row["record"]) for row in rows[:5]] == wanted
    first, second, third, fourth, fifth, _ = rows
    assert first["timestamp"] == "2026-06-01T14:23:11.218000Z"
    assert second["tool"] == siem.HOSTILE  # a column is no line: nothing is escaped
    assert third["user_id"] is None
    assert (fourth["timestamp"], fourth["seq"]) == (None, 4)
    assert (fifth["timestamp"], fifth["approved_by"], fifth["scopes"]) == (
        "2026-06-01T12:23:12.000000Z",
        "user_cleo",
        "[]",
    )
    with closing(sqlite3.connect(out)) as base:
        indexed = {name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert indexed == {f"records_{name}" for name in sqlite.INDEXED}
    assert (out.stat().st_mode & 0o777) == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["audit.db", "audit.jsonl"]


def test_the_selectors_choose_and_the_counts_add_up(tmp_path: Path, cli: Callable[..., Any]) -> None:
    log, out = siem.write(tmp_path), tmp_path / "audit.db"
    done = cli("export", log, "--to", "sqlite", "-o", out, "--since", "2026-06-01T13:00:00Z")
    assert "7 read = 4 exported + 2 skipped + 1 bad" in done.err
    assert len(rows_of(out)) == 4


def test_a_sealed_rotated_compressed_log_is_read_whole(tmp_path: Path, cli: Callable[..., Any]) -> None:
    path, out = tmp_path / "audit.jsonl", tmp_path / "audit.db"
    with AuditLog(path, origin="test/log", ballast_bytes=0, max_bytes=20_000) as log:
        for n in range(100):
            log.append(logs.record(record_id=f"id-{n}"))
    assert cli("compress", path).code == 0
    assert list(tmp_path.glob("*.zst"))
    done = cli("export", path, "--to", "sqlite", "-o", out)
    assert done.code == 0, done
    assert "= 100 exported + " in done.err
    assert "of the log's own) + 0 bad" in done.err
    rows = rows_of(out)
    assert [row["record_id"] for row in rows] == [f"id-{n}" for n in range(100)]
    assert all(len(row["leaf"]) == 64 for row in rows)
    assert [row["seq"] for row in rows] == sorted({row["seq"] for row in rows})
    assert all("_salts" not in json.loads(row["record"]) for row in rows)


@pytest.mark.parametrize("name", ["sqlite", "csv"])
def test_what_was_there_stays_if_the_log_cannot_be_read(name: str, tmp_path: Path, cli: Callable[..., Any]) -> None:
    out = tmp_path / "out"
    out.write_bytes(b"before")
    (tmp_path / "empty.jsonl").write_bytes(b"")
    for log in ("empty.jsonl", "missing.jsonl"):
        assert cli("export", tmp_path / log, "--to", name, "-o", out).code == 3
        assert out.read_bytes() == b"before"
        assert sorted(each.name for each in tmp_path.iterdir()) == ["empty.jsonl", "out"]
    good = siem.write(tmp_path)
    assert cli("export", good, "--to", name, "-o", tmp_path / "missing" / "out").code == 5


@pytest.mark.parametrize("words", [["export", "--to", "csv"], ["export", "--to", "sqlite"], ["sql", "select 1"]])
def test_no_log_is_overwritten_and_nothing_that_is_no_file(
    words: list[str], tmp_path: Path, cli: Callable[..., Any]
) -> None:
    if words[0] == "sql":
        pytest.importorskip("duckdb")
    log = siem.write(tmp_path)
    before = log.read_bytes()
    (tmp_path / "link").symlink_to(log)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name, told in (
        ("audit.jsonl", "is the log"),
        ("link", "is the log"),
        ("folder", "no file"),
        ("pipe", "no file"),
    ):
        done = cli(*words, tmp_path / "audit.jsonl", "-o", tmp_path / name)
        assert done.code == 2, done
        assert told in done.err
    assert log.read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["audit.jsonl", "folder", "link", "pipe"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk_is_told(tmp_path: Path, cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: object, settings: object, path: str) -> None:
        with open("/dev/full", "wb", buffering=0) as file:
            file.write(b"x")

    monkeypatch.setattr(sqlite, "fill", full)
    done = cli("export", siem.write(tmp_path), "--to", "sqlite", "-o", tmp_path / "out")
    assert done.code == 5
    assert "No space left" in done.err
    assert [each.name for each in tmp_path.iterdir()] == ["audit.jsonl"]


def test_a_failure_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    def entries() -> Any:
        yield siem.entry(logs.record())
        raise InputError("torn")

    for name in ("sqlite", *(["duckdb"] if have("duckdb") else []), *(["parquet"] if have("pyarrow") else [])):
        source = exporters.Source("x", entries())
        with pytest.raises(InputError, match="torn"):
            exporting.write(exporters.load(name), source, exporters.Settings(print), str(tmp_path / "out"))
        assert list(tmp_path.iterdir()) == []


def have(library: str) -> bool:
    from importlib.util import find_spec

    return find_spec(library) is not None


def test_parquet_has_typed_columns_and_the_whole_record(tmp_path: Path, cli: Callable[..., Any]) -> None:
    pytest.importorskip("pyarrow")
    import pyarrow
    from pyarrow import parquet

    log, out, base = siem.write(tmp_path), tmp_path / "audit.parquet", tmp_path / "audit.db"
    assert cli("export", log, "--to", "parquet", "-o", out).code == 6
    assert cli("export", log, "--to", "sqlite", "-o", base).code == 6
    table = parquet.read_table(out)
    assert table.column_names == COLUMNS
    assert table.schema.field("timestamp").type == pyarrow.timestamp("us", tz="UTC")
    assert table.schema.field("scopes").type == pyarrow.list_(pyarrow.string())
    for found, other in zip(table.to_pylist(), rows_of(base), strict=True):
        at = found.pop("timestamp")
        assert (at and at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")) == other.pop("timestamp")
        scopes = other.pop("scopes")
        assert found.pop("scopes") == (scopes and json.loads(scopes))
        assert found == other


def test_parquet_is_written_group_by_group(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyarrow")
    from pyarrow import BufferReader, parquet

    from auditlog_cli.exporters import _envelope

    monkeypatch.setattr(_envelope, "_BATCH", 3)
    data, _ = siem.exported("parquet", *[logs.record(record_id=str(n)) for n in range(10)])
    with parquet.ParquetFile(BufferReader(data)) as file:
        assert file.num_row_groups == 4
        assert file.read(["record_id"]).to_pydict() == {"record_id": [str(n) for n in range(10)]}
    data, _ = siem.exported("parquet")
    assert parquet.read_table(BufferReader(data)).num_rows == 0


def test_duckdb_holds_each_record_once(tmp_path: Path, cli: Callable[..., Any]) -> None:
    duckdb = pytest.importorskip("duckdb")
    log, out = siem.write(tmp_path), tmp_path / "audit.duckdb"
    assert cli("export", log, "--to", "duckdb", "-o", out).code == 6
    with duckdb.connect(str(out), read_only=True) as base:
        assert [row[0] for row in base.execute("DESCRIBE records").fetchall()] == COLUMNS
        asked = "SELECT record_id, record->>'$.action.result_status', scopes FROM records WHERE tool = 'lookup_order'"
        assert base.execute(asked).fetchall()[0] == (logs.record()["record_id"], "success", ["orders:read"])
        assert base.execute("SELECT count(*) FROM records").fetchone() == (6,)


@pytest.mark.parametrize(("name", "library"), [("parquet", "pyarrow"), ("duckdb", "duckdb")])
def test_a_missing_library_is_named(
    name: str, library: str, tmp_path: Path, cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, library, None)
    done = cli("export", siem.write(tmp_path), "--to", name, "-o", tmp_path / "out")
    assert done.code == 2
    assert f"{library} is missing" in done.err
    assert f"auditlog-cli[{name}]" in done.err
    assert [each.name for each in tmp_path.iterdir()] == ["audit.jsonl"]
