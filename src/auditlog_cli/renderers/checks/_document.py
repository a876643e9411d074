"""The document that `html` and `markdown` draw of a report, made from the object that `json` prints."""

from __future__ import annotations

from collections import Counter
from typing import Any

from auditlog_cli.finding import KINDS, SEVERITIES
from auditlog_cli.renderers import parts
from auditlog_cli.renderers.checks import json
from auditlog_cli.renderers.document import Block, Document, Facts, Paragraph, Section, Span, Table, Text
from auditlog_cli.report import Report, many

_APPLIES = {
    "not_declared": "the profile does not say whether the duty applies",
    "not_yet_binding": "the duty does not bind yet",
}


def document(
    report: Report, *, places: int = 20, groups: int = 1 << 30, tables: bool = True, merge: bool = False
) -> Document:
    """Return the document.

    Args:
        report: What the run came to.
        places: How many places of a rule to list; the rest is counted.
        groups: How many rules with findings to explain; the rest is counted.
        tables: List every rule with its result; else the results are counted only.
        merge: One finding a fact instead of one a rule.
    """
    made = json.as_object(report, merge=merge)
    found: dict[str, list[dict[str, Any]]] = {}
    for finding in made["findings"]:
        if finding["state"] == "new":
            found.setdefault(finding["rule"], []).append(finding)
    shown = dict(list(found.items())[:groups])
    demands = {each.rule.id: each.rule.demands for each in report.rules}
    unlisted = Counter[str]()
    for each in () if merge else report.rules:
        unlisted[each.rule.id] += each.unlisted
    explained = [_group(rule, same, places, demands.get(rule, {}), unlisted[rule]) for rule, same in shown.items()]
    sections = [parts.looked_at(made), parts.integrity(made), _findings(explained, len(found))]
    settled = [finding for finding in made["findings"] if finding["state"] != "new"]
    exceptions = parts.exceptions(made)
    if settled and places:
        exceptions.sections.append(_settled(settled, places))
    sections += [exceptions, _rules(made, set(shown), tables), parts.cannot(made)]
    lead = _lead(made)
    if tables and len(shown) > 1:
        lead.append(parts.overview([(same[0], len(same) + unlisted[rule]) for rule, same in shown.items()]))
    return Document("Compliance check of an audit log", lead, sections)


def _lead(made: dict[str, Any]) -> list[Block]:
    blocks = parts.lead(made)
    new = Counter((each["severity"], each["kind"]) for each in made["findings"] if each["state"] == "new")
    if not made["merged"]:
        for each in made["rules"]:
            new[each["severity"], each["kind"]] += each["unlisted"]
    rows: list[tuple[Text, ...]] = []
    for severity in SEVERITIES:
        kinds = [new[severity, kind] for kind in KINDS]
        rows.append((Span(severity, severity), *(f"{count:,}" for count in kinds), f"{sum(kinds):,}"))
    heads = ("Severity", "Violations", "Gaps", "Indicators", "In all")
    blocks.append(Table(heads, tuple(rows), frozenset((1, 2, 3, 4)), "New findings"))
    counts = made["counts"]
    text = (
        f"A violation is a breach that the log shows, a gap is evidence that it lacks, an indicator is something that "
        f"an auditor would ask about. Beside these: {counts['waived']:,} waived, {counts['known']:,} known from the "
        f"baseline. Findings that count for the exit code (--fail-on {made['fail_on']}): {counts['counted']:,}."
    )
    return [*blocks, Paragraph(text)]


def _findings(shown: list[Section], groups: int) -> Section:
    section = Section("Findings", "findings", sections=shown)
    if not groups:
        section.blocks.append(Paragraph("No new findings. The section on rules says on how many records that rests."))
    if groups > len(shown):
        left = groups - len(shown)
        text = f"and findings of {left:,} more {'rule' if left == 1 else 'rules'}; the format json has all"
        section.blocks.append(Paragraph(text, "warning"))
    return section


def _group(rule: str, findings: list[dict[str, Any]], places: int, demands: dict[str, str], unlisted: int) -> Section:
    first = findings[0]
    lead: Text = (
        Span(first["severity"], first["severity"]), f" {first['kind']}, confidence {first.get('confidence', 'high')}, "
        f"{many(len(findings) + unlisted, 'finding')}",
    )  # fmt: skip
    rows: list[tuple[str, Text]] = []
    for name, member in (("Why it matters", "why"), ("What to do", "fix")):
        if first[member]:
            rows.append((name, first[member]))
    clauses = "; ".join(
        f"{clause}: {demands[clause].rstrip('.')}" if clause in demands else clause for clause in first["clauses"]
    )
    rows.append(("Rests on", clauses or "–"))
    rows.append(("Pack", f"{first['pack']} {first['pack_version']}"))
    policies = dict.fromkeys(
        f"{each['policy']['name']} {each['policy']['version']}" for each in findings if "policy" in each
    )
    if policies:
        rows.append(("Policy", ", ".join(policies)))
    if first.get("applicability") in _APPLIES:
        rows.append(("Applies", _APPLIES[first["applicability"]]))
    also = dict.fromkeys(each["rule"] for finding in findings for each in finding.get("also", ()))
    if also:
        rows.append(("Also named by", ", ".join(also)))
    blocks: list[Block] = [Paragraph(lead), Facts(tuple(rows)), *parts.places(findings, places, unlisted)]
    return Section(f"{rule}: {first['title']}", f"rule-{rule}", blocks)


def _settled(settled: list[dict[str, Any]], places: int) -> Section:
    rows: list[tuple[Text, ...]] = []
    for each in settled[: places * 5]:
        record = each["record"]
        by = f"waiver {each['waiver']['id']}" if "waiver" in each else "baseline"
        place = f"{record['source']}:{record['line']}"
        rows.append((parts.code(each["rule"]), each["title"], parts.code(place), each["severity"], by))
    blocks: list[Block] = [Table(("Rule", "Title", "Place", "Severity", "Set aside by"), tuple(rows))]
    if len(settled) > len(rows):
        blocks.append(Paragraph(f"and {len(settled) - len(rows):,} more; the format json has all"))
    return Section("Findings set aside", "set-aside", blocks)


def _rules(made: dict[str, Any], known: set[str], tables: bool) -> Section:
    counts = made["counts"]["results"]
    told = ", ".join(f"{count:,} {parts.RESULTS[name]}" for name, count in counts.items() if count)
    text = f"{told or 'no rules'}. {parts.rules_said(made['rules'])}"
    section = Section("Rules and their results", "rules", [Paragraph(text)])
    if not tables:
        section.blocks.append(
            Paragraph("There is no room for the list of rules here; the format json has it.", "warning")
        )
    for pack in made["packs"] if tables else ():
        asked = [each for each in made["rules"] if each["pack"] == pack["name"]]
        if asked:
            section.sections.append(parts.rules(pack, asked, known))
    return section
