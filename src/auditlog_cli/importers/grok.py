"""Sessions of Grok CLI (`chat_history.jsonl`): messages, calls and results, one a line.

There are no times, and the session's id is the folder's name: the file says neither.
"""

from __future__ import annotations

from auditlog_cli.importers import itself
from auditlog_cli.importers._drafts import Content, Draft, File, Unit, text, without
from auditlog_cli.importers._turns import Turns, others, outcome, words

HINT = "sessions of Grok CLI (chat_history.jsonl)"
SAMPLES = (
    b'{"type":"system","content":"You are Grok."}\n{"type":"user","content":[{"type":"text","text":"Where is order 4'
    b'2?"}],'
    b'"prompt_index":0}\n{"type":"reasoning","id":"r-1","summary":[],"status":"completed"}\n{"type":"assistant","con'
    b'tent":'
    b'"Looking.","tool_calls":[{"id":"call-1","name":"lookup","arguments":"{\\"order\\":42}"}],"model_id":"grok-x"}\n'
    b'{"type":"tool_result","tool_call_id":"call-1","content":"shipped"}\n{"type":"backend_tool_call","kind":{"tool_'
    b'type":'
    b'"web_search","action":{"query":"orders"},"id":"ws_1","status":"completed"}}\n',
)
units = itself


def claims(stored: Content) -> bool:
    """Tell whether it is a line of a session."""
    kind = stored.get("type")
    if "uuid" in stored or "session_id" in stored or "sessionId" in stored:
        return False
    if kind == "user":
        return "prompt_index" in stored or "synthetic_reason" in stored
    if kind == "assistant":
        return "model_id" in stored and "content" in stored
    if kind == "tool_result":
        return "tool_call_id" in stored and "content" in stored
    if kind == "backend_tool_call":
        return isinstance(stored.get("kind"), dict)
    return (kind == "reasoning" and "summary" in stored) or (kind == "system" and stored.keys() == {"type", "content"})


class Reading:
    """The lines of one session, in order."""

    def __init__(self, file: File) -> None:
        self._turns = Turns("grok", file)
        self.first = ""

    def note(self, unit: Unit) -> None:
        """Nothing has to be known before."""

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of a line."""
        turns, stored = self._turns, unit.content
        kind, said = text(stored.get("type")), words(stored.get("content"), "text")
        rest = without(stored, "type", "content", "tool_calls", "tool_call_id", "model_id")
        rest |= others(stored.get("content"), "text")
        if kind in ("system", "reasoning"):
            return kind
        if kind == "user" and "synthetic_reason" in stored:
            return f"user {text(stored['synthetic_reason'])}".strip()
        if kind == "user":
            return [turns.asked(f"message {unit.number}", said, rest=rest)]
        if kind == "assistant":
            answer = turns.answered(f"message {unit.number}", said, model=text(stored.get("model_id")), rest=rest)
            held = stored.get("tool_calls")
            calls = [each for each in held if isinstance(each, dict)] if isinstance(held, list) else []
            return [answer, *(turns.called(text(each.get("id")), text(each.get("name")), each.get("arguments")) for each in calls)]  # fmt: skip # noqa: E501
        if kind == "tool_result":
            return [
                turns.ended(text(stored.get("tool_call_id")), outcome(stored.get("content"), failed=False), rest=rest)
            ]
        held = stored.get("kind")
        if kind == "backend_tool_call" and isinstance(held, dict):
            left = without(held, "id", "tool_type", "action")
            call = (text(held.get("id")), text(held.get("tool_type")), held.get("action"))
            return [turns.finished(*call, {"result_status": "unknown"}, rest=left)]
        return [turns.unknown(unit)]
