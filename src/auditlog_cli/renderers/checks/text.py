"""A report for people: what was looked at, findings by severity, what was not tested, counts, verdict."""

from __future__ import annotations

from collections import Counter

from auditlog_cli import times
from auditlog_cli.finding import SEVERITIES, Finding, level
from auditlog_cli.renderers import safe
from auditlog_cli.renderers.layout import packed, table, wrapped
from auditlog_cli.renderers.text import Style
from auditlog_cli.report import CANNOT, SENTENCE, Report, RuleResult, many
from auditlog_cli.suites import merged

HINT = "for people: findings by severity, what was not tested, counts"
PLACES = 10
"""So many places of a rule are shown; the rest is counted."""
_COLOURS = {"error": "error", "warning": "denied", "note": "dim"}
_WORDS = {
    "not_fully_evaluated": "Not fully evaluated",
    "not_tested": "Not tested: nothing was there to judge",
    "not_applicable": "Not applicable, as the profile says",
    "disabled": "Disabled",
}


def lines(
    report: Report, style: Style, *, places: int = PLACES, merge: bool = False, explain: bool = False
) -> list[str]:
    """Return a report as lines of text.

    Args:
        report: What the run came to.
        style: How to draw it.
        places: How many places of a rule to show; 0 for all.
        merge: One finding a fact instead of one a rule.
        explain: Why each rule with findings is there, what its clauses demand, and where it errs.
    """
    found = merged(report.findings) if merge else report.findings
    unlisted = Counter[str]()
    for each in () if merge else report.rules:
        unlisted[each.rule.id] += each.unlisted
    blocks = [_header(report, style), *_findings(found, style, places, explain, unlisted), *_others(report, style)]
    blocks += [_cannot(report, style), _table(report, style), _verdict(report, style)]
    out: list[str] = []
    for block in blocks:
        if block:
            out += ["", *block] if out else block
    return [style.glyphs(line) for line in out]


def one(finding: Finding, style: Style, *, explain: bool = False) -> list[str]:
    """Return one finding as lines of text, for a stream of them; `style` and `explain` as for `lines`."""
    head, *rest = _group([finding], style, 1, explain, 0)
    graded = style.paint(finding.rule.severity.capitalize(), "call")
    return [style.glyphs(line) for line in (graded, head, *rest, "")]


def _header(report: Report, style: Style) -> list[str]:
    told = [f"as of {times.render(report.as_of)[:19]}Z"]
    for pack in report.packs:
        status = "read by no lawyer" if pack.status == "review" else pack.status
        told.append(f"pack {pack.name} {pack.version} ({status}; law of {pack.as_of}; sha256 {pack.sha256[:12]})")
    if report.policy_file:
        told.append(f"policy file {report.policy_file[0]} (sha256 {report.policy_file[1][:12]})")
    told += [f"policy {policy.name} {policy.version} (sha256 {policy.sha256[:12]})" for policy in report.policies]
    for source in report.inputs:
        leaves = f", leaves {source.first_leaf[:12]} to {source.last_leaf[:12]}" if source.first_leaf else ""
        told.append(f"read {source.path} ({source.size:,} bytes, sha256 {source.sha256[:12]}{leaves})")
    out = [style.paint(line, "dim") for text in told for line in wrapped(safe.one_line(text), style)]
    for verdict in report.verdicts:
        colour = {"intact": "dim", "broken": "error"}.get(verdict.word, "denied")
        text = f"integrity of {verdict.path}: {verdict.sentence}"
        out += [style.paint(line, colour) for line in wrapped(safe.one_line(text), style)]
        for item in verdict.not_checked:
            out += [style.paint(f"  {line}", "dim") for line in wrapped(safe.one_line(f"not checked: {item}"), style)]
    for text in map(str, (*report.unread, *report.unwritten)):
        out += [style.paint(line, "error") for line in wrapped(safe.one_line(text), style)]
    for text in report.warnings:
        out += [style.paint(line, "denied") for line in wrapped(safe.one_line(f"warning: {text}"), style)]
    return out


