"""A graph for Graphviz (https://graphviz.org/doc/info/lang.html): `dot -Tsvg`."""

from __future__ import annotations

from itertools import count

from auditlog_cli.renderers import labels, safe
from auditlog_cli.renderers.rows import linked
from auditlog_cli.tracing.trees import DENIALS, FAILURES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditlog_cli.renderers.rows import Row
    from auditlog_cli.renderers.text import Style
    from auditlog_cli.tracing.trees import Node, Trace

    Drawn = tuple[Trace, list[Row], Node | None]

HINT = "a graph for Graphviz"
_LONGEST = 120


def lines(id: str, kind: str, parts: list[Drawn], style: Style, *, chain: bool = False) -> Iterator[str]:  # noqa: A002
    """Yield the graph line by line. See `text.lines` for the arguments."""
    del style, chain
    yield f"digraph {quoted(labels.title(kind, id))} {{"
    yield '  charset="UTF-8"; rankdir=LR; node [shape=box, style=rounded, fontname="sans-serif"];'
    numbers = count(1)
    for place, (trace, rows, marked) in enumerate(parts):
        yield f"  subgraph cluster_{place} {{"
        yield f"    label={quoted(labels.title(trace.kind, trace.id))};"
        for number, row, above in linked(rows, numbers):
            name = f"n{number}"
            if row.node is not None:
                yield f"    {name} [label={quoted(*labels.sentences(row.node))}{_look(row.node, marked)}];"
            else:
                assert row.fold is not None
                yield f"    {name} [label={quoted(labels.folded(row.fold))}, shape=plaintext];"
            if above:
                yield f"    n{above} -> {name}{_edge(row)};"
        yield "  }"
    yield "}"


def _look(node: Node, marked: Node | None) -> str:
    colour = "red" if node.status in FAILURES else "orange" if node.status in DENIALS else ""
    look = f", color={colour}" if colour else ""
    if node.is_problem:
        look += ', style="rounded,dashed"'
    return f"{look}, penwidth=3" if node is marked else look


def _edge(row: Row) -> str:
    if row.node is None or row.node.evidence in ("", "span"):
        return ""
    return f" [style=dashed, label={quoted(row.node.evidence)}]"


def quoted(*texts: str) -> str:
    r"""Return the texts, a line each, as one quoted string.

    A backslash is doubled, for `\N` and its like are escapes in labels; an ampersand begins an entity there.

    >>> quoted('a "b" \\N &amp;')
    '"a \\"b\\" \\\\N &amp;amp;"'
    """
    shown = [safe.clip(safe.one_line(text), _LONGEST) for text in texts]
    escaped = [text.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;") for text in shown]
    return '"' + "\\n".join(escaped) + '"'
