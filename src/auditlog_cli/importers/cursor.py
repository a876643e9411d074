"""Transcripts of Cursor's agent: `{"role", "message": {"content": […]}}`, one a line.

There are no times and no ids, not even of calls: a result ends the one open call of its tool's name, if there is
exactly one. The session is the file's name where that is a UUID.
"""

from __future__ import annotations

from auditlog_cli.importers import itself
from auditlog_cli.importers._drafts import Content, Draft, File, Unit, text, without
from auditlog_cli.importers._turns import Turns, others, outcome, words

HINT = "transcripts of Cursor's agent (~/.cursor)"
SAMPLES = (
    b'{"role":"user","message":{"content":[{"type":"text","text":"Where is order 42?"}]}}\n{"role":"assistant","mess'
    b'age":'
    b'{"content":[{"type":"text","text":"Looking."},{"type":"tool_use","name":"lookup","input":{"order":42}}]}}\n{"r'
    b'ole":'
    b'"user","message":{"content":[{"type":"tool-result","name":"lookup","content":[{"type":"text","text":"shipped"}'
    b"]}]}}\n"
    b'{"type":"turn_ended","status":"success"}\n',
)
_CALLS, _ENDS = ("tool_use", "tool_call", "tool-call"), ("tool_result", "tool-result")
_HEX = frozenset("0123456789abcdefABCDEF")
units = itself


def claims(stored: Content) -> bool:
    """Tell whether it is a line of a transcript."""
    message = stored.get("message")
    if stored.get("type") == "turn_ended":
        return "status" in stored
    if stored.get("role") not in ("user", "assistant") or not isinstance(message, dict):
        return False
    return "content" in message and "type" not in stored and "uuid" not in stored and "timestamp" not in stored


class Reading:
    """The lines of one transcript, in order."""

    def __init__(self, file: File) -> None:
        self._turns = Turns("cursor", file)
        stem = file.name.partition(".")[0]
        if len(stem) == 36 and _HEX.issuperset(stem.replace("-", "")):
            self._turns.session = stem
        self._open: dict[str, list[str]] = {}
        self.first = ""

    def note(self, unit: Unit) -> None:
        """Nothing has to be known before."""

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of a line."""
        turns, stored, message = self._turns, unit.content, unit.content.get("message")
        if stored.get("type") == "turn_ended":
            return "turn_ended"
        if not isinstance(message, dict) or stored.get("role") not in ("user", "assistant"):
            return [turns.unknown(unit)]
        held = message.get("content")
        blocks = [each for each in held if isinstance(each, dict)] if isinstance(held, list) else []
        said, rest, key = words(held, "text"), without(stored, "role", "message"), f"message {unit.number}"
        known = ("text", *_CALLS, *_ENDS)
        rest |= others(held, *known)
        ends = [self._end(each, place, unit) for place, each in enumerate(blocks) if each.get("type") in _ENDS]
        if stored["role"] == "user":
            if ends and not said:
                ends[0].rest |= rest
                return ends
            return [*ends, turns.asked(key, said, rest=rest)]
        answer = turns.answered(key, said, model=text(stored.get("model")), rest=without(rest, "model"))
        calls = [each for each in enumerate(blocks) if each[1].get("type") in _CALLS]
        return [answer, *(self._call(each, place, unit) for place, each in calls), *ends]

    def _call(self, block: Content, place: int, unit: Unit) -> Draft:
        tool, native = text(block.get("name")), f"{unit.number}.{place}"
        self._open.setdefault(tool, []).append(native)
        draft = self._turns.called(native, tool, block.get("input"), rest=without(block, "type", "name", "input"))
        return _nameless(draft)

    def _end(self, block: Content, place: int, unit: Unit) -> Draft:
        tool = text(block.get("name"))
        begun = self._open.get(tool, [])
        native = begun.pop() if len(begun) == 1 else f"{unit.number}.{place}"
        content = block.get("content")
        given = words(content, "text") if isinstance(content, list) else content
        ends = outcome(given, failed=block.get("is_error") is True)
        rest = without(block, "type", "name", "content", "is_error")
        return _nameless(self._turns.ended(native, ends, tool=tool, rest=rest))


def _nameless(draft: Draft) -> Draft:
    """The id of a call is ours: it goes no further."""
    draft.content["action"].pop("call_id", None)
    return draft
