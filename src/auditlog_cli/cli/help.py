"""The pages of `--help`, drawn from the generated texts: as fast as the commands they are about."""

from __future__ import annotations

import sys

from auditlog_cli.cli import show as surroundings
from auditlog_cli.renderers import safe

_INTRODUCTION = "Audit logs for AI agents: who asked, which agent acted, what it was allowed to do, what it did."
_ENDING = (
    "Exit codes: 0 done · 1 found something · 2 usage · 3 could not look · 4 a definition is wrong · "
    "5 could not write · 6 looked, but could not judge everything · 70 a bug · 130/141 interrupted/closed pipe",
    "",
    "`auditlog COMMAND --help` says more about each. Shell completion: auditlog --install-completion",
)
SECTIONS = (
    ("Look at a log", ("tail", "filter", "trace", "traces", "stats", "index", "sql", "validate")),
    ("Judge it", ("check", "report", "alerts", "packs", "policy")),
    ("Prove it", ("keygen", "seal", "verify", "head", "anchor", "prove", "bundle", "recover")),
    ("Take data out, keep what has to stay", ("redact", "detectors", "hold", "prune", "compress")),
    ("Record what agents do", ("hook", "mcp-proxy", "serve")),
    ("From and to other programs", ("import", "export", "ship", "schema")),
)
"""The commands as `auditlog --help` lists them: in the order in which they are met."""


def show(words: list[str]) -> int:
    """Print the page of a command, of a group of commands, or of them all; return the exit code.

    Args:
        words: The first words of a command line; only as many are looked at as name a command.
    """
    from auditlog_cli.cli import _help

    colour = surroundings.in_colour("auto")
    width = min(surroundings.columns() or 100, 110)
    command = " ".join(words[:2]) if words and words[0] in _help.GROUPS else "".join(words[:1])
    if not words:
        pages = {name: page[0] for name, page in _help.PAGES.items()}
        pages |= {name: page[0] for name, page in _help.GROUPS.items()}
        widest = max(len(name) for _, names in SECTIONS for name in names)
        lines = [
            *_wrapped(_INTRODUCTION, width),
            "",
            *_wrapped("usage: auditlog COMMAND [OPTION]... [PATH]...", width),
            "",
        ]
        for title, names in SECTIONS:
            rows = tuple((name, pages[name].rstrip(".")) for name in names)
            lines += _panel(title, rows, width, colour, widest)
        for text in _ENDING:
            lines += _wrapped(text if surroundings.in_unicode() else text.replace("·", "-"), width) or [""]
    elif words[0] in _help.GROUPS and (len(words) == 1 or words[1].startswith("-")):
        summary, body = _help.GROUPS[words[0]]
        lines = _beginning(summary, f"auditlog {words[0]} COMMAND [OPTION]...", body, width)
        inside = {name.partition(" ")[2]: page for name, page in _help.PAGES.items() if name.startswith(f"{words[0]} ")}
        lines += _panel("Commands", tuple((name, page[0].rstrip(".")) for name, page in inside.items()), width, colour)
        lines += [f"`auditlog {words[0]} COMMAND --help` says more about each."]
    elif command in _help.PAGES:
        summary, usage, body, panels, examples = _help.PAGES[command]
        lines = _beginning(summary, usage, body, width)
        if examples:
            folded = [line for each in examples.split("\n") for line in _folded(each, surroundings.columns())]
            lines += [_heading("Examples", colour), *folded, ""]
        for title, rows in panels:
            lines += _panel(title, rows, width, colour)
        lines.pop()
    else:
        from auditlog_cli.cli import app

        return app.run(words)
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _beginning(summary: str, usage: str, body: str, width: int) -> list[str]:
    """Summary, usage and the paragraphs of the body, as wide as the terminal."""
    lines = [*_wrapped(summary, width), "", *_wrapped(f"usage: {usage}", width), ""]
    for paragraph in body.split("\n\n") if body else ():
        lines += [*_wrapped(paragraph, width), ""]
    return lines


def _folded(example: str, width: int) -> list[str]:
    """An example in lines that a shell takes as one; a quoted argument stays whole. Width 0: one line."""
    lines = ["  "]
    for word in _arguments(example):
        wanted = len(lines[-1]) + 1 + len(word)
        if width and wanted + 2 > width and lines[-1].strip():  # 2: the backslash and the blank before it
            lines[-1] += " \\"
            lines.append("      " + word)
        else:
            lines[-1] += (" " if lines[-1].strip() else "") + word
    return lines


def _arguments(example: str) -> list[str]:
    """The words of a command line as they are written, quotes kept."""
    words = [""]
    quote = ""
    for char in example:
        if char == " " and not quote:
            words.append("")
            continue
        if char in "'\"" and quote in ("", char):
            quote = "" if quote else char
        words[-1] += char
    return words


def _heading(text: str, colour: bool) -> str:
    return f"\x1b[1m{text}\x1b[0m" if colour else text


def _panel(title: str, rows: tuple[tuple[str, str], ...], width: int, colour: bool, widest: int = 0) -> list[str]:
    """The rows in two columns, or with narrow terminals below each other; `widest`: of all panels of the page."""
    left = min(max(widest, *(len(name) for name, _ in rows)) + 4, 34)
    if width < 60:
        left = 6
    lines = [_heading(title, colour)]
    for name, text in rows:
        first, *more = _wrapped(text, max(width - left, 20)) or [""]
        shown = f"  {name}"
        if len(shown) + 1 < left:
            lines.append(f"{shown:<{left}}{first}".rstrip())
        else:
            lines += [shown, " " * left + first]
        lines += [" " * left + line for line in more]
    return [*lines, ""]


def _wrapped(text: str, width: int) -> list[str]:
    return safe.wrapped(" ".join(text.split()), width) if text.strip() else []
