"""Sessions of GitHub Copilot CLI: `{"type", "data", "id", "timestamp", "parentId"}`, one event a line.

`parentId` is the line before, no tree: it stays in the provenance. A sub-agent's events name the call that started it
(`parentToolCallId`). What a message asks for (`toolRequests`) comes again as the beginning of each call.
"""

from __future__ import annotations

from auditlog_cli.importers import itself
from auditlog_cli.importers._drafts import Content, Draft, File, Unit, text, without
from auditlog_cli.importers._turns import Conversation, outcome, tokens, words

HINT = "sessions of GitHub Copilot CLI (~/.copilot/session-state)"
SAMPLES = (
    b'{"type":"session.start","data":{"sessionId":"s-1","copilotVersion":"1"},"id":"e1","timestamp":'
    b'"2026-06-01T14:23:11.000Z","parentId":null}\n{"type":"user.message","data":{"content":"Where is order 42?"},"i'
    b'd":"e2",'
    b'"timestamp":"2026-06-01T14:23:12.000Z","parentId":"e1"}\n{"type":"assistant.turn_start","data":{"turnId":"0"}'
    b',"id":'
    b'"e3","timestamp":"2026-06-01T14:23:12.100Z","parentId":"e2"}\n{"type":"assistant.message","data":{"messageId"'
    b':"m-1",'
    b'"content":"Looking.","toolRequests":[{"toolCallId":"call_1","name":"task","arguments":{"order":42}}],"model":"'
    b'gpt-x",'
    b'"outputTokens":12},"id":"e4","timestamp":"2026-06-01T14:23:13.000Z","parentId":"e3"}\n{"type":"tool.execution_'
    b'start",'
    b'"data":{"toolCallId":"call_1","toolName":"task","arguments":{"order":42}},"id":"e5","timestamp":'
    b'"2026-06-01T14:23:14.000Z","parentId":"e4"}\n{"type":"subagent.started","data":{"toolCallId":"call_1","agentNa'
    b'me":'
    b'"finder"},"id":"e6","timestamp":"2026-06-01T14:23:15.000Z","parentId":"e5"}\n{"type":"assistant.message","data":'
    b'{"messageId":"m-2","parentToolCallId":"call_1","content":"It is lost."},"id":"e7","timestamp":'
    b'"2026-06-01T14:23:16.000Z","parentId":"e6"}\n{"type":"subagent.completed","data":{"toolCallId":"call_1","agent'
    b'Name":'
    b'"finder"},"id":"e8","timestamp":"2026-06-01T14:23:17.000Z","parentId":"e7"}\n{"type":"tool.execution_complete",'
    b'"data":{"toolCallId":"call_1","success":false,"result":{"content":"no such order"}},"id":"e9","timestamp":'
    b'"2026-06-01T14:23:18.000Z","parentId":"e8"}\n',
)
_FOLDED = frozenset((
    "assistant.intent", "assistant.reasoning", "assistant.reasoning_delta", "assistant.message_delta",
    "assistant.turn_end", "assistant.turn_start", "assistant.usage", "hook.end", "hook.start",
    "session.auto_mode_resolved", "session.compaction_complete", "session.compaction_start", "session.context_changed",
    "session.idle", "session.info", "session.mode_changed", "session.model_change",
    "session.snapshot_rewind", "session.truncation", "session.usage_checkpoint", "session.usage_info", "system.message",
    "session.warning", "system.notification", "tool.execution_partial_result", "tool.execution_progress",
))  # fmt: skip
_AGENTS = ("subagent.started", "subagent.completed", "subagent.failed")
_MEMBERS = ("type", "data", "id", "timestamp", "parentId")
units = itself


def claims(stored: Content) -> bool:
    """Tell whether it is an event."""
    return (
        isinstance(stored.get("data"), dict)
        and "parentId" in stored
        and "id" in stored
        and ("." in text(stored.get("type")) or stored.get("type") == "abort")
    )


