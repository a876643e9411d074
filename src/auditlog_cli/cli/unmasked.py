"""What `redact --check` finds, in words, or as findings for other tools: kinds and places, never a value."""

from __future__ import annotations

from hashlib import sha256

from auditlog_cli import pointers, sinks, times
from auditlog_cli._version import __version__
from auditlog_cli.counts import many
from auditlog_cli.finding import Finding, Rule, Suite, Where, fingerprint, opaque
from auditlog_cli.record import Line
from auditlog_cli.redaction.found import Place
from auditlog_cli.redaction.masks import FIELD
from auditlog_cli.redaction.redactor import Looked
from auditlog_cli.redaction.running import Tally
from auditlog_cli.redaction.settings import Settings
from auditlog_cli.renderers import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PACK = "redaction"
_TITLE = "Personal data and secrets that stand in the log in clear"
_MOST = 10_000  # findings that are shown by formats that come at the end; all are counted
_WHY = "Whoever may read the log, its backups and what it is shipped to may read this."
_FIX = "Mask it: `auditlog redact LOG`. Better, before it is written: AuditLog(redact=Redaction())."


class Drawn:
    """What is found, on its way out.

    Args:
        out: Where it goes.
        format: `text`, `jsonl`, `sarif`, `junit` or `github`.
        settings: What was looked for.
    """

    def __init__(self, out: sinks.Output, format: str, settings: Settings) -> None:  # noqa: A002
        self._out = out
        self._format = format
        self._rules = {} if format == "text" else rules(settings)
        self._findings: list[Finding] = []
        self._totals: dict[str, int] = {}

    def line(self, looked: tuple[Line, Looked]) -> None:
        """Take what stands in a line."""
        line, seen = looked
        if self._format == "text":
            for each in (*seen.places, *seen.left):
                place = f" {_shown(each)}" if each.pointer else ""
                self._out.line(safe.one_line(f"{line.where}: {each.entity}{place}"))
            return
        for each in seen.places:
            self._take(line, seen, each)
        for each in seen.left:
            self._take(line, seen, each, left=True)

    def end(self, tally: Tally) -> None:
        """Write what comes last."""
        if self._format in ("text", "jsonl"):
            return
        from auditlog_cli import registry

        made = registry.load("renderers/findings", self._format).render([self._suite(tally)])
        self._out.write(made.encode("utf-8", "backslashreplace"))

    def _take(self, line: Line, seen: Looked, place: Place, *, left: bool = False) -> None:
        rule = self._rules[place.entity]
        self._totals[rule.id] = self._totals.get(rule.id, 0) + 1
        if self._format != "jsonl" and len(self._findings) >= _MOST:
            return
        found = finding(rule, line, seen, place, left=left)
        if self._format == "jsonl":
            from auditlog_cli.renderers.findings import jsonl

            self._out.line(jsonl.line(found))
        else:
            self._findings.append(found)

    def _suite(self, tally: Tally) -> Suite:
        count = sum(self._totals.values())
        lines, plain = many(tally.read, "line"), tally.bad - tally.unread
        verdict = f"{count:,} to be masked in {lines}" if count else f"nothing in {lines}"
        unread = [f"{_lines_are(tally.unread)} too long to be looked at"] if tally.unread else []
        if plain > 0:
            unread.append(f"{_lines_are(plain)} not JSON: read as plain text")
        return Suite(
            PACK, __version__, _TITLE, list(self._rules.values()), skipped={}, totals=self._totals,
            findings=self._findings, verdict=verdict, unread=unread,
        )  # fmt: skip


def _shown(place: Place) -> str:
    from auditlog_cli.judgement.facts import shown

    known, _ = shown(place.pointer, "", entity=place.entity)
    return known if known == place.pointer else f"{known}/…"


def rules(settings: Settings) -> dict[str, Rule]:
    """Return a rule for each entity that is looked for, and one for what goes because of its place."""
    from auditlog_cli.detectors.catalogue import FAMILIES

    titles = {each.entity: each.title for family in FAMILIES for each in reversed(family.DETECTORS)}
    titles |= {each.entity: each.title for each in settings.custom}
    made = {entity: rule(entity, titles.get(entity, entity)) for entity in settings.wanted()}
    if settings.fields:
        made[FIELD] = rule(FIELD, "A value at a place whose values are masked")
    return made


def rule(entity: str, title: str) -> Rule:
    """Return the rule that nothing of a kind stands in a log in clear."""
    name = f"REDACT-{entity.replace('_', '-')}"
    return Rule(
        name, f"{title[:1].upper()}{title[1:]} in clear", pack=PACK, version=__version__,
        severity="critical" if entity.startswith("SECRET_") else "high", why=_WHY, fix=_FIX,
        clauses=("auditlog redact",),
    )  # fmt: skip


def finding(rule: Rule, line: Line, seen: Looked, place: Place, *, left: bool = False) -> Finding:
    """Return what stands at a place of a line as a finding."""
    from auditlog_cli.judgement.facts import columns, shown

    content: dict[str, Any] = seen.content or {}
    record_id = content.get("record_id")
    anchor = record_id if isinstance(record_id, str) and record_id else sha256(line.raw).hexdigest()
    member = ".".join(pointers.steps(place.pointer))
    where = Where(line.path, line.number, line.offset, record_id=opaque(record_id))
    seq, timestamp = content.get("seq"), content.get("timestamp")
    where.seq = seq if type(seq) is int else None
    where.timestamp = timestamp if isinstance(timestamp, str) and times.parse(timestamp) is not None else ""
    where.pointer, where.member = shown(place.pointer, member, entity=place.entity)
    exact = where.pointer == place.pointer and not left
    if exact and place.start is not None:
        where.start, where.end = place.start, place.end
    if seen.content is None and place.start is not None and place.end is not None:
        where.column, where.end_column = place.start + 1, place.end + 1
    elif seen.content is not None:
        where.column, where.end_column = columns(line.raw, place.pointer)
    message = f"{rule.title}; in the name of a member, which is never changed" if left else rule.title
    entity = "" if place.entity == FIELD else place.entity
    name = fingerprint(rule.logic, [anchor], place.pointer, entity=entity)
    return Finding(rule, message, where, name, entity=entity)


def _lines_are(count: int) -> str:
    return f"{many(count, 'line')} {'is' if count == 1 else 'are'}"
