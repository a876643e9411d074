"""Findings as workflow commands of GitHub Actions: annotations (compliance.md, 8.3)."""

from __future__ import annotations

from auditlog_cli.finding import SEVERITIES, Finding, Suite, level
from auditlog_cli.renderers import safe

HINT = "annotations of GitHub Actions"
_PER_LEVEL = 10  # GitHub shows so many of each level a step
_WORDS = {"error": "error", "warning": "warning", "note": "notice"}


def render(suites: list[Suite]) -> str:
    """Return the commands, one a line: the most severe first, what is more as one notice."""
    out: list[str] = []
    for suite in suites:
        for reason in suite.unread:
            out.append(f"::error title={_property('could not look')}::{_data(reason)}")
        ranked = sorted(suite.findings, key=lambda finding: SEVERITIES.index(finding.rule.severity))
        shown: dict[str, int] = {}
        for finding in ranked:
            word = _WORDS[level(finding.rule.severity)]
            shown[word] = shown.get(word, 0) + 1
            if shown[word] <= _PER_LEVEL:
                out.append(_command(word, finding))
        total = sum(suite.totals.values())
        left = total - sum(min(count, _PER_LEVEL) for count in shown.values())
        text = f"{suite.title}: {suite.verdict}"
        if left:
            text += f"; {left:,} more findings are not shown here"
        out.append(f"::notice title={_property('auditlog')}::{_data(text)}")
    return "".join(f"{line}\n" for line in out)


def _command(word: str, finding: Finding) -> str:
    where, rule = finding.where, finding.rule
    properties = {}
    if where.path != "-":
        properties["file"] = where.path
    if where.line:
        properties["line"] = str(where.line)
    if where.column:
        properties["col"] = str(where.column)
        if where.end_column:
            properties["endColumn"] = str(where.end_column)
    properties["title"] = f"{rule.id} {rule.title}"
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{word} {listed}::{_data(finding.message)}"


def _data(text: str) -> str:
    return safe.one_line(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
