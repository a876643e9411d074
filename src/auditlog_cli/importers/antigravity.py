"""Transcripts of Google's Antigravity CLI: `{"step_index", "source", "type", "status", "created_at"}`, one step a line.

What an answer asks for (`tool_calls`) and the steps that follow have different names and no common id: they are not
joined. A step of the model that is no answer is an act, under its own name. The session is not in the file.
"""

from __future__ import annotations

from auditlog_cli.importers import itself
from auditlog_cli.importers._drafts import Content, Draft, Unit, text, without
from auditlog_cli.importers._turns import Conversation, words

HINT = "transcripts of Antigravity CLI"
SAMPLES = (
    b'{"step_index":0,"source":"USER_EXPLICIT","type":"USER_INPUT","status":"DONE","created_at":"2026-06-01T14:23:11Z",'
    b'"content":"List the files."}\n{"step_index":1,"source":"SYSTEM","type":"CONVERSATION_HISTORY","status":"DONE",'
    b'"created_at":"2026-06-01T14:23:11Z"}\n{"step_index":2,"source":"MODEL","type":"PLANNER_RESPONSE","status":"DONE",'
    b'"created_at":"2026-06-01T14:23:12Z","content":"Looking.","tool_calls":[{"name":"list_dir","args":{}}]}\n'
    b'{"step_index":3,"source":"MODEL","type":"LIST_DIRECTORY","status":"DONE","created_at":"2026-06-01T14:23:13Z",'
    b'"content":"a.txt"}\n{"step_index":4,"source":"MODEL","type":"RUN_COMMAND","status":"ERROR","created_at":'
    b'"2026-06-01T14:23:14Z","content":"no such file"}\n',
)
_TAKEN = ("source", "type", "status", "created_at", "content", "step_index")
_STATUS = {"DONE": "success", "ERROR": "error", "RUNNING": "pending", "PENDING": "pending", "CANCELED": "unknown"}
units = itself


def claims(stored: Content) -> bool:
    """Tell whether it is a step."""
    return "step_index" in stored and "created_at" in stored and "source" in stored and "type" in stored


class Reading(Conversation):
    """The steps of one transcript, in order."""

    family = "antigravity"

    def note(self, unit: Unit) -> None:
        """Learn of a step."""
        self._turns.note(unit.content.get("created_at"))

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of a step."""
        turns, stored = self._turns, unit.content
        kind, source = text(stored.get("type")), text(stored.get("source"))
        when, said, rest = stored.get("created_at"), words(stored.get("content")), without(stored, *_TAKEN)
        key = f"line {unit.number}"
        if not claims(stored):
            return [turns.unknown(unit, when)]
        if kind == "USER_INPUT":
            return [turns.asked(key, said, when=when, rest=rest)]
        if source == "SYSTEM":
            return kind or "SYSTEM"
        if kind == "PLANNER_RESPONSE":
            return [turns.answered(key, said, when=when, rest=rest)]
        if source != "MODEL" or not kind:
            return [turns.unknown(unit, when)]
        status = _STATUS.get(text(stored.get("status")), "unknown")
        ends: Content = {"result_status": "unknown" if status == "success" and not said else status}
        if said:
            ends["error" if status == "error" else "result"] = said
        action: Content = {"type": "tool_invocation", "tool": kind.lower()} | ends
        return [turns.draft(action, key=key, when=when, rest=rest)]
