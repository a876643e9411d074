"""Findings as JUnit XML, for dashboards of continuous integration (compliance.md, 8.2).

One suite a pack, one case a rule. No times: a run can be repeated byte for byte.
"""

from __future__ import annotations

from auditlog_cli.finding import Finding, Rule, Suite
from auditlog_cli.renderers import safe
from auditlog_cli.renderers.findings import with_owner

HINT = "JUnit XML, for dashboards of continuous integration"
_SHOWN = 20
_NEWLINE = "\n"


def render(suites: list[Suite]) -> str:
    """Return the XML document."""
    out = ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>"]
    for suite in suites:
        out += _suite(suite)
    return "\n".join([*out, "</testsuites>", ""])


def _suite(suite: Suite) -> list[str]:
    found: dict[str, list[Finding]] = {}
    for finding in [*suite.findings, *suite.settled]:
        found.setdefault(finding.rule.id, []).append(finding)
    cases = [_case(suite, rule, found.get(rule.id, [])) for rule in suite.rules]
    cases += [_unread(suite, reason) for reason in suite.unread]
    numbers = {
        tag: sum(f"      <{tag} " in "\n".join(case) for case in cases) for tag in ("failure", "error", "skipped")
    }
    out = [
        f'  <testsuite name="auditlog.{_text(suite.name)}" tests="{len(cases)}" failures="{numbers["failure"]}" '
        f'errors="{numbers["error"]}" skipped="{numbers["skipped"]}">'
    ]
    for case in cases:
        out += case
    said = [suite.verdict, *(f"{name}: {_note(value)}" for name, value in suite.notes.items())]
    return [*out, f"    <system-out>{_NEWLINE.join(map(_text, said))}</system-out>", "  </testsuite>"]


def _case(suite: Suite, rule: Rule, found: list[Finding]) -> list[str]:
    """What came of a rule: a failure if findings count, else an error if unfinished, else skipped or passed."""
    head = f'    <testcase classname="{_text(suite.name)}" name="{_text(f"{rule.id} {rule.title}")}"'
    counted = [finding for finding in found if finding.counted and finding.state == "new"]
    aside = [finding for finding in found if not finding.counted or finding.state != "new"]
    total = suite.totals.get(rule.id, 0) - sum(finding.state == "new" for finding in aside)
    body: list[str] = []
    if total:
        lines = [f"{finding.where}: {with_owner(finding)}" for finding in counted[:_SHOWN]]
        if total > len(lines):
            lines.append(f"and {total - len(lines):,} more")
        if rule.id in suite.unfinished:
            lines.append(suite.unfinished[rule.id])
        told = _NEWLINE.join(_text(line) for line in [*lines, f"fix: {rule.fix}"])
        many = f"{total:,} {'finding' if total == 1 else 'findings'}: {rule.title}"
        body.append(f'      <failure message="{_text(many)}">{told}</failure>')
    elif rule.id in suite.unfinished:
        body.append(f'      <error message="{_text(suite.unfinished[rule.id])}"/>')
    elif rule.id in suite.skipped:
        body.append(f'      <skipped message="{_text(suite.skipped[rule.id])}"/>')
    if aside:
        lines = [f"{_standing(finding)}: {finding.where}: {with_owner(finding)}" for finding in aside[:_SHOWN]]
        if len(aside) > _SHOWN:
            lines.append(f"and {len(aside) - _SHOWN:,} more that do not count")
        body.append(f"      <system-out>{_NEWLINE.join(map(_text, lines))}</system-out>")
    return [f"{head}>", *body, "    </testcase>"] if body else [f"{head}/>"]


def _unread(suite: Suite, reason: str) -> list[str]:
    return [
        f'    <testcase classname="{_text(suite.name)}" name="input could be read">',
        f'      <error message="{_text(reason)}"/>',
        "    </testcase>",
    ]


def _standing(finding: Finding) -> str:
    if finding.state == "waived":
        return f"waived ({(finding.waiver or {}).get('id', '')})"
    return finding.state if finding.state != "new" else f"{finding.rule.severity} {finding.rule.kind}, does not count"


def _note(value: object) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


def _text(text: str) -> str:
    """Return text for XML 1.0 (2.2, Char): what it cannot hold stands as an escape."""
    shown = "".join(
        char if char < "\ud800" or "\ue000" <= char < "\ufffe" or char > "\uffff" else f"\\u{ord(char):04x}"
        for char in safe.one_line(text)
    )
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
