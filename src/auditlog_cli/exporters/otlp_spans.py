"""OpenTelemetry spans with the GenAI conventions: the view of a log; `otlp-logs` is what loses nothing.

A start and its end are one span, as `auditlog trace` draws them; parents are those that ids tell, never guessed ones.
What took no time (an approval, a hand-off, a message, a refusal, a start without an end) is an event of the span above
it; without one, or with spans below it, it is a span of its own. Nothing is guessed, and nothing is left out.

A trace is exported whole, in the place of its first record, and the records of others stand between its own. So of each
record only the number is held until it is the turn of its trace, when it is asked for again; and of a large trace no
more than what decides the places of its records is held even then.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

from auditlog_cli.exporters import Entry, Piece, Settings, Source, _otlp
from auditlog_cli.importers._drafts import span_id, trace_id
from auditlog_cli.record import Line, Record
from auditlog_cli.tracing.absent import Absent
from auditlog_cli.tracing.forest import build
from auditlog_cli.tracing.trees import Node

HINT = "OTLP: spans with gen_ai.* attributes, for trace viewers (JSON lines, or protobuf)"
FOLDER = False
SEALED = False
SIGNAL = _otlp.TRACES
AGAIN = True

_INTERNAL, _CLIENT = 1, 3
_ERROR = 2
_TOLD = ("span", "call", "approval")
_TOOL = "tool_invocation"
_OPERATIONS = {
    "lifecycle": "invoke_agent", "llm_call": "chat", _TOOL: "execute_tool", "retrieval": "retrieval",
    "embedding": "embeddings", "memory_read": "search_memory", "memory_write": "update_memory",
}  # fmt: skip
"""Types of actions that take time, and the operation that the conventions call them (10.1)."""
_REFUSED = ("denied", "blocked")
_FIRST = 4000  # entries that are held whole, so that a short log is not read twice
_AT_HAND = 2000  # records of one trace that are held whole
_RECENT = 64


def export(source: Source, settings: Settings) -> Iterator[Piece]:
    """Yield requests, each as a line of JSON or as a message of protobuf.

    Raises:
        UsageError: If protobuf is wanted, and nothing here writes it.
    """
    traces: dict[str, array[int]] = {}
    held: list[Entry] = []
    homeless = 0
    for number, entry in enumerate(source.entries):
        if source.again is None or number < _FIRST:
            held.append(entry)
        trace = trace_of(entry.content)
        if not trace:
            homeless += 1
        elif trace in traces:
            traces[trace].append(number)
        else:
            traces[trace] = array("L", (number,))
    more = source.again or held.__getitem__

    def again(number: int) -> Entry:
        return held[number] if number < len(held) else more(number)

    made = (span for trace, numbers in traces.items() for span in _again(trace, numbers, again, settings.content))
    yield from _otlp.pieces(SIGNAL, source.origin, made, settings)
    if homeless:
        settings.leave_out(homeless)
        many = "1 record names" if homeless == 1 else f"{homeless:,} records name"
        settings.say(f"{many} neither trace nor session that can be read: in no span")


def trace_of(content: _otlp.Json) -> str:
    """Return what the record names as its trace, else its session; empty if neither can be made a trace id."""
    trace = _otlp.text(content, "trace_id") or _otlp.text(content, "session_id")
    return trace if trace_id(_otlp.FAMILY, trace) else ""


def _again(trace: str, numbers: Sequence[int], again: Callable[[int], Entry], content: bool) -> Iterator[_otlp.Json]:
    """The spans of a trace whose entries are asked for by their numbers."""
    if len(numbers) <= _AT_HAND:
        return spans(trace, map(again, numbers), content=content)
    take = lru_cache(_RECENT)(lambda number: _record(again(number)))
    records: list[Record] = [Absent(take(number), take, number) for number in numbers]
    return _Spans(trace, records, content=content).made()


def spans(trace: str, entries: Iterable[Entry], *, content: bool) -> Iterator[_otlp.Json]:
    """Yield the spans of one trace, parents before their children.

    Args:
        trace: As `trace_of` gives it.
        entries: Its records.
        content: With arguments, results, prompts and answers.
    """
    return _Spans(trace, map(_record, entries), content=content).made()


class _Exported(Record):
    """A record that knows what stands for it in the tree of its log."""

    __slots__ = ("leaf",)
    leaf: str


def _record(entry: Entry) -> Record:
    record = _Exported(entry.content, Line(entry.line), entry.shape, entry.content)
    record.leaf = entry.leaf.hex()
    return record


class _Spans:
    """The spans of one trace."""

    def __init__(self, trace: str, records: Iterable[Record], *, content: bool) -> None:
        self._trace = trace_id(_otlp.FAMILY, trace)
        self._content = content
        self._nodes = [node for node in build(records, trace).nodes if node.records]
        self._lasting = {node for node in self._nodes if _takes_time(node)}
        self._ids: dict[Node, str] = {}
        self._number()

    def _number(self) -> None:
        """Each node gets an id of its own: the span's, unless another node has that one already."""
        taken: set[str] = set()
        for node in sorted(self._nodes, key=lambda each: each not in self._lasting):
            own = span_id(_otlp.FAMILY, node.span_id)
            if not own or own in taken:
                first = node.records[0].content
                named = _otlp.text(first, "record_id") or f"{self._trace}.{len(taken)}"
                own = span_id(_otlp.FAMILY, f"{self._trace}\0{named}")
            taken.add(own)
            self._ids[node] = own

    def made(self) -> Iterator[_otlp.Json]:
        parents = {above for above in map(_above, self._nodes) if above is not None}
        events: dict[Node, list[Node]] = {}
        spans: list[Node] = []
        for node in self._nodes:
            parent = _above(node)
            if parent is not None and node not in self._lasting and node not in parents:
                events.setdefault(parent, []).append(node)
            else:
                spans.append(node)
        for node in spans:  # parents come before their children
            made = self._span(node, _above(node))
            if node in events:
                made["events"] = [self._event(each) for each in events[node]]
            yield made

    def _span(self, node: Node, parent: Node | None) -> _otlp.Json:
        content: _otlp.Json = node.records[-1].content
        begin = _begin(node)
        end = max(begin, node.end if node.end is not None else begin + (node.duration or 0))
        operation = _operation(node)
        said = self._said(node)
        if operation is not None:
            said["gen_ai.operation.name"] = operation
        more = _MORE.get(node.kind)
        if more is not None:
            said |= more(content, self._content)
        named = self._ids[parent] if parent is not None else span_id(_otlp.FAMILY, node.parent_id)
        made: _otlp.Json = {"traceId": self._trace, "spanId": self._ids[node]}
        if named and named != self._ids[node]:
            made["parentSpanId"] = named
        made |= {
            "name": _name(node, content, operation),
            "kind": _CLIENT if node.kind in ("llm_call", "embedding") else _INTERNAL,
            "startTimeUnixNano": _otlp.nanoseconds(begin) or "0",
            "endTimeUnixNano": _otlp.nanoseconds(end) or "0",
            "attributes": _otlp.attributes(said),
        }
        if node.status in _otlp.FAILED:
            made["status"] = {"code": _ERROR} | ({"message": said["error.type"]} if "error.type" in said else {})
        return made

    def _event(self, node: Node) -> _otlp.Json:
        said = self._said(node)
        return {
            "timeUnixNano": _otlp.nanoseconds(_begin(node)) or "0",
            "name": f"auditlog.{node.kind or 'record'}",
            "attributes": _otlp.attributes(said),
        }

    def _said(self, node: Node) -> _otlp.Json:
        record = node.records[-1]
        content: _otlp.Json = record.content
        said = _otlp.about(content)
        said["auditlog.type"] = node.kind or None
        said["auditlog.result_status"] = node.status or None
        said["auditlog.record.leaf"] = getattr(record, "leaf", "") or None
        if len(node.records) > 1:
            firsts = [_otlp.text(each.content, "record_id") for each in node.records]
            said["auditlog.record.ids"] = firsts if all(firsts) else None
        said["gen_ai.conversation.id"] = _otlp.text(content, "session_id") or None
        if node.kind == _TOOL:
            said["gen_ai.tool.type"] = "function"
        if any(note.code in ("no-end", "unanswered") for note in node.notes):
            said["auditlog.open"] = True
        approval, message = _otlp.block(content, "approval"), _otlp.block(content, "message")
        for name, value in (
            ("auditlog.approval.status", _otlp.text(approval, "status")),
            ("auditlog.approval.by", _otlp.text(approval, "decided_by")),
            ("auditlog.approval.at", _otlp.text(approval, "decided_at")),
            ("auditlog.handoff.to", _otlp.text(message, "to") if node.kind == "handoff" else ""),
            ("error.type", _error(content) if node.status in _otlp.FAILED else ""),
        ):
            if value:
                said[name] = value
        return said


