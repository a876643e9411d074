"""Verdicts for people: the verdict first, in plain words; then what was found; always what was not checked."""

from __future__ import annotations

from auditlog_cli.counts import many
from auditlog_cli.renderers import safe
from auditlog_cli.renderers.text import Style
from auditlog_cli.verdict import Problem, Verdict, Withheld

HINT = "for people: verdict, findings, what is withheld, what was not checked"
_WIDEST = 110
_COLOURS = {"intact": "success", "broken": "error", "incomplete": "denied", "not-checked": "error"}
_SHOWN = 20


def lines(verdict: Verdict, style: Style) -> list[str]:
    """Return a verdict as lines of text."""
    out = _wrapped(f"{safe.one_line(verdict.path)}: {verdict.sentence}", style, "", "  ")
    out = [style.paint(line, _COLOURS[verdict.word]) for line in out]
    if verdict.word != "not-checked":
        out += _wrapped(_counts(verdict), style, "  ", "  ")
    if verdict.word != "not-checked":
        for problem in verdict.findings[:100]:
            out += _problem("finding", problem, style, "error")
        if len(verdict.findings) > 100:
            out.append(f"  … and {many(len(verdict.findings) - 100, 'more finding')} (--format json has all)")
    for problem in verdict.warnings[:_SHOWN]:
        out += _problem("warning", problem, style, "denied")
    if len(verdict.warnings) > _SHOWN:
        out.append(f"  … and {len(verdict.warnings) - _SHOWN:,} more warnings")
    for problem in verdict.listed[:_SHOWN]:
        out += _problem("the log says", problem, style, "dim")
    if len(verdict.listed) > _SHOWN:
        out.append(f"  … and {len(verdict.listed) - _SHOWN:,} more of this kind")
    out += _anchored(verdict, style)
    out += _withheld(verdict, style)
    out.append("  not checked:")
    for item in verdict.not_checked:
        out += _wrapped(item, style, "  - ", "    ")
    return [style.glyphs(line) for line in out]


def _counts(verdict: Verdict) -> str:
    parts = [f"{verdict.records:,} {'record' if verdict.records == 1 else 'records'}"]
    if verdict.only is not None:
        parts = [f"{verdict.only.records:,} of {parts[0]} looked at"]
    if verdict.first:
        parts.append(f"the first {verdict.first:,} pruned, as declared")
    many = f"{verdict.checkpoints:,} {'checkpoint' if verdict.checkpoints == 1 else 'checkpoints'}"
    parts.append(many if verdict.checkpoints else "no checkpoint")
    if verdict.key_given:
        parts.append(f"the first {verdict.signed:,} signed" if verdict.signed else "none signed")
    if verdict.origin:
        parts.append(f"origin {safe.one_line(verdict.origin)}")
    if verdict.root and verdict.word != "broken":
        parts.append(f"head {verdict.head_at}:{verdict.root}")
    return ", ".join(parts)


def _problem(kind: str, problem: Problem, style: Style, colour: str) -> list[str]:
    place = f"line {problem.line:,}, byte {problem.byte:,}: " if problem.line else ""
    text = f"{kind} [{problem.code}{f' {problem.detail}' if problem.code == 'line' else ''}] {place}{problem.message}"
    if problem.again:
        text += f" (and {problem.again:,} more of the same)"
    out = [style.paint(line, colour) for line in _wrapped(safe.one_line(text), style, "  ", "    ")]
    if problem.line and problem.path:
        out.append(style.paint(f"    {safe.one_line(problem.path)}:{problem.line}", "dim"))
    for word, value in (("expected", problem.expected), ("found", problem.found)):
        if value:
            out += _wrapped(f"{word:<8} {value}", style, "    ", "    ")
    return out


def _anchored(verdict: Verdict, style: Style) -> list[str]:
    out = ["  anchored:"] * bool(verdict.anchored)
    for item in verdict.anchored[:_SHOWN]:
        out += _wrapped(safe.one_line(item), style, "  - ", "    ")
    if len(verdict.anchored) > _SHOWN:
        out.append(f"  … and {len(verdict.anchored) - _SHOWN:,} more")
    return out


def _withheld(verdict: Verdict, style: Style) -> list[str]:
    if not verdict.withheld_total:
        return []
    out = [f"  withheld: {verdict.withheld_total:,}"]
    for item in verdict.withheld[:_SHOWN]:
        out += _wrapped(_place(item), style, "  - ", "    ")
    if verdict.withheld_total > _SHOWN:
        out.append(f"  … and {verdict.withheld_total - _SHOWN:,} more")
    return out


def _place(item: Withheld) -> str:
    where = f"record {item.seq}: {safe.one_line(item.field) or 'the whole record'}"
    if item.declared_at is None:
        return f"{where}, declared in {safe.one_line(item.beside)}" if item.beside else f"{where}, not declared"
    by = f" by {safe.one_line(item.by)}" if item.by else ""
    at = f"line {item.declared_at} of {safe.one_line(item.beside)}" if item.beside else f"record {item.declared_at}"
    return f"{where}, declared in {at}{by} ({'signed' if item.signed else 'not proved by a signature'})"


def _wrapped(text: str, style: Style, first: str, others: str) -> list[str]:
    """The text in lines of the terminal's width; a word that is too long stands alone."""
    if not style.columns:
        return [first + text]
    room = min(style.columns, _WIDEST)
    out: list[str] = []
    for word in text.split(" "):
        if out and safe.width(out[-1]) + 1 + safe.width(word) <= room:
            out[-1] += f" {word}"
        else:
            out.append((others if out else first) + word)
    return out