def _findings(
    found: list[Finding], style: Style, places: int, explain: bool, unlisted: Counter[str]
) -> list[list[str]]:
    """A block a severity and rule; those that are waived or known stand in the counts only."""
    blocks = []
    new = [finding for finding in found if finding.state == "new"]
    for severity in SEVERITIES:
        groups: dict[str, list[Finding]] = {}
        for finding in new:
            if finding.rule.severity == severity:
                groups.setdefault(finding.rule.id, []).append(finding)
        count = sum(len(same) + unlisted[rule] for rule, same in groups.items())
        head = f"{severity.capitalize()}: {many(count, 'finding')}"
        for rule, same in groups.items():
            group = _group(same, style, places, explain, unlisted[rule])
            blocks.append([*([style.paint(head, "call"), ""] if head else []), *group])
            head = ""
    return blocks


def _group(same: list[Finding], style: Style, places: int, explain: bool, unlisted: int) -> list[str]:
    rule = same[0].rule
    colour = _COLOURS[level(rule.severity)]
    aside = "" if any(finding.counted for finding in same) else ", does not count"
    title = f"{rule.id}  {rule.title} ({rule.kind}{aside})"
    out = [style.paint(line, colour) for line in wrapped(safe.one_line(title), style)]
    shown = same[:places] if places else same
    said, owner = "", _owner(same, unlisted)
    for finding in shown:
        where = finding.where
        if finding.message not in (said, rule.title):
            out += [f"  {line}" for line in wrapped(safe.one_line(finding.message), style)]
            said = finding.message
        parts = [str(where), where.pointer, finding.entity, " ".join(finding.group), *_related(finding)]
        parts += [f"owner: {where.owner}"] if where.owner and not owner else []
        out += [f"  {line}" for line in packed([safe.one_line(part) for part in parts if part], style)]
    left = len(same) - len(shown) + unlisted
    if left:
        text = f"… and {left:,} more (--format json{' --max-findings 0' if unlisted else ''} has all)"
        out += [f"  {line}" for line in wrapped(text, style)]
    if owner:
        out += [f"  {line}" for line in wrapped(safe.one_line(f"owner: {owner}"), style)]
    others = dict.fromkeys(other.rule.id for finding in same for other in finding.others)
    if others:
        out += [f"  {line}" for line in wrapped(f"the same under {', '.join(others)}", style)]
    demands = [f"{clause}: {rule.demands[clause]}" for clause in rule.clauses if clause in rule.demands]
    clauses = demands if explain and demands else [", ".join(rule.clauses)]
    out += [f"  {style.paint(line, 'dim')}" for text in clauses for line in wrapped(safe.one_line(text), style)]
    if explain:
        told = [f"why: {rule.why}", *(f"not meant: {each}" for each in rule.false_positives)]
        out += [f"  {line}" for text in told for line in wrapped(safe.one_line(text), style)]
    if same[0].fix:
        out += [f"  {line}" for line in wrapped(safe.one_line(f"help: {same[0].fix}"), style)]
    return out


def _owner(same: list[Finding], unlisted: int) -> str:
    """Who answers for the agents of all findings of a rule, where that is one and the same: said once then."""
    owners = {finding.where.owner for finding in same}
    return owners.pop() if len(owners) == 1 and len(same) > 1 and not unlisted else ""


def _related(finding: Finding) -> list[str]:
    if not finding.related:
        return []
    left = len(finding.related) - 3
    told = ", ".join(str(where.line or where) for where in finding.related[:3])
    return [f"with line {told}{f' and {left:,} more' if left > 0 else ''}"]


