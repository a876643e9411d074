"""A report as `auditlog.report/1` (schemas/report-1.schema.json)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from auditlog_cli import times
from auditlog_cli._version import __version__
from auditlog_cli.finding import KINDS, Finding
from auditlog_cli.renderers.findings import jsonl
from auditlog_cli.renderers.indented import dumps
from auditlog_cli.renderers.verdicts import json as verification
from auditlog_cli.report import CANNOT, RESULTS, SENTENCE, PackNote, Report, RuleResult, Waiver, by_severity
from auditlog_cli.suites import merged

HINT = "one JSON object, auditlog.report/1"
FORMAT = "auditlog.report/1"


def header(report: Report) -> dict[str, Any]:
    """Return what every report starts with (compliance.md, 7.4)."""
    return {
        "tool": {"name": "auditlog", "version": __version__},
        "sentence": SENTENCE,
        "as_of": times.render(report.as_of),
        "time_zone": "UTC",
        "packs": [_pack(pack) for pack in report.packs],
        "policies": [jsonl.policy(policy) for policy in report.policies],
        "policy_file": dict(zip(("source", "sha256"), report.policy_file, strict=True)) if report.policy_file else None,
        "inputs": [
            {"source": each.path, "size": each.size, "sha256": each.sha256, "first_leaf": each.first_leaf, "last_leaf": each.last_leaf}  # noqa: E501
            for each in report.inputs
        ],
        "unread": [str(error) for error in report.unread],
        "unwritten": [str(error) for error in report.unwritten],
        "verification": verification.as_object(report.verdicts) if report.verdicts else None,
        "lines": {
            "read": report.lines.read,
            "judged": report.lines.judged,
            "not_selected": report.lines.not_selected,
            "bad": report.lines.bad,
            "under_no_policy": report.lines.under_no_policy,
        },
        "waivers": {"source": report.waivers_file, "waivers": [waiver(each) for each in report.waivers]}
        if report.waivers_file
        else None,
        "baseline": _baseline(report),
        "warnings": report.warnings,
        "cannot_check": list(CANNOT),
    }  # fmt: skip


def as_object(report: Report, *, merge: bool = False) -> dict[str, Any]:
    """Return a report as an object of the published schema.

    Args:
        report: What the run came to.
        merge: One finding a fact instead of one a rule (`--merge`).
    """
    findings = merged(report.findings) if merge else report.findings
    results = dict.fromkeys(RESULTS, 0)
    for each in report.rules:
        results[each.result] += 1
    return {
        "format": FORMAT,
        **header(report),
        "verdict": report.verdict,
        "exit_code": report.exit_code,
        "fail_on": report.fail_on,
        "fail_on_indicators": report.fail_on_indicators,
        "require_tested": list(report.require_tested),
        "incomplete": report.incomplete,
        "counts": {**counts(findings, () if merge else report.rules), "results": results},
        "merged": merge,
        "rules": [result(each) for each in report.rules],
        "findings": [jsonl.as_object(finding) for finding in findings],
    }


def render(report: Report, *, merge: bool = False) -> str:
    """Return the report as JSON text."""
    return dumps(as_object(report, merge=merge)) + "\n"


def counts(findings: list[Finding], rules: Iterable[RuleResult] = ()) -> dict[str, Any]:
    """Return how many findings there are: in all, those that count, by state; the new ones by severity and kind.

    Args:
        findings: Those that are listed.
        rules: Whose findings that are not listed are counted, too; none where facts are counted, not findings.
    """
    new = [finding for finding in findings if finding.state == "new"]
    left = [each for each in rules if each.unlisted]
    unlisted = sum(each.unlisted for each in left)
    return {
        "findings": len(findings) + unlisted,
        "unlisted": unlisted,
        "counted": sum(finding.counted for finding in findings) + sum(each.unlisted for each in left if each.counted),
        "new": len(new) + unlisted,
        "known": sum(finding.state == "known" for finding in findings),
        "waived": sum(finding.state == "waived" for finding in findings),
        "by_severity": by_severity(new, left),
        "by_kind": {
            kind: sum(each.rule.kind == kind for each in new)
            + sum(each.unlisted for each in left if each.rule.kind == kind)
            for kind in KINDS
        },
    }


def result(each: RuleResult) -> dict[str, Any]:
    """Return what came of a rule."""
    rule = each.rule
    return {
        "rule": rule.id,
        "logic": rule.logic,
        "pack": rule.pack,
        "title": rule.title,
        "kind": rule.kind,
        "severity": rule.severity,
        "confidence": rule.confidence,
        "scope": each.scope,
        "clauses": list(rule.clauses),
        "policy": jsonl.policy(each.policy) if each.policy else None,
        "applicability": each.applicability,
        "result": each.result,
        "reason": each.reason,
        "in_scope": each.in_scope,
        "withheld": each.withheld,
        "open": each.open,
        "findings": each.findings,
        "counted": each.counted,
        "known": each.known,
        "waived": each.waived,
        "unlisted": each.unlisted,
    }


def waiver(each: Waiver) -> dict[str, Any]:
    """Return a waiver, and what it did in this run."""
    said: dict[str, Any] = {
        "id": each.id,
        "status": each.status,
        "justification": each.justification,
        "reason": each.reason,
        "approved_by": each.approved_by,
        "created": times.render(each.created),
        "expires": times.render(each.expires),
        "standing": each.standing,
        "applied": each.applied,
        "undecided": each.undecided,
    }
    if each.rule:
        said["rule"] = each.rule
    if each.fingerprints:
        said["fingerprints"] = len(each.fingerprints)
    return said | ({"ticket": each.ticket} if each.ticket else {})


def _pack(pack: PackNote) -> dict[str, Any]:
    return {
        "name": pack.name,
        "version": pack.version,
        "title": pack.title,
        "status": pack.status,
        "reviewed": pack.reviewed,
        "as_of": pack.as_of,
        "sha256": pack.sha256,
        "sources": [{"name": name, "url": url} for name, url in pack.sources],
        "not_checkable": list(pack.not_checkable),
    }


def _baseline(report: Report) -> dict[str, Any] | None:
    base = report.baseline
    if base is None:
        return None
    return {
        "source": base.path,
        "created": times.render(base.created),
        "age_days": age(report),
        "fingerprints": len(base.fingerprints),
    }


def age(report: Report) -> int:
    """Return how many whole days old the baseline is at the day of the run; 0 without one."""
    return max(0, report.as_of - report.baseline.created) // times.DAY if report.baseline else 0
