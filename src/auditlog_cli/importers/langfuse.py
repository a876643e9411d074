"""Langfuse: a trace with its observations (the interface's export, the API), or observations as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator

from auditlog_cli.importers import _spans as kinds
from auditlog_cli.importers._attributes import instant_count
from auditlog_cli.importers._drafts import Content, Draft, File, Unit, arguments, instant, text, unpacked, without
from auditlog_cli.importers._spans import Span, Tree

HINT = "Langfuse traces and observations (JSON, JSON lines)"
SAMPLES = (
    b'{"trace":{"id":"t-1","name":"refunds","timestamp":"2026-06-01T14:23:11.000Z","userId":"alice","sessionId":"s-1"},'
    b'"observations":[{"id":"o-1","traceId":"t-1","type":"AGENT","name":"planner","startTime":"2026-06-01T14:23:11.000Z",'
    b'"endTime":"2026-06-01T14:23:13.000Z","parentObservationId":null,"level":"DEFAULT"},{"id":"o-2","traceId":"t-1",'
    b'"type":"TOOL","name":"lookup_order","startTime":"2026-06-01T14:23:12.000Z","endTime":"2026-06-01T14:23:12.500Z",'
    b'"parentObservationId":"o-1","level":"ERROR","statusMessage":"no such order","input":"{\\"order\\":42}"}]}',
)
_KINDS = {
    "TOOL": kinds.TOOL, "GENERATION": kinds.LLM, "AGENT": kinds.AGENT, "CHAIN": kinds.CHAIN, "SPAN": kinds.CHAIN,
    "RETRIEVER": kinds.RETRIEVAL, "EMBEDDING": kinds.EMBEDDING, "GUARDRAIL": kinds.GUARDRAIL,
    "EVALUATOR": kinds.GUARDRAIL, "EVENT": kinds.PLAIN,
}  # fmt: skip
_TAKEN = ("id", "traceId", "parentObservationId", "type", "name", "startTime", "endTime", "level", "statusMessage",
          "input", "output", "model", "userId", "sessionId")  # fmt: skip


def claims(stored: Content) -> bool:
    """Tell whether it is a trace with observations, a page of them, or one observation."""
    if isinstance(stored.get("observations"), list) and ("trace" in stored or "id" in stored):
        return True
    data = stored.get("data")
    if isinstance(data, list) and data and isinstance(data[0], dict) and "meta" in stored:
        return claims(data[0])
    return "parentObservationId" in stored and "type" in stored and "startTime" in stored


def units(stored: Content) -> Iterator[Content]:
    """Yield the trace, which speaks for its observations, and each observation."""
    held = stored.get("observations")
    if isinstance(held, list):
        trace = stored.get("trace") if isinstance(stored.get("trace"), dict) else without(stored, "observations")
        yield {"is": "trace", "of": trace}
        for each in held:
            yield {"is": "observation", "of": each if isinstance(each, dict) else {"value": each}}
    elif isinstance(stored.get("data"), list):
        for each in stored["data"]:
            yield {"is": "observation", "of": each if isinstance(each, dict) else {"value": each}}
    else:
        yield {"is": "observation", "of": stored}


class Reading:
    """The observations of one file."""

    def __init__(self, file: File) -> None:
        self._tree = Tree("langfuse", file)
        self._traces: dict[str, tuple[str, str]] = {}

    @property
    def first(self) -> str:
        """The first known time."""
        return self._tree.first

    def note(self, unit: Unit) -> None:
        """Learn of a trace or an observation."""
        stored = unit.content["of"]
        if unit.content["is"] == "trace":
            self._traces[text(stored.get("id"))] = text(stored.get("userId")), text(stored.get("sessionId"))
        else:
            self._tree.note(self._span(stored))

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of it."""
        if unit.content["is"] == "trace":
            return "trace"
        return self._tree.drafts(self._span(unit.content["of"]))

    def _span(self, stored: Content) -> Span:
        trace, name = text(stored.get("traceId")), text(stored.get("name"))
        kind = _KINDS.get(text(stored.get("type")).upper(), kinds.PLAIN)
        span = Span(trace, text(stored.get("id")), text(stored.get("parentObservationId")), name, kind)
        span.start, span.end = instant(stored.get("startTime")), instant(stored.get("endTime"))
        user, session = self._traces.get(trace, ("", ""))
        user, span.session = text(stored.get("userId")) or user, text(stored.get("sessionId")) or session
        if user:
            span.user = {"id": user}
        if stored.get("level") == "ERROR":
            span.error = text(stored.get("statusMessage")) or "error"
        elif stored.get("statusMessage"):
            span.rest["statusMessage"] = stored["statusMessage"]
        data = unpacked(stored.get("metadata"))
        if isinstance(data, dict):
            span.label = text(data.get("lc_agent_name"))
        if kind == kinds.AGENT and name:
            span.agent = {"id": name, "name": name}
        if kind == kinds.TOOL:
            span.tool, span.arguments = name, arguments(stored.get("input"))
            span.result = unpacked(stored.get("output"))
        else:
            span.prompt, span.response = stored.get("input"), stored.get("output")
        if kind == kinds.LLM:
            if text(stored.get("model")):
                span.agent = {"model": text(stored["model"])}
            _usage(span, stored)
        elif stored.get("model"):
            span.rest["model"] = stored["model"]
        span.rest |= {
            name: value for name, value in without(stored, *_TAKEN).items() if value not in (None, [], {}, "")
        }
        return span


def _usage(span: Span, stored: Content) -> None:
    details = stored.get("usageDetails") or stored.get("usage")
    for name, theirs in (("input_tokens", "input"), ("output_tokens", "output")):
        count = instant_count(details.get(theirs)) if isinstance(details, dict) else None
        if count is not None:
            span.usage[name] = count
    cost = stored.get("totalCost")
    if isinstance(cost, (int, float)) and not isinstance(cost, bool) and cost >= 0:
        span.usage["cost_usd"] = cost