def _takes_time(node: Node) -> bool:
    """Tell whether it is a span by its nature; all else happens in one."""
    if node.kind not in _OPERATIONS:
        return node.closed or bool(node.duration)
    began = any(_phase(record) == "start" for record in node.records)
    ended = any(_phase(record) != "start" for record in node.records)
    return ended and (began or node.status not in _REFUSED)


def _phase(record: Record) -> str:
    content: _otlp.Json = record.content
    return _otlp.text(_otlp.block(content, "action"), "phase")


def _above(node: Node) -> Node | None:
    """The node above that ids tell of; None if its records are not here."""
    if node.parent is None or node.evidence not in _TOLD or not node.parent.records:
        return None
    return node.parent


def _begin(node: Node) -> int:
    return node.start if node.start is not None else node.order[0]


def _operation(node: Node) -> str | None:
    operation = _OPERATIONS.get(node.kind)
    return "create_agent" if operation == "invoke_agent" and _phase(node.records[-1]) == "create" else operation


def _name(node: Node, content: _otlp.Json, operation: str | None) -> str:
    """The name that the conventions build: the operation and what it is done with."""
    agent = _otlp.block(content, "agent")
    if node.kind == _TOOL:
        what = node.tool
    elif node.kind == "lifecycle":
        what = _otlp.text(agent, "name") or _otlp.text(agent, "id")
    else:
        what = _otlp.text(agent, "model") if operation is not None else ""
    return f"{operation or node.kind or 'record'} {what}".rstrip()


