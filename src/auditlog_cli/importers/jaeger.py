"""Traces as Jaeger exports them: `{"data": [{"traceID", "spans": […], "processes": {…}}]}`."""

from __future__ import annotations

from collections.abc import Iterator

from auditlog_cli.importers import _attributes
from auditlog_cli.importers._drafts import Content, File, span_id, text, trace_id
from auditlog_cli.importers._spans import OneByOne, Span

HINT = "traces exported from Jaeger"
SAMPLES = (
    b'{"data":[{"traceID":"0af7651916cd43dd8448eb211c80319c","spans":[{"traceID":"0af7651916cd43dd8448eb211c80319c",'
    b'"spanID":"b7ad6b7169203331","operationName":"execute_tool lookup_order","references":[],"startTime":'
    b'1780324991000000,"duration":5510,"tags":[{"key":"gen_ai.operation.name","type":"string","value":"execute_tool"},'
    b'{"key":"gen_ai.tool.call.id","type":"string","value":"call_1"}],"logs":[],"processID":"p1"}],"processes":{"p1":'
    b'{"serviceName":"shop","tags":[]}}}]}',
)


def claims(stored: Content) -> bool:
    """Tell whether it is an export of traces."""
    data = stored.get("data")
    return isinstance(data, list) and bool(data) and isinstance(data[0], dict) and "traceID" in data[0]


def units(stored: Content) -> Iterator[Content]:
    """Yield each span, with the process that made it."""
    data = stored.get("data")
    for trace in data if isinstance(data, list) else ():
        if isinstance(trace, dict):
            processes, spans = trace.get("processes"), trace.get("spans")
            for span in spans if isinstance(spans, list) else ():
                if isinstance(span, dict):
                    known = processes.get(text(span.get("processID"))) if isinstance(processes, dict) else None
                    yield {"of": span, "trace": span.get("traceID") or trace.get("traceID"), "process": known}


def Reading(file: File) -> OneByOne:
    """Return what reads the spans of one file."""
    return OneByOne(file, _span)


def _span(unit: Content) -> Span:
    stored, process = unit["of"], unit["process"]
    tags = _tags(stored.get("tags"))
    parent = ""
    references = stored.get("references")
    for each in references if isinstance(references, list) else ():
        if isinstance(each, dict) and each.get("refType") == "CHILD_OF" and not parent:
            parent = span_id("otlp", each.get("spanID"))
    start, duration = stored.get("startTime"), stored.get("duration")
    known = type(start) is int and type(duration) is int
    failed = tags.pop("error", False) in (True, "true") or tags.get("otel.status_code") == "ERROR"
    why = text(tags.pop("otel.status_description", ""))
    logs = stored.get("logs")
    events = []
    for each in logs if isinstance(logs, list) else ():
        if isinstance(each, dict):
            said = _tags(each.get("fields"))
            events.append((text(said.pop("event", "")), said))
    resource = None
    if isinstance(process, dict):
        resource = {"service.name": process.get("serviceName"), **_tags(process.get("tags"))}
    return _attributes.read(
        (trace_id("otlp", unit["trace"]), span_id("otlp", stored.get("spanID")), parent),
        text(stored.get("operationName")),
        tags,
        start=start,
        end=start + duration if known else None,
        failed=failed,
        why=why,
        events=events,
        scope=text(tags.get("otel.scope.name")),
        resource=resource,
        rest={name: stored[name] for name in ("warnings", "flags") if stored.get(name)},
    )


def _tags(stored: object) -> Content:
    found: Content = {}
    for each in stored if isinstance(stored, list) else ():
        if isinstance(each, dict) and isinstance(each.get("key"), str):
            found[each["key"]] = each.get("value")
    return found
