"""`auditlog.trace/1` (schemas/trace-1.schema.json): every node, one a line, with the place of each of its records."""

from __future__ import annotations

import json

from auditlog_cli._version import __version__
from auditlog_cli.renderers import labels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditlog_cli.record import Record
    from auditlog_cli.renderers.rows import Row
    from auditlog_cli.renderers.text import Style
    from auditlog_cli.tracing.trees import Gap, Node, Trace

    Drawn = tuple[Trace, list[Row], Node | None]

HINT = "auditlog.trace/1: every node, with file, line and byte of its records"
_BLOCKS = ("user", "agent", "authorization", "delegation_chain", "approval", "policy")
_ACTION = ("tool", "call_id", "arguments", "error")


def lines(id: str, kind: str, parts: list[Drawn], style: Style, *, chain: bool = False) -> Iterator[str]:  # noqa: A002
    """Yield one JSON document, a node a line. Folding has no say here.

    Args:
        id: What was found.
        kind: `trace` or `session`.
        parts: Each trace, its rows, and the node that was asked for, or None.
        style: Not heeded.
        chain: Whether only the nodes of the rows are wanted.
    """
    del style
    head = {"format": "auditlog.trace/1", "tool": {"name": "auditlog", "version": __version__}, "id": id, "kind": kind}
    yield f'{_dumped(head)[:-1]}, "traces": ['
    for place, (trace, rows, marked) in enumerate(parts):
        nodes = [row.node for row in rows if row.node is not None] if chain else trace.nodes
        yield from _trace(trace, nodes, marked)
        yield "]}," if place < len(parts) - 1 else "]}"
    yield "]}"


def _trace(trace: Trace, nodes: list[Node], marked: Node | None) -> Iterator[str]:
    numbers = {node: number for number, node in enumerate(trace.nodes, 1)}
    tally = trace.tally
    head = {
        "id": trace.id,
        "kind": trace.kind,
        "start": labels.instant(trace.start),
        "end": labels.instant(trace.end),
        "duration_us": trace.duration,
        "counts": {name: getattr(tally, name) for name in sorted(tally.__slots__)},
        "asked_for": None if marked is None else numbers[marked],
        "critical_path": [{"node": numbers[node], "us": share} for node, share in trace.critical],
        "gaps": [_gap(gap, numbers) for gap in trace.gaps],
    }
    yield f'{_dumped(head)[:-1]}, "nodes": ['
    for place, node in enumerate(nodes):
        yield _dumped(_node(node, numbers)) + ("," if place < len(nodes) - 1 else "")


def _gap(gap: Gap, numbers: dict[Node, int]) -> dict[str, object]:
    return {
        "within": None if gap.node is None else numbers[gap.node],
        "after": numbers[gap.before],
        "before": numbers[gap.after],
        "start": labels.instant(gap.start),
        "us": gap.duration,
    }


def _node(node: Node, numbers: dict[Node, int]) -> dict[str, object]:
    made: dict[str, object] = {
        "node": numbers[node],
        "parent": None if node.parent is None else numbers[node.parent],
        "evidence": node.evidence or None,
        "joined_by": node.joined or None,
        "made_up": node.virtual or None,
        "depth": node.depth,
        "trace_id": node.trace_id or None,
        "span_id": node.span_id or None,
        "parent_span_id": node.parent_id or None,
        "what": labels.what(node),
        "type": node.kind or None,
        "status": node.status or None,
        "start": labels.instant(node.start),
        "end": labels.instant(node.end),
        "duration_us": node.duration,
        "self_us": node.self_time,
        "critical_us": node.critical,
        "notes": [
            {"code": note.code, "says": labels.remark(note), "amount": note.amount, "ids": list(note.other)}
            for note in node.notes
        ],
        "records": [_record(record) for record in node.records],
    }
    contents = [record.content for record in node.records]
    for name in _ACTION:
        for content in contents:
            action = content.get("action")
            value = action.get(name) if isinstance(action, dict) else None
            if value is not None:
                made[name] = value
    for name in _BLOCKS:
        for content in contents:
            if content.get(name) is not None:
                made[name] = content[name]
    if node.virtual and node.agent:
        made["agent"] = {"id": node.agent}
    return made


def _record(record: Record) -> dict[str, object]:
    content, line = record.content, record.line
    action = content.get("action")
    known = action if isinstance(action, dict) else {}
    return {
        "file": line.path,
        "line": line.number or None,
        "byte": line.offset,
        "bytes": len(line.raw),
        "shape": record.shape,
        "record_id": content.get("record_id"),
        "timestamp": content.get("timestamp"),
        "type": known.get("type"),
        "phase": known.get("phase"),
        "status": known.get("result_status"),
    }


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "), default=str)
