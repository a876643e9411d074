"""Verdicts as `auditlog.verification/1` (schemas/verification-1.schema.json)."""

from __future__ import annotations

from auditlog_cli._version import __version__
from auditlog_cli.verdict import Problem, Verdict, overall

HINT = "one JSON object, auditlog.verification/1"
FORMAT = "auditlog.verification/1"


def as_object(verdicts: list[Verdict]) -> dict[str, object]:
    """Return verdicts as an object of the published schema."""
    return {
        "format": FORMAT,
        "tool": {"name": "auditlog", "version": __version__},
        "exit_code": overall(verdicts),
        "logs": [_log(verdict) for verdict in verdicts],
    }


def render(verdicts: list[Verdict]) -> str:
    """Return verdicts as JSON text."""
    from json import dumps

    return dumps(as_object(verdicts), ensure_ascii=True, indent=1) + "\n"


def _log(verdict: Verdict) -> dict[str, object]:
    withheld = [
        {"seq": item.seq, "field": item.field, "declared_at": item.declared_at, "by": item.by, "signed": item.signed}
        | ({"declared_in": item.beside} if item.beside else {})
        for item in verdict.withheld
    ]
    only = verdict.only
    looked = {} if only is None else {"only": {only.field: only.id, "records": only.records}}
    return {
        "path": verdict.path,
        "verdict": verdict.word,
        "says": verdict.sentence,
        "exit_code": verdict.exit_code,
        "origin": verdict.origin,
        **looked,
        "records": verdict.records,
        "first": verdict.first,
        # Both stand for `records` here: where fewer lines have salts, there is none for all of them.
        "head": verdict.head if verdict.head_at == verdict.records else "",
        "root": verdict.root if verdict.head_at == verdict.records else "",
        "key_given": verdict.key_given,
        "signed": verdict.signed,
        "unsigned_tail": verdict.unsigned_tail,
        "checkpoints": verdict.checkpoints,
        "findings": [_problem(problem) for problem in verdict.findings],
        "warnings": [_problem(problem) for problem in verdict.warnings],
        "listed": [_problem(problem) for problem in verdict.listed],
        "withheld_total": verdict.withheld_total,
        "withheld": withheld,
        "anchored": verdict.anchored,
        "not_checked": verdict.not_checked,
    }


def _problem(problem: Problem) -> dict[str, object]:
    said: dict[str, object] = {"code": problem.code, "seq": problem.seq, "message": problem.message}
    if problem.detail:
        said["detail"] = problem.detail
    if problem.path:
        said["source"] = problem.path
    if problem.line:
        said |= {"line": problem.line, "byte": problem.byte}
    if problem.expected:
        said |= {"expected": problem.expected, "found": problem.found}
    if problem.again:
        said["again"] = problem.again
    return said
