"""Packs and rules as pages in Markdown: for `packs show` and for docs/rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditlog_cli.rules import writing
from auditlog_cli.rules.pack import AppliesFrom, Pack, Rule

_STATUS = {
    "review": "in review: no lawyer has read this pack",
    "reviewed": "reviewed",
    "retired": "retired: nobody keeps it up to date",
}
SENTENCE = (
    "A finding is evidence that something in the log needs an explanation; a run without findings is evidence for "
    "compliance, never proof of it."
)


def pack(given: Pack) -> str:
    """Return the page of a pack: its head, what it cannot check, and every rule with an anchor."""
    lines = [*head(given), "", "## Rules", "", *table(given), ""]
    for rule in given.rules:
        lines += [f'<a id="{rule.id}"></a>', "", *page(rule, brief=rule.extends is not None), ""]
    return "\n".join(lines)


def head(given: Pack) -> list[str]:
    """Return title, status, sources and limits of a pack."""
    status = _STATUS[given.status]
    if given.reviewed:
        status += f" by {given.reviewed['by']} on {given.reviewed['on']}"
    lines = [f"# {given.name}: {given.title}", "", f"Version {given.version}, law as of {given.as_of}, {status}."]
    lines += ["", SENTENCE, ""]
    lines += [f"- {name}: <{url}>" for name, url in given.sources]
    if given.profile:
        lines += ["", f"Asks the profile of the policy for: {', '.join(given.profile)}."]
    lines += ["", *_duty(given.applies, given.applies_from)]
    if given.not_checkable:
        lines += ["", "## What this pack cannot check", "", *(f"- {each}" for each in given.not_checkable)]
    return _squeezed(lines)


def table(given: Pack) -> list[str]:
    """Return the rules of a pack as a table."""
    lines = ["| Rule | Severity | Finds | Scope | What |", "|---|---|---|---|---|"]
    for rule in given.rules:
        library = "" if rule.in_pack else " (library: runs where a rule extends it)"
        lines.append(
            f"| [{rule.id}](#{rule.id}) | {rule.severity} | {rule.kind} | {rule.scope} | {rule.title}{library} |"
        )
    return lines


def page(rule: Rule, *, brief: bool = False) -> list[str]:
    """Return the page of a rule: clauses, why, fix, logic, parameters, false positives, cases.

    Args:
        rule: The rule.
        brief: Name the rule that it extends in place of repeating its logic and cases.
    """
    lines = [f"### {rule.id}: {rule.title}", ""]
    lines.append(
        f"{rule.severity}, {rule.kind}, confidence {rule.confidence}, scope {rule.scope}, status {rule.status}"
    )
    lines += ["", *(f"- **{reference}**: {text}" for reference, text in rule.clauses.items())]
    lines += ["", f"Why: {rule.why}", "", f"Fix: {rule.fix}"]
    lines += ["", *(f"- False positive: {each}" for each in rule.false_positives)]
    lines += ["", *([f"See also: {', '.join(rule.crossrefs)}"] if rule.crossrefs else [])]
    lines += ["", *_duty(rule.applies, rule.applies_from)]
    if rule.addressable:
        lines += ["", "An addressable specification of HIPAA."]
    if not rule.waivable:
        lines += ["", "Cannot be waived."]
    if rule.cloned_from:
        lines += ["", "Copied from {rule} of {pack} {version}.".format_map(rule.cloned_from)]
    lines += ["", *_parameters(rule)]
    if brief:
        lines += ["", f"Logic and cases are those of {rule.extends}."]
    else:
        logic: dict[str, Any] = {"detection": rule.detection} if rule.detection else {}
        logic |= {"correlate": rule.correlate} if rule.correlate else {}
        report = {"at": rule.report_at, "message": rule.report_message}
        logic |= {"report": said} if (said := {key: value for key, value in report.items() if value}) else {}
        lines += ["", "```yaml", *writing.block(logic), "```"]
        if any(rule.tests.values()):
            lines += ["", "Cases:", "", "```yaml"]
            for kind, cases in rule.tests.items():
                lines += [f"{kind}:", *(f"  - {writing.flow(case)}" for case in cases)]
            lines.append("```")
    return _squeezed(lines)


def _duty(applies: Mapping[str, Any], dates: AppliesFrom) -> list[str]:
    lines = []
    if applies:
        lines.append(f"Applies where the profile says {_said(applies)}.")
    for when, date in dates:
        lines.append(f"Binding from {date}{f' where it says {_said(when)}' if when else ''}.")
    return [" ".join(lines)] if lines else []


def _said(condition: Mapping[str, Any]) -> str:
    return " and ".join(
        f"`{path}: {' or '.join(map(writing.flow, each)) if isinstance(each, list) else writing.flow(each)}`"
        for path, each in condition.items()
    )


def _parameters(rule: Rule) -> list[str]:
    lines = []
    for name, each in rule.parameters.items():
        notes = [each.note] if each.note else []
        notes += [f"From the profile: `{each.profile}`."] if each.profile else []
        lines.append(f"- Parameter `{name}`: `{writing.flow(each.default)}`{' ' + ' '.join(notes) if notes else ''}")
    return lines


def _squeezed(lines: list[str]) -> list[str]:
    """Return the lines with no two empty ones in a row, and none at the end."""
    kept = [line for number, line in enumerate(lines) if line or (number and lines[number - 1])]
    while kept and not kept[-1]:
        kept.pop()
    return kept
