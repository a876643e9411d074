"""Records that are put aside: held is where they stand, and whoever wants one reads and decodes it again."""

from __future__ import annotations

from functools import lru_cache

from auditlog_cli import decoders
from auditlog_cli.errors import InputError
from auditlog_cli.record import Record
from auditlog_cli.sources.rereading import Places

_RECENT = 64


class Shelf:
    """Records that were put aside.

    Args:
        shape: Take every line for this shape; None: told from each line.
    """

    def __init__(self, shape: str | None = None) -> None:
        self._decode = decoders.forced(shape) if shape else decoders.decode
        self._places = Places()
        self.take = lru_cache(_RECENT)(self._take)

    def put(self, record: Record) -> int:
        """Put a record aside, and return its number: they count from 0."""
        return self._places.put(record.line)

    def _take(self, number: int) -> Record:
        """Return a record.

        Raises:
            InputError: If it cannot be read any more.
        """
        found = self._decode(self._places.take(number))
        if not isinstance(found, Record):
            raise InputError(f"{found.line.where}: {found.reason}", help="run it again")
        return found

    def close(self) -> None:
        """Give the files back."""
        self._places.close()
