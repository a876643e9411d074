"""Records as a table of DuckDB: for the exporter, and for `auditlog sql`."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any, TypeVar

from auditlog_cli.errors import UsageError
from auditlog_cli.exporters import Entry
from auditlog_cli.exporters._envelope import Row, batches

T = TypeVar("T")
_AGAIN_S = 0.05
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


def interruptible(connection: Any, work: Callable[[], T]) -> T:
    """Have DuckDB do something in a thread of its own, and leave it when Ctrl-C comes.

    DuckDB itself looks for signals only where the calling thread has a share of the work: if its own threads have
    taken all of it, the caller waits for them and hears nothing (2.0.0, and by chance).

    Args:
        connection: What is to be interrupted.
        work: What it does.

    Raises:
        KeyboardInterrupt: When DuckDB has let go.
    """
    future: Future[T] = Future()

    def run() -> None:
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)

    try:
        threading.Thread(target=run, name="auditlog-duckdb", daemon=True).start()
        return future.result()
    finally:
        _let_go(connection, future)


def _let_go(connection: Any, future: Future[T]) -> None:
    """Return once the work is done, or will never begin. Who presses Ctrl-C again does not stop this."""
    while True:
        try:
            while not (future.done() or future.cancel()):
                connection.interrupt()  # says nothing to a query that has not begun yet: hence again
                time.sleep(_AGAIN_S)
            return
        except KeyboardInterrupt:
            pass


def fill(connection: Any, entries: Iterable[Entry]) -> None:
    """Make the table `records`. `timestamp` is in UTC, without a zone of its own."""
    columns = ", ".join(f"{name} {_TYPES.get(name, 'VARCHAR')}" for name in Row._fields)
    connection.execute(f"CREATE TABLE records ({columns})")
    places = ["make_timestamp(unnest(?))", *("unnest(?)" for _ in Row._fields[1:])]
    insert = f"INSERT INTO records SELECT {', '.join(places)}"
    for batch in batches(entries):
        # Whole columns as lists: a hundred times as fast as a row at a time.
        columns_of_it = [list(column) for column in zip(*batch, strict=True)]
        interruptible(connection, functools.partial(connection.execute, insert, columns_of_it))
