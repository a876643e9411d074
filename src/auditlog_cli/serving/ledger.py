"""The log that the server writes: everything durable before it is answered, and what is said while it cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from auditlog_cli import times
from auditlog_cli.errors import AuditWriteError, LockTimeout
from auditlog_cli.serving.refusals import Refused
from auditlog_cli.writer import ids
from auditlog_cli.writer.log import AuditLog

POLICY = {"base": "default/1", "redactable": ["/provenance/import/rest", "/provenance/ingest/rest"]}
"""Of a log that the server begins: what had no place in the records may be personal, so it can be withheld."""
_AGAIN_S = 2


class Ledger:
    """Writes records for the routes. Its functions block: they are called in threads.

    Args:
        log: The log, open. It is the caller's to close.

    Attributes:
        failing: Why the log could not be written last time; empty while it can.
        written: How many records were acknowledged.
    """

    def __init__(self, log: AuditLog) -> None:
        self._log = log
        self.failing = ""
        self.written = 0

    def write(self, records: Sequence[dict[str, Any]]) -> None:
        """Write records, all or none, and return once the disk has them.

        Raises:
            Refused: 507 if the log cannot be written; 503 if another writer holds it. None is acknowledged.
        """
        try:
            self._log.write_many(records, durable=True)
        except LockTimeout:
            raise Refused(
                503, "log_locked", "another writer holds the log; try again", {"Retry-After": str(_AGAIN_S)}
            ) from None
        except AuditWriteError as error:
            self.failing = error.message
            raise _cannot() from error
        self.failing = ""
        self.written += len(records)

    def confirm(self) -> None:
        """Return once everything that is in the log is on the disk; a log that failed is tried again.

        Raises:
            Refused: 507, while it cannot be written.
        """
        try:
            self._log.settle()
        except AuditWriteError as error:
            self.failing = error.message
            raise _cannot() from error
        self.failing = ""


def _cannot() -> Refused:
    return Refused(507, "log_unwritable", "the log cannot be written; nothing was acknowledged")


def stamped(records: list[dict[str, Any]], ingest: dict[str, Any]) -> list[str]:
    """Give each record an id, where it has none, and what the server knows of its coming; return the ids.

    Args:
        records: Of one request, in order. Changed in place.
        ingest: Members of `provenance.ingest`; what a record has there already stays.
    """
    now = times.now()
    found = []
    for place, record in enumerate(records):
        record.setdefault("record_id", ids.record_id())
        own = {"received": now} | ({"part": [place, len(records)]} if len(records) > 1 else {})
        provenance = record.setdefault("provenance", {})
        provenance["ingest"] = ingest | own | provenance.get("ingest", {})
        found.append(str(record["record_id"]))
    return found
