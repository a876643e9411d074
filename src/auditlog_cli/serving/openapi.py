"""The interface as OpenAPI 3.1, published at `/openapi.json`. A test holds it against the table of routes."""

from __future__ import annotations

from typing import Any

from auditlog_cli._version import __version__

Content = dict[str, Any]

_TEXT: Content = {"type": ["string", "null"]}
_OBJECT: Content = {"type": ["object", "null"]}
_ENTRY: Content = {
    "type": "object",
    "required": ["action"],
    "properties": {
        "action": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "\\S"},
        "agentId": _TEXT, "prompt": _TEXT, "response": _TEXT, "metadata": _OBJECT,
        "traceId": _TEXT, "parentSpanId": {**_TEXT, "description": "The id of the parent entry."},
        "checkType": {**_TEXT, "description": "`realtime`: the answer's enforcementAction may be block."},
    },
}  # fmt: skip
_LOGGED: Content = {
    "type": "object",
    "required": ["id", "action", "createdAt"],
    "properties": {
        **_ENTRY["properties"],
        "id": {"type": "string"},
        "complianceFlags": {"type": "array", "items": {"type": "string"}},
        "enforcementAction": {"enum": ["allow", "flag", "block", None]},
        "createdAt": {"type": "string", "format": "date-time"},
    },
}
_ERROR: Content = {
    "type": "object",
    "required": ["error", "code", "requestId"],
    "properties": {name: {"type": "string"} for name in ("error", "code", "requestId")},
}
_AGENT: Content = {
    "type": "object",
    "required": ["name", "type"],
    "properties": {
        "name": {"type": "string", "minLength": 1}, "type": {"type": "string", "minLength": 1},
        "description": _TEXT, "config": _OBJECT,
    },
}  # fmt: skip
_HOOK: Content = {
    "type": "object",
    "required": ["hook_event_name", "session_id"],
    "properties": {name: {"type": "string"} for name in ("hook_event_name", "session_id")},
}
_FILTERS = ("agentId", "action", "traceId")
_TIME = {"type": "string", "format": "date-time", "description": "Or a day, 2026-06-01, meant whole."}
_REFUSALS = {
    "400": "The request does not say what it must; nothing was written.",
    "401": "No valid API key.",
    "403": "A Host or an Origin that may not use this server.",
    "404": "Not there.",
    "500": "The server failed; nothing was acknowledged.",
}
_WRITING = {
    "408": "The body did not come.",
    "409": "The first request with this Idempotency-Key is still running.",
    "413": "The body is too large.",
    "415": "A Content-Type or Content-Encoding that the route does not take.",
    "422": "This Idempotency-Key came with another body.",
    "503": "Another writer holds the log; see Retry-After.",
    "507": "The log cannot be written; nothing was acknowledged.",
}


