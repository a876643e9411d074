"""Rollouts of Codex CLI: `{"timestamp", "type", "payload": {"type", …}}`, one a line.

What the model said and asked for are `response_item`s; `event_msg` repeats them and is folded, but for the calls of
MCP tools that stand nowhere else. Its approvals are a policy, not a person.
"""

from __future__ import annotations

from auditlog_cli.importers import itself
from auditlog_cli.importers._attributes import instant_count
from auditlog_cli.importers._drafts import (  # fmt: skip
    Content,
    Draft,
    File,
    Unit,
    arguments,
    moment,
    span_id,
    text,
    trace_id,
    unpacked,
    without,
)

HINT = "rollouts of Codex CLI (~/.codex/sessions)"
SAMPLES = (
    b'{"timestamp":"2026-06-01T14:23:11.000Z","type":"session_meta","payload":{"id":"s-1","cwd":"/w","cli_version":"1"}}\n'
    b'{"timestamp":"2026-06-01T14:23:12.000Z","type":"response_item","payload":{"type":"message","role":"user","content":'
    b'[{"type":"input_text","text":"Where is order 42?"}]}}\n{"timestamp":"2026-06-01T14:23:13.000Z","type":'
    b'"response_item","payload":{"type":"function_call","call_id":"call_1","name":"shell","arguments":"{\\"cmd\\":\\"ls\\"}"'
    b'}}\n{"timestamp":"2026-06-01T14:23:14.000Z","type":"response_item","payload":{"type":"function_call_output",'
    b'"call_id":"call_1","output":"a.txt"}}\n',
)
_TYPES = ("session_meta", "response_item", "event_msg", "turn_context", "compacted", "world_state")
_CALLS = (
    "function_call",
    "mcp_tool_call",
    "custom_tool_call",
    "local_shell_call",
    "tool_search_call",
    "web_search_call",
)
_FOLDED = ("reasoning", "ghost_snapshot", "compaction", "image_generation_call")
_ENDS = ("function_call_output", "custom_tool_call_output", "tool_search_output")
_ITEM = ("type", "id", "role", "content", "call_id", "name", "arguments", "input", "output", "author", "recipient")
units = itself


def claims(stored: Content) -> bool:
    """Tell whether it is a line of a rollout."""
    return stored.get("type") in _TYPES and isinstance(stored.get("payload"), dict)


