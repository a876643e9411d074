"""Sessions of Pi and of OpenClaw, which is built on it: `{"type", "id", "parentId", "message"}`, one a line.

`parentId` is the entry before, in its branch: it stays in the provenance.
"""

from __future__ import annotations

from auditlog_cli.importers import itself
from auditlog_cli.importers._drafts import Content, Draft, Unit, text, without
from auditlog_cli.importers._turns import Conversation, others, outcome, tokens, words

HINT = "sessions of Pi and OpenClaw"
SAMPLES = (
    b'{"type":"session","version":3,"id":"s-1","timestamp":"2026-06-01T14:23:10.000Z","cwd":"/w"}\n{"type":'
    b'"model_change","id":"e1","parentId":null,"timestamp":"2026-06-01T14:23:10.500Z","provider":"p","modelId":"m"}\n'
    b'{"type":"message","id":"e2","parentId":"e1","timestamp":"2026-06-01T14:23:11.000Z","message":{"role":"user",'
    b'"content":[{"type":"text","text":"Where is order 42?"}]}}\n{"type":"message","id":"e3","parentId":"e2","timest'
    b'amp":'
    b'"2026-06-01T14:23:12.000Z","message":{"role":"assistant","content":[{"type":"text","text":"Looking."},{"type":'
    b'"toolCall","id":"tc1","name":"lookup","arguments":{"order":42}}],"provider":"p","model":"m","usage":{"input":12,'
    b'"output":7}}}\n{"type":"message","id":"e4","parentId":"e3","timestamp":"2026-06-01T14:23:13.000Z","message":{"'
    b'role":'
    b'"toolResult","toolCallId":"tc1","toolName":"lookup","content":[{"type":"text","text":"shipped"}],"isError":false}}\n',
)
_FOLDED = (
    "branch_summary",
    "compaction",
    "custom",
    "custom_message",
    "label",
    "model_change",
    "session_info",
    "thinking_level_change",
)
_MESSAGE = ("role", "content", "provider", "model", "usage", "timestamp", "toolCallId", "toolName", "isError")
units = itself


def claims(stored: Content) -> bool:
    """Tell whether it is an entry of a session."""
    kind, message = stored.get("type"), stored.get("message")
    if kind == "session":
        return "version" in stored and "id" in stored and "cwd" in stored
    if kind == "message":
        return "parentId" in stored and isinstance(message, dict) and "role" in message
    return kind in _FOLDED and "parentId" in stored and "data" not in stored


class Reading(Conversation):
    """The entries of one session, in order."""

    family = "pi"

    def note(self, unit: Unit) -> None:
        """Learn of an entry."""
        super().note(unit)
        if unit.content.get("type") == "session" and not self._turns.session:
            self._turns.session = text(unit.content.get("id"))

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of an entry."""
        turns, stored = self._turns, unit.content
        kind, native, message = text(stored.get("type")), text(stored.get("id")), stored.get("message")
        place: Content = {"parent": text(stored.get("parentId")), "when": stored.get("timestamp")}
        if kind == "session":
            rest = without(stored, "type", "id", "timestamp")
            return [turns.began(f"session {native}", id=native, rest=rest, **place)]
        if kind in _FOLDED:
            return kind
        if kind != "message" or not isinstance(message, dict):
            return [turns.unknown(unit, place["when"])]
        role, rest = text(message.get("role")), without(message, *_MESSAGE)
        rest |= others(message.get("content"), "text", "toolCall")
        said = words(message.get("content"), "text")
        if role == "user":
            return [turns.asked(native, said, id=native, rest=rest, **place)]
        if role == "assistant":
            model, provider = text(message.get("model")), text(message.get("provider"))
            usage = tokens(message.get("usage"), "input", "output")
            error = rest.pop("errorMessage", None)
            answer = turns.answered(
                native, said, model=model, provider=provider, usage=usage, error=error, id=native, rest=rest, **place
            )
            held = message.get("content")
            calls = [each for each in held if isinstance(each, dict)] if isinstance(held, list) else []
            return [answer, *(self._call(each, place) for each in calls if each.get("type") == "toolCall")]
        if role == "toolResult":
            content = message.get("content")
            given = said if isinstance(content, list) else content
            ends = outcome(given, failed=message.get("isError") is True)
            tool = text(message.get("toolName"))
            return [turns.ended(text(message.get("toolCallId")), ends, tool=tool, rest=rest, **place)]
        return [turns.unknown(unit, place["when"])]

    def _call(self, call: Content, place: Content) -> Draft:
        return self._turns.called(text(call.get("id")), text(call.get("name")), call.get("arguments"), **place)
