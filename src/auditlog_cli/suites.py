"""A report in the form that the formats for other tools are made from: one suite a pack (compliance.md, 8.1, 8.2)."""

from __future__ import annotations

from auditlog_cli import times
from auditlog_cli.finding import Finding, Rule, Suite
from auditlog_cli.report import SENTENCE, Report, RuleResult, by_severity, many, rank

_NOT_ASKED = {"not_tested": "not tested", "not_applicable": "not applicable", "disabled": "disabled"}


def suites(report: Report) -> list[Suite]:
    """Return one suite for each pack of a report, in the order of its packs; what no pack says comes last.

    Under several policies a rule is asked several times: it is listed once, with its gravest severity, and a fact
    that several policies name is one finding.
    """
    results: dict[str, list[RuleResult]] = {pack.name: [] for pack in report.packs}
    found: dict[str, list[Finding]] = {}
    for each in report.rules:
        results.setdefault(each.rule.pack, []).append(each)
    for finding in _once(report.findings):
        results.setdefault(finding.rule.pack, [])
        found.setdefault(finding.rule.pack, []).append(finding)
    made = [_suite(report, name, asked, found.get(name, [])) for name, asked in results.items()]
    if made:
        made[0].unread = [*map(str, report.unread), *map(str, report.unwritten)]
    return made


def merged(findings: list[Finding]) -> list[Finding]:
    """Return one finding a fact (`--merge`): the gravest speaks, the other rules stand in its `others`.

    A fact counts if it does under any rule, and is new as long as it is under one.
    """
    facts: dict[str, list[Finding]] = {}
    for finding in sorted(findings, key=rank):
        facts.setdefault(finding.fingerprint, []).append(finding)
    out = []
    for same in facts.values():
        first = next((each for each in same if each.counted), None) or next(
            (each for each in same if each.state == "new"), same[0]
        )
        first.others = tuple(each for each in same if each is not first)
        out.append(first)
    return sorted(out, key=rank)


def _once(findings: list[Finding]) -> list[Finding]:
    kept: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        key = (finding.rule.id, finding.fingerprint)
        other = kept.get(key)
        if other is None or (not other.counted, rank(other)) > (not finding.counted, rank(finding)):
            kept[key] = finding
    return sorted(kept.values(), key=rank)


def _suite(report: Report, name: str, asked: list[RuleResult], found: list[Finding]) -> Suite:
    rules: dict[str, Rule] = {}
    skipped: dict[str, str] = {}
    unfinished: dict[str, str] = {}
    ran = {each.rule.id for each in asked if each.result not in _NOT_ASKED}
    for rule in [*(each.rule for each in asked), *(finding.rule for finding in found)]:
        rules.setdefault(rule.id, rule)
    for each in asked:
        if each.result in _NOT_ASKED and each.rule.id not in ran:
            skipped[each.rule.id] = f"{_NOT_ASKED[each.result]}: {each.reason}".removesuffix(": ")
        elif each.result == "not_fully_evaluated":
            unfinished[each.rule.id] = f"not fully evaluated: {each.reason}"
    new = [finding for finding in found if finding.state == "new"]
    totals: dict[str, int] = {}
    for finding in new:
        totals[finding.rule.id] = totals.get(finding.rule.id, 0) + 1
    for each in asked:
        if each.unlisted:
            totals[each.rule.id] = totals.get(each.rule.id, 0) + each.unlisted
    pack = next((pack for pack in report.packs if pack.name == name), None)
    version = pack.version if pack else next((rule.version for rule in rules.values()), "1")
    return Suite(
        name,
        version,
        pack.title if pack else name,
        list(rules.values()),
        skipped=skipped,
        totals=totals,
        findings=new,
        verdict=_verdict(rules, by_severity(new, asked), skipped, unfinished),
        unread=[],
        settled=[finding for finding in found if finding.state != "new"],
        unfinished=unfinished,
        sha256=pack.sha256 if pack else "",
        notes=_notes(report, pack.status if pack else "", pack.as_of if pack else ""),
    )


def _verdict(
    rules: dict[str, Rule], severities: dict[str, int], skipped: dict[str, str], unfinished: dict[str, str]
) -> str:
    new = sum(severities.values())
    said = ", ".join(f"{count:,} {word}" for word, count in severities.items() if count)
    parts = [f"{many(new, 'finding')} ({said})" if new else "no findings"]
    parts.append(f"{len(rules) - len(skipped):,} of {many(len(rules), 'rule')} tested")
    if unfinished:
        parts.append(f"{len(unfinished):,} of them not fully evaluated")
    return "; ".join(parts)


def _notes(report: Report, status: str, described: str) -> dict[str, object]:
    notes: dict[str, object] = {"as_of": times.render(report.as_of), "sentence": SENTENCE}
    if status:
        notes |= {"pack_status": status, "pack_as_of": described}
    if report.incomplete:
        notes["incomplete"] = report.incomplete
    return notes
