"""Records as a table of DuckDB: for the exporter, and for `auditlog sql`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from auditlog_cli.errors import UsageError
from auditlog_cli.exporters import Entry
from auditlog_cli.exporters._envelope import Row, batches

_TYPES = {"timestamp": "TIMESTAMP", "scopes": "VARCHAR[]", "seq": "BIGINT", "record": "JSON"}


def library(asked_by: str) -> Any:
    """Return the library.

    Args:
        asked_by: What needs it: `sql`, `--to duckdb`.

    Raises:
        UsageError: If it is missing.
    """
    try:
        import duckdb
    except ImportError:
        raise UsageError(f"{asked_by}: duckdb is missing", help="pip install 'auditlog-cli[duckdb]'") from None
    return duckdb


@contextmanager
def interrupted() -> Iterator[None]:
    """Let Ctrl-C be what it is elsewhere: DuckDB takes the signal and raises a RuntimeError in its place.

    Raises:
        KeyboardInterrupt: If somebody interrupted DuckDB.
    """
    try:
        yield
    except RuntimeError as error:
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from None
        raise


def fill(connection: Any, entries: Iterable[Entry]) -> None:
    """Make the table `records`. `timestamp` is in UTC, without a zone of its own."""
    columns = ", ".join(f"{name} {_TYPES.get(name, 'VARCHAR')}" for name in Row._fields)
    connection.execute(f"CREATE TABLE records ({columns})")
    places = ["make_timestamp(unnest(?))", *("unnest(?)" for _ in Row._fields[1:])]
    insert = f"INSERT INTO records SELECT {', '.join(places)}"
    for batch in batches(entries):
        # Whole columns as lists: a hundred times as fast as a row at a time.
        with interrupted():
            connection.execute(insert, [list(column) for column in zip(*batch, strict=True)])
