"""A structlog processor that writes to an audit log. structlog itself is not needed to import this."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from typing import Any

from auditlog_cli.capture import logged
from auditlog_cli.writer import log as writer

_ERRORS = ("error", "exception", "critical", "fatal")


class AuditProcessor:
    """Writes every event as a record of type `log`, and passes it on.

        structlog.configure(processors=[
            structlog.contextvars.merge_contextvars,
            AuditProcessor("audit.jsonl"),
            structlog.dev.ConsoleRenderer(),
        ])

    Members of a record (`user`, `agent`, `action`, `data`, …: record.md) go where they belong; anything else
    goes into `metadata`, beside `message`, `level` and `logger`. Inside a session the record bears its user,
    agent and place. Put it before processors that turn values into text.

    Args:
        log: A log, or the path of one, which is opened now.
        drop: End the event here (`structlog.DropEvent`) in place of passing it on.

    Raises:
        AuditWriteError: If the log cannot be opened; out of `logger.info(…)`, if an event cannot be written.
    """

    def __init__(self, log: writer.AuditLog | str | os.PathLike[str], *, drop: bool = False) -> None:
        self.log, _ = logged.opened(log)
        self._drop = drop
        self._outside = logged.Outside()

    def __call__(self, logger: Any, method_name: str, event_dict: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Write one event."""
        given = dict(event_dict)
        level = str(given.pop("level", method_name))
        # `event` may have been renamed by structlog.processors.EventRenamer.
        metadata: dict[str, Any] = {"level": level}
        metadata["message"] = given.pop("event" if "event" in given else "message", None)
        name = given.pop("logger", None) or getattr(logger, "name", None)
        if isinstance(name, str):
            metadata["logger"] = name
        error = _exception(given.get("exc_info"))
        given.pop("exc_info", None)
        status = "error" if error is not None or level.lower() in _ERRORS else "success"
        logged.record(self.log, self._outside, given, metadata, status=status, error=error)
        if self._drop:
            from structlog import DropEvent

            raise DropEvent
        return event_dict


def _exception(said: object) -> BaseException | None:
    """The exception that `exc_info` stands for: itself, a triple, or True for the one being handled."""
    import sys

    if isinstance(said, BaseException):
        return said
    if isinstance(said, tuple):
        return said[1] if len(said) == 3 and isinstance(said[1], BaseException) else None
    return sys.exc_info()[1] if said else None
