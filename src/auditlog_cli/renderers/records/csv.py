"""A table for spreadsheets: one row per record (RFC 4180, with LF).

A cell that a spreadsheet would take for a formula gets an apostrophe in front: what an agent was told to
write must not run on the machine of the person who reads the log.
"""

from __future__ import annotations

import json

from auditlog_cli import cells, fields
from auditlog_cli.record import BadLine, Record
from auditlog_cli.renderers import safe, words
from auditlog_cli.renderers.text import Style

HINT = "a table for spreadsheets"
COLUMNS = (
    "timestamp", "session_id", "trace_id", "span_id", "parent_span_id", "user.id", "user.email", "agent.id",
    "agent.name", "action.type", "action.phase", "action.tool", "action.arguments", "action.result_status",
    "action.error", "action.latency_ms", "authorization.session_type", "authorization.approved_by",
    "authorization.scopes", "delegation_chain.actor", "record_id", "seq",
)  # fmt: skip
START = ",".join(COLUMNS).encode() + b"\n"
END = b""


def item(found: Record | BadLine, style: Style, *, first: bool) -> bytes:
    """Return the record as a row; nothing for a bad line."""
    del first
    if isinstance(found, BadLine):
        return b""
    return row(tuple(fields.get(found.content, path) for path in COLUMNS), terminal=style.columns > 0)


def row(values: tuple[object, ...], *, terminal: bool = False) -> bytes:
    """Return the values as one row; for a terminal, control characters in it are made harmless."""
    texts = [_cell(value) for value in values]
    if terminal:
        texts = [safe.one_line(text) for text in texts]
    return (",".join(texts) + "\n").encode("utf-8", "replace")


def _cell(value: object) -> str:
    if value is fields.MISSING or value is None:
        return ""
    if isinstance(value, bool) or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        return json.dumps(value)
    if fields.is_hole(value):
        text = words.WITHHELD
    elif isinstance(value, str):
        text = value
    elif isinstance(value, list) and all(isinstance(each, str) for each in value):
        text = " ".join(value)
    else:
        text = json.dumps(value, ensure_ascii=False, default=str)
    text = cells.guarded(text)
    return cells.quoted(text) if any(char in text for char in ',"\n\r') else text
