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
:root { color-scheme: light dark; --ink: #1b1b1b; --paper: #fff; --dim: #55585c; --link: #0b4a8f; --line: #c9ced3;
  --rule: #6b7075; --note: #f3f5f7; --note-edge: #5a6b7b; --warn: #fdf4e9; --warn-edge: #9a4b00;
  --critical: #fff; --critical-bg: #7d1128; --high: #8f1d1d; --high-bg: #fdecec; --medium: #7a4100;
  --medium-bg: #fdf1e1; --low: #35506b; --low-bg: #eef3f8; --info: #4a4f54; --info-bg: #f3f4f5; }
@media screen and (prefers-color-scheme: dark) { :root { --ink: #e4e6e8; --paper: #16181b; --dim: #a3a8ae;
  --link: #8ab8f0; --line: #3a3f45; --rule: #7d848b; --note: #20252a; --note-edge: #8797a6; --warn: #2f2417;
  --warn-edge: #e09a4a; --critical: #fff; --critical-bg: #a11d3a; --high: #ff9d9d; --high-bg: #3a1a1c;
  --medium: #f2b36b; --medium-bg: #33240f; --low: #a8c6e4; --low-bg: #1b2733; --info: #b9bfc5; --info-bg: #24272b; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.5rem 4rem; max-width: 58rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.5 "Source Sans 3", "Segoe UI", "Helvetica Neue", Arial, "Liberation Sans", sans-serif; }
h1, h2, h3, h4 { line-height: 1.25; margin: 2.2em 0 .6em; text-wrap: balance; overflow-wrap: anywhere; }
h1 { font-size: 1.75rem; margin-top: 0; }
h2 { font-size: 1.3rem; border-bottom: 2px solid var(--ink); padding-bottom: .25rem; }
h3 { font-size: 1.08rem; } h4 { font-size: 1rem; }
p, ul, dl { margin: .6em 0; overflow-wrap: anywhere; } li { margin: .25em 0; }
a { color: var(--link); } a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
:target { background: var(--note); }
code { font: .875em/1.4 "Source Code Pro", Consolas, "Liberation Mono", Menlo, monospace; overflow-wrap: anywhere; }
.notice, .warning { border-left: 4px solid var(--note-edge); background: var(--note); padding: .6rem .9rem; }
.warning { border-color: var(--warn-edge); background: var(--warn); }
code.keep, .keep { white-space: nowrap; overflow-wrap: normal; }
.dim { color: var(--dim); }
dl { display: grid; grid-template-columns: minmax(8rem, 12rem) 1fr; gap: .3rem 1rem; }
dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; margin: .8em 0; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
table:not(:has(th:nth-child(3))) { width: auto; min-width: min(24rem, 100%); }
caption { text-align: left; font-weight: 600; padding: .4rem 0; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line);
  overflow-wrap: break-word; }
th { border-bottom: 2px solid var(--rule); } th.n, td.n { text-align: right; font-variant-numeric: tabular-nums; }
.severity { display: inline-block; padding: 0 .45em; border: 1px solid; border-radius: 3px; font-size: .85em;
  font-weight: 600; white-space: nowrap; }
.critical { color: var(--critical); background: var(--critical-bg); border-color: var(--critical-bg); }
.high { color: var(--high); background: var(--high-bg); }
.medium { color: var(--medium); background: var(--medium-bg); }
.low { color: var(--low); background: var(--low-bg); } .info { color: var(--info); background: var(--info-bg); }
nav ol { padding-left: 1.4rem; columns: 2; column-gap: 2rem; }
nav li { break-inside: avoid; margin: 0; padding: .12em 0; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; }
  nav ol { columns: 1; } body { padding: 1.25rem 1rem 3rem; } table:has(td:nth-child(4) code) { min-width: 36rem; } }
@media print {
  @page { size: A4; margin: 18mm 16mm 20mm;
    @bottom-right { content: counter(page) " / " counter(pages); font-size: 8pt; } }
  body { max-width: none; padding: 0; font-size: 10pt; } a { color: inherit; text-decoration: none; }
  h1, h2, h3, h4 { margin-top: 1.6em; } h1 { margin-top: 0; }
  h2, h3, h4, p:has(.severity), dl:has(+ .scroll) { break-after: avoid; }
  tr, li, .notice, .warning, dl { break-inside: avoid; }
  table:not(:has(tbody tr:nth-child(6))) { break-inside: avoid; } caption { break-after: avoid; }
  tbody tr:first-child { break-before: avoid; }
  thead { display: table-header-group; } .scroll { overflow: visible; } table { font-size: 8.5pt; }
  th, td { padding: .22rem .5rem; }
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
