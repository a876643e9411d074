"""Spans one by one, with their attributes as a plain object: what evaluation tools and many scripts write.

`{"trace_id", "span_id", "parent_span_id", "name", "start_time", "attributes": {…}}` or the same in camelCase.
"""

from __future__ import annotations

from typing import Any

from auditlog_cli.importers import _attributes, itself
from auditlog_cli.importers._drafts import Content, File, span_id, text, trace_id, without
from auditlog_cli.importers._spans import OneByOne, Span

HINT = 'OpenTelemetry spans as objects {"trace_id", "span_id", "name", "attributes": {…}}'
SAMPLES = (
    b'[{"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331","parent_span_id":null,"name":'
    b'"execute_tool lookup_order","start_time":1780324991000000000,"end_time":1780324991500000000,"attributes":'
    b'{"gen_ai.operation.name":"execute_tool","gen_ai.tool.call.arguments":"{\\"order\\":42}"},"status":{"code":"OK"}}]',
)
_NAMES = {
    "trace": ("trace_id", "traceId"), "span": ("span_id", "spanId"), "parent": ("parent_span_id", "parentSpanId"),
    "start": ("start_time", "startTimeUnixNano", "startTime"), "end": ("end_time", "endTimeUnixNano", "endTime"),
    "events": ("span_events", "events"),
}  # fmt: skip
_TAKEN = ("name", "attributes", "status", "scope", "resource", *(name for names in _NAMES.values() for name in names))
units = itself


def claims(stored: Content) -> bool:
    """Tell whether it is a span with plain attributes."""
    return (
        isinstance(stored.get("attributes"), dict)
        and isinstance(stored.get("name"), str)
        and all(any(isinstance(stored.get(name), str) for name in _NAMES[which]) for which in ("trace", "span"))
    )


def Reading(file: File) -> OneByOne:
    """Return what reads the spans of one file."""
    return OneByOne(file, _span)


def _span(stored: Content) -> Span | None:
    if not claims(stored):
        return None
    status = stored.get("status")
    code = status.get("code") or status.get("status_code") if isinstance(status, dict) else status
    scope, resource = stored.get("scope"), stored.get("resource")
    return _attributes.read(
        (
            trace_id("otlp", _first(stored, "trace")),
            span_id("otlp", _first(stored, "span")),
            span_id("otlp", _first(stored, "parent")),
        ),
        text(stored.get("name")),
        dict(stored["attributes"]),
        start=_first(stored, "start"),
        end=_first(stored, "end"),
        failed=text(code).upper() in ("2", "ERROR", "STATUS_CODE_ERROR", "STATUSCODE.ERROR"),
        why=text(status.get("message") or status.get("description")) if isinstance(status, dict) else "",
        events=events(_first(stored, "events")),
        scope=text(scope.get("name")) if isinstance(scope, dict) else text(scope),
        resource=resource if isinstance(resource, dict) else None,
        rest=without(stored, *_TAKEN),
    )


def events(stored: object) -> list[tuple[str, dict[str, Any]]]:
    """Return name and attributes of each event."""
    found = []
    for each in stored if isinstance(stored, list) else ():
        if isinstance(each, dict):
            said = each.get("attributes")
            name = text(each.get("name")) or text(each.get("event_name"))
            found.append((name, dict(said) if isinstance(said, dict) else {}))
    return found


def _first(stored: Content, which: str) -> object:
    return next((stored[name] for name in _NAMES[which] if stored.get(name) is not None), None)
