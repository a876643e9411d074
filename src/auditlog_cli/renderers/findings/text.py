"""A validation report for people: findings, what is wrong how often, coverage of the six questions, verdict.

Drawn as the other texts are, terminal or not: rich would cost `validate` of a small log as much again as
all the rest of it, and wraps tables where 40 columns are left.
"""

from __future__ import annotations

from auditlog_cli.finding import Finding, level
from auditlog_cli.renderers import safe
from auditlog_cli.renderers.layout import packed, table, wrapped
from auditlog_cli.renderers.text import Style
from auditlog_cli.validator.report import ValidationReport
from auditlog_cli.validator.rules import QUESTIONS

HINT = "for people: findings, coverage of the six questions, verdict"
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
    first, *more = wrapped(safe.one_line(place + found.message), style)
    colour = _COLOURS[level(found.rule.severity)]
    out = [style.paint(first, colour), *(style.paint(f"  {line}", colour) for line in more)]
    parts = [str(where), where.pointer, found.rule.id]
    out += [f"  {style.paint(line, 'dim')}" for line in packed([safe.one_line(part) for part in parts if part], style)]
    if not helped:
        out += [f"  {line}" for line in wrapped(f"help: {found.fix}", style)]
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
    return [*wrapped(text, style), ""]


def _rules(report: ValidationReport, style: Style) -> list[str]:
    if not report.totals:
        return []
    longest = max(len(rule.id) for rule, _ in report.totals)
    rows = [(f"{rule.id:<{longest}}  {rule.title}", [f"{count:,}"]) for rule, count in report.totals]
    return table("What is wrong", ["findings"], rows, style)


def _questions(report: ValidationReport, style: Style) -> list[str]:
    tally = report.tally
    if not tally.asked:
        return []
    rows = []
    for place, words in enumerate(QUESTIONS.values()):
        answered, held = tally.answered[place], tally.held[place]
        rows.append((words, [f"{answered:,}", f"{tally.asked - answered - held:,}", f"{held:,}"]))
    out = table("The six questions", ["answered", "not answered", "withheld"], rows, style)
    nobody = report.unanswered
    if nobody:
        words_of = " ".join(QUESTIONS[name] for name in nobody)
        out = [*out[:-1], *(style.paint(line, "error") for line in wrapped(f"Nobody answered: {words_of}", style)), ""]
    return out


def _counts(report: ValidationReport, style: Style) -> list[str]:
    tally = report.tally
    words = {"own": "of the log's own", "withheld": "withheld whole", "unknown": "of unknown shape"}
    kinds = ", ".join(f"{count:,} {words.get(kind, kind)}" for kind, count in sorted(tally.kinds.items()))
    records = tally.read - tally.bad
    out = wrapped(f"{records:,} {'record' if records == 1 else 'records'}: {kinds}", style) if kinds else []
    text = (
        f"{tally.read:,} {'line' if tally.read == 1 else 'lines'} read: {tally.valid:,} valid, {tally.invalid:,} "
        f"invalid, {tally.own:,} of the log's own, {tally.withheld:,} withheld whole, {tally.bad:,} bad"
    )
    out += wrapped(text, style)
    word, colour = {0: ("valid", "success"), 1: ("invalid", "error")}.get(report.exit_code, ("incomplete", "denied"))
    profile = f"(auditlog.record/1, profile {report.profile}{', strict' if report.strict else ''})"
    out += [style.paint(line, colour) for line in wrapped(f"{word}: {report.verdict} {profile}", style)]
    return out
