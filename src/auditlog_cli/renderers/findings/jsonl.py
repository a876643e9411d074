"""Findings as `auditlog.finding/1`: one JSON object each (compliance.md, 7.4)."""

from __future__ import annotations

from auditlog_cli.finding import Finding

HINT = "one finding a line, auditlog.finding/1"
FORMAT = "auditlog.finding/1"


def as_object(finding: Finding, pack: str = "record", version: str = "1") -> dict[str, object]:
    """Return a finding as an object of `schemas/finding-1.schema.json`.

    Args:
        finding: What was found.
        pack: What its rule belongs to.
        version: Of the pack.
    """
    rule, where = finding.rule, finding.where
    record: dict[str, object] = {"source": where.path, "line": where.line, "offset": where.byte}
    if where.seq is not None:
        record["seq"] = where.seq
    for name in ("record_id", "session_id", "trace_id"):
        value = getattr(where, name)
        if value:
            record[name] = value
    at: dict[str, object] = {"pointer": where.pointer}
    if where.column:
        at["column"] = where.column
    if where.end_column:
        at["end_column"] = where.end_column
    made: dict[str, object] = {
        "format": FORMAT,
        "fingerprint": finding.fingerprint,
        "rule": rule.id,
        "logic": rule.id,
        "pack": pack,
        "pack_version": version,
        "kind": rule.kind,
        "severity": rule.severity,
        "title": rule.title,
        "message": finding.message,
        "why": rule.why,
        "fix": finding.fix,
        "clauses": list(rule.clauses),
        "record": record,
        "at": at,
        "state": "new",
    }
    if rule.question:
        made["question"] = rule.question
    return made


def line(finding: Finding) -> str:
    """Return a finding as one line of JSON, in ASCII where its file name is not."""
    from json import dumps

    return dumps(as_object(finding), ensure_ascii=True, separators=(",", ":"))
