"""What Claude Code hands to its hooks, one object a line (`hook_event_name`). It has no time."""

from __future__ import annotations

import json

from auditlog_cli.importers import itself
from auditlog_cli.importers._claude import Envelope, said
from auditlog_cli.importers._claude_names import DELEGATES, FAMILY
from auditlog_cli.importers._drafts import Content, Draft, File, Unit, arguments, moment, span_id, text, without

HINT = "the input of Claude Code's hooks, one object a line"
SAMPLES = (
    b'{"session_id":"s-1","transcript_path":"/t","cwd":"/w","prompt_id":"p-1","hook_event_name":"UserPromptSubmit",'
    b'"prompt":"Where is order 42?"}\n{"session_id":"s-1","transcript_path":"/t","cwd":"/w","prompt_id":"p-1",'
    b'"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"lookup 42"},"tool_use_id":"toolu_1"}\n'
    b'{"session_id":"s-1","transcript_path":"/t","cwd":"/w","prompt_id":"p-1","hook_event_name":"PostToolUse",'
    b'"tool_name":"Bash","tool_input":{"command":"lookup 42"},"tool_use_id":"toolu_1","tool_response":"shipped",'
    b'"duration_ms":12}\n',
)
_TAKEN = ("session_id", "hook_event_name", "agent_id", "tool_use_id", "tool_name", "tool_input", "tool_response",
          "prompt", "error", "duration_ms", "last_assistant_message", "timestamp")  # fmt: skip
_FOLDED = ("Notification", "PreCompact", "PostCompact", "Setup", "ConfigChange", "TeammateIdle", "TaskCompleted")
units = itself


def claims(stored: Content) -> bool:
    """Tell whether it is the input of a hook."""
    return isinstance(stored.get("hook_event_name"), str) and isinstance(stored.get("session_id"), str)


class Reading:
    """The events of one file, in order."""

    def __init__(self, file: File) -> None:
        self._sessions: set[str] = set()
        self._open: dict[str, Content] = {}
        self._delegated: dict[str, str] = {}  # sub-agent → the call that began it
        self.first = ""

    def note(self, unit: Unit) -> None:
        """Learn of an event."""
        if unit.content.get("hook_event_name") == "SessionStart":
            self._sessions.add(text(unit.content.get("session_id")))

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of an event."""
        stored = unit.content
        event, session, agent = (text(stored.get(name)) for name in ("hook_event_name", "session_id", "agent_id"))
        if event in _FOLDED:
            return event
        prompt = text(stored.get("prompt_id"))
        above = span_id(FAMILY, f"session\0{session}") if session in self._sessions else ""
        line = Envelope(session, moment(stored.get("timestamp")), agent, "", "", without(stored, *_TAKEN))
        line.parent = span_id(FAMILY, f"agent\0{agent}") if agent else span_id(FAMILY, prompt) if prompt else above
        if event in ("PreToolUse", "PostToolUse", "PostToolUseFailure", "PermissionDenied"):
            return [self._tool(line, stored, event)]
        if event == "PermissionRequest":
            return [self._permission(line, stored)]
        if event in ("SessionStart", "SessionEnd"):
            phase, span = "start" if event == "SessionStart" else "end", span_id(FAMILY, f"session\0{session}")
            action = {"type": "lifecycle", "phase": phase, "result_status": "success"}
            line.parent = ""
            return [line.draft(span, f"session {session}", action)]
        if event in ("SubagentStart", "SubagentStop"):
            return [self._nested(line, stored, event, agent, prompt)]
        if event in ("UserPromptSubmit", "Stop"):
            received = event == "UserPromptSubmit"
            native = prompt if received else f"stop {prompt or session}"
            span = span_id(FAMILY, prompt if received else f"stop\0{prompt or session}\0{unit.number}")
            text_of = said(stored.get("prompt" if received else "last_assistant_message"))
            draft = line.draft(
                span, native, {"type": "message", "result_status": "success"},
                message={"direction": "received" if received else "sent"},
                **{"prompt" if received else "response": text_of},
            )  # fmt: skip
            if received:
                draft.content["parent_span_id"] = above
            return [draft]
        line.rest = stored
        return [line.draft("", "", {"type": "unknown", "result_status": "unknown"})]

    def _tool(self, line: Envelope, stored: Content, event: str) -> Draft:
        call = text(stored.get("tool_use_id"))
        action: Content = {
            "type": "tool_invocation", "phase": "end", "tool": text(stored.get("tool_name")), "call_id": call,
            "arguments": arguments(stored.get("tool_input")), "result_status": "success",
        }  # fmt: skip
        if event == "PreToolUse":
            action |= {"phase": "start", "result_status": "pending"}
            self._open[call] = stored
        else:
            self._open.pop(call, None)
            if event == "PostToolUse":
                action["result"] = stored.get("tool_response")
            else:
                action |= {
                    "result_status": "error" if event == "PostToolUseFailure" else "denied",
                    "error": stored.get("error"),
                }
            if isinstance(stored.get("duration_ms"), (int, float)):
                action["latency_ms"] = stored["duration_ms"]
        return line.draft(span_id(FAMILY, call), call, action)

    def _permission(self, line: Envelope, stored: Content) -> Draft:
        asked = _same(stored)
        call = next((each for each, begun in reversed(self._open.items()) if _same(begun) == asked), "")
        if call:
            line.parent = span_id(FAMILY, call)
        tool = text(stored.get("tool_name"))
        return line.draft(
            span_id(FAMILY, f"permission\0{call}") if call else "", f"permission {call}" if call else "",
            {"type": "approval", "result_status": "pending", "tool": tool, "call_id": call,
             "arguments": arguments(stored.get("tool_input"))},
            approval={"id": call, "status": "pending", "tool": tool} if call else {"status": "pending", "tool": tool},
        )  # fmt: skip

    def _nested(self, line: Envelope, stored: Content, event: str, agent: str, prompt: str) -> Draft:
        begun = event == "SubagentStart"
        if begun:
            call = next((each for each, held in reversed(self._open.items()) if held.get("tool_name") in DELEGATES), "")
            self._delegated[agent] = call
        call = self._delegated.get(agent, "")
        line.parent = span_id(FAMILY, call) if call else span_id(FAMILY, prompt) if prompt else ""
        action = {"type": "lifecycle", "phase": "start" if begun else "end", "result_status": "success"}
        answer = said(stored.get("last_assistant_message"))
        draft = line.draft(span_id(FAMILY, f"agent\0{agent}"), f"agent {agent}", action, response=answer)
        if text(stored.get("agent_type")):
            draft.content["agent"] = {"id": agent, "name": text(stored["agent_type"])}
        return draft


def _same(stored: Content) -> str:
    return json.dumps([stored.get("tool_name"), stored.get("tool_input")], sort_keys=True, default=str)
