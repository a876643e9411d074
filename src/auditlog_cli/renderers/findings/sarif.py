"""Findings as SARIF 2.1.0, for code scanning (OASIS; what GitHub takes of it: compliance.md, 8.1)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from auditlog_cli._version import __version__
from auditlog_cli.finding import SEVERITIES, Finding, Rule, Suite, level
from auditlog_cli.renderers import safe

HINT = "SARIF 2.1.0, for code scanning"
MAX_RESULTS = 25_000
"""GitHub takes so many of a run; the most severe are kept, and how many are left out is said."""
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_SECURITY = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0", "info": "0.0"}


def as_object(suites: list[Suite]) -> dict[str, Any]:
    """Return the SARIF log, one run a suite."""
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(suite) for suite in suites]}


def render(suites: list[Suite]) -> str:
    """Return the SARIF log as JSON text."""
    from json import dumps

    return dumps(as_object(suites), ensure_ascii=True, indent=1) + "\n"


def _run(suite: Suite) -> dict[str, Any]:
    places = {rule.id: place for place, rule in enumerate(suite.rules)}
    ranked = sorted(suite.findings, key=lambda finding: SEVERITIES.index(finding.rule.severity))
    shown = ranked[:MAX_RESULTS]
    total = sum(suite.totals.values())
    return {
        "tool": {
            "driver": {
                "name": "auditlog",
                "semanticVersion": __version__,
                "rules": [_rule(rule, suite) for rule in suite.rules],
            },
            "extensions": [{"name": suite.name, "version": suite.version}],
        },
        "automationDetails": {"id": f"auditlog/{suite.name}/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not suite.unread,
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": safe.one_line(text)}} for text in suite.unread
                ],
            }
        ],
        "results": [_result(finding, places[finding.rule.id]) for finding in shown],
        "properties": {
            "verdict": suite.verdict,
            "notTested": sorted(suite.skipped),
            "findings": total,
            "findingsLeftOut": total - len(shown),
        },
    }


def _rule(rule: Rule, suite: Suite) -> dict[str, Any]:
    tags = ["security", f"pack/{suite.name}", f"kind/{rule.kind}", *rule.clauses]
    return {
        "id": rule.id,
        "name": rule.title[:255],
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why[:1024] or rule.title},
        "help": {
            "text": f"{rule.why} {rule.fix}".strip(),
            "markdown": f"{rule.why}\n\n**Fix:** {rule.fix}\n\n{'; '.join(rule.clauses)}",
        },
        "defaultConfiguration": {"level": level(rule.severity)},
        "properties": {"tags": tags[:20], "precision": "high", "security-severity": _SECURITY[rule.severity]},
    }


def _result(finding: Finding, place: int) -> dict[str, Any]:
    where = finding.where
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri(where.path)}}
    if where.line:
        region: dict[str, Any] = {"startLine": where.line}
        if where.column:
            region["startColumn"] = where.column
        if where.end_column:
            region |= {"endLine": where.line, "endColumn": where.end_column}
        physical["region"] = region
    location: dict[str, Any] = {"physicalLocation": physical}
    if where.pointer:
        location["logicalLocations"] = [{"fullyQualifiedName": safe.one_line(where.pointer), "kind": "member"}]
    return {
        "ruleId": finding.rule.id,
        "ruleIndex": place,
        "level": level(finding.rule.severity),
        "message": {"text": safe.one_line(finding.message)},
        "locations": [location],
        "partialFingerprints": {"primaryLocationLineHash": f"{finding.fingerprint}:1"},
    }


def uri(path: str) -> str:
    """Return a file as a relative URI reference, or as a `file:` URI if its path is absolute.

    >>> uri("logs/a b.jsonl"), uri("-"), uri("/a:b")
    ('logs/a%20b.jsonl', 'stdin', 'file:///a%3Ab')
    """
    if path == "-":
        return "stdin"
    encoded = quote(path.encode("utf-8", "surrogateescape"), safe="/")
    return f"file://{encoded}" if path.startswith("/") else encoded