class Reading(Conversation):
    """The events of one session, in order."""

    family = "copilot"

    def __init__(self, file: File) -> None:
        super().__init__(file)
        self._answers: dict[str, str] = {}  # call that started a sub-agent → key of the sub-agent's latest answer
        self._agents: dict[str, str] = {}  # the same call → the sub-agent's name

    def note(self, unit: Unit) -> None:
        """Learn of an event."""
        super().note(unit)
        data = unit.content.get("data")
        if isinstance(data, dict) and unit.content.get("type") == "session.start" and not self._turns.session:
            self._turns.session = text(data.get("sessionId"))

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of an event."""
        stored = unit.content
        kind, data = text(stored.get("type")), stored.get("data")
        if kind in _FOLDED:
            return kind
        if not isinstance(data, dict) or not claims(stored):
            return [self._turns.unknown(unit, stored.get("timestamp"))]
        draft = self._draft(unit, kind, data)
        draft.rest |= without(stored, *_MEMBERS)
        return [draft]

    def _draft(self, unit: Unit, kind: str, data: Content) -> Draft:
        turns, stored = self._turns, unit.content
        native, call = text(stored.get("id")), text(data.get("toolCallId"))
        place: Content = {"parent": text(stored.get("parentId")), "when": stored.get("timestamp")}
        said: Content = {"id": native} | place
        starter = text(data.get("parentToolCallId"))
        name = self._agents.get(starter)
        blocks: Content = {"agent": {"id": name, "name": name}} if name else {}
        if kind in ("session.start", "session.resume"):
            key = f"session {turns.session}" if kind == "session.start" else f"session {native}"
            return turns.began(key, rest=without(data, "sessionId"), **said)
        if kind == "session.shutdown":
            action: Content = {"type": "lifecycle", "phase": "end", "result_status": "success"}
            return turns.draft(action, key=turns.root, above="", rest=data, **said)
        if kind == "user.message":
            again = ("transformedContent",) if data.get("transformedContent") == data.get("content") else ()
            return turns.asked(native, words(data.get("content")), rest=without(data, "content", *again), **said)
        if kind == "assistant.message":
            usage = tokens(data, "inputTokens", "outputTokens")
            rest = without(data, "content", "model", "outputTokens", "inputTokens", "toolRequests")
            above, main = turns.key_of(starter), turns.answer
            said |= {"above": above, "usage": usage, "rest": rest, "model": text(data.get("model"))}
            draft = turns.answered(native, words(data.get("content")), **said)
            if above:
                self._answers[starter], turns.answer = native, main
                draft.content["agent"] = blocks.get("agent", {}) | draft.content.get("agent", {})
            return draft
        if kind in _AGENTS:
            return self._agent(kind, data, turns.key_of(call), said)
        if kind == "tool.execution_start":
            rest = without(data, "toolCallId", "toolName", "arguments")
            above = self._answers.get(starter) or turns.key_of(starter)
            place |= {"above": above, "rest": rest} | blocks
            return turns.called(call, text(data.get("toolName")), data.get("arguments"), **place)
        if kind == "tool.execution_complete":
            rest = without(data, "toolCallId", "success", "result", "error")
            return turns.ended(call, _ended(data), rest=rest, **blocks, **place)
        if kind in ("session.error", "abort"):
            action = {"type": kind.removeprefix("session."), "result_status": "error" if kind != "abort" else "success"}
            return turns.draft(
                action | {"error": data.get("message")}, above=turns.root, rest=without(data, "message"), **said
            )
        return turns.unknown(unit, place["when"])

    def _agent(self, kind: str, data: Content, above: str, said: Content) -> Draft:
        """A sub-agent began or ended: it hangs under the call that started it."""
        name = self._agents[text(data.get("toolCallId"))] = text(data.get("agentName"))
        failed = kind == "subagent.failed"
        action: Content = {
            "type": "lifecycle",
            "phase": "start" if kind == "subagent.started" else "end",
            "result_status": "error" if failed else "success",
            "error": data.get("error") if failed else None,
        }
        agent = {"id": name, "name": text(data.get("agentDisplayName")) or name} if name else None
        key = f"agent {text(data.get('toolCallId'))}"
        return self._turns.draft(action, key=key, above=above, rest=without(data, "agentName"), agent=agent, **said)


def _ended(data: Content) -> Content:
    """How a call ended."""
    result, failed = data.get("result"), data.get("success") is not True
    given = result.get("content") if isinstance(result, dict) and "content" in result else result
    return outcome(data["error"] if failed and data.get("error") else given, failed=failed)
