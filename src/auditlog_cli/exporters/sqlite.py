"""A SQLite database with one table, `records`: the envelope in columns, the whole record as JSON in `record`."""

from __future__ import annotations

import errno

from auditlog_cli import times
from auditlog_cli.exporters import Settings, Source
from auditlog_cli.exporters._envelope import Row, as_json, row

HINT = "a SQLite database: the table records, the whole record as JSON in its last column"
FOLDER = False
SEALED = False

INDEXED = ("timestamp", "user_id", "agent_id", "session_id", "trace_id", "tool", "result_status", "record_id")


def fill(source: Source, settings: Settings, path: str) -> None:
    """Make the database.

    `timestamp` is RFC 3339 in UTC with six digits, so that texts are in the order of time; `scopes` a JSON list.

    Raises:
        OSError: If it cannot be written.
    """
    del settings
    from contextlib import closing
    from sqlite3 import SQLITE_FULL, Error, connect

    types = {"seq": "INTEGER"}
    columns = ", ".join(f"{name} {types.get(name, 'TEXT')}" for name in Row._fields)
    try:
        with closing(connect(path, isolation_level=None)) as base:
            # It gets its name when it is whole and on the disk, so no journal has to guard it before.
            base.execute("PRAGMA journal_mode=OFF")
            base.execute("PRAGMA synchronous=OFF")
            base.execute(f"CREATE TABLE records ({columns}) STRICT")
            base.execute("BEGIN")
            marks = ", ".join("?" * len(Row._fields))
            base.executemany(f"INSERT INTO records VALUES ({marks})", (_stored(row(each)) for each in source.entries))  # noqa: S608 - our names
            for name in INDEXED:
                base.execute(f"CREATE INDEX records_{name} ON records ({name})")
            base.execute("COMMIT")
    except Error as error:
        full = getattr(error, "sqlite_errorcode", 0) == SQLITE_FULL
        raise OSError(errno.ENOSPC if full else errno.EIO, f"SQLite: {error}") from error


def _stored(found: Row) -> tuple[object, ...]:
    at = None if found.timestamp is None else times.render(found.timestamp)
    return (at, *(as_json(value) if isinstance(value, list) else value for value in found[1:]))
