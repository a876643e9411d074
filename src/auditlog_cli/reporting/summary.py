"""The object `auditlog.summary/1`, out of a report, what happened, and the alerts (compliance.md, 10). Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from auditlog_cli import times
from auditlog_cli.finding import KINDS, Finding
from auditlog_cli.renderers.checks import json as check
from auditlog_cli.renderers.findings import jsonl
from auditlog_cli.report import RESULTS, Report, RuleResult, by_severity
from auditlog_cli.reporting.activity import Activity
from auditlog_cli.reporting.alerts import Alerts

FORMAT = "auditlog.summary/1"
PLACES = 20
"""So many places of a rule stand in a summary."""


def within(report: Report, start: int, end: int) -> None:
    """Keep the findings whose anchor lies in the period, `end` not included; one without a time is kept."""
    kept = []
    for finding in report.findings:
        moment = times.parse(finding.where.timestamp)
        if moment is None or start <= moment < end:
            kept.append(finding)
    report.findings = kept
    about: dict[str, set[tuple[str, int]]] = {}
    for finding in kept:
        about.setdefault(finding.rule.id, set()).add((finding.where.path, finding.where.byte))
    for each in report.rules:
        # What was found was in scope, though all that counts for the rule may lie before the period.
        each.in_scope = max(each.in_scope, len(about.get(each.rule.id, ())))
        if each.result == "findings":  # `settle` says it again where some are left
            each.result = "passed" if each.in_scope else "not_tested"
    report.settle()


def summary(
    report: Report,
    start: int,
    end: int,
    activity: Activity,
    *,
    alerts: Alerts | None = None,
    before: tuple[Report, Activity] | None = None,
    silences: frozenset[str] = frozenset(),
    open_ends: tuple[str, ...] = (),
    owner: Callable[[str], str] | None = None,
) -> dict[str, Any]:
    """Return the summary of a period.

    Args:
        report: What `check` came to, with the findings of the period (`within`).
        start, end: The period, microseconds since the epoch; the end is not included.
        activity: Counted over its records.
        alerts: The alerts log, or None where none was given.
        before: The same of the period of the same length before; None where the logs do not reach back that far.
        silences: Ids of logics that look for silence.
        open_ends: `from`, `to`: which ends of the period were not asked for, but taken from the logs and the clock.
        owner: Says who answers for an agent; None: the policy registers no owners.
    """
    grouped: dict[str, list[Finding]] = {}
    for finding in report.findings:
        if finding.state == "new":
            grouped.setdefault(finding.rule.id, []).append(finding)
    made = activity.as_object(owner)
    blocks = made.pop("blocks")
    quiet = [finding for finding in report.findings if finding.rule.logic in silences]
    return {
        "format": FORMAT,
        "period": {"from": times.render(start), "to": times.render(end), "open_ends": [*open_ends]},
        **check.header(report),
        "verdict": report.verdict,
        "exit_code": report.exit_code,
        "incomplete": report.incomplete,
        "integrity": {"bad_lines": report.lines.bad, "silences": [jsonl.as_object(each) for each in quiet]},
        "activity": made,
        "counts": check.counts(report.findings),
        "clauses": [_clauses(report, pack.name, grouped) for pack in report.packs],
        "rules": [check.result(each) for each in report.rules],
        "findings": [
            {"rule": name, "findings": len(found), "places": [jsonl.as_object(each) for each in found[:PLACES]]}
            for name, found in grouped.items()
        ],
        "alerts": alerts.as_object(start, end) if alerts else None,
        "blocks": blocks,
        "trend": _trend(report, activity, before, start, end),
    }


def _clauses(report: Report, pack: str, grouped: dict[str, list[Finding]]) -> dict[str, Any]:
    clauses: dict[str, list[RuleResult]] = {}
    for each in report.rules:
        if each.rule.pack == pack:
            for clause in each.rule.clauses:
                clauses.setdefault(clause, []).append(each)
    return {"pack": pack, "clauses": [_clause(name, asked, grouped) for name, asked in clauses.items()]}


def _clause(name: str, asked: list[RuleResult], grouped: dict[str, list[Finding]]) -> dict[str, Any]:
    rules = list(dict.fromkeys(each.rule.id for each in asked))
    found = [finding for rule in rules for finding in grouped.get(rule, ())]
    return {
        "clause": name,
        "demand": next((each.rule.demands[name] for each in asked if name in each.rule.demands), ""),
        "rules": rules,
        "results": {word: sum(each.result == word for each in asked) for word in RESULTS},
        "in_scope": max((each.in_scope for each in asked), default=0),
        "withheld": sum(each.withheld for each in asked),
        "open": sum(each.open for each in asked),
        "by_kind": {kind: sum(finding.rule.kind == kind for finding in found) for kind in KINDS},
        "by_severity": by_severity(found),
    }


def _trend(
    report: Report, activity: Activity, before: tuple[Report, Activity] | None, start: int, end: int
) -> dict[str, Any] | None:
    if before is None:
        return None
    earlier, then = before
    return {
        "from": times.render(start - (end - start)),
        "to": times.render(start),
        "records": {"before": then.records, "now": activity.records},
        "denials": {"before": then.denials, "now": activity.denials},
        "findings": {
            severity: {"before": was, "now": now}
            for (severity, was), now in zip(
                _new(earlier).items(), _new(report).values(), strict=True
            )
        },
    }  # fmt: skip


def _new(report: Report) -> dict[str, int]:
    return by_severity(finding for finding in report.findings if finding.state == "new")
