"""What `claude --output-format stream-json` prints: the session, messages and results as they come."""

from __future__ import annotations

from auditlog_cli.importers import itself
from auditlog_cli.importers._attributes import instant_count
from auditlog_cli.importers._claude import Conversation, Envelope, results, said, words
from auditlog_cli.importers._claude_names import FAMILY
from auditlog_cli.importers._drafts import Content, Draft, File, Unit, moment, span_id, text, without

HINT = "claude --output-format stream-json"
SAMPLES = (
    b'{"type":"system","subtype":"init","session_id":"s-1","uuid":"x1","cwd":"/w","tools":["Bash"],"model":"claude-x"}\n'
    b'{"type":"assistant","session_id":"s-1","uuid":"x2","parent_tool_use_id":null,"message":{"id":"msg_1","role":'
    b'"assistant","model":"claude-x","content":[{"type":"tool_use","id":"toolu_1","name":"Bash","input":{"command":'
    b'"lookup 42"}}]}}\n{"type":"user","session_id":"s-1","uuid":"x3","parent_tool_use_id":null,"timestamp":'
    b'"2026-06-01T14:23:13.000Z","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1",'
    b'"content":"no such order","is_error":true}]}}\n{"type":"result","subtype":"success","session_id":"s-1","uuid":'
    b'"x4","is_error":false,"result":"Done.","usage":{"input_tokens":10,"output_tokens":5}}\n',
)
_TYPES = ("system", "assistant", "user", "result", "stream_event", "rate_limit_event")
_TAKEN = ("type", "uuid", "session_id", "timestamp", "message", "agent_id", "parent_tool_use_id")
units = itself


def claims(stored: Content) -> bool:
    """Tell whether it is a line of the stream."""
    return stored.get("type") in _TYPES and "session_id" in stored and "uuid" in stored and "sessionId" not in stored


class Reading:
    """The lines of one stream."""

    def __init__(self, file: File) -> None:
        self._conversation = Conversation()
        self._sessions: set[str] = set()
        self.first = ""

    def note(self, unit: Unit) -> None:
        """Learn of a line."""
        stored = unit.content
        message = stored.get("message")
        if not self.first:
            self.first = moment(stored.get("timestamp")) or ""
        if stored.get("type") == "assistant" and isinstance(message, dict):
            self._conversation.note(text(stored.get("uuid")), message)
        elif stored.get("subtype") == "init":
            self._sessions.add(text(stored.get("session_id")))
        elif stored.get("subtype") == "permission_denied":
            self._conversation.denied.add(text(stored.get("tool_use_id")))
        denials = stored.get("permission_denials")
        for each in denials if isinstance(denials, list) else ():
            if isinstance(each, dict):
                self._conversation.denied.add(text(each.get("tool_use_id")))

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of a line."""
        stored = unit.content
        kind, subtype, message = stored.get("type"), text(stored.get("subtype")), stored.get("message")
        session, call = text(stored.get("session_id")), text(stored.get("parent_tool_use_id"))
        line = Envelope(
            session, moment(stored.get("timestamp")), text(stored.get("agent_id")), text(stored.get("uuid")), call,
            {name: value for name, value in without(stored, *_TAKEN).items() if value not in (None, [], {}, "")},
        )  # fmt: skip
        root = span_id(FAMILY, f"session\0{session}")
        line.parent = span_id(FAMILY, call) if call else root if session in self._sessions else ""
        if kind == "assistant" and isinstance(message, dict):
            return self._conversation.model(line, message) or "part of a message"
        if kind == "user" and isinstance(message, dict):
            found = results(message)
            if found:
                return [
                    self._conversation.result(line, block, text(block.get("tool_use_id")), place=place)
                    for place, block in found
                ]
            word = "agent_message" if call else "message"
            action = {"type": word, "result_status": "success"}
            told = {"direction": "received"}
            return [
                line.draft(span_id(FAMILY, line.uuid), line.uuid, action, message=told, prompt=said(words(message)))
            ]
        if kind == "system" and subtype == "init":
            line.parent = ""
            return [line.draft(root, f"session {session}", {"type": "lifecycle", "phase": "start", "result_status": "success"})]  # fmt: skip # noqa: E501
        if kind == "result":
            return [self._end(line, stored, root)]
        if kind == "system" and subtype == "informational" and _blocked(stored):
            blocked = {"type": "guardrail", "result_status": "blocked", "error": stored.get("content")}
            return [line.draft(span_id(FAMILY, line.uuid), line.uuid, blocked)]
        if kind in _TYPES:
            return f"{kind} {subtype}".strip()
        line.rest = stored
        return [line.draft("", line.uuid, {"type": "unknown", "result_status": "unknown"})]

    def _end(self, line: Envelope, stored: Content, root: str) -> Draft:
        line.parent = ""
        failed = stored.get("is_error") is True
        action: Content = {"type": "lifecycle", "phase": "end", "result_status": "error" if failed else "success"}
        if isinstance(stored.get("duration_ms"), (int, float)):
            action["latency_ms"] = stored["duration_ms"]
        counted = stored.get("usage")
        usage: Content = {}
        for name in ("input_tokens", "output_tokens"):
            count = instant_count(counted.get(name)) if isinstance(counted, dict) else None
            if count is not None:
                usage[name] = count
        if isinstance(stored.get("total_cost_usd"), (int, float)):
            usage["cost_usd"] = stored["total_cost_usd"]
        return line.draft(root, f"session {line.session}", action, usage=usage, response=said(stored.get("result")))


def _blocked(stored: Content) -> bool:
    outcome = stored.get("prompt_submit_outcome")
    return isinstance(outcome, dict) and outcome.get("kind") == "blocked_by_hook"
