"""OTLP in JSON: spans and log records, as exporters and collectors write them; Tempo's `batches`, too.

Ids in hex (the standard) or in base64 (protobuf's own JSON); camelCase or snake_case. Log records that belong to a span
lend it what they say (prompts, answers, arguments) and are folded; Claude Code's events are records of their own
unless the file has a span for the same call. What `auditlog export --to otlp-logs` made comes back as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditlog_cli.importers import _attributes, _claude_events, _returned
from auditlog_cli.importers._drafts import Content, Draft, File, Unit, moment, span_id, text, trace_id
from auditlog_cli.importers._spans import Span, Tree

HINT = "OpenTelemetry spans and logs in OTLP/JSON (GenAI, OpenInference, Traceloop, Langfuse)"
SAMPLES = (
    b'{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeSpans":'
    b'[{"scope":{"name":"demo"},"spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331",'
    b'"name":"invoke_agent planner","startTimeUnixNano":"1780324991000000000","endTimeUnixNano":"1780324993000000000",'
    b'"attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"invoke_agent"}},{"key":"gen_ai.agent.name",'
    b'"value":{"stringValue":"planner"}},{"key":"user.id","value":{"stringValue":"alice"}}]},{"traceId":'
    b'"0af7651916cd43dd8448eb211c80319c","spanId":"00f067aa0ba902b7","parentSpanId":"b7ad6b7169203331","name":'
    b'"execute_tool lookup_order","startTimeUnixNano":"1780324992000000000","endTimeUnixNano":"1780324992500000000",'
    b'"attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"execute_tool"}},{"key":'
    b'"gen_ai.tool.call.arguments","value":{"stringValue":"{\\"order\\":42}"}},{"key":"gen_ai.tool.call.result",'
    b'"value":{"stringValue":"shipped"}}],"status":{"code":1}}]}]}]}',
)
_OUTER = ("resourceSpans", "resource_spans", "batches", "resourceLogs", "resource_logs")
_GROUPS = ("scopeSpans", "scope_spans", "instrumentationLibrarySpans", "scopeLogs", "scope_logs")
_FAILED = (2, "2", "STATUS_CODE_ERROR", "ERROR")
_BYTES = 20


def claims(stored: Content) -> bool:
    """Tell whether it is an export of spans or logs."""
    for name in _OUTER:
        held = stored.get(name)
        if isinstance(held, list) and (name != "batches" or any(isinstance(each, dict) and any(group in each for group in _GROUPS) for each in held)):  # fmt: skip # noqa: E501
            return True
    return isinstance(stored.get("body"), dict) and "body" not in stored["body"] and claims(stored["body"])


def units(stored: Content) -> Iterator[Content]:
    """Yield each span and each log record, with the resource and scope that they stand under."""
    if isinstance(stored.get("body"), dict) and not any(name in stored for name in _OUTER):
        yield from units(stored["body"])
        return
    for outer in _objects(stored, *_OUTER):
        resource = attributes(_object(outer.get("resource")).get("attributes"))
        for group in _objects(outer, *_GROUPS):
            scope = text(_object(group.get("scope") or group.get("instrumentationLibrary")).get("name"))
            for member in ("spans", "logRecords", "log_records"):
                held = group.get(member)
                for each in held if isinstance(held, list) else ():
                    content = each if isinstance(each, dict) else {"value": each}
                    yield {
                        "is": "span" if member == "spans" else "log",
                        "of": content,
                        "resource": resource,
                        "scope": scope,
                    }


class Reading:
    """The spans and logs of one file."""

    def __init__(self, file: File) -> None:
        self._tree = Tree("otlp", file)
        self._events: dict[tuple[str, str], list[tuple[str, Content]]] = {}
        self._claude = _claude_events.Events()

    @property
    def first(self) -> str:
        """The first known time."""
        return self._tree.first

    def note(self, unit: Unit) -> None:
        """Learn of a span, or of an event that belongs to one."""
        if unit.content["is"] == "log":
            name, said, ids = _event(unit.content["of"])
            if name.startswith("gen_ai.") and ids[1]:
                self._events.setdefault(ids, []).append((name, said))
            self._claude.hear(name, said)
            return
        span = self._span(unit)
        self._tree.note(span)
        self._claude.note(span)

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of it."""
        if unit.content["is"] == "log":
            return self._log(unit)
        span = self._span(unit)
        self._claude.complete(span)
        return self._tree.drafts(span)

    def _span(self, unit: Unit) -> Span:
        stored = unit.content["of"]
        ids = (
            trace_id("otlp", _member(stored, "traceId")),
            span_id("otlp", _member(stored, "spanId")),
            span_id("otlp", _member(stored, "parentSpanId")),
        )
        status = _object(stored.get("status"))
        events = [
            (text(each.get("name")), attributes(each.get("attributes"))) for each in _objects(stored, "events")
        ] + self._events.get(ids[:2], [])
        span = _attributes.read(
            ids,
            text(stored.get("name")),
            attributes(stored.get("attributes")),
            start=_member(stored, "startTimeUnixNano"),
            end=_member(stored, "endTimeUnixNano"),
            failed=status.get("code") in _FAILED,
            why=text(status.get("message")),
            events=events,
            scope=unit.content["scope"],
            resource=unit.content["resource"],
            rest={name: stored[name] for name in ("kind", "links", "traceState") if stored.get(name)},
        )
        if unit.content["scope"] == _returned.SCOPE:
            span.status = text(span.rest.get("auditlog.result_status"))
        return span

    def _log(self, unit: Unit) -> list[Draft] | str:
        stored = unit.content["of"]
        name, said, ids = _event(stored)
        if _returned.is_ours(unit.content["scope"], name, body := value(stored.get("body"))):
            return _returned.drafts(body, attributes(stored.get("attributes")))
        drafts = self._claude.drafts(name, said, ids, _member(stored, "timeUnixNano"))
        if drafts is not None:
            return drafts
        if name.startswith("gen_ai.") and ids[1] and self._tree.keeps(*ids):
            return "event of a span"
        content: Content = {
            "timestamp": moment(_member(stored, "timeUnixNano")) or moment(_member(stored, "observedTimeUnixNano")),
            "trace_id": ids[0],
            "parent_span_id": ids[1],
            "action": {"type": "unknown", "result_status": "unknown"},
            "metadata": {"name": name} if name else None,
        }
        return [
            Draft(content, "", ids[1], {"body": stored.get("body"), "attributes": said, **unit.content["resource"]})
        ]