def _others(report: Report, style: Style) -> list[list[str]]:
    """Rules without a result of their own, by reason; then values withheld and deadlines open."""
    passed = [f"{each.rule.id} ({each.in_scope:,})" for each in report.rules if each.result == "passed"]
    blocks = []
    if passed:
        titled = wrapped(f"Passed, on so many records ({len(passed):,})", style)
        blocks.append([*(style.paint(line, "call") for line in titled), *wrapped(", ".join(passed), style)])
    for result, head in _WORDS.items():
        reasons: dict[str, list[str]] = {}
        for each in report.rules:
            if each.result == result:
                reasons.setdefault(each.reason, []).append(each.rule.id)
        count = sum(map(len, reasons.values()))
        if not count:
            continue
        colour = "error" if result == "not_fully_evaluated" else "call"
        out = [style.paint(line, colour) for line in wrapped(f"{head} ({count:,})", style)]
        for reason, ids in reasons.items():
            text = f"{reason}: {', '.join(ids)}" if reason else ", ".join(ids)
            out += _item(text, style)
        blocks.append(out)
    for head, tell in (
        ("Withheld: values that rules could not see", _withheld),
        ("Open: a deadline is not reached", _open),
    ):
        told = [text for each in report.rules if (text := tell(each))]
        if told:
            lines_ = [style.paint(line, "call") for line in wrapped(head, style)]
            blocks.append([*lines_, *(line for text in told for line in _item(text, style))])
    return blocks


def _withheld(each: RuleResult) -> str:
    return f"{each.rule.id}: {many(each.withheld, 'record')}" if each.withheld else ""


def _open(each: RuleResult) -> str:
    return f"{each.rule.id}: {each.open:,}" if each.open else ""


def _cannot(report: Report, style: Style) -> list[str]:
    out = [style.paint(line, "call") for line in wrapped("What no rule can check", style)]
    for pack in report.packs:
        for text in pack.not_checkable:
            out += _item(f"{pack.name}: {text}", style)
    for text in CANNOT:
        out += _item(text, style)
    return [out[0], *(style.paint(line, "dim") for line in out[1:])]


def _table(report: Report, style: Style) -> list[str]:
    """How it stands with each pack."""
    rows = []
    for pack in report.packs:
        asked = [each for each in report.rules if each.rule.pack == pack.name]
        passed = [each for each in asked if each.result == "passed"]
        found = [each for each in asked if each.findings]
        cells = [
            len(asked),
            len(found),
            len(passed),
            len(asked) - len([*found, *passed]),
            sum(each.findings for each in asked),
        ]
        rows.append((safe.one_line(pack.name), [f"{cell:,}" for cell in cells]))
    if not rows:
        return []
    return table("Rules by pack", ["asked", "with findings", "passed", "no result", "findings"], rows, style)[:-1]


def _verdict(report: Report, style: Style) -> list[str]:
    read = report.lines
    text = (
        f"{many(read.read, 'line')} read: {read.judged:,} judged, {read.not_selected:,} not selected, "
        f"{read.bad:,} bad; {read.under_no_policy:,} under no policy"
    )
    out = wrapped(text, style)
    for each in report.waivers:
        out += wrapped(safe.one_line(_waiver(each.id, each.standing, each.applied, times.render(each.expires))), style)
    if report.baseline:
        days = max(0, report.as_of - report.baseline.created) // times.DAY
        out += wrapped(f"baseline of {times.render(report.baseline.created)[:10]}, {many(days, 'day')} old", style)
    for reason in report.incomplete:
        out += [style.paint(line, "denied") for line in wrapped(safe.one_line(f"not judged: {reason}"), style)]
    colour = {0: "call", 1: "error", 3: "error"}.get(report.exit_code, "denied")
    out += [style.paint(line, colour) for line in wrapped(report.verdict, style)]
    return out + [style.paint(line, "dim") for line in wrapped(SENTENCE, style)]


def _waiver(name: str, standing: str, applied: int, expires: str) -> str:
    if standing == "in_force":
        return f"waiver {name}: covers {many(applied, 'finding')}, until {expires[:10]}"
    return f"waiver {name}: {'expired on' if standing == 'expired' else 'not in force yet, until'} {expires[:10]}"


def _item(text: str, style: Style) -> list[str]:
    first, *more = wrapped(safe.one_line(text), style)
    return [f"- {first}", *(f"  {line}" for line in more)]
