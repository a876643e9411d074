"""A validation report as `auditlog.validation/1` (schemas/validation-1.schema.json)."""

from __future__ import annotations

from auditlog_cli._version import __version__
from auditlog_cli.renderers.findings import jsonl
from auditlog_cli.validator.report import ValidationReport
from auditlog_cli.validator.rules import QUESTIONS

HINT = "one JSON object, auditlog.validation/1"
FORMAT = "auditlog.validation/1"


def as_object(report: ValidationReport) -> dict[str, object]:
    """Return a report as an object of the published schema."""
    tally = report.tally
    questions = [
        {
            "question": name,
            "asks": words,
            "answered": tally.answered[place],
            "unanswered": tally.asked - tally.answered[place] - tally.held[place],
            "withheld": tally.held[place],
        }
        for place, (name, words) in enumerate(QUESTIONS.items())
    ]
    rules = []
    for rule, count in report.totals:
        said: dict[str, object] = {"rule": rule.id, "title": rule.title, "kind": rule.kind, "severity": rule.severity}
        if rule.question:
            said["question"] = rule.question
        rules.append({**said, "findings": count})
    return {
        "format": FORMAT,
        "tool": {"name": "auditlog", "version": __version__},
        "schema": "auditlog.record/1",
        "profile": report.profile,
        "strict": report.strict,
        "verdict": report.verdict,
        "exit_code": report.exit_code,
        "inputs": [{"source": path, "lines": lines} for path, lines in report.inputs.items()],
        "unread": [str(error) for error in report.unread],
        "counts": {
            "read": tally.read,
            "valid": tally.valid,
            "invalid": tally.invalid,
            "own": tally.own,
            "withheld": tally.withheld,
            "bad": tally.bad,
        },
        "kinds": dict(sorted(tally.kinds.items())),
        "questions": questions,
        "rules": rules,
        "findings_total": tally.findings,
        "findings_left_out": report.left_out,
        "findings": [jsonl.as_object(finding) for finding in report.findings],
    }


def render(report: ValidationReport) -> str:
    """Return the report as JSON text."""
    from json import dumps

    return dumps(as_object(report), ensure_ascii=True, indent=1) + "\n"