def _event(stored: Content) -> tuple[str, Content, tuple[str, str]]:
    said = attributes(stored.get("attributes"))
    name = text(_member(stored, "eventName")) or text(said.get("event.name")) or text(said.get("otel.event.name"))
    body = value(stored.get("body"))
    if isinstance(body, dict):
        said = {**body, **said}
    ids = trace_id("otlp", _member(stored, "traceId")), span_id("otlp", _member(stored, "spanId"))
    return name or (body if isinstance(body, str) and len(body) < 100 else ""), said, ids


def attributes(stored: object) -> Content:
    """Return attributes by name; those of `[{"key", "value"}]` and those of a plain object."""
    if isinstance(stored, dict):
        return dict(stored)
    found: Content = {}
    for each in stored if isinstance(stored, list) else ():
        if isinstance(each, dict) and isinstance(each.get("key"), str):
            found[each["key"]] = value(each.get("value"))
    return found


def value(stored: object, depth: int = 0) -> Any:
    """Return an `AnyValue` as plain JSON."""
    if not isinstance(stored, dict) or depth > _BYTES:
        return stored
    for name, held in stored.items():
        word = name.lower().replace("_", "")
        if word == "arrayvalue":
            return [value(each, depth + 1) for each in _list(_object(held).get("values"))]
        if word == "kvlistvalue":
            return {text(each.get("key")): value(each.get("value"), depth + 1) for each in _list(_object(held).get("values")) if isinstance(each, dict)}  # fmt: skip # noqa: E501
        if word == "intvalue":
            return int(held) if isinstance(held, str) and held.lstrip("-").isdigit() and len(held) < 21 else held
        if word == "doublevalue":
            return float(held) if type(held) is int else held  # some write 1 for 1.0
        if word in ("stringvalue", "boolvalue", "bytesvalue"):
            return held
    return stored or None


def _member(stored: Content, name: str) -> object:
    """A member in camelCase or snake_case."""
    if name in stored:
        return stored[name]
    return stored.get("".join(f"_{char.lower()}" if char.isupper() else char for char in name))


def _object(stored: object) -> Content:
    return stored if isinstance(stored, dict) else {}


def _list(stored: object) -> list[Any]:
    return stored if isinstance(stored, list) else []


def _objects(stored: Content, *names: str) -> Iterator[Content]:
    for name in names:
        for each in _list(stored.get(name)):
            if isinstance(each, dict):
                yield each
