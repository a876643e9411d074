"""Lines explained: what is wrong with one, as findings that say where."""

from __future__ import annotations

from hashlib import sha256

from auditlog_cli import decoders, places
from auditlog_cli.finding import Finding, Where, fingerprint, opaque
from auditlog_cli.record import BadLine, Line, Record
from auditlog_cli.validation.counting import Asked
from auditlog_cli.validator import compiled
from auditlog_cli.validator.faults import Fault, pointer
from auditlog_cli.validator.record import judge
from auditlog_cli.validator.rules import LINE_RULES, RULES


def explain(line: Line | BadLine, asked: Asked) -> list[Finding]:
    """Return the findings about a line, none if there is nothing wrong with it.

    Raises:
        DefinitionError: If the schema is damaged.
    """
    decode = decoders.forced(asked.shape) if asked.shape else decoders.decode
    item = decode(line)
    if isinstance(item, BadLine):
        return [_bad(item)]
    verdict = judge(item, asked.profile, strict=asked.strict, engine=_reference)
    if not verdict.problems:
        return []
    text = item.line.raw.decode()
    anchor = _anchor(item)
    found = []
    for problem in verdict.problems:
        where = _where(item, text, problem.at)
        print_ = fingerprint(problem.rule, [anchor], where.pointer)
        found.append(Finding(RULES[problem.rule], problem.message, where, print_))
    return found


def _reference(definition: str, value: object) -> list[Fault]:
    """What the reference engine finds; it takes long to load, and is not where there is nothing to explain."""
    if compiled.verdict(definition)(value):
        return []
    from auditlog_cli.validator import reference

    return reference.faults(definition, value)


def _bad(bad: BadLine) -> Finding:
    line = bad.line
    rule = RULES[LINE_RULES[bad.code]]
    column = len(line.raw[: bad.at].decode("utf-8", "replace")) + 1
    where = Where(line.path, line.number, line.offset + bad.at, column=column)
    return Finding(rule, bad.reason, where, fingerprint(rule.id, [sha256(line.raw).hexdigest()]))


def _where(record: Record, text: str, at: tuple[str | int, ...]) -> Where:
    line, stored = record.line, record.stored
    # In a foreign shape the members stand under other names: the line as a whole is shown.
    start, end = places.span(text, at if stored is record.content else ())
    seq = stored.get("seq")
    return Where(
        line.path,
        line.number,
        line.offset,
        column=start + 1,
        end_column=end + 1,
        pointer=pointer(at),
        seq=seq if isinstance(seq, int) and not isinstance(seq, bool) else None,
        record_id=opaque(record.content.get("record_id")),
        session_id=opaque(record.content.get("session_id")),
        trace_id=opaque(record.content.get("trace_id")),
    )


def _anchor(record: Record) -> str:
    """What stands for the record in a fingerprint (compliance.md, 7.4)."""
    for name in ("record_id", "_leaf"):
        value = record.stored.get(name)
        if isinstance(value, str) and value:
            return value
    if "_salts" in record.stored:
        from auditlog_cli.sealing import line as sealed

        try:
            return sealed.unseal(record.line.raw).leaf
        except sealed.Unsealed:
            pass
    return sha256(record.line.raw).hexdigest()