class Reading:
    """The lines of one rollout, in order."""

    def __init__(self, file: File) -> None:
        self._session = ""
        self._calls: dict[str, Content] = {}
        self._ended: set[str] = set()
        self._model = ""
        self._prompt = ""
        self.first = ""

    def note(self, unit: Unit) -> None:
        """Learn of a line."""
        payload = unit.content.get("payload")
        if not self.first:
            self.first = moment(unit.content.get("timestamp")) or ""
        if not isinstance(payload, dict):
            return
        if unit.content.get("type") == "session_meta" and not self._session:
            self._session = text(payload.get("id")) or text(payload.get("session_id"))
        if payload.get("type") in _CALLS:
            self._calls[text(payload.get("call_id"))] = payload
        elif payload.get("type") in _ENDS:
            self._ended.add(text(payload.get("call_id")))

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of a line."""
        stored = unit.content
        payload, kind = stored.get("payload"), text(stored.get("type"))
        if not isinstance(payload, dict) or kind not in (*_TYPES, "inter_agent_communication_metadata"):
            return [self._draft(unit, "", "", {"type": "unknown", "result_status": "unknown"}, rest=stored)]
        if kind == "turn_context":
            self._model = text(payload.get("model"))
        if kind == "session_meta" and text(payload.get("id")) == self._session:
            action = {"type": "lifecycle", "phase": "start", "result_status": "success"}
            return [
                self._draft(
                    unit, f"session {self._session}", f"session {self._session}", action, rest=without(payload, "id")
                )
            ]
        word = text(payload.get("type"))
        if kind == "response_item":
            return self._item(unit, payload, word)
        if kind == "event_msg" and word == "mcp_tool_call_end":
            return [self._outside(unit, payload)]
        return f"{kind} {word}".strip()

    def _item(self, unit: Unit, payload: Content, word: str) -> list[Draft] | str:
        call = text(payload.get("call_id")) or text(payload.get("id"))
        rest = {name: value for name, value in without(payload, *_ITEM).items() if value not in (None, [], {})}
        if word in _CALLS:
            started = word != "web_search_call"
            action = self._action(payload, call) | {"result_status": "pending" if started else "unknown"}
            if started:
                action["phase"] = "start"
            return [self._draft(unit, call, call, action, rest=rest)]
        if word in _ENDS:
            action = self._action(self._calls.get(call, {}), call) | {"phase": "end"}
            said = payload.get("output") if "output" in payload else payload.get("tools")
            action |= {"result": unpacked(said), "result_status": _status(said)}
            return [self._draft(unit, call, call, action, rest=rest)]
        if word == "message" and payload.get("role") in ("user", "assistant"):
            return [self._message(unit, payload, rest)]
        if word == "agent_message":
            block = {"from": text(payload.get("author")), "to": text(payload.get("recipient")), "direction": "sent"}
            action = {"type": "agent_message", "result_status": "success"}
            said = _words(payload)
            return [self._draft(unit, "", text(payload.get("id")), action, rest=rest, message=block, response=said)]
        if word in _FOLDED or word == "message":
            return f"response_item {word}"
        return [
            self._draft(
                unit, "", text(payload.get("id")), {"type": "unknown", "result_status": "unknown"}, rest=payload
            )
        ]

    def _message(self, unit: Unit, payload: Content, rest: Content) -> Draft:
        asked = payload["role"] == "user"
        native = text(payload.get("id")) or f"message {unit.number}"
        if asked:
            action: Content = {"type": "message", "result_status": "success"}
            self._prompt = ""
            blocks: Content = {"message": {"direction": "received"}, "prompt": _words(payload)}
        else:
            action = {"type": "llm_call", "result_status": "success"}
            blocks = {"response": _words(payload), "agent": {"model": self._model} if self._model else None}
        draft = self._draft(unit, native, native, action, rest=rest, **blocks)
        if asked:
            self._prompt = str(draft.content["span_id"])
        return draft

    def _action(self, payload: Content, call: str) -> Content:
        action: Content = {"type": "tool_invocation", "call_id": call}
        name = text(payload.get("name")) or text(payload.get("type")).removesuffix("_call")
        if name:
            action["tool"] = name
        for member in ("arguments", "input", "action"):
            if payload.get(member) is not None:
                action["arguments"] = arguments(payload[member])
                break
        return action

    def _outside(self, unit: Unit, payload: Content) -> Draft:
        invocation, result = payload.get("invocation"), payload.get("result")
        invocation = invocation if isinstance(invocation, dict) else {}
        failed = isinstance(result, dict) and "Err" in result
        call = text(payload.get("call_id"))
        action: Content = {
            "type": "tool_invocation", "tool": text(invocation.get("tool")), "call_id": call,
            "arguments": arguments(invocation.get("arguments")), "result_status": "error" if failed else "success",
            "error" if failed else "result": result,
        }  # fmt: skip
        return self._draft(unit, f"mcp {call}", f"mcp {call}", action, rest=without(payload, "call_id", "result"))

    def _draft(self, unit: Unit, span: str, id: str, action: Content, *, rest: Content, **blocks: object) -> Draft:  # noqa: A002
        session = self._session
        content: Content = {
            "timestamp": moment(unit.content.get("timestamp")),
            "session_id": session,
            "trace_id": trace_id("codex", session) if session else "",
            "span_id": span_id("codex", f"{session}\0{span}") if span and session else "",
            "parent_span_id": self._prompt,
            "action": {name: value for name, value in action.items() if value is not None},
        }
        return Draft(content | {name: value for name, value in blocks.items() if value}, id, "", rest)


def _status(output: object) -> str:
    """What the output of a call says of its outcome: success, unless it says that it failed."""
    found = unpacked(output)
    if isinstance(found, dict):
        said = found.get("metadata")
        code = said.get("exit_code") if isinstance(said, dict) else None
        if found.get("success") is False or (instant_count(code) or 0) > 0:
            return "error"
    return "success"


def _words(payload: Content) -> Content | None:
    held = payload.get("content")
    texts = (
        [text(each.get("text")) for each in held if isinstance(each, dict)] if isinstance(held, list) else [text(held)]
    )
    said = "\n".join(each for each in texts if each)
    return {"text": said} if said else None
