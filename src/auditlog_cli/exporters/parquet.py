"""Apache Parquet: the envelope in typed columns, the whole record as JSON in the last one. Needs pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditlog_cli.errors import UsageError
from auditlog_cli.exporters import Piece, Settings, Source
from auditlog_cli.exporters._envelope import Row, batches

if TYPE_CHECKING:
    from types import ModuleType

HINT = "Parquet: typed columns, the whole record as JSON in the last one (extra: parquet)"
FOLDER = False
SEALED = False
BINARY = True


def export(source: Source, settings: Settings) -> Iterator[Piece]:
    """Yield the file, a row group after the other.

    Raises:
        UsageError: If pyarrow is missing.
    """
    del settings
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise UsageError("--to parquet: pyarrow is missing", help="pip install 'auditlog-cli[parquet]'") from None
    schema = _schema(pyarrow)
    held = _Held()
    with parquet.ParquetWriter(held, schema, compression="zstd") as writer:
        for group in batches(source.entries):
            columns = [
                pyarrow.array(column, field.type)
                for column, field in zip(zip(*group, strict=True), schema, strict=True)
            ]
            writer.write_table(pyarrow.Table.from_arrays(columns, schema=schema))
            yield Piece("", held.taken())
    yield Piece("", held.taken())


def _schema(pyarrow: ModuleType) -> Any:
    types = {
        "timestamp": pyarrow.timestamp("us", tz="UTC"),
        "scopes": pyarrow.list_(pyarrow.string()),
        "seq": pyarrow.int64(),
    }
    return pyarrow.schema([(name, types.get(name, pyarrow.string())) for name in Row._fields])


class _Held:
    """A file for pyarrow, whose bytes are taken away as they come."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        self._size += len(self._parts[-1])
        return len(self._parts[-1])

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        found, self._parts = b"".join(self._parts), []
        return found
