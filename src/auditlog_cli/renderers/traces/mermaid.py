"""A Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html).

Texts out of a log are written so that nothing in them can be syntax: every character but letters, digits and
a few others is an entity (`#35;`). That also keeps them clear of what Mermaid looks for by pattern before it
parses: `%%{`, `style …:…#…;`, Markdown in backticks.
"""

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

HINT = "a flowchart in Mermaid"
_MOST_EDGES = 500  # `maxEdges`: a diagram cannot raise it, the page that draws it can
_LONGEST = 120


def lines(id: str, kind: str, parts: list[Drawn], style: Style, *, chain: bool = False) -> Iterator[str]:  # noqa: A002
    """Yield the diagram line by line. See `text.lines` for the arguments."""
    del style, chain
    yield "flowchart TD"
    edges = sum(row.level > 0 for _, rows, _ in parts for row in rows)
    if edges > _MOST_EDGES:
        yield f"  %% {edges} edges: Mermaid draws {_MOST_EDGES} unless maxEdges is raised; --depth N gives fewer"
    yield "  classDef failed stroke:red,stroke-width:2px"
    yield "  classDef denied stroke:orange,stroke-width:2px"
    yield "  classDef doubtful stroke-dasharray:4"
    yield "  classDef asked stroke-width:4px"
    if len(parts) > 1:
        yield f'  whole["{encoded(f"{kind} {id}")}"]'
    numbers = count(1)
    for place, (trace, rows, marked) in enumerate(parts):
        yield f'  subgraph t{place}["{encoded(labels.title(trace.kind, trace.id))}"]'
        for number, row, above in linked(rows, numbers):
            name = f"n{number}"
            if row.node is not None:
                said = "<br/>".join(map(encoded, labels.sentences(row.node)))
                yield f'    {name}["{said}"]{_class(row.node, marked)}'
            else:
                assert row.fold is not None
                yield f'    {name}(["{encoded(labels.folded(row.fold))}"])'
            if above:
                yield f"    n{above} {_arrow(row)} {name}"
        yield "  end"


def _class(node: Node, marked: Node | None) -> str:
    if node is marked:
        return ":::asked"
    if node.status in FAILURES:
        return ":::failed"
    if node.status in DENIALS:
        return ":::denied"
    return ":::doubtful" if node.is_problem else ""


def _arrow(row: Row) -> str:
    weak = row.node is not None and row.node.evidence not in ("", "span")
    return f'-. "{row.node.evidence}" .->' if weak and row.node is not None else "-->"


def encoded(text: str) -> str:
    """Return `text` as it may stand between the quotes of a label.

    >>> encoded('a "b" #c;')
    'a #34;b#34; #35;c#59;'
    """
    shown = safe.clip(safe.one_line(text), _LONGEST)
    return "".join(char if char.isalnum() or char in " _,." else f"#{ord(char)};" for char in shown)
