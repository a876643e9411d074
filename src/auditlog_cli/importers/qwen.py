"""Sessions of Qwen Code: `{"uuid", "parentUuid", "sessionId", "type", "message": {"role", "parts"}}`, one a line.

`parentUuid` is the line before. What a hook adds to a prompt is no prompt: where the line says what was shown
(`systemPayload.displayText`), that is what the person said.
"""

from __future__ import annotations

from auditlog_cli.importers import itself
from auditlog_cli.importers._drafts import Content, Draft, Unit, text, without
from auditlog_cli.importers._turns import Conversation, outcome, tokens

HINT = "sessions of Qwen Code (~/.qwen)"
SAMPLES = (
    b'{"uuid":"u1","parentUuid":null,"sessionId":"s-1","timestamp":"2026-06-01T14:23:11.000Z","type":"user","message":'
    b'{"role":"user","parts":[{"text":"Where is order 42?"}]}}\n{"uuid":"u2","parentUuid":"u1","sessionId":"s-1",'
    b'"timestamp":"2026-06-01T14:23:12.000Z","type":"assistant","model":"qwen-x","message":{"role":"model","parts":'
    b'[{"text":"Hm.","thought":true},{"functionCall":{"id":"call_1","name":"lookup","args":{"order":42}}}]}}\n{"uuid":'
    b'"u3","parentUuid":"u2","sessionId":"s-1","timestamp":"2026-06-01T14:23:13.000Z","type":"tool_result","message":'
    b'{"role":"user","parts":[{"functionResponse":{"id":"call_1","name":"lookup","response":{"output":"shipped"}}}]},'
    b'"toolCallResult":{"callId":"call_1","status":"success"}}\n{"uuid":"u4","parentUuid":"u3","sessionId":"s-1",'
    b'"timestamp":"2026-06-01T14:23:14.000Z","type":"system","subtype":"ui_telemetry","message":{"role":"system",'
    b'"parts":[]}}\n',
)
_TAKEN = ("uuid", "parentUuid", "sessionId", "timestamp", "type", "message", "model", "usageMetadata")
units = itself


def claims(stored: Content) -> bool:
    """Tell whether it is a line of a session."""
    message = stored.get("message")
    return "sessionId" in stored and "uuid" in stored and isinstance(message, dict) and "parts" in message


class Reading(Conversation):
    """The lines of one session, in order."""

    family = "qwen"

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of a line."""
        turns, stored = self._turns, unit.content
        turns.session = text(stored.get("sessionId")) or turns.session
        kind, native = text(stored.get("type")), text(stored.get("uuid"))
        if not claims(stored):
            return [turns.unknown(unit, stored.get("timestamp"))]
        held = stored["message"]["parts"]
        parts = [each for each in held if isinstance(each, dict)] if isinstance(held, list) else []
        place: Content = {"parent": text(stored.get("parentUuid")), "when": stored.get("timestamp")}
        rest = without(stored, *_TAKEN)
        said = "\n".join(text(each.get("text")) for each in parts if each.get("text") and not each.get("thought"))
        if kind == "system" or (kind == "user" and "subtype" in stored):
            return f"{kind} {text(stored.get('subtype'))}".strip()
        thoughts = [each for each in parts if each.get("thought")]
        rest |= {"parts": thoughts} if thoughts else {}
        if kind == "user":
            shown = stored.get("systemPayload")
            shown = text(shown.get("displayText")) if isinstance(shown, dict) else ""
            if shown and shown != said:
                rest["parts"] = parts
            return [turns.asked(native, shown or said, id=native, rest=rest, **place)]
        if kind == "assistant":
            usage = tokens(stored.get("usageMetadata"), "promptTokenCount", "candidatesTokenCount")
            model = text(stored.get("model"))
            answer = turns.answered(native, said, model=model, usage=usage, id=native, rest=rest, **place)
            calls = [each["functionCall"] for each in parts if isinstance(each.get("functionCall"), dict)]
            return [answer, *(turns.called(text(each.get("id")), text(each.get("name")), each.get("args"), **place) for each in calls)]  # fmt: skip # noqa: E501
        ends = [each["functionResponse"] for each in parts if isinstance(each.get("functionResponse"), dict)]
        if kind == "tool_result" and ends:
            return [self._end(each, stored.get("toolCallResult"), place) for each in ends]
        return [turns.unknown(unit, stored.get("timestamp"))]

    def _end(self, response: Content, result: object, place: Content) -> Draft:
        held, about = response.get("response"), result if isinstance(result, dict) else {}
        given = held if isinstance(held, dict) else {"output": held}
        word = text(about.get("status"))
        failed = word == "error" or (word != "success" and given.get("error") is not None)
        ends = outcome(given.get("error") or given.get("output"), failed=failed)
        rest = without(about, "callId", "status") | ({"status": word} if word not in ("success", "error") else {})
        return self._turns.ended(text(response.get("id")), ends, tool=text(response.get("name")), rest=rest, **place)
