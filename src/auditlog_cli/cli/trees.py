"""Traces on their way to the screen or a file."""

from __future__ import annotations

import sys

from auditlog_cli.cli import show
from auditlog_cli.counts import many
from auditlog_cli.errors import EXIT_USAGE, UsageError
from auditlog_cli.renderers import labels, safe, words
from auditlog_cli.renderers.style import Style

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.lookup import Found
    from auditlog_cli.renderers.rows import Row
    from auditlog_cli.tracing.search import Ambiguous
    from auditlog_cli.tracing.trees import Node, Trace

_CANDIDATES = 20


def draw(
    found: Found,
    output: str | None,
    format: str,  # noqa: A002 - the word of the option
    color: str,
    *,
    chain: str | None,
    depth: int | None,
    everything: bool,
) -> None:
    """Draw every trace that was found, or only the way to one span.

    Args:
        found: What is drawn.
        output: A file that appears whole, or None for standard output.
        format: `text`, `json`, `mermaid` or `dot`.
        color: `auto`, `always` or `never`.
        chain: A span id, or the beginning of one: only it and what is above it.
        depth: How many levels.
        everything: Whether to fold nothing.
    """
    from auditlog_cli.renderers import rows

    parts: list[tuple[Trace, list[Row], Node | None]] = []
    traces = found.trees()
    if chain is not None:
        trace, node = _span(traces, chain)
        parts.append((trace, rows.way(node), node))
    for trace in traces if chain is None else ():
        marked = _by_span(trace, found.span) if found.span else None
        parts.append((trace, rows.rows(trace, depth=depth, everything=everything, marked=marked), marked))
    out = show.output(output)
    style = show.style(color, output)
    if format == "text":
        from auditlog_cli.renderers.traces import text as renderer
    else:
        from auditlog_cli import registry

        renderer = registry.load("renderers/traces", format)
    try:
        for line in renderer.lines(found.id, found.kind, parts, style, chain=chain is not None):
            out.line(line)
        show.finish(out)
    except BaseException:
        show.discard(out)
        raise


def _by_span(trace: Trace, span: str) -> Node | None:
    """The node of a span; if there is none, the one made up for it."""
    return next((node for node in trace.nodes if span in (node.span_id, *_spans(node))), None)


def _spans(node: Node) -> list[object]:
    return [record.content.get("span_id") for record in node.records[1:]]


def _span(traces: list[Trace], wanted: str) -> tuple[Trace, Node]:
    """The span that `--chain` names: exactly, or by a beginning that no other span has."""
    spans = [(trace, node, node.span_id) for trace in traces for node in trace.nodes if node.span_id]
    hits = [each for each in spans if each[2] == wanted] or [each for each in spans if each[2].startswith(wanted)]
    names = {span for _, _, span in hits}
    if len(names) != 1:
        trouble = "no span of this trace begins like this" if not names else f"{len(names):,} spans begin like this"
        raise UsageError(f"--chain {wanted!r}: {trouble}", help="give a span id of the trace that is drawn")
    return hits[0][0], hits[0][1]


def ambiguous(error: Ambiguous) -> int:
    """Say what an id may mean: the error, and one line for each candidate."""
    from auditlog_cli.cli import failure

    failure.say(error.kind, error.message, error.help)
    unicode = show.in_unicode()
    rows = []
    for each in error.candidates[:_CANDIDATES]:
        when = (labels.instant(each.start) or "-")[:19].replace("T", " ")
        content = each.first.content
        who = " ▸ ".join(part for part in (words.user(content), words.agent(content)) if part)
        count = many(each.records, "record")
        rows.append((safe.one_line(each.id), each.kind, when, who or "-", count))
    widths = [max(map(safe.width, column)) for column in zip(*rows, strict=True)]
    style = Style(unicode=unicode)
    lines = ["  ".join(safe.fill(cell, width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    if error.more or len(error.candidates) > _CANDIDATES:
        lines.append("… and more")
    columns = show.columns(2)
    try:
        for line in lines:
            text = style.glyphs(f"  {line}".rstrip())
            sys.stderr.write((safe.clip(text, columns, style.glyphs("…")) if columns else text) + "\n")
        sys.stderr.flush()
    except OSError:
        pass
    return EXIT_USAGE
