"""A validation report for people: findings, what is wrong how often, coverage of the six questions, verdict.

Drawn as the other texts are, terminal or not: rich would cost `validate` of a small log as much again as
all the rest of it, and wraps tables where 40 columns are left.
"""

from __future__ import annotations

from auditlog_cli.finding import Finding, level
from auditlog_cli.renderers import safe
from auditlog_cli.renderers.text import Style
from auditlog_cli.validator.report import ValidationReport
from auditlog_cli.validator.rules import QUESTIONS

HINT = "for people: findings, coverage of the six questions, verdict"
_NARROW = 64  # columns below which tables become lists
_WIDEST = 110
_COLOURS = {"error": "error", "warning": "denied", "note": "dim"}


def finding(found: Finding, style: Style, *, helped: bool) -> list[str]:
    """Return a finding as lines of text.

    Args:
        found: What was found.
        style: How to draw it.
        helped: The rule's advice has been given before: not again.
    """
    where = found.where
    place = f"line {where.line}, byte {where.byte}: " if where.line else f"byte {where.byte}: "
    first, *more = _wrapped(safe.one_line(place + found.message), style)
    colour = _COLOURS[level(found.rule.severity)]
    out = [style.paint(first, colour), *(style.paint(f"  {line}", colour) for line in more)]
    parts = [str(where), where.pointer, found.rule.id]
    out += [f"  {style.paint(line, 'dim')}" for line in _packed([safe.one_line(part) for part in parts if part], style)]
    if not helped:
        out += [f"  {line}" for line in _wrapped(f"help: {found.fix}", style)]
    return [style.glyphs(line) for line in out]


def summary(report: ValidationReport, style: Style) -> list[str]:
    """Return what follows the findings: totals, coverage, counts, verdict."""
    out = [*_left_out(report, style), *_rules(report, style), *_questions(report, style), *_counts(report, style)]
    if out and report.findings:
        out.insert(0, "")
    return [style.glyphs(line) for line in out]


def _left_out(report: ValidationReport, style: Style) -> list[str]:
    if not report.left_out:
        return []
    more = "finding" if report.left_out == 1 else "findings"
    text = f"… and {report.left_out:,} more {more}, counted below (--max-errors 0 explains them all)"
    return [*_wrapped(text, style), ""]


def _rules(report: ValidationReport, style: Style) -> list[str]:
    if not report.totals:
        return []
    longest = max(len(rule.id) for rule, _ in report.totals)
    rows = [(f"{rule.id:<{longest}}  {rule.title}", [f"{count:,}"]) for rule, count in report.totals]
    return _table("What is wrong", ["findings"], rows, style)


def _questions(report: ValidationReport, style: Style) -> list[str]:
    tally = report.tally
    if not tally.asked:
        return []
    rows = []
    for place, words in enumerate(QUESTIONS.values()):
        answered, held = tally.answered[place], tally.held[place]
        rows.append((words, [f"{answered:,}", f"{tally.asked - answered - held:,}", f"{held:,}"]))
    out = _table("The six questions", ["answered", "not answered", "withheld"], rows, style)
    nobody = report.unanswered
    if nobody:
        words_of = " ".join(QUESTIONS[name] for name in nobody)
        out = [*out[:-1], *(style.paint(line, "error") for line in _wrapped(f"Nobody answered: {words_of}", style)), ""]
    return out


def _counts(report: ValidationReport, style: Style) -> list[str]:
    tally = report.tally
    words = {"own": "of the log's own", "withheld": "withheld whole", "unknown": "of unknown shape"}
    kinds = ", ".join(f"{count:,} {words.get(kind, kind)}" for kind, count in sorted(tally.kinds.items()))
    records = tally.read - tally.bad
    out = _wrapped(f"{records:,} {'record' if records == 1 else 'records'}: {kinds}", style) if kinds else []
    text = (
        f"{tally.read:,} {'line' if tally.read == 1 else 'lines'} read: {tally.valid:,} valid, {tally.invalid:,} "
        f"invalid, {tally.own:,} of the log's own, {tally.withheld:,} withheld whole, {tally.bad:,} bad"
    )
    out += _wrapped(text, style)
    word, colour = {0: ("valid", "success"), 1: ("invalid", "error")}.get(report.exit_code, ("incomplete", "denied"))
    profile = f"(auditlog.record/1, profile {report.profile}{', strict' if report.strict else ''})"
    out += [style.paint(line, colour) for line in _wrapped(f"{word}: {report.verdict} {profile}", style)]
    return out


def _table(title: str, heads: list[str], rows: list[tuple[str, list[str]]], style: Style) -> list[str]:
    """A heading and aligned rows, or a list where the columns do not fit; an empty line follows."""
    widths = [max(len(head), *(len(cells[place]) for _, cells in rows)) for place, head in enumerate(heads)]
    right = sum(widths) + 2 * len(widths)
    if style.columns and style.columns < max(_NARROW, right + 30):
        out = [style.paint(title, "call")]
        for name, cells in rows:
            out += _wrapped(" ".join(name.split()), style)
            said = ", ".join(f"{head}: {cell}" for head, cell in zip(heads, cells, strict=True))
            out += [f"  {line}" for line in _wrapped(said, style)]
        return [*out, ""]
    left = max(len(title), *(len(name) for name, _ in rows))
    if style.columns:
        left = min(left, style.columns - right)

    def row(name: str, cells: list[str]) -> str:
        shown = safe.fill(_clip(name, left, style), left)
        return shown + "".join(f"  {cell:>{width}}" for cell, width in zip(cells, widths, strict=True))

    return [style.paint(row(title, heads), "call"), *(row(*each) for each in rows), ""]


def _packed(parts: list[str], style: Style) -> list[str]:
    """The parts by two blanks in as few lines as they need; a part that is too long is clipped."""
    room = (style.columns or 1 << 20) - 2
    out: list[str] = []
    for part in parts:
        if out and safe.width(out[-1]) + 2 + safe.width(part) <= room:
            out[-1] += f"  {part}"
        else:
            out.append(_clip(part, room, style))
    return out


def _clip(text: str, columns: int, style: Style) -> str:
    return safe.clip(text, columns, "…" if style.unicode else "...")


def _wrapped(text: str, style: Style) -> list[str]:
    """The text in lines of the terminal's width, less the two blanks that a caller may put in front."""
    if not style.columns:
        return [text]
    room = min(style.columns, _WIDEST) - 2
    out: list[str] = []
    for word in text.split(" "):
        if out and safe.width(out[-1]) + 1 + safe.width(word) <= room:
            out[-1] += f" {word}"
        else:
            out.append(_clip(word, room, style))
    return out
