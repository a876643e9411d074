"""Imported spans stand where they stood in their source."""

from __future__ import annotations

import json

from auditlog_cli import decoders, times
from auditlog_cli.record import Line, Record
from auditlog_cli.tracing.forest import build


def span(id: str, parent: str, start: str, latency: float) -> Record:  # noqa: A002
    """An imported record that stands for all of a span."""
    content = {
        "timestamp": start, "session_id": "s", "trace_id": "t", "span_id": id, "parent_span_id": parent,
        "action": {"type": "tool_invocation", "tool": id, "result_status": "success", "latency_ms": latency},
        "provenance": {"import": {"format": "otlp", "id": id}},
    }  # fmt: skip
    found = decoders.decode(Line(json.dumps(content).encode(), "x", 1))
    assert isinstance(found, Record)
    return found


def test_an_imported_span_begins_at_its_timestamp() -> None:
    """Ours are written when the act is over; those of an import bear the time at which it began."""
    tree = build([span("outer", "", "2026-06-01T00:00:00.000000Z", 100), span("inner", "outer", "2026-06-01T00:00:00.050000Z", 50)], "t", "trace")  # fmt: skip
    (root,) = tree.roots
    begin = times.parse("2026-06-01T00:00:00Z") or 0
    assert (root.start, root.end) == (begin, begin + 100_000)
    (inner,) = root.children
    assert (inner.start, inner.end) == (begin + 50_000, begin + 100_000)
    assert not inner.notes
