"""Sessions of Gemini CLI: one document with its messages; a message of the model holds its calls and how they ended.

A call is one record: the source has one entry for all of it. Its `status` is the word of the CLI: a command that ran
and exited with 1 is a success there, and stays one.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditlog_cli.importers._drafts import Content, Draft, Unit, text, without
from auditlog_cli.importers._turns import Conversation, tokens, words

HINT = "sessions of Gemini CLI (~/.gemini/tmp/*/chats)"
SAMPLES = (
    b'{"sessionId":"s-1","projectHash":"0b7d","startTime":"2026-06-01T14:23:10.000Z","lastUpdated":'
    b'"2026-06-01T14:23:14.000Z","messages":[{"id":"m1","timestamp":"2026-06-01T14:23:11.000Z","type":"user","content":'
    b'"Where is order 42?"},{"id":"m2","timestamp":"2026-06-01T14:23:12.000Z","type":"gemini","model":"gemini-x","to'
    b'kens":'
    b'{"input":10,"output":5,"total":15},"content":"Looking.","toolCalls":[{"id":"lookup-1","name":"lookup_order","a'
    b'rgs":'
    b'{"order":42},"status":"error","timestamp":"2026-06-01T14:23:13.000Z","resultDisplay":"no such order"},{"id":'
    b'"lookup-2","name":"lookup_order","args":{"order":43},"status":"success","timestamp":"2026-06-01T14:23:13.500Z",'
    b'"result":[{"functionResponse":{"id":"lookup-2","name":"lookup_order","response":{"output":"shipped"}}}]}]},'
    b'{"id":"m3","timestamp":"2026-06-01T14:23:14.000Z","type":"info","content":"Request cancelled."}]}',
)
_FOLDED = ("info", "warning")
_TAKEN = ("id", "timestamp", "type", "content", "model", "tokens", "toolCalls", "parts")
_CALL = ("id", "name", "args", "status", "timestamp", "result")


def claims(stored: Content) -> bool:
    """Tell whether it is a session."""
    return isinstance(stored.get("messages"), list) and "sessionId" in stored and "projectHash" in stored


def units(stored: Content) -> Iterator[Content]:
    """Yield each message, with the session that it stands in."""
    held = stored.get("messages")
    for each in held if isinstance(held, list) else ():
        yield {"session": stored.get("sessionId"), "of": each if isinstance(each, dict) else {"value": each}}


class Reading(Conversation):
    """The messages of one session, in order."""

    family = "gemini"

    def note(self, unit: Unit) -> None:
        """Learn of a message."""
        self._turns.note(unit.content["of"].get("timestamp"))

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of a message."""
        turns, stored = self._turns, unit.content["of"]
        turns.session = text(unit.content.get("session"))
        kind, native = text(stored.get("type")), text(stored.get("id"))
        key = native or f"message {unit.number}.{unit.place}"
        said = words(stored.get("content")) or words(stored.get("parts"))
        when, rest = stored.get("timestamp"), without(stored, *_TAKEN)
        if kind == "user":
            if rest.get("displayContent") == stored.get("content"):
                rest.pop("displayContent", None)
            return [turns.asked(key, said, id=native, when=when, rest=rest)]
        if kind in ("gemini", "model"):
            usage = tokens(stored.get("tokens"), "input", "output")
            model = text(stored.get("model"))
            answer = turns.answered(key, said, model=model, usage=usage, id=native, when=when, rest=rest)
            calls = stored.get("toolCalls")
            held = calls if isinstance(calls, list) else []
            return [answer, *(self._call(each, when) for each in held if isinstance(each, dict))]
        if kind == "error":
            action: Content = {"type": "error", "result_status": "error", "error": said}
            return [turns.draft(action, id=native, when=when, rest=rest)]
        if kind in _FOLDED:
            return kind
        return [turns.unknown(Unit(stored), when)]

    def _call(self, call: Content, when: object) -> Draft:
        native, word = text(call.get("id")), text(call.get("status"))
        said = _result(call.get("result"))
        if word == "error":
            outcome = {"result_status": "error", "error": said or call.get("resultDisplay") or "error"}
        elif word == "success" and said is not None:
            outcome = {"result_status": "success", "result": said}
        else:
            outcome = {"result_status": "unknown", "result": said}
        rest = without(call, *_CALL) | ({} if word in ("error", "success") else {"status": call.get("status")})
        return self._turns.finished(
            native, text(call.get("name")), call.get("args"), outcome, when=call.get("timestamp") or when, rest=rest
        )


def _result(held: object) -> object:
    """What a tool gave: the response in its envelope, if there is just one."""
    if isinstance(held, list) and len(held) == 1 and isinstance(held[0], dict):
        inner = held[0].get("functionResponse")
        response = inner.get("response") if isinstance(inner, dict) else None
        if isinstance(response, dict) and len(response) == 1:
            return response.get("output") or response.get("error") or response
        return response or held
    return held or None
