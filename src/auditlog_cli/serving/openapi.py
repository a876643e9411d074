"""The interface as OpenAPI 3.1, published at `/openapi.json`. A test holds it against the table of routes."""

from __future__ import annotations

from typing import Any

from auditlog_cli._version import __version__
from auditlog_cli.alerting.states import OUTCOMES, STATES
from auditlog_cli.finding import KINDS, SEVERITIES
from auditlog_cli.rules import loading
from auditlog_cli.serving import policies

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
_POLICY: Content = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": policies.LONGEST, "pattern": "\\S"},
        "description": _TEXT, "mode": {"enum": [*policies.MODES, None]},
        "priority": {"type": ["integer", "null"], "minimum": -(2**53) + 1, "maximum": 2**53 - 1},
        "conditions": {**_OBJECT, "maxProperties": 0, "description": "Would not be judged, so there must be none."},
    },
}  # fmt: skip
_CLONED: Content = {
    **_POLICY,
    "required": ["name", "packId"],
    "properties": {**_POLICY["properties"], "packId": {"enum": [*loading.NAMES]}},
}
_ASSIGNED: Content = {
    "type": "object",
    "required": ["agentId"],
    "properties": {"agentId": {"type": "string", "minLength": 1, "maxLength": 1000}},
}
_VERSION: Content = {
    "type": "object",
    "properties": {"name": {**_TEXT, "minLength": 1, "maxLength": policies.LONGEST}},
}
_SAID: Content = {
    "type": "object",
    "properties": {"reason": {"type": "string", "minLength": 1, "pattern": "\\S"}},
}
_RESOLVED: Content = {"type": "object", "properties": {**_SAID["properties"], "outcome": {"enum": [*OUTCOMES]}}}
_ALERT: Content = {
    "type": "object",
    "required": ["id", "isResolved", "state", "createdAt"],
    "properties": {
        "id": {"type": "string"},
        "isResolved": {"type": "boolean"},
        "state": {"enum": [*STATES]},
        "createdAt": {"type": "string", "format": "date-time"},
    },
}
_HEX: Content = {"type": "string", "pattern": "^[0-9a-fA-F]*[1-9a-fA-F][0-9a-fA-F]*$"}
_SPAN: Content = {
    "type": "object",
    "required": ["traceId", "spanId"],
    "properties": {
        "traceId": {**_HEX, "minLength": 32, "maxLength": 32},
        "spanId": {**_HEX, "minLength": 16, "maxLength": 16},
        "attributes": {"type": ["array", "null"]}, "events": {"type": ["array", "null"]},
    },
}  # fmt: skip
_RUN: Content = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "string", "minLength": 1}},
}
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
    "403": "A Host or an Origin that may not use this server; or this needs the key of a person.",
    "404": "Not there.",
    "500": "The server failed; nothing was acknowledged.",
}
_WRITING = {
    "408": "The body did not come.",
    "409": "The first request with this Idempotency-Key is still running; or what is there does not allow it.",
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
    spans = {
        "post": _writes(
            "An export of spans (OTLP/HTTP).",
            _exported("resourceSpans", "scopeSpans", "spans", _SPAN),
            "200",
            protobuf=True,
        )
    }
    events = {
        "post": _writes(
            "An export of log records (OTLP/HTTP).",
            _exported("resourceLogs", "scopeLogs", "logRecords", {"type": "object"}),
            "200",
            protobuf=True,
        )
    }
    runs = {
        "type": "object",
        "properties": {name: _some(_RUN) for name in ("post", "patch")},
        "anyOf": [{"required": [name]} for name in ("post", "patch")],
    }
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
            "/api/v1/alerts": {"get": _reads("Alerts of the alerts log.", _list(_ALERT), states)},
            "/api/v1/alerts/{id}/acknowledge": {"patch": _says("A person has seen an alert.", _SAID)},
            "/api/v1/alerts/{id}/resolve": {"patch": _says("A person has dealt with an alert.", _RESOLVED)},
            **_policies("/api/v1/policies"),
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


def _policies(base: str) -> Content:
    """The paths of policies; `policies.told` and its neighbours make the answers."""
    policy: Content = {"type": "object", "required": ["id", "name", "is_active"]}
    version: Content = {"type": "object", "required": ["id", "policy_id", "version_number"]}
    numbers: Content = {"type": "object", "required": ["window", "total_violations"]}
    identity, snapshot = _path("id"), _path("version")
    asked = [
        _query("agentId"),
        *(_query(name, _TIME) for name in ("startDate", "endDate")),
        _query("ruleType", {"enum": [*KINDS]}),
        _query("severity", {"enum": [*SEVERITIES]}),
    ]
    paths: Content = {
        base: {
            "get": _reads("The policies.", _list(policy)),
            "post": _writes("Make a policy without rules.", _POLICY, "201", policy),
        },
        f"{base}/clone-pack": {"post": _writes("Make a policy of a shipped pack.", _CLONED, "201", policy)},
        f"{base}/analytics": {"get": _reads("What the rules of all policies find.", numbers, asked)},
        f"{base}/{{id}}": {"get": _reads("One policy with its rules and agents.", policy, [identity])},
        f"{base}/{{id}}/agents": {
            "post": _writes("A policy judges an agent.", _ASSIGNED, "201", {"type": "object"}),
            "delete": _writes("A policy judges an agent no more.", _ASSIGNED, "200"),
        },
        f"{base}/{{id}}/analytics": {"get": _reads("What the rules of a policy find.", numbers, [identity, *asked])},
        f"{base}/{{id}}/versions": {
            "get": _reads("The versions of a policy.", _list(version), [identity]),
            "post": _writes("Keep a policy as it is, under a number.", _VERSION, "201", version),
        },
        f"{base}/{{id}}/versions/{{version}}": {
            "get": _reads("One version with its rules.", version, [identity, snapshot])
        },
        f"{base}/{{id}}/versions/{{version}}/restore": {
            "post": _writes("A policy becomes what it was.", {}, "201", version)
        },
    }
    for path, methods in paths.items():
        for each in ("post", "delete"):
            if each in methods and "{id}" in path:
                methods[each]["parameters"] += [identity, snapshot] if "{version}" in path else [identity]
    paths[f"{base}/{{id}}/versions/{{version}}/restore"]["post"]["requestBody"]["required"] = False
    return paths


def _says(summary: str, body: Content) -> Content:
    made = _writes(summary, body, "200", _ALERT)
    made["parameters"] = [_path("id")]
    made["requestBody"]["required"] = False
    return made


def _list(item: Content) -> Content:
    return {"type": "array", "items": item}


def _some(item: Content) -> Content:
    """A list, or null: senders that know proto3 leave no difference."""
    return {**_list(item), "type": ["array", "null"]}


def _exported(outer: str, group: str, inner: str, unit: Content) -> Content:
    """An export of OTLP: resources, scopes, units."""
    made = unit
    for name in (inner, group, outer):
        made = {"type": "object", "properties": {name: _some(made)}}
    return made | {"anyOf": [{"required": [outer]}, {"maxProperties": 0}]}


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
