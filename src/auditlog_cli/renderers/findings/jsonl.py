"""Findings as `auditlog.finding/1`: one JSON object each (compliance.md, 7.4)."""

from __future__ import annotations

from auditlog_cli.finding import Finding, Policy, Where

HINT = "one finding a line, auditlog.finding/1"
FORMAT = "auditlog.finding/1"


def as_object(finding: Finding) -> dict[str, object]:
    """Return a finding as an object of `schemas/finding-1.schema.json`."""
    rule, where = finding.rule, finding.where
    at: dict[str, object] = {"pointer": where.pointer}
    if where.member:
        at["path"] = where.member
    if where.start is not None and where.end is not None:
        at |= {"start": where.start, "end": where.end}
    if where.column:
        at["column"] = where.column
    if where.end_column:
        at["end_column"] = where.end_column
    made: dict[str, object] = {
        "format": FORMAT,
        "fingerprint": finding.fingerprint,
        "rule": rule.id,
        "logic": rule.logic,
        "pack": rule.pack,
        "pack_version": rule.version,
        "kind": rule.kind,
        "severity": rule.severity,
        "title": rule.title,
        "message": finding.message,
        "why": rule.why,
        "fix": finding.fix,
        "clauses": list(rule.clauses),
        "record": _record(where),
        "at": at,
        "state": finding.state,
    }
    if rule.question:
        made["question"] = rule.question
    if finding.applicability:
        made |= {"confidence": rule.confidence, "applicability": finding.applicability}
    if finding.policy:
        made["policy"] = policy(finding.policy)
    if finding.entity:
        made["entity"] = finding.entity
    if finding.group:
        made["group"] = list(finding.group)
    if finding.related:
        made["related"] = [_related(each) for each in finding.related]
    if finding.waiver:
        made["waiver"] = finding.waiver
    if finding.others:
        made["clauses"] = list(
            dict.fromkeys(clause for each in (finding, *finding.others) for clause in each.rule.clauses)
        )
        made["also"] = [_also(each) for each in finding.others]
    return made


def policy(given: Policy) -> dict[str, object]:
    """Return a policy as the formats name it."""
    return {"name": given.name, "version": given.version, "sha256": given.sha256}


def _record(where: Where) -> dict[str, object]:
    record: dict[str, object] = {"source": where.path, "line": where.line, "offset": where.byte}
    if where.seq is not None:
        record["seq"] = where.seq
    for name in ("record_id", "timestamp", "session_id", "trace_id", "agent", "owner", "user"):
        value = getattr(where, name)
        if value:
            record[name] = value
    return record


def _related(where: Where) -> dict[str, object]:
    said = _record(where)
    return {name: said[name] for name in ("source", "line", "seq", "record_id", "timestamp") if name in said}


def _also(finding: Finding) -> dict[str, object]:
    rule = finding.rule
    said: dict[str, object] = {
        "rule": rule.id, "pack": rule.pack, "pack_version": rule.version, "severity": rule.severity, "kind": rule.kind,
        "state": finding.state,
    }  # fmt: skip
    return said | ({"policy": policy(finding.policy)} if finding.policy else {})


def line(finding: Finding) -> str:
    """Return a finding as one line of JSON, in ASCII where its file name is not."""
    from json import dumps

    return dumps(as_object(finding), ensure_ascii=True, separators=(",", ":"))
