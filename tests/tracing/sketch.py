"""Trees in tests: made from records, compared as a person would jot them down."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from auditlog_cli import decoders
from auditlog_cli.record import Line, Record
from auditlog_cli.tracing.forest import build
from auditlog_cli.tracing.trees import Node, Trace


def decoded(contents: Iterable[dict[str, Any] | bytes]) -> list[Record]:
    """The records as they come out of a log."""
    lines = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in contents]
    items = [decoders.decode(Line(raw, "log", number)) for number, raw in enumerate(lines, 1)]
    assert all(isinstance(each, Record) for each in items)
    return items  # type: ignore[return-value]


def tree(contents: Iterable[dict[str, Any] | bytes], id_: str = "t") -> Trace:
    """The records as one tree; what every tree must hold is checked on the way."""
    records = decoded(contents)
    made = build(records, id_)
    check(made, records)
    return made


def check(trace: Trace, records: list[Record]) -> None:
    """Every record in exactly one node, every node once, parents before children, no way round in a circle."""
    held = [id(record) for node in trace.nodes for record in node.records]
    assert sorted(held) == sorted(map(id, records))
    assert len(set(trace.nodes)) == len(trace.nodes)
    seen: set[Node] = set()
    below = {(node, child) for node in trace.nodes for child in node.children}
    for node in trace.nodes:
        if node.parent is None:
            assert node.depth == 1
            assert not node.evidence
        else:
            assert node.parent in seen, "parents come first: nothing goes round"
            assert (node.parent, node) in below
            assert node.depth == node.parent.depth + 1
            assert node.evidence
        assert bool(node.records) is not bool(node.virtual)
        assert node.self_time is None or 0 <= node.self_time <= (node.duration or 0)
        seen.add(node)
    assert [node for node in trace.nodes if node.parent is None] == trace.roots
    assert sum(len(node.children) for node in trace.nodes) + len(trace.roots) == len(trace.nodes)
    assert trace.tally.records == len(records)
    assert sum(share for _, share in trace.critical) <= (trace.duration or 0)


def name(node: Node) -> str:
    """What a person would call it."""
    if node.virtual:
        return f"({node.virtual} {node.span_id or node.agent})"
    return node.tool or node.kind + (f" {node.agent}" if node.kind == "lifecycle" else "")


def sketch(trace: Trace) -> str:
    """The tree in lines; after each name the evidence of its edge unless it is a span id, and the codes of its notes."""
    lines = []
    for node in trace.nodes:
        marks = [node.evidence] if node.evidence not in ("", "span") else []
        marks += [note.code for note in node.notes]
        lines.append("  " * (node.depth - 1) + " ".join([name(node), *(f"[{mark}]" for mark in marks)]))
    return "\n".join(lines)


def by_name(trace: Trace, wanted: str) -> Node:
    """The first node of a name."""
    return next(node for node in trace.nodes if name(node) == wanted)
