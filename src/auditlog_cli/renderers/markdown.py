"""A document as GitHub Flavored Markdown, with every character that could mean something escaped."""

from __future__ import annotations

from auditlog_cli.renderers import safe
from auditlog_cli.renderers.document import Block, Bullets, Document, Facts, Paragraph, Section, Table, Text, spans

LARGEST = 64 * 1024
"""Bytes that a comment of a pull request takes."""
_MEANING = str.maketrans({char: f"\\{char}" for char in "\\`*_[]<>#|~$&@"})


def render(document: Document) -> str:
    """Return the document as Markdown."""
    out = [f"# {plain(document.title)}", *_blocks(document.lead)]
    for section in document.sections:
        out += _section(section, 2)
    return "\n\n".join(out) + "\n"


def plain(text: str) -> str:
    """Return text that means itself: no markup, no mention of a user, no link.

    >>> print(plain("<b> #1 http://a.example"))
    \\<b\\> \\#\u20601 http\u2060://a.example
    """
    shown = safe.one_line(text).translate(_MEANING)
    for mark in ("\\@", "\\#", "www"):
        shown = shown.replace(mark, f"{mark}\u2060")  # a word joiner is not seen, and no mention or link goes over it
    shown = shown.replace("://", "\u2060://")
    head, dot, rest = shown.partition(".")
    if dot and head.isdigit():
        return f"{head}\\.{rest}"  # no item of a list
    return f"\\{shown}" if shown[:1] in ("-", "+") else shown


def _section(section: Section, depth: int) -> list[str]:
    out = [f"{'#' * min(depth, 6)} {plain(section.title)}", *_blocks(section.blocks)]
    for inner in section.sections:
        out += _section(inner, depth + 1)
    return out


def _blocks(blocks: list[Block]) -> list[str]:
    return [_block(block) for block in blocks]


def _block(block: Block) -> str:
    if isinstance(block, Paragraph):
        return f"{'> ' if block.note else ''}{_inline(block.text)}"
    if isinstance(block, Bullets):
        return "\n".join(f"- {_inline(item)}" for item in block.items)
    if isinstance(block, Facts):
        return "\n".join(f"- **{plain(name)}:** {_inline(value)}" for name, value in block.rows)
    return _table(block)


def _table(table: Table) -> str:
    lines = [f"| {' | '.join(plain(head) for head in table.heads)} |"]
    rules = ("---:" if place in table.numbers else "---" for place in range(len(table.heads)))
    lines.append(f"| {' | '.join(rules)} |")
    lines += [f"| {' | '.join(_inline(cell) for cell in row)} |" for row in table.rows]
    head = f"**{plain(table.caption)}**\n\n" if table.caption else ""
    return head + "\n".join(lines)


def _inline(text: Text) -> str:
    out = []
    for span in spans(text):
        if not span.text:
            continue
        if span.how == "code":
            out.append(_code(span.text))
        elif span.how in ("plain", "dim", "keep"):
            out.append(plain(span.text))
        else:
            # Stars beside a blank would stand there as stars (CommonMark, 6.2).
            shown = plain(span.text)
            core = shown.strip()
            out.append(shown.replace(core, f"**{core}**", 1) if core else shown)
    return "".join(out)


def _code(text: str) -> str:
    """Code between more backticks than it holds; a bar would end a cell of a table even there."""
    shown = safe.one_line(text).replace("|", "\\|")
    if "`" not in shown:
        return f"`{shown}`"
    longest = max(len(run) for run in "".join(char if char == "`" else " " for char in shown).split())
    fence = "`" * (longest + 1)
    return f"{fence} {shown} {fence}"
