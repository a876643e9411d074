"""A DuckDB database with one table, `records`, the same that `auditlog sql` asks. Needs duckdb."""

from __future__ import annotations

from auditlog_cli.exporters import Settings, Source, _duckdb

HINT = "a DuckDB database: the table records, the whole record as JSON in its last column (extra: duckdb)"
FOLDER = False
SEALED = False


def fill(source: Source, settings: Settings, path: str) -> None:
    """Make the database.

    Raises:
        UsageError: If duckdb is missing.
        OSError: If it cannot be written.
    """
    del settings
    duckdb = _duckdb.library("--to duckdb")
    try:
        with duckdb.connect(path) as base:
            _duckdb.fill(base, source.entries)
    except duckdb.Error as error:
        raise OSError(0, f"DuckDB: {str(error).splitlines()[0]}") from error
