"""A line of an application's own logging, turned into a record: what `logging` and structlog share."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from auditlog_cli import times
from auditlog_cli.capture import context
from auditlog_cli.capture.log import AuditLog as PublicLog
from auditlog_cli.capture.toolcall import failure
from auditlog_cli.errors import NoSession, UsageError
from auditlog_cli.writer import ids
from auditlog_cli.writer.log import AuditLog
from auditlog_cli.writer.receipt import Receipt

TYPE = "log"
MEMBERS = frozenset(
    [
        "timestamp",
        "session_id",
        "trace_id",
        "record_id",
        "span_id",
        "parent_span_id",
        "source",
        "user",
        "agent",
        "authorization",
        "action",
        "delegation_chain",
        "approval",
        "prompt",
        "response",
        "usage",
        "policy",
        "data",
        "decision",
        "incident",
        "consent",
        "review",
        "change",
        "memory",
        "message",
        "disclosure",
        "biometric",
        "retention",
    ]
)
"""Members of a record (record.md). What else an application logs goes into `metadata`."""
SAID_BY_SESSION = frozenset(
    ["session_id", "trace_id", "span_id", "parent_span_id", "user", "agent", "authorization", "delegation_chain"]
)
"""What a line inside a session cannot say otherwise: a line about user bob is not a deed of bob's."""
_TEXTS = frozenset(["session_id", "trace_id", "record_id", "span_id", "parent_span_id"])


def opened(log: object) -> tuple[AuditLog, bool]:
    """Return the log to write to, and whether it was opened here: `log` is one, or the path of one.

    Raises:
        UsageError: If it is neither.
        AuditWriteError: If it cannot be opened.
    """
    if isinstance(log, AuditLog):
        return log, False
    if not isinstance(log, (str, os.PathLike)):
        raise UsageError("log: an AuditLog, or a path", help="of an AsyncAuditLog that is open: alog.log")
    return PublicLog(log), True


class Outside:
    """What lines outside any session have as their session and trace: one of each for a handler."""

    def __init__(self) -> None:
        self.session_id = f"log_{ids.span_id()}"
        self.trace_id = ids.trace_id()


def record(
    log: AuditLog,
    outside: Outside,
    given: Mapping[str, Any],
    metadata: Mapping[str, Any],
    *,
    status: str,
    error: BaseException | None,
) -> Receipt:
    """Write one line. Inside a session on `log` it bears that session's user, agent, place and authority.

    Args:
        log: Where.
        outside: Ids for a line outside any session.
        given: What the application said beside the message: members of a record, and others.
        metadata: Level, logger, message.
        status: `action.result_status`, unless `given` says it.
        error: The exception that was logged with it, if any.

    Raises:
        AuditWriteError: If it could not be written, or an earlier record of the session could not.
    """
    frame = context.current()
    while frame is not None and frame.session.log is not log:
        frame = frame.outer
    who: dict[str, Any] = {"session_id": outside.session_id, "trace_id": outside.trace_id, "span_id": ids.span_id()}
    if frame is not None:
        if frame.session.run.ended:
            raise NoSession(
                "the session of this context has ended; nothing was recorded",
                help="log inside `with log.session(…)`; a thread that outlives it needs a session of its own",
            )
        who = frame.session.envelope(ids.span_id(), frame.span_id)
    action: dict[str, Any] = {"type": TYPE, "result_status": status}
    told = dict(metadata)
    for name, value in given.items():
        block = _block(name, value)
        if block is None or (frame is not None and name in SAID_BY_SESSION):
            while name in told:
                name = f"x_{name}"
            told[name] = value
        elif name == "action":
            action.update(block)
        else:
            who[name] = block
    if error is not None:
        action.setdefault("error", failure(error))
    made = {"timestamp": times.now(), **who, "action": action, "metadata": told}
    return log.append(made) if frame is None else frame.session.run.write(made)


def _block(name: str, value: object) -> Any:
    """The value as the member `name` of a record holds it; None if it is none, or has another form."""
    if name not in MEMBERS:
        return None
    if name == "timestamp":
        return value if times.parse(value) is not None else None
    if name in _TEXTS:
        return value if isinstance(value, str) and value else None
    if name in ("user", "agent") and isinstance(value, str) and value:
        return {"id": value}
    return value if isinstance(value, (list, tuple) if name == "delegation_chain" else Mapping) else None
