"""Never run: mypy reads it. Traces as users ask for them from Python."""

from __future__ import annotations

from pathlib import Path

from auditlog_cli import Ambiguous, Trace, trace, traces
from auditlog_cli.tracing.summaries import Summary
from auditlog_cli.tracing.trees import Node


def failed(log: Path, wanted: str) -> list[tuple[str, int | None, str]]:
    """What failed in a trace: the tool, its duration, and what its place in the tree rests on."""
    try:
        tree: Trace = trace(log, wanted)
    except Ambiguous as error:
        return [(candidate.id, candidate.start, candidate.kind) for candidate in error.candidates]
    nodes: list[Node] = tree.nodes
    return [(node.tool, node.duration, node.evidence) for node in nodes if node.has_failed]


def newest(lines: list[bytes]) -> Summary | None:
    """The trace that began last."""
    found = traces(lines, user="alice@example.org", since="2026-06-01")
    return found[0] if found else None
