"""The Elastic Common Schema 9.4: one document a record (frameworks.md, 10.3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditlog_cli import fields, times
from auditlog_cli.exporters import Entry, Piece, Settings, Source
from auditlog_cli.exporters._envelope import Losses, Row, actors, as_json, error, holes, millis, outcome, rest, row

HINT = "Elastic Common Schema 9.4: one document a line; --bulk: for the _bulk API"
FOLDER = False
SEALED = False

_DEEPEST = 15  # a `flattened` field refuses documents that are nested deeper than 20, and ours stand inside others
_OUTCOMES = {"success": "success", "denied": "failure", "failure": "failure"}
_PLACES = {
    "gen_ai.request.model": ("agent.model", "metadata.model"),
    "gen_ai.provider.name": ("agent.provider",),
    "gen_ai.agent.id": ("agent.id",),
    "gen_ai.agent.name": ("agent.name",),
    "gen_ai.tool.name": ("action.tool",),
    "gen_ai.tool.call.id": ("action.call_id",),
    "user.id": ("user.id",),
    "user.name": ("user.name",),
    "user.email": ("user.email",),
    "trace.id": ("trace_id",),
    "span.id": ("span_id",),
    "labels.session_id": ("session_id",),
    "event.id": ("record_id",),
    "host.name": ("source.host",),
    "error.type": ("action.error.type",),
}
_OPERATIONS = {
    "tool_invocation": "execute_tool", "llm_call": "chat", "lifecycle": "invoke_agent", "embedding": "embeddings",
    "retrieval": "retrieval",
}  # fmt: skip
_TAKEN = ("timestamp", "record_id", "session_id", "trace_id", "span_id", "seq")


def export(source: Source, settings: Settings) -> Iterator[Piece]:
    """Yield one document for each record, with `--bulk` behind the line that creates it under its `record_id`.

    What the schema has no field for stands under `auditlog`, so nothing is lost.
    """
    losses = Losses()
    for entry in source.entries:
        found = row(entry)
        line = as_json(_document(entry, found, losses)) + "\n"
        if settings.bulk:
            line = as_json({"create": {"_id": found.record_id} if found.record_id else {}}) + "\n" + line
        yield Piece("", line.encode())
    losses.tell(settings.say)


def _document(entry: Entry, found: Row, losses: Losses) -> dict[str, Any]:
    content = entry.content
    event: dict[str, Any] = {
        "kind": "event",
        "module": "auditlog",
        "dataset": "auditlog.record",
        "category": ["api"],
        "type": [_type(content, found)],
        "outcome": _OUTCOMES.get(outcome(content), "unknown"),
        "action": found.action_type,
        "sequence": found.seq,
        "hash": found.leaf,
        "reason": error(content) or None,
    }
    made: dict[str, Any] = {"ecs": {"version": "9.4.0"}}
    if found.timestamp is None:
        losses.add("no time, so the document lacks @timestamp, which a data stream demands")
    else:
        made["@timestamp"] = times.render(found.timestamp)
    made["event"] = {name: value for name, value in event.items() if value is not None}
    took = millis(content)
    if took is not None:
        made["event"]["duration"] = took * 1_000_000
    for place, paths in _PLACES.items():
        text = next(filter(None, (fields.text(content, path) for path in paths)), "")
        if text:
            _put(made, place, text)
    _more(made, content, found)
    taken = [name for name in _TAKEN if name != "timestamp" or found.timestamp is not None]
    taken = [name for name in taken if isinstance(content.get(name), (str, int))]
    own = rest(content, taken)
    shallow = {name: _shallow(value, 1) for name, value in own.items()}
    if shallow != own:
        losses.add(f"nested deeper than {_DEEPEST} levels; what is deeper is JSON in a text")
    withheld = list(holes(content))
    return made | {"auditlog": shallow | ({"withheld": withheld} if withheld else {})}


def _more(made: dict[str, Any], content: dict[str, object], found: Row) -> None:
    if found.span_id and not found.parent_span_id:
        _put(made, "transaction.id", found.span_id)
    operation = _OPERATIONS.get(found.action_type or "")
    if operation:
        _put(made, "gen_ai.operation.name", operation)
    arguments = fields.get(content, "action.arguments")
    if isinstance(arguments, dict) and arguments and not fields.is_hole(arguments):
        _put(made, "gen_ai.tool.call.arguments", _shallow(arguments, 1))
    for kind in ("input_tokens", "output_tokens"):
        used = fields.get(content, f"usage.{kind}")
        if type(used) is int:
            _put(made, f"gen_ai.usage.{kind}", used)
    people = [*filter(None, (found.user_id, found.approved_by)), *actors(content)]
    if people:
        made["related"] = {"user": list(dict.fromkeys(people))}


def _type(content: dict[str, object], found: Row) -> str:
    if found.action_type == "lifecycle" and found.phase in ("start", "end"):
        return str(found.phase)
    if outcome(content) == "denied":
        return "denied"
    approved = found.action_type == "approval" and outcome(content) == "success"
    return "allowed" if approved else "access"


def _put(made: dict[str, Any], place: str, value: object) -> None:
    *above, last = place.split(".")
    for name in above:
        made = made.setdefault(name, {})
    made[last] = value


def _shallow(value: object, depth: int) -> object:
    if isinstance(value, dict):
        if depth >= _DEEPEST and value:
            return as_json(value)
        return {name: _shallow(each, depth + 1) for name, each in value.items()}
    if isinstance(value, list):
        if depth >= _DEEPEST and value:
            return as_json(value)
        return [_shallow(each, depth + 1) for each in value]
    return value
