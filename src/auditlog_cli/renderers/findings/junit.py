"""Findings as JUnit XML, for dashboards of continuous integration (compliance.md, 8.2).

One suite a pack, one case a rule. No times: a run can be repeated byte for byte.
"""

from __future__ import annotations

from auditlog_cli.finding import Rule, Suite
from auditlog_cli.renderers import safe

HINT = "JUnit XML, for dashboards of continuous integration"
_SHOWN = 20


def render(suites: list[Suite]) -> str:
    """Return the XML document."""
    out = ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>"]
    for suite in suites:
        out += _suite(suite)
    return "\n".join([*out, "</testsuites>", ""])


def _suite(suite: Suite) -> list[str]:
    failures = sum(1 for rule in suite.rules if suite.totals.get(rule.id))
    skipped = sum(1 for rule in suite.rules if rule.id in suite.skipped)
    cases = len(suite.rules) + len(suite.unread)
    out = [
        f'  <testsuite name="auditlog.{_text(suite.name)}" tests="{cases}" failures="{failures}" '
        f'errors="{len(suite.unread)}" skipped="{skipped}">'
    ]
    for rule in suite.rules:
        out += _case(suite, rule)
    for reason in suite.unread:
        out += [
            f'    <testcase classname="{_text(suite.name)}" name="input could be read">',
            f'      <error message="{_text(reason)}"/>',
            "    </testcase>",
        ]
    return [*out, f"    <system-out>{_text(suite.verdict)}</system-out>", "  </testsuite>"]


def _case(suite: Suite, rule: Rule) -> list[str]:
    head = f'    <testcase classname="{_text(suite.name)}" name="{_text(f"{rule.id} {rule.title}")}"'
    total = suite.totals.get(rule.id, 0)
    if total:
        found = [finding for finding in suite.findings if finding.rule.id == rule.id]
        lines = [f"{finding.where}: {finding.message}" for finding in found[:_SHOWN]]
        if total > len(lines):
            lines.append(f"and {total - len(lines):,} more")
        body = "\n".join(_text(line) for line in [*lines, f"fix: {rule.fix}"])
        many = f"{total:,} {'finding' if total == 1 else 'findings'}: {rule.title}"
        return [f"{head}>", f'      <failure message="{_text(many)}">{body}</failure>', "    </testcase>"]
    if rule.id in suite.skipped:
        return [f"{head}>", f'      <skipped message="{_text(suite.skipped[rule.id])}"/>', "    </testcase>"]
    return [f"{head}/>"]


def _text(text: str) -> str:
    """Return text for XML 1.0 (2.2, Char): what it cannot hold stands as an escape."""
    shown = "".join(
        char if char < "\ud800" or "\ue000" <= char < "\ufffe" or char > "\uffff" else f"\\u{ord(char):04x}"
        for char in safe.one_line(text)
    )
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
