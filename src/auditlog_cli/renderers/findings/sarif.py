"""Findings as SARIF 2.1.0, for code scanning (OASIS; what GitHub takes of it: compliance.md, 8.1)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from auditlog_cli import times
from auditlog_cli._version import __version__
from auditlog_cli.counts import many
from auditlog_cli.finding import SEVERITIES, Finding, Rule, Suite, Where, level
from auditlog_cli.renderers import safe
from auditlog_cli.renderers.indented import dumps

HINT = "SARIF 2.1.0, for code scanning"
MAX_RESULTS = 25_000
"""GitHub takes so many of a run; the most severe are kept, and how many are left out is said."""
MAX_RUNS = 20
MAX_BYTES = 10_000_000
"""Compressed by gzip: GitHub refuses a larger file."""
_MAX_RELATED = 100  # GitHub looks at so many locations of a result
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_SECURITY = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0", "info": "0.0"}


def as_object(suites: list[Suite], *, waived: bool = False, most: int = 0) -> dict[str, Any]:
    """Return the SARIF log, one run a suite.

    Args:
        suites: What was asked, and what was found.
        waived: Include what is waived or known, marked as suppressed; GitHub would show it as new.
        most: Keep so many results of a run; 0 for MAX_RESULTS.
    """
    kept = suites
    if len(suites) > MAX_RUNS:
        kept = sorted(suites, key=_gravity)[:MAX_RUNS]
        kept = [suite for suite in suites if suite in kept]
    runs = [_run(suite, most or MAX_RESULTS, waived=waived) for suite in kept]
    left = [suite for suite in suites if suite not in kept]
    if left:
        names = ", ".join(suite.name for suite in left)
        are = "is" if len(left) == 1 else "are"
        text = f"{many(len(left), 'pack')} {are} left out, because GitHub takes {MAX_RUNS} runs a file: {names}"
        _notify(runs[0], "warning", text)
        runs[0]["properties"]["findingsLeftOut"] += sum(sum(suite.totals.values()) for suite in left)
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": runs}


def render(suites: list[Suite], *, waived: bool = False) -> str:
    """Return the SARIF log as JSON text, small enough for GitHub."""
    from gzip import compress

    most = MAX_RESULTS
    while True:
        text = dumps(as_object(suites, waived=waived, most=most)) + "\n"
        if len(text) <= MAX_BYTES or most <= 1 or len(compress(text.encode(), 6)) <= MAX_BYTES:
            return text
        most //= 2


def _run(suite: Suite, most: int, *, waived: bool) -> dict[str, Any]:
    places = {rule.id: place for place, rule in enumerate(suite.rules)}
    found = [*suite.findings, *suite.settled] if waived else suite.findings
    ranked = sorted(found, key=lambda finding: SEVERITIES.index(finding.rule.severity))
    shown = ranked[:most]
    total = sum(suite.totals.values()) + (len(suite.settled) if waived else 0)
    extension: dict[str, Any] = {"name": suite.name, "version": suite.version}
    if suite.sha256:
        extension["properties"] = {"sha256": suite.sha256}
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "auditlog",
                "semanticVersion": __version__,
                "rules": [_rule(rule, suite) for rule in suite.rules],
            },
            "extensions": [extension],
        },
        "automationDetails": {"id": f"auditlog/{suite.name}/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not suite.unread, "toolExecutionNotifications": []}],
        "results": [_result(finding, places[finding.rule.id]) for finding in shown],
        "properties": {
            "verdict": suite.verdict,
            "notTested": sorted(suite.skipped),
            "findings": total,
            "findingsLeftOut": total - len(shown),
            **suite.notes,
        },
    }
    for text in suite.unread:
        _notify(run, "error", text)
    for name, reason in suite.unfinished.items():
        _notify(run, "warning", f"{name}: {reason}")
    if total > len(shown):
        left = total - len(shown)
        are = "is" if left == 1 else "are"
        _notify(run, "warning", f"{many(left, 'finding')} {are} left out; the most severe are here")
    if suite.settled and not waived:
        run["properties"]["waivedOrKnownLeftOut"] = len(suite.settled)
    return run


def _notify(run: dict[str, Any], how: str, text: str) -> None:
    notice = {"level": how, "message": {"text": safe.one_line(text)}}
    run["invocations"][0]["toolExecutionNotifications"].append(notice)


def _rule(rule: Rule, suite: Suite) -> dict[str, Any]:
    tags = ["security", f"pack/{suite.name}", f"kind/{rule.kind}", *rule.clauses]
    doubts = " ".join(rule.false_positives)
    asked = "; ".join(f"{clause}: {rule.demands[clause]}" if clause in rule.demands else clause for clause in rule.clauses)  # fmt: skip # noqa: E501
    markdown = [rule.why, f"**Fix:** {rule.fix}" if rule.fix else "", f"**When it may be none:** {doubts}" if doubts else "", asked]  # fmt: skip # noqa: E501
    return {
        "id": rule.id,
        "name": rule.title[:255],
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why[:1024] or rule.title},
        "help": {
            "text": " ".join(part for part in (rule.why, rule.fix, doubts, asked and f"Rests on: {asked}") if part)
            or rule.title,
            "markdown": "\n\n".join(part for part in markdown if part) or rule.title,
        },
        "defaultConfiguration": {"level": level(rule.severity)},
        "properties": {
            "tags": list(dict.fromkeys(tags))[:20],
            "precision": rule.confidence,
            "security-severity": _SECURITY[rule.severity],
        },
    }


def _result(finding: Finding, place: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "ruleId": finding.rule.id,
        "ruleIndex": place,
        "level": level(finding.rule.severity),
        "message": {"text": safe.one_line(finding.told)},
        "locations": [_location(finding.where)],
        "partialFingerprints": {"primaryLocationLineHash": f"{finding.fingerprint}:1"},
    }
    if finding.related:
        made["relatedLocations"] = [
            {"id": number, **_location(where)} for number, where in enumerate(finding.related[:_MAX_RELATED], 1)
        ]
        steps = sorted((finding.where, *finding.related[:_MAX_RELATED]), key=_moment)
        made["codeFlows"] = [{"threadFlows": [{"locations": [{"location": _location(where)} for where in steps]}]}]
    properties: dict[str, Any] = {}
    if finding.where.owner:
        properties["owner"] = safe.one_line(finding.where.owner)
    if len(finding.related) > _MAX_RELATED:
        properties["relatedLeftOut"] = len(finding.related) - _MAX_RELATED
    if properties:
        made["properties"] = properties
    if finding.state != "new":
        said = finding.waiver or {}
        reason = f"waiver {said.get('id', '')}" if finding.state == "waived" else "in the baseline"
        made["suppressions"] = [{"kind": "external", "status": "accepted", "justification": safe.one_line(reason)}]
    return made


def _location(where: Where) -> dict[str, Any]:
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
    return location


def _moment(where: Where) -> tuple[bool, int, int, int]:
    """In time order; records without a time by their number and line, in front."""
    moment = times.parse(where.timestamp)
    return moment is not None, moment or 0, where.seq or 0, where.line


def _gravity(suite: Suite) -> tuple[int, int]:
    """The gravest finding first, then the most findings."""
    worst = min((SEVERITIES.index(finding.rule.severity) for finding in suite.findings), default=len(SEVERITIES))
    return worst, -len(suite.findings)


def uri(path: str) -> str:
    """Return a file as a relative URI reference, or as a `file:` URI if its path is absolute.

    >>> uri("logs/a b.jsonl"), uri("-"), uri("/a:b")
    ('logs/a%20b.jsonl', 'stdin', 'file:///a%3Ab')
    """
    if path == "-":
        return "stdin"
    encoded = quote(path.encode("utf-8", "surrogateescape"), safe="/")
    return f"file://{encoded}" if path.startswith("/") else encoded
