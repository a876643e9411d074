"""Findings as workflow commands of GitHub Actions: annotations (compliance.md, 8.3)."""

from __future__ import annotations

from auditlog_cli.counts import many
from auditlog_cli.finding import SEVERITIES, Finding, Suite, level
from auditlog_cli.renderers import safe
from auditlog_cli.renderers.findings import with_owner

HINT = "annotations of GitHub Actions"
_PER_LEVEL = 10  # GitHub shows so many of each level a step
_WORDS = {"error": "error", "warning": "warning", "note": "notice"}


def render(suites: list[Suite]) -> str:
    """Return the commands, one a line: the most severe first, ten of each level, what is more as one notice."""
    commands = [("error", f"::error title={_property('could not look')}::{_data(reason)}")
                for suite in suites for reason in suite.unread]  # fmt: skip
    found = [finding for suite in suites for finding in suite.findings]
    for finding in sorted(found, key=lambda each: SEVERITIES.index(each.rule.severity)):
        word = _WORDS[level(finding.rule.severity)]
        commands.append((word, _command(word, finding)))
    for suite in suites:
        for name, reason in suite.unfinished.items():
            commands.append(("warning", f"::warning title={_property(name)}::{_data(reason)}"))
    shown: dict[str, int] = {}
    out: list[str] = []
    for word, command in commands:
        shown[word] = shown.get(word, 0) + 1
        if shown[word] <= _PER_LEVEL - (word == "notice"):  # the last notice is the summary
            out.append(command)
    left = sum(sum(suite.totals.values()) for suite in suites) - len(found) + len(commands) - len(out)
    text = "; ".join(f"{suite.title}: {suite.verdict}" for suite in suites)
    if left:
        text += f"; {many(left, 'more finding')} {'is' if left == 1 else 'are'} not shown here"
    sentences = dict.fromkeys(str(suite.notes["sentence"]) for suite in suites if "sentence" in suite.notes)
    text = ". ".join((text, *sentences))
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
    return f"::{word} {listed}::{_data(with_owner(finding))}"


def _data(text: str) -> str:
    return safe.one_line(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
