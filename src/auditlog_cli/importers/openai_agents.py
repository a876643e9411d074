"""Traces of the OpenAI Agents SDK: `{"object": "trace"}` and `{"object": "trace.span"}`, one a line or as posted.

A span may stand twice, at its start and at its end: the end has it. A function span that ended without output or error
may only wait for approval: its status is unknown (frameworks.md, 9.1).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditlog_cli.importers import _spans as kinds
from auditlog_cli.importers._attributes import instant_count
from auditlog_cli.importers._drafts import Content, Draft, File, Unit, arguments, instant, text, unpacked, without
from auditlog_cli.importers._spans import Span, Tree

HINT = "traces of the OpenAI Agents SDK"
SAMPLES = (
    b'{"object":"trace","id":"trace_0af7651916cd43dd8448eb211c80319c","workflow_name":"refunds","group_id":"thread-1"}\n'
    b'{"object":"trace.span","id":"span_1","trace_id":"trace_0af7651916cd43dd8448eb211c80319c","parent_id":null,'
    b'"started_at":"2026-06-01T14:23:11+00:00","ended_at":"2026-06-01T14:23:13+00:00","span_data":{"type":"agent",'
    b'"name":"planner"},"error":null}\n{"object":"trace.span","id":"span_2","trace_id":'
    b'"trace_0af7651916cd43dd8448eb211c80319c","parent_id":"span_1","started_at":"2026-06-01T14:23:12+00:00","ended_at":'
    b'"2026-06-01T14:23:12.5+00:00","span_data":{"type":"function","name":"lookup_order","input":"{\\"order\\":42}",'
    b'"output":"shipped"},"error":null}\n',
)
_KINDS = {
    "function": kinds.TOOL, "agent": kinds.AGENT, "generation": kinds.LLM, "response": kinds.LLM,
    "handoff": kinds.HANDOFF, "guardrail": kinds.GUARDRAIL, "mcp_tools": kinds.PLAIN, "transcription": kinds.LLM,
    "speech": kinds.LLM, "custom": kinds.CHAIN,
}  # fmt: skip
_DATA = ("type", "name", "input", "output", "model", "usage", "from_agent", "to_agent")
_TAKEN = ("object", "id", "trace_id", "parent_id", "started_at", "ended_at", "span_data", "error")


def claims(stored: Content) -> bool:
    """Tell whether it is a trace, a span, or a batch of both."""
    if stored.get("object") in ("trace", "trace.span") and isinstance(stored.get("id"), str):
        return True
    data = stored.get("data")
    return isinstance(data, list) and bool(data) and isinstance(data[0], dict) and claims(data[0])


def units(stored: Content) -> Iterator[Content]:
    """Yield each trace and span."""
    data = stored.get("data")
    if "object" not in stored and isinstance(data, list):
        yield from (each if isinstance(each, dict) else {"value": each} for each in data)
    else:
        yield stored


class Reading:
    """The traces of one file."""

    def __init__(self, file: File) -> None:
        self._tree = Tree("openai-agents", file)
        self._groups: dict[str, str] = {}
        self._ended: set[str] = set()

    @property
    def first(self) -> str:
        """The first known time."""
        return self._tree.first

    def note(self, unit: Unit) -> None:
        """Learn of a trace or a span."""
        stored = unit.content
        if stored.get("object") == "trace":
            if stored.get("group_id"):
                self._groups[text(stored.get("id"))] = text(stored["group_id"])
        elif stored.get("object") == "trace.span":
            if stored.get("ended_at"):
                self._ended.add(text(stored.get("id")))
            self._tree.note(self._span(stored))

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of it."""
        stored = unit.content
        if stored.get("object") == "trace":
            return "trace"
        if stored.get("object") != "trace.span":
            return [Draft({"action": {"type": "unknown", "result_status": "unknown"}}, "", "", stored)]
        if not stored.get("ended_at") and text(stored.get("id")) in self._ended:
            return "start of a span"
        span = self._span(stored)
        if not stored.get("ended_at") and not span.error:
            span.status = "pending" if span.kind == kinds.TOOL else "unknown"
        return self._tree.drafts(span)

    def _span(self, stored: Content) -> Span:
        data = stored.get("span_data")
        data = data if isinstance(data, dict) else {}
        kind, name = _KINDS.get(text(data.get("type")), kinds.PLAIN), text(data.get("name"))
        held = data.get("data")
        if kind == kinds.CHAIN and isinstance(held, dict) and "sdk_span_type" in held:
            kind = kinds.PLAIN  # a task or a turn: structure
        trace = text(stored.get("trace_id"))
        span = Span(trace, text(stored.get("id")), text(stored.get("parent_id")), name, kind)
        span.start, span.end = instant(stored.get("started_at")), instant(stored.get("ended_at"))
        span.session = self._groups.get(trace, "")
        if kind == kinds.AGENT and name:
            span.agent = {"id": name, "name": name}
        elif kind == kinds.TOOL:
            span.tool, span.arguments = name, arguments(data.get("input"))
            span.result = unpacked(data.get("output"))
        elif kind == kinds.HANDOFF:
            said = (("from", text(data.get("from_agent"))), ("to", text(data.get("to_agent"))))
            span.message = {key: value for key, value in said if value}
        else:
            span.prompt, span.response = data.get("input"), data.get("output")
        if kind == kinds.LLM:
            if text(data.get("model")):
                span.agent = {"model": text(data["model"])}
            usage = data.get("usage")
            for key in ("input_tokens", "output_tokens"):
                count = instant_count(usage.get(key)) if isinstance(usage, dict) else None
                if count is not None:
                    span.usage[key] = count
        if kind == kinds.GUARDRAIL and data.get("triggered") is True:
            span.status = "blocked"
        error = stored.get("error")
        if error:
            span.error = text(error.get("message")) or "error" if isinstance(error, dict) else error
            span.rest["error"] = error
        span.rest |= without(stored, *_TAKEN) | {
            key: value for key, value in without(data, *_DATA).items() if value not in (None, [], {})
        }
        return span
