"""A document as one HTML file: no script, nothing from outside, made to be read and printed (compliance.md, 8, 10)."""

from __future__ import annotations

from html import escape

from auditlog_cli.finding import SEVERITIES
from auditlog_cli.renderers import safe
from auditlog_cli.renderers.document import Block, Bullets, Document, Facts, Paragraph, Section, Table, Text, spans

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Content-Security-Policy: whatever a log might smuggle in, nothing is run and nothing is fetched."""
_SHORT = 26  # characters of code that are not broken over lines
_STYLE = """\
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.5rem 4rem; max-width: 58rem; color: #1b1b1b; background: #fff;
  font: 1rem/1.5 "Source Sans 3", "Segoe UI", "Helvetica Neue", Arial, "Liberation Sans", sans-serif; }
h1, h2, h3, h4 { line-height: 1.25; margin: 2.2em 0 .6em; text-wrap: balance; }
h1 { font-size: 1.75rem; margin-top: 0; }
h2 { font-size: 1.3rem; border-bottom: 2px solid #1b1b1b; padding-bottom: .25rem; }
h3 { font-size: 1.08rem; } h4 { font-size: 1rem; }
p, ul, dl { margin: .6em 0; } li { margin: .25em 0; }
a { color: #0b4a8f; } a:focus-visible { outline: 2px solid #0b4a8f; outline-offset: 2px; }
code { font: .875em/1.4 "Source Code Pro", Consolas, "Liberation Mono", Menlo, monospace; overflow-wrap: anywhere; }
.notice, .warning { border-left: 4px solid #5a6b7b; background: #f3f5f7; padding: .6rem .9rem; }
.warning { border-color: #9a4b00; background: #fdf4e9; }
code.keep, .keep { white-space: nowrap; overflow-wrap: normal; }
.dim { color: #55585c; }
dl { display: grid; grid-template-columns: minmax(8rem, 12rem) 1fr; gap: .3rem 1rem; }
dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; margin: .8em 0; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
caption { text-align: left; font-weight: 600; padding: .4rem 0; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid #c9ced3;
  overflow-wrap: break-word; }
th { border-bottom: 2px solid #6b7075; } th.n, td.n { text-align: right; font-variant-numeric: tabular-nums; }
.severity { display: inline-block; padding: 0 .45em; border: 1px solid; border-radius: 3px; font-size: .85em;
  font-weight: 600; white-space: nowrap; }
.critical { color: #fff; background: #7d1128; border-color: #7d1128; } .high { color: #8f1d1d; background: #fdecec; }
.medium { color: #7a4100; background: #fdf1e1; } .low { color: #35506b; background: #eef3f8; }
.info { color: #4a4f54; background: #f3f4f5; }
nav ol { padding-left: 1.4rem; columns: 2; column-gap: 2rem; } nav li { break-inside: avoid; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; }
  nav ol { columns: 1; } body { padding: 1.25rem 1rem 3rem; } }
@media print {
  @page { size: A4; margin: 18mm 16mm 20mm;
    @bottom-right { content: counter(page) " / " counter(pages); font-size: 8pt; } }
  body { max-width: none; padding: 0; font-size: 10pt; } a { color: inherit; text-decoration: none; }
  h2, h3, h4, dl, p:has(.severity) { break-after: avoid; } tr, li, .notice, .warning, dl { break-inside: avoid; }
  table:not(:has(tbody tr:nth-child(9))) { break-inside: avoid; } caption { break-after: avoid; }
  thead { display: table-header-group; } .scroll { overflow: visible; } table { font-size: 8.5pt; }
  .severity { background: none; color: #000; border-color: #000; } .critical { font-weight: 800; }
  p, li { orphans: 3; widows: 3; }
}
"""


def render(document: Document) -> str:
    """Return the document as HTML 5."""
    title = _text(document.title)
    out = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY, quote=False)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>{title}</title>",
        f"<style>\n{_STYLE}</style>",
        "</head>",
        "<body>",
        "<header>",
        f"<h1>{title}</h1>",
        *_blocks(document.lead),
        "</header>",
        '<nav aria-labelledby="contents">',
        '<h2 id="contents">Contents</h2>',
        "<ol>",
        *(f'<li><a href="#{_id(section.anchor)}">{_text(section.title)}</a></li>' for section in document.sections),
        "</ol>",
        "</nav>",
        "<main>",
    ]
    for section in document.sections:
        out += _section(section, 2)
    return "\n".join([*out, "</main>", "</body>", "</html>", ""])


def _section(section: Section, depth: int) -> list[str]:
    name, tag = _id(section.anchor), f"h{min(depth, 6)}"
    out = [f'<section aria-labelledby="{name}">', f'<{tag} id="{name}">{_text(section.title)}</{tag}>']
    out += _blocks(section.blocks)
    for inner in section.sections:
        out += _section(inner, depth + 1)
    return [*out, "</section>"]


def _blocks(blocks: list[Block]) -> list[str]:
    return [line for block in blocks for line in _block(block)]


def _block(block: Block) -> list[str]:
    if isinstance(block, Paragraph):
        kind = f' class="{block.note}"' if block.note else ""
        return [f"<p{kind}>{_inline(block.text)}</p>"]
    if isinstance(block, Bullets):
        return ["<ul>", *(f"<li>{_inline(item)}</li>" for item in block.items), "</ul>"]
    if isinstance(block, Facts):
        return ["<dl>", *(f"<dt>{_text(name)}</dt><dd>{_inline(value)}</dd>" for name, value in block.rows), "</dl>"]
    return _table(block)


def _table(table: Table) -> list[str]:
    kinds = [' class="n"' if place in table.numbers else "" for place in range(len(table.heads))]
    out = ['<div class="scroll">', "<table>"]
    if table.caption:
        out.append(f"<caption>{_text(table.caption)}</caption>")
    heads = "".join(f'<th scope="col"{kind}>{_text(head)}</th>' for kind, head in zip(kinds, table.heads, strict=True))
    out += ["<thead>", f"<tr>{heads}</tr>", "</thead>", "<tbody>"]
    for row in table.rows:
        cells = "".join(f"<td{kind}>{_inline(cell)}</td>" for kind, cell in zip(kinds, row, strict=True))
        out.append(f"<tr>{cells}</tr>")
    return [*out, "</tbody>", "</table>", "</div>"]


def _inline(text: Text) -> str:
    out = []
    for span in spans(text):
        shown = _text(span.text)
        if span.how == "code":
            kept = ' class="keep"' if len(span.text) <= _SHORT else ""
            shown = f"<code{kept}>{shown}</code>"
        elif span.how == "strong":
            shown = f"<strong>{shown}</strong>"
        elif span.how in SEVERITIES:
            shown = f'<span class="severity {span.how}">{shown}</span>'
        elif span.how != "plain":
            shown = f'<span class="{span.how}">{shown}</span>'
        out.append(f'<a href="#{_id(span.target)}">{shown}</a>' if span.target else shown)
    return "".join(out)


def _id(anchor: str) -> str:
    """Return an anchor in characters that need no escape anywhere."""
    return "".join(
        char if char.isascii() and (char.isalnum() or char in "-_.") else f"-{ord(char):x}-" for char in anchor
    )


def _text(text: str) -> str:
    shown = safe.one_line(text).encode("utf-8", "backslashreplace").decode()
    return escape(shown, quote=True)
