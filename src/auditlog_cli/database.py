"""Records as a table that SQL is asked of, in memory. A query reads this table, and nothing else anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Self

from auditlog_cli.errors import AuditlogError, DefinitionError, InputError, UsageError
from auditlog_cli.exporters import Entry, _duckdb

_LOCKS = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "python_enable_replacements": "false",  # a name in FROM is a table, never a variable of this program
    "temp_directory": "''",  # what a log holds is not spilled to the disk
    "enable_external_access": "false",  # no files, no network, no other database
    "lock_configuration": "true",  # last: from here on no query opens anything again
}
_ABOUT_THE_QUERY = ("ParserException", "BinderException", "CatalogException", "SyntaxException")
_AT_ONCE = 1000


class Answer(NamedTuple):
    """What a query gave.

    Attributes:
        names: The columns.
        types: Their types, in DuckDB's words.
        rows: Their values, once.
    """

    names: list[str]
    types: list[str]
    rows: Iterator[tuple[Any, ...]]


def question(query: str) -> str:
    """Return the text of the one query. (Ctrl-C ends a text, but no statement that was parsed before.)

    Raises:
        UsageError: If it is not one SELECT (or EXPLAIN), or duckdb is missing.
        DefinitionError: If it is wrong.
    """
    duckdb = _duckdb.library("sql")
    try:
        statements = duckdb.extract_statements(query)
    except duckdb.Error as error:
        raise _told(error) from error
    asking = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
    if len(statements) != 1 or statements[0].type not in asking:
        raise UsageError("sql: one SELECT, nothing else", help="WITH, DESCRIBE records and EXPLAIN are fine, too")
    text: str = statements[0].query
    return text


class Database:
    """The table `records` in memory, locked once it is full. A context manager.

    Args:
        entries: What is in it.

    Raises:
        UsageError: If duckdb is missing, or is one that cannot be locked.
        InputError: If the memory is not enough.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._duckdb = _duckdb.library("sql")
        self._connection = self._duckdb.connect(":memory:")
        try:
            try:
                _duckdb.fill(self._connection, entries)
            except self._duckdb.OutOfMemoryException as error:
                raise _too_much() from error
            try:
                for name, value in _LOCKS.items():
                    self._connection.execute(f"SET {name}={value}")
            except self._duckdb.Error as error:
                raise UsageError(
                    f"sql: this duckdb ({self._duckdb.__version__}) cannot be locked against files and network",
                    help="pip install --upgrade duckdb",
                ) from error
        except BaseException:
            self._connection.close()
            raise

    def ask(self, question: str) -> Answer:
        """Return the answer to a question.

        Raises:
            DefinitionError: If it is wrong, or asks for something outside of the table.
            InputError: If the memory is not enough.
        """
        try:
            cursor = _duckdb.interruptible(self._connection, lambda: self._connection.execute(question))
        except self._duckdb.Error as error:
            raise _told(error) from error
        columns = cursor.description or []
        return Answer([each[0] for each in columns], [str(each[1]) for each in columns], self._rows(cursor))

    def _rows(self, cursor: Any) -> Iterator[tuple[Any, ...]]:
        try:
            while rows := self._fetched(cursor):
                yield from rows
        except self._duckdb.Error as error:
            raise _told(error) from error

    def _fetched(self, cursor: Any) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = _duckdb.interruptible(cursor, lambda: cursor.fetchmany(_AT_ONCE))
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ended: object) -> None:
        self._connection.close()


def _told(error: Exception) -> AuditlogError:
    """What went wrong. Only what is about the text of the query is quoted: other messages hold values."""
    kind = type(error).__name__
    if kind in _ABOUT_THE_QUERY:
        return DefinitionError(f"sql: {str(error).splitlines()[0]}", help="auditlog sql 'describe records' LOG")
    if kind == "OutOfMemoryException":
        return _too_much()
    if kind == "PermissionException":
        return DefinitionError(
            "sql: a query reads the table records, and no file, network or other database",
            help="for example: select count(*) from records",
        )
    words = {
        "ConversionException": "a value is not of the type asked for",
        "OutOfRangeException": "a value is out of range",
    }
    return DefinitionError(f"sql: {words.get(kind, 'cannot be answered')} ({kind})", help="try_cast(… as …) gives NULL")


def _too_much() -> InputError:
    return InputError(
        "sql: more than fits into the memory", help="auditlog export LOG --to duckdb -o FILE, and ask that with duckdb"
    )
