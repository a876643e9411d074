"""The JSON of the OpenTelemetry SDK for Python (`ReadableSpan.to_json`), as its console exporter prints it."""

from __future__ import annotations

from auditlog_cli.importers import _attributes, itself
from auditlog_cli.importers._drafts import Content, File, span_id, text, trace_id, without
from auditlog_cli.importers._spans import OneByOne, Span
from auditlog_cli.importers.flat_spans import events

HINT = "spans as the Python SDK of OpenTelemetry prints them"
SAMPLES = (
    b'{"name":"lookup_order","context":{"trace_id":"0x0af7651916cd43dd8448eb211c80319c","span_id":"0xb7ad6b7169203331",'
    b'"trace_state":"[]"},"kind":"SpanKind.INTERNAL","parent_id":null,"start_time":"2026-06-01T14:23:11.000000Z",'
    b'"end_time":"2026-06-01T14:23:11.500000Z","status":{"status_code":"OK"},"attributes":{"openinference.span.kind":'
    b'"TOOL","tool.name":"lookup_order","input.value":"{\\"order\\":42}","output.value":"shipped","user.id":"alice",'
    b'"session.id":"s-1"},"events":[],"links":[],"resource":{"attributes":{"service.name":"shop"},"schema_url":""}}\n',
)
_TAKEN = ("name", "context", "parent_id", "start_time", "end_time", "status", "attributes", "events", "resource")
units = itself


def claims(stored: Content) -> bool:
    """Tell whether it is a span of the Python SDK."""
    context = stored.get("context")
    return isinstance(context, dict) and "span_id" in context and "parent_id" in stored and "attributes" in stored


def Reading(file: File) -> OneByOne:
    """Return what reads the spans of one file."""
    return OneByOne(file, _span)


def _span(stored: Content) -> Span | None:
    if not claims(stored):
        return None
    context = stored["context"]
    said, status, resource = stored.get("attributes"), stored.get("status"), stored.get("resource")
    resource = resource.get("attributes") if isinstance(resource, dict) else None
    return _attributes.read(
        (
            trace_id("otlp", context.get("trace_id")),
            span_id("otlp", context.get("span_id")),
            span_id("otlp", stored.get("parent_id")),
        ),
        text(stored.get("name")),
        dict(said) if isinstance(said, dict) else {},
        start=stored.get("start_time"),
        end=stored.get("end_time"),
        failed=isinstance(status, dict) and status.get("status_code") == "ERROR",
        why=text(status.get("description")) if isinstance(status, dict) else "",
        events=events(stored.get("events")),
        resource=resource if isinstance(resource, dict) else None,
        rest=without(stored, *_TAKEN),
    )
