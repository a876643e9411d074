"""The Open Cybersecurity Schema Framework: API Activity 6003, Application Lifecycle 6002 (frameworks.md, 10.2).

The leaf of a sealed record stands in `unmapped`, not in the profile `record_integrity`: what that profile attests is
the bytes of the OCSF event, and our leaf stands for the record that the event was made of.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditlog_cli import fields
from auditlog_cli._version import __version__
from auditlog_cli.exporters import Entry, Piece, Settings, Source
from auditlog_cli.exporters._envelope import Losses, Row, as_json, error, holes, millis, outcome, rest, row

HINT = "OCSF: API Activity and Application Lifecycle, one event a line"
FOLDER = False
SEALED = False

VERSIONS = {"1.8.0": "1.8.0", "1.9.0": "1.9.0-dev"}
"""What can be asked for -> what `metadata.version` says. 1.9.0 was not released when this was written."""
_CATEGORY, _API, _LIFECYCLE = 6, 6003, 6002
_OTHER = 99
_PHASES = {"start": (3, "Start"), "end": (4, "Stop")}
_STATUS = {"success": (1, "Success"), "denied": (2, "Failure"), "failure": (2, "Failure"), "unknown": (0, "Unknown")}
_SEVERITY = {"denied": (3, "Medium"), "failure": (4, "High")}
_FRAMEWORKS = {"langchain": (2, "LangChain"), "autogen": (3, "AutoGen"), "crewai": (4, "CrewAI")}
_TAKEN = ("record_id", "session_id")


def export(source: Source, settings: Settings) -> Iterator[Piece]:
    """Yield one event for each record. What the class has no attribute for stands in `unmapped`."""
    losses = Losses()
    for entry in source.entries:
        yield Piece("", as_json(_event(entry, settings.ocsf_version, losses)).encode() + b"\n")
    losses.tell(settings.say)


def _event(entry: Entry, version: str, losses: Losses) -> dict[str, Any]:
    content, found = entry.content, row(entry)
    result = outcome(content)
    agent_known = version != "1.8.0"
    made: dict[str, Any] = {"metadata": _metadata(found, version), "category_uid": _CATEGORY}
    if found.action_type == "lifecycle" and found.phase in _PHASES:
        number, activity, name = _LIFECYCLE, *_PHASES[str(found.phase)]
        made["app"] = {"vendor_name": "unknown"} | _said(
            name=fields.text(content, "agent.name") or found.agent_id or "unknown",
            uid=found.agent_id,
            version=fields.text(content, "agent.version"),
        )
        model = None
    else:
        number, activity, name = _API, _OTHER, "Invoke"
        made |= _api(content, found, losses)
        model = _model(content)
    status, severity = _STATUS[result], _SEVERITY.get(result, (1, "Informational"))
    made |= {
        "class_uid": number, "activity_id": activity, "activity_name": name, "type_uid": number * 100 + activity,
        "severity_id": severity[0], "severity": severity[1], "status_id": status[0], "status": status[1],
    }  # fmt: skip
    if found.timestamp is None:
        losses.add("no time, so the event lacks `time`, which OCSF demands")
    else:
        made["time"] = found.timestamp // 1000
    made |= _said(status_detail=error(content), duration=millis(content))
    profiles = []
    agent = _agent(content, found, model) if agent_known else None
    if agent or model:
        profiles.append("ai_operation")
        made |= {"ai_agent": agent} if agent else {"ai_model": model}
    if found.trace_id and number == _API:
        profiles.append("trace")
        made["trace"] = {"uid": found.trace_id} | _said(span=_span(content, found))
    if profiles:
        made["metadata"]["profiles"] = profiles
    unmapped = rest(content, [name for name in _TAKEN if isinstance(content.get(name), str)])
    unmapped |= _said(leaf=found.leaf, disposition="denied" if result == "denied" else None)
    return made | {"unmapped": unmapped | _said(withheld=list(holes(content)))}


def _metadata(found: Row, version: str) -> dict[str, Any]:
    product = {"name": "auditlog", "vendor_name": "auditlog", "version": __version__}
    said = _said(uid=found.record_id, correlation_uid=found.session_id)
    if found.seq is not None:
        said["sequence"] = found.seq
    return {"version": VERSIONS[version], "product": product} | said


def _api(content: dict[str, object], found: Row, losses: Losses) -> dict[str, Any]:
    email, name = fields.text(content, "user.email"), fields.text(content, "user.name")
    user = _said(uid=found.user_id, name=name or ("" if found.user_id else email), email_addr=email)
    actor = _said(
        user=user,
        session=_said(uid=found.session_id),
        app_name=fields.text(content, "agent.name") or found.agent_id,
        app_uid=found.agent_id,
        authorizations=[{"policy": {"name": f"scope {scope}"}} for scope in found.scopes or ()],
    )
    if not {"user", "session", "app_name"} & set(actor):
        losses.add('neither user nor agent nor session, so the actor is "unknown"')
        actor["app_name"] = "unknown"
    api: dict[str, Any] = {
        "operation": "tools/call" if found.action_type == "tool_invocation" else found.action_type or "unknown"
    }
    api |= _said(service=_said(name=found.tool))
    # The object `request` demands an id of its own; without one the arguments stand in `unmapped` alone.
    request = fields.text(content, "action.call_id") or found.span_id or found.record_id
    arguments = fields.get(content, "action.arguments")
    if request and isinstance(arguments, dict) and not fields.is_hole(arguments):
        api["request"] = {"uid": request, "data": arguments}
    result = fields.get(content, "action.result")
    if result is not fields.MISSING and result is not None and not fields.is_hole(result):
        api["response"] = {"data": result} | _said(error_message=error(content))
    host, ip = fields.text(content, "source.host"), fields.text(content, "source.ip")
    return {"actor": actor, "api": api, "src_endpoint": _said(name=host, ip=ip) or {"name": "unknown"}}


def _model(content: dict[str, object]) -> dict[str, Any] | None:
    name, provider = fields.text(content, "agent.model"), fields.text(content, "agent.provider")
    return {"name": name, "ai_provider": provider} if name and provider else None


def _agent(content: dict[str, object], found: Row, model: dict[str, Any] | None) -> dict[str, Any] | None:
    if not found.agent_id:
        return None
    framework = fields.text(content, "agent.framework") or fields.text(content, "metadata.framework")
    number, caption = _FRAMEWORKS.get(framework.lower(), (_OTHER, framework) if framework else (0, "Unknown"))
    return {"uid": found.agent_id, "type_id": number, "type": caption} | _said(
        name=fields.text(content, "agent.name"),
        version=fields.text(content, "agent.version"),
        instance_uid=found.session_id,
        ai_model=model,
    )


def _span(content: dict[str, object], found: Row) -> dict[str, Any] | None:
    """The span, which must have both of its times: those of an action that says how long it took."""
    took = millis(content)
    if not found.span_id or found.timestamp is None or took is None:
        return None
    at = found.timestamp // 1000
    start = at - took if found.phase == "end" else at
    return {"uid": found.span_id, "start_time": start, "end_time": start + took} | _said(
        parent_uid=found.parent_span_id
    )


def _said(**members: object) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value not in (None, "", [], {})}