def _error(content: _otlp.Json) -> str:
    """What kind of error it was: the type that the record names, else the status. Never the error's own words."""
    action = _otlp.block(content, "action")
    named = _otlp.text(_otlp.block(action, "error"), "type")
    return named or _otlp.text(action, "result_status")


def _tool(content: _otlp.Json, wanted: bool) -> _otlp.Json:
    action = _otlp.block(content, "action")
    if not wanted:
        return {}
    return {
        f"gen_ai.tool.call.{name}": _otlp.json_text(action[name])
        for name in ("arguments", "result")
        if action.get(name) is not None
    }


def _model(content: _otlp.Json, wanted: bool) -> _otlp.Json:
    agent, usage = _otlp.block(content, "agent"), _otlp.block(content, "usage")
    said: _otlp.Json = {
        "gen_ai.request.model": _otlp.text(agent, "model") or None,
        "gen_ai.provider.name": _otlp.text(agent, "provider") or None,
    }
    for name in ("input_tokens", "output_tokens"):
        count = usage.get(name)
        said[f"gen_ai.usage.{name}"] = count if type(count) is int and 0 <= count < 1 << 63 else None
    if wanted:
        for name, role, member in (("input", "user", "prompt"), ("output", "assistant", "response")):
            told = _otlp.text(_otlp.block(content, member), "text")
            if told:
                parts = [{"type": "text", "content": told}]
                said[f"gen_ai.{name}.messages"] = _otlp.json_text([{"role": role, "parts": parts}])
    return said


def _agent(content: _otlp.Json, wanted: bool) -> _otlp.Json:
    return {"gen_ai.provider.name": _otlp.text(_otlp.block(content, "agent"), "provider") or None}


_MORE = {_TOOL: _tool, "llm_call": _model, "embedding": _model, "lifecycle": _agent}
