"""Messages of AutoGen (`autogen-agentchat`): what a team's stream or `TaskResult.messages` holds.

A human's "approved by bob" is a text, no approval. A call id may come again in one run: an end closes the latest
open call. A task's result repeats its messages: each counts once.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditlog_cli.importers._attributes import instant_count
from auditlog_cli.importers._drafts import (  # fmt: skip
    Content,
    Draft,
    File,
    Unit,
    arguments,
    moment,
    span_id,
    spoken,
    text,
    trace_id,
    without,
)

HINT = "messages of AutoGen's agentchat"
SAMPLES = (
    b'{"id":"m1","source":"user","models_usage":null,"metadata":{},"created_at":"2026-06-01T14:23:11.000000Z","content":'
    b'"Refund order 42","type":"TextMessage"}\n{"id":"m2","source":"planner","models_usage":{"prompt_tokens":10,'
    b'"completion_tokens":5},"metadata":{},"created_at":"2026-06-01T14:23:12.000000Z","content":[{"id":"call_1",'
    b'"arguments":"{\\"order\\":42}","name":"lookup_order"}],"type":"ToolCallRequestEvent"}\n{"id":"m3","source":"planner",'
    b'"metadata":{},"created_at":"2026-06-01T14:23:13.000000Z","content":[{"content":"no such order","name":'
    b'"lookup_order","call_id":"call_1","is_error":true}],"type":"ToolCallExecutionEvent"}\n{"id":"m4","source":"planner",'
    b'"metadata":{},"created_at":"2026-06-01T14:23:14.000000Z","content":"over to you","target":"human","context":[],'
    b'"type":"HandoffMessage"}\n',
)
_FOLDED = ("ToolCallSummaryMessage", "ModelClientStreamingChunkEvent", "CodeGenerationEvent", "SelectorEvent")
_TAKEN = ("id", "source", "created_at", "type", "content", "target", "models_usage", "py_type")


def claims(stored: Content) -> bool:
    """Tell whether it is a message, or the result of a task."""
    if isinstance(stored.get("messages"), list) and "stop_reason" in stored:
        held = stored["messages"]
        return bool(held) and isinstance(held[0], dict) and claims(held[0])
    return text(stored.get("type")).endswith(("Message", "Event")) and "source" in stored and "content" in stored


def units(stored: Content) -> Iterator[Content]:
    """Yield each message."""
    held = stored.get("messages")
    if isinstance(held, list) and "stop_reason" in stored:
        yield from (each if isinstance(each, dict) else {"value": each} for each in held)
    else:
        yield stored


class Reading:
    """The messages of one run, in order."""

    def __init__(self, file: File) -> None:
        self._run = f"autogen-{file.digest[:16]}"
        self._first_id = ""
        self._open: dict[str, list[str]] = {}  # call id → spans of calls without an end
        self._asked: dict[str, Content] = {}
        self._told: set[str] = set()
        self.first = ""

    def note(self, unit: Unit) -> None:
        """Learn of a message."""
        if not self.first:
            self.first = moment(unit.content.get("created_at")) or ""
        if not self._first_id:
            self._first_id = text(unit.content.get("id"))
            self._run = self._first_id or self._run

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of a message."""
        stored = unit.content
        kind, content = text(stored.get("type")), stored.get("content")
        id = text(stored.get("id"))  # noqa: A001
        if id and id in self._told:
            return "message again"
        self._told.add(id)
        if kind in _FOLDED or (not claims(stored) and "stop_reason" in stored):
            return kind or "TaskResult"
        calls = [each for each in content if isinstance(each, dict)] if isinstance(content, list) else []
        if kind == "ToolCallRequestEvent" and calls:
            return [self._start(unit, call, place) for place, call in enumerate(calls)]
        if kind == "ToolCallExecutionEvent" and calls:
            return [self._end(unit, call, place) for place, call in enumerate(calls)]
        if not claims(stored):
            return [self._draft(unit, "", {"type": "unknown", "result_status": "unknown"}, rest=stored)]
        source, said = text(stored.get("source")), spoken(content)
        block: Content = {"from": source} if source else {}
        if kind == "HandoffMessage":
            block["to"] = text(stored.get("target"))
            action: Content = {"type": "handoff", "result_status": "success"}
        elif kind.startswith("Memory"):
            action = {"type": "memory_read", "result_status": "success"}
        else:
            human = source == "user" or kind == "UserInputRequestedEvent"
            action = {"type": "message" if human else "agent_message", "result_status": "success"}
            block["direction"] = "received" if source == "user" else "sent"
        draft = self._draft(unit, text(stored.get("id")), action)
        draft.content |= {
            "message": block,
            "prompt" if source == "user" else "response": {"text": said} if said else None,
        }
        return [draft]

    def _start(self, unit: Unit, call: Content, place: int) -> Draft:
        id = text(call.get("id"))  # noqa: A001
        native = f"{text(unit.content.get('id'))}.{place}"
        above = self._above()
        self._asked[native] = {
            "tool": text(call.get("name")),
            "call_id": id,
            "arguments": arguments(call.get("arguments")),
        }
        self._open.setdefault(id, []).append(native)
        action = {"type": "tool_invocation", "phase": "start", "result_status": "pending"} | self._asked[native]
        return self._draft(unit, native, action, id=native, above=above)

    def _end(self, unit: Unit, call: Content, place: int) -> Draft:
        id = text(call.get("call_id"))  # noqa: A001
        begun = self._open.get(id)
        native = begun.pop() if begun else f"{text(unit.content.get('id'))}.{place}"
        failed = call.get("is_error") is True
        action: Content = {"type": "tool_invocation", "phase": "end", "result_status": "error" if failed else "success",
                           "tool": text(call.get("name")), "call_id": id} | self._asked.get(native, {})  # fmt: skip
        said = call.get("content")
        if said is not None:
            action["error" if failed else "result"] = said
        return self._draft(unit, native, action, id=native, above=self._above())

    def _above(self) -> str:
        """The one call that is open while others come: a nested agent's messages stand inside it."""
        held = [native for natives in self._open.values() for native in natives]
        return held[-1] if len(held) == 1 else ""

    def _draft(
        self,
        unit: Unit,
        span: str,
        action: Content,
        *,
        id: str = "",  # noqa: A002
        rest: Content | None = None,
        above: str | None = None,
    ) -> Draft:
        stored = unit.content
        source = text(stored.get("source"))
        usage = stored.get("models_usage")
        counts: Content = {}
        for name, theirs in (("input_tokens", "prompt_tokens"), ("output_tokens", "completion_tokens")):
            count = instant_count(usage.get(theirs)) if isinstance(usage, dict) else None
            if count is not None:
                counts[name] = count
        native = self._above() if above is None else above
        content: Content = {
            "timestamp": moment(stored.get("created_at")),
            "session_id": self._run,
            "trace_id": trace_id("autogen", self._run),
            "span_id": span_id("autogen", span) if span else "",
            "parent_span_id": span_id("autogen", native) if native and native != span else "",
            "agent": {"id": source, "name": source} if source and source != "user" else None,
            "action": {name: value for name, value in action.items() if value not in (None, "")},
            "usage": counts or None,
        }
        left = {name: value for name, value in without(stored, *_TAKEN).items() if value not in (None, [], {}, "")}
        draft = Draft(content, id or text(stored.get("id")), "", rest or left)
        draft.derived = ["session_id", "trace_id"]
        return draft
