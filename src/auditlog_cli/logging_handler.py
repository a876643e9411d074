"""A handler of the standard library's `logging` that writes to an audit log."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

from auditlog_cli.capture import logged
from auditlog_cli.writer import log as writer

_OF_LOGGING = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {"message", "asctime", "taskName"}


class AuditHandler(logging.Handler):
    """Writes every log record that reaches it as a record of type `log`.

        logging.getLogger("agents").addHandler(AuditHandler("audit.jsonl"))
        logging.getLogger("agents").info("refund %s", 42, extra={"user": {"id": "alice"}, "order": 42})

    Of `extra`, members of a record (`user`, `agent`, `action`, `data`, …: record.md) go where they belong;
    anything else goes into `metadata`, beside `message`, `level` and `logger`. Inside a session the record
    bears its user, agent and place.

    Unlike other handlers it raises when it cannot write: `logging` would print a traceback and go on.

    Args:
        log: A log, or the path of one; that is opened now and closed with the handler.
        level: As for every handler.

    Raises:
        AuditWriteError: If the log cannot be opened; out of `logger.info(…)`, if a record cannot be written.
    """

    def __init__(self, log: writer.AuditLog | str | os.PathLike[str], level: int | str = logging.NOTSET) -> None:
        super().__init__(level)
        self.log, self._own = logged.opened(log)
        self._outside = logged.Outside()

    def emit(self, record: logging.LogRecord) -> None:
        """Write one log record."""
        metadata: dict[str, Any] = {"level": record.levelname, "logger": record.name}
        try:
            metadata["message"] = record.getMessage()
        except Exception:
            # `logger.info("%d", "x")`: the line is wrong, what happened has happened all the same.
            metadata |= {"message": str(record.msg), "args": record.args}
        given = {name: value for name, value in record.__dict__.items() if name not in _OF_LOGGING}
        error = record.exc_info[1] if record.exc_info else None
        level = record.levelno or logging.NOTSET  # makeLogRecord, for records off a socket, need not know one
        status = "error" if error is not None or level >= logging.ERROR else "success"
        logged.record(self.log, self._outside, given, metadata, status=status, error=error)

    def handleError(self, record: logging.LogRecord) -> None:
        """Raise what went wrong. An audit log that fails in silence is worse than none."""
        error = sys.exc_info()[1]
        if error is not None:
            raise error

    def close(self) -> None:
        """Close the handler, and the log if the handler opened it."""
        super().close()
        if self._own:
            self.log.close()