def document() -> Content:
    """Return the OpenAPI document."""
    logs = "/api/v1/audit-logs"
    health = {"get": _reads("Whether records can be written; 507 while they cannot.", {"type": "object"})}
    health["get"]["responses"]["507"] = _refused("The log cannot be written.")
    spans = {"post": _writes("An export of spans (OTLP/HTTP).", _holding("resourceSpans"), "200", protobuf=True)}
    runs = _holding("post", "patch", needed=True)
    events = {"post": _writes("An export of log records (OTLP/HTTP).", _holding("resourceLogs"), "200", protobuf=True)}
    batch = {**_list(_ENTRY), "minItems": 1, "maxItems": 1000}
    states = [_query("isResolved"), _query("severity")]
    page: Content = {"type": "object", "properties": {"data": _list(_LOGGED), "pagination": {"type": "object"}}}
    done: Content = {"type": "object", "properties": {"data": _list(_LOGGED)}}
    agents = {**_AGENT, "properties": {**_AGENT["properties"], "id": {"type": "string"}}}
    numbers = [
        _query(name, {"type": "integer", "minimum": least, "maximum": most})
        for name, least, most in (("page", 1, 10**9), ("limit", 1, 1000), ("offset", 0, 10**12))
    ]
    filters = [_query(name) for name in _FILTERS] + [_query(name, _TIME) for name in ("startDate", "endDate")]
    form = _query("format", {"enum": ["json", "csv"]})
    export = _reads("All entries.", _list(_LOGGED), [form, *filters])
    export["responses"]["200"]["content"]["text/csv"] = {}
    return {
        "openapi": "3.1.0",
        "info": {"title": "auditlog serve", "version": __version__, "summary": "A local ingest server for audit logs."},
        "security": [{"key": []}, {"bearer": []}, {}],
        "paths": {
            logs: {
                "get": _reads("A page of entries, newest first.", page, [*numbers, *filters]),
                "post": _writes("Log one entry.", _ENTRY, "201", _LOGGED),
            },
            f"{logs}/batch": {"post": _writes("Log entries: all or none.", batch, "201", done)},
            f"{logs}/export": {"get": export},
            f"{logs}/trace/{{trace}}": {"get": _reads("The entries of a trace, oldest first.", done, [_path("trace")])},
            f"{logs}/{{id}}": {"get": _reads("One entry.", _LOGGED, [_path("id")])},
            f"{logs}/{{id}}/chain": {"get": _reads("An entry and all below it.", {"type": "object"}, [_path("id")])},
            "/api/v1/agents": {
                "get": _reads("The agents that were registered.", _list(agents)),
                "post": _writes("Register an agent.", _AGENT, "201", agents),
            },
            "/api/v1/alerts": {
                "get": _reads("Alerts of the alerts log.", _list({"type": "object"}), states)
            },
            "/api/v1/packs": {"get": _reads("The rule packs that are shipped.", _list({"type": "object"}))},
            "/api/v1/health": health,
            "/health": health,
            "/v1/traces": spans,
            "/api/public/otel/v1/traces": spans,
            "/v1/logs": events,
            "/info": {"get": _reads("What LangSmith's client asks first.", {"type": "object"})},
            "/runs/batch": {"post": _writes("A batch of LangSmith's runs.", runs, "202")},
            "/hooks/claude-code": {"post": _writes("An event of a Claude Code hook.", _HOOK, "200")},
            "/openapi.json": {"get": _reads("This document.", {"type": "object"})},
        },
        "components": {
            "schemas": {"Error": _ERROR},
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }  # fmt: skip


def _list(item: Content) -> Content:
    return {"type": "array", "items": item}


def _holding(*names: str, needed: bool = False) -> Content:
    """An object with a list under these names."""
    lists = {name: _list({"type": "object"}) for name in names}
    one = {"anyOf": [{"required": [name]} for name in names]} if needed else {}
    return {"type": "object", "properties": lists, **one}


def _query(name: str, schema: Content | None = None) -> Content:
    return {"name": name, "in": "query", "schema": schema or {"type": "string"}}


def _path(name: str) -> Content:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _refused(description: str) -> Content:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {"description": description, "content": content}


def _reads(summary: str, answer: Content, parameters: list[Content] | None = None) -> Content:
    responses = {status: _refused(text) for status, text in _REFUSALS.items()}
    responses["200"] = {"description": "Found.", "content": {"application/json": {"schema": answer}}}
    return {"summary": summary, "parameters": parameters or [], "responses": responses}


def _writes(
    summary: str, body: Content, status: str, answer: Content | None = None, *, protobuf: bool = False
) -> Content:
    said = {"application/json": {"schema": answer or {"type": "object"}}}
    taken: Content = {"application/json": {"schema": body}}
    if protobuf:
        taken["application/x-protobuf"] = said["application/x-protobuf"] = {}
    responses = {each: _refused(text) for each, text in (_REFUSALS | _WRITING).items()}
    responses[status] = {"description": "On the disk.", "content": said}
    key = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "pattern": "\\S", "maxLength": 255}}
    return {
        "summary": summary,
        "parameters": [key],
        "requestBody": {"required": True, "content": taken},
        "responses": responses,
    }
