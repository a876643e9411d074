"""Claude Code's command hooks (frameworks.md, 7.4): what it says of one event becomes one record.

Each event comes to a process of its own. So what joins the records is derived from the ids that Claude Code gives, in
the same way as by `importers/claude_hooks`: the log of the hooks and an import of the same events give the same tree.
What no id tells (which call a permission is asked for, which call began a sub-agent) is looked up in the log itself.
There is no other state.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

from auditlog_cli import strictjson, times
from auditlog_cli._version import __version__
from auditlog_cli.capture import digests
from auditlog_cli.capture.identity import Identity
from auditlog_cli.errors import InputError
from auditlog_cli.importers._claude_names import DELEGATES, FAMILY, permission
from auditlog_cli.importers._drafts import arguments, span_id, text, trace_id, without
from auditlog_cli.record import BadLine
from auditlog_cli.writer import ids

Content = dict[str, Any]
Earlier = Callable[[], Iterator[Content]]
"""Gives the records of the session that the log has, the newest first."""

UNRECORDED = ("Notification", "PreCompact", "PostCompact", "Setup", "ConfigChange", "TeammateIdle", "TaskCompleted")
"""Events that give no record, as in an import."""
_GATES = ("UserPromptSubmit", "PermissionRequest")
_OUTCOMES = {"PostToolUse": "success", "PostToolUseFailure": "error", "PermissionDenied": "denied"}
_TAKEN = ("session_id", "hook_event_name", "agent_id", "agent_type", "tool_use_id", "tool_name", "tool_input",
          "tool_response", "prompt", "error", "duration_ms", "last_assistant_message")  # fmt: skip
_ONE_EVENT = "Claude Code calls this itself, with one JSON object; auditlog hook install sets it up"
_FAR_ENOUGH = 8 * 1024 * 1024  # bytes of the log that are looked through for what no id tells


def precedes(event: str) -> bool:
    """Tell whether an act follows an event: then a failure must stop it, by exit code 2."""
    return event.startswith("Pre") or event in _GATES


def read(raw: bytes) -> Content:
    """Return the event that a hook was given on its standard input.

    Half a character (JavaScript cuts texts wherever it likes) is replaced; nothing else is put up with.

    Raises:
        InputError: If it is no event.
    """
    try:
        return _event(strictjson.exact(raw))
    except strictjson.Malformed as error:
        if error.code != "encoding":
            raise InputError(f"standard input: byte {error.at}: {error.reason}", help=_ONE_EVENT) from None
    import json

    try:
        found = json.loads(raw.decode("utf-8", "replace"), object_pairs_hook=_members)
    except (ValueError, TypeError, RecursionError):
        raise InputError("standard input: neither UTF-8 nor JSON", help=_ONE_EVENT) from None
    return _event(found)


def _members(pairs: list[tuple[str, object]]) -> Content:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError
    return made


def _event(found: object) -> Content:
    needed = ["session_id", "hook_event_name"]
    if isinstance(found, dict) and found.get("hook_event_name") in ("PreToolUse", *_OUTCOMES):
        needed += ["tool_name", "tool_use_id"]
    for name in needed:
        if not isinstance(found, dict) or not isinstance(found.get(name), str) or not found[name]:
            raise InputError(f"standard input: an event without {name}", help="Claude Code 2.1 or later is needed")
    assert isinstance(found, dict)
    return found


def record(event: Content, identity: Identity, earlier: Earlier) -> Content | None:
    """Return what is to be written of an event; None if it gives no record.

    Args:
        event: As `read` gives it.
        identity: Of the main agent.
        earlier: The session's records so far.

    Raises:
        UsageError: If a sub-agent has the id of the user.
    """
    kind = event["hook_event_name"]
    if kind in UNRECORDED:
        return None
    session, agent, prompt = (text(event.get(name)) for name in ("session_id", "agent_id", "prompt_id"))
    root = span_id(FAMILY, f"session\0{session}")
    above = span_id(FAMILY, f"agent\0{agent}") if agent else span_id(FAMILY, prompt) or root
    if agent:
        identity = identity.nested({"id": agent, "name": text(event.get("agent_type")) or None})
    blocks: Content
    if kind in ("SessionStart", "SessionEnd"):
        span, above, blocks = root, "", _lifecycle(event, begun=kind == "SessionStart")
    elif kind in ("SubagentStart", "SubagentStop"):
        span, blocks = above, _lifecycle(event, begun=kind == "SubagentStart")
        above = _began_by(event, span, span_id(FAMILY, prompt) or root, earlier)
    elif kind == "UserPromptSubmit":
        user = identity.user
        span, above = span_id(FAMILY, prompt) or ids.span_id(), root
        message = {"direction": "received"} | ({} if user is None else {"from": user["id"]})
        blocks = {"action": {"type": "message", "result_status": "success"}, "message": message}
        blocks |= _said("prompt", event.get("prompt"))
    elif kind == "Stop":
        span, message = ids.span_id(), {"direction": "sent", "to": "person"}
        blocks = {"action": {"type": "message", "result_status": "success"}, "message": message}
        blocks |= _said("response", event.get("last_assistant_message"))
    elif kind == "PermissionRequest":
        blocks = _permission(event, earlier)
        call = blocks["approval"]["id"]
        known = "call_id" in blocks["action"]
        span = span_id(FAMILY, f"permission\0{call}")
        above = span_id(FAMILY, call) if known else above
    elif kind == "PreToolUse" or kind in _OUTCOMES:
        span, blocks = span_id(FAMILY, event["tool_use_id"]), _tool(event)
    else:  # an event of a later version: what it says is kept
        span, blocks = ids.span_id(), {"action": {"type": "unknown", "result_status": "unknown"}}
    envelope = {"session_id": session, "trace_id": trace_id(FAMILY, session), "span_id": span}
    if above:
        envelope["parent_span_id"] = above
    said = {
        "claude_code": {"event": kind, **without(event, *(_TAKEN if blocks["action"]["type"] != "unknown" else ()))}
    }
    made = {"timestamp": times.now(), **envelope, **identity.members(), **blocks}
    made["metadata"] = blocks.get("metadata", {}) | said
    return made


def _lifecycle(event: Content, *, begun: bool) -> Content:
    blocks: Content = {
        "action": {"type": "lifecycle", "phase": "start" if begun else "end", "result_status": "success"},
        **_said("response", event.get("last_assistant_message")),
    }
    if begun and "agent_id" not in event:
        blocks["metadata"] = {"on_error": "raise", "adapter": f"auditlog hook claude-code {__version__}"}
    return blocks


def _tool(event: Content) -> Content:
    kind = event["hook_event_name"]
    _, _, action = _called(event)
    action |= {"call_id": event["tool_use_id"]}
    made: Content = {"action": action}
    if kind == "PreToolUse":
        action |= {"phase": "start", "result_status": "pending"}
        return made
    action |= {"phase": "end", "result_status": _OUTCOMES[kind]}
    if kind == "PostToolUse":
        action["result"] = event.get("tool_response")
    elif event.get("error") is not None:
        action["error"] = event["error"] if isinstance(event["error"], dict) else {"message": text(event["error"])}
    if kind == "PermissionDenied":
        made["policy"] = permission(False, "")
    taken = event.get("duration_ms")
    if isinstance(taken, (int, float)) and not isinstance(taken, bool) and taken >= 0:
        action["latency_ms"] = taken
    return made


def _called(event: Content) -> tuple[str, str, Content]:
    """The tool, the digest of its arguments, and what an action says of both."""
    tool = text(event.get("tool_name"))
    given = digests.frozen(arguments(event.get("tool_input")) or {})
    digest = digests.of_arguments(given)
    return tool, digest, {"type": "tool_invocation", "tool": tool, "arguments": given, "arguments_sha256": digest}


def _permission(event: Content, earlier: Earlier) -> Content:
    """A permission that is asked for: the hook does not name the call, but its tool and its arguments."""
    tool, digest, action = _called(event)
    call = text(event.get("tool_use_id"))  # not sent by 2.1
    if not call:
        asking = (text(each["action"].get("call_id")) for each in _open_calls(earlier) if _is(each, tool, digest))
        call = next(asking, "")
    action |= {"type": "approval", "result_status": "pending"} | ({"call_id": call} if call else {})
    asked = {"status": "pending", "requested_at": times.now(), "tool": tool, "arguments_sha256": digest}
    return {"action": action, "approval": {"id": call or ids.record_id(), **asked}}


def _is(call: Content, tool: str, digest: str) -> bool:
    action = call["action"]
    return (action.get("tool"), action.get("arguments_sha256")) == (tool, digest)


def _began_by(event: Content, span: str, prompt: str, earlier: Earlier) -> str:
    """The span of the call that began a sub-agent, the prompt's where several calls could have.

    A call that has ended names its agent. One that has not is taken if it is the only one that no agent has yet.
    """
    calls, taken = [], set()
    for each in earlier():
        action = each["action"]
        if each.get("span_id") == span:
            return text(each.get("parent_span_id"))  # it ends, or goes on: where it began
        if action.get("type") == "lifecycle":
            taken.add(each.get("parent_span_id"))
        elif action.get("type") == "tool_invocation" and action.get("tool") in DELEGATES:
            result = action.get("result")
            if isinstance(result, dict) and result.get("agentId") == event["agent_id"]:
                return text(each.get("span_id"))
            if action.get("phase") == "end":
                taken.add(each.get("span_id"))
            elif _wanted(action) in ("", text(event.get("agent_type"))):
                calls.append(text(each.get("span_id")))
    free = [call for call in calls if call not in taken]
    return free[0] if len(free) == 1 else prompt


def _wanted(action: Content) -> str:
    """Which type of agent a call asks for."""
    given = action.get("arguments")
    return text(given.get("subagent_type")) if isinstance(given, dict) else ""


def _open_calls(earlier: Earlier) -> Iterator[Content]:
    """The calls that have not ended, the newest first."""
    ended = set()
    for each in earlier():
        if each["action"].get("type") == "tool_invocation":
            if each["action"].get("phase") == "end":
                ended.add(each.get("span_id"))
            elif each.get("span_id") not in ended:
                yield each


def _said(name: str, value: object) -> Content:
    return {name: digests.text_block(value)} if isinstance(value, str) and value else {}


def records_of(path: str, session: str) -> Iterator[Content]:
    """Yield the records that a log has of a session, the newest first, not further back than 8 MiB.

    Raises:
        InputError: If the log cannot be read.
    """
    if not os.path.exists(path):
        return
    from auditlog_cli.sources import files  # few events need them
    from auditlog_cli.sources.backwards import backwards

    needle, seen = strictjson.needle(session), 0
    for log in files.find([path]):
        for line in backwards(log):
            if isinstance(line, BadLine):
                continue
            seen += len(line.raw)
            if seen > _FAR_ENOUGH:
                return
            if needle is not None and needle not in line.raw:
                continue
            try:
                found = strictjson.exact(line.raw)
            except strictjson.Malformed:
                continue
            if found.get("session_id") == session and isinstance(found.get("action"), dict):
                yield found
