"""What the exporters for tables and SIEMs share: the envelope as columns, the whole record as JSON, what was lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple

from auditlog_cli import fields, times
from auditlog_cli.controls import escapes
from auditlog_cli.exporters import Entry

_TOOL_TYPES = frozenset(("tool_invocation", "tool_call", "tool_use"))
_ENCODER = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), default=str)
_INT64 = 1 << 63
_BATCH = 10_000
_BATCH_BYTES = 64 << 20
_OUTCOMES = {
    "success": "success", "denied": "denied", "blocked": "denied", "error": "failure", "timeout": "failure",
}  # fmt: skip
_SALTS = "_salts"  # of the line that is sealed: offsets in its bytes


class Row(NamedTuple):
    """A record as a row (frameworks.md, 10.5). What is absent, withheld or of another type is None; `record` has it.

    Attributes:
        timestamp: Microseconds since the epoch.
        approved_by: Who approved the action or, where nobody approved it on its own, the session.
        seq: Its number in a sealed log.
        leaf: What stands for it in the tree, 64 hex digits.
        record: The whole record as JSON, in ASCII, holes included.
    """

    timestamp: int | None
    action_type: str | None
    phase: str | None
    user_id: str | None
    agent_id: str | None
    session_id: str | None
    trace_id: str | None
    span_id: str | None
    parent_span_id: str | None
    tool: str | None
    result_status: str | None
    scopes: list[str] | None
    session_type: str | None
    approved_by: str | None
    record_id: str | None
    seq: int | None
    leaf: str | None
    record: str


def row(entry: Entry) -> Row:
    """Return a record as a row."""
    content = entry.content

    def text(path: str) -> str | None:
        return fields.text(content, path) or None

    approver = text("approval.decided_by") if fields.get(content, "approval.status") == "approved" else None
    seq = content.get("seq")
    return Row(
        times.parse(content.get("timestamp")),
        kind(content) or None,
        text("action.phase"),
        text("user.id"),
        text("agent.id"),
        text("session_id"),
        text("trace_id"),
        text("span_id"),
        text("parent_span_id"),
        text("action.tool"),
        text("action.result_status"),
        scopes(content),
        text("authorization.session_type"),
        approver or text("authorization.approved_by"),
        text("record_id"),
        seq if type(seq) is int and -_INT64 <= seq < _INT64 else None,
        entry.leaf.hex() or None,
        as_json(rest(content, ())),
    )


def kind(content: dict[str, object]) -> str:
    """Return `action.type`, its synonyms read as `tool_invocation` (record.md)."""
    word = fields.text(content, "action.type")
    return "tool_invocation" if word in _TOOL_TYPES else word


def scopes(content: dict[str, object]) -> list[str] | None:
    """Return `authorization.scopes`, or None where no list of texts says so."""
    found = fields.get(content, "authorization.scopes")
    return found if isinstance(found, list) and all(isinstance(each, str) for each in found) else None


def actors(content: dict[str, object]) -> list[str]:
    """Return who acts on whose behalf, root first."""
    chain = content.get("delegation_chain")
    names = [fields.text(link, "actor") for link in chain] if isinstance(chain, list) else []
    return [name for name in names if name]


def outcome(content: dict[str, object]) -> str:
    """Return `success`, `denied`, `failure` or `unknown` (frameworks.md, 10)."""
    return _OUTCOMES.get(fields.text(content, "action.result_status"), "unknown")


def error(content: dict[str, object]) -> str:
    """Return what went wrong, `type: message` where it is told so, or an empty text."""
    found = fields.get(content, "action.error")
    if isinstance(found, dict) and not fields.is_hole(found):
        said = [found.get("type"), found.get("message")]
        return ": ".join(each for each in said if isinstance(each, str))
    return found if isinstance(found, str) else ""


def millis(content: dict[str, object]) -> int | None:
    """Return how long the action took in milliseconds, rounded, or None."""
    found = fields.get(content, "action.latency_ms")
    if isinstance(found, bool) or not isinstance(found, (int, float)) or not 0 <= found < 1e12:
        return None
    return round(found)


def holes(content: object, path: str = "") -> Iterator[str]:
    """Yield where something was withheld: dotted paths."""
    if isinstance(content, dict):
        if fields.is_hole(content):
            yield path
            return
        for name, value in content.items():
            yield from holes(value, f"{path}.{name}" if path else name)
    elif isinstance(content, list):
        for place, value in enumerate(content):
            yield from holes(value, f"{path}.{place}")


def rest(content: dict[str, object], taken: Collection[str]) -> dict[str, object]:
    """Return the record without the members that a format has a place of its own for, and without its salts."""
    return {name: value for name, value in content.items() if name != _SALTS and name not in taken}


def as_json(value: object) -> str:
    """Return JSON in ASCII: one line, no character in it that does something. An integer of thousands of digits
    becomes a text.
    """
    return _ENCODER.encode(value)


def as_text(value: object) -> str:
    """Return a text as it is, anything else as JSON; nothing for what is absent."""
    if value is None or value is fields.MISSING:
        return ""
    return value if isinstance(value, str) else as_json(value)


def one_line(text: str) -> str:
    """Return `text` with an escape (`\\\\n`, `\\\\x1b`) for each character that does something."""
    return text if text.isascii() and text.isprintable() else text.translate(escapes())


def batches(entries: Iterable[Entry]) -> Iterator[list[Row]]:
    """Yield the records as rows, as many at a time as are worth it and fit into the memory."""
    batch: list[Row] = []
    size = 0
    for entry in entries:
        batch.append(row(entry))
        size += len(batch[-1].record)
        if len(batch) == _BATCH or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


class Losses:
    """What a format could not hold, counted in records and said once, at the end."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def add(self, what: str) -> None:
        """Count one record of which `what` is true: "no time, so no @timestamp"."""
        self._counts[what] = self._counts.get(what, 0) + 1

    def tell(self, say: Callable[[str], None]) -> None:
        """Say all that was counted."""
        for what, many in self._counts.items():
            say(f"{many:,} {'record' if many == 1 else 'records'}: {what}")
