"""Rules made for a test, in as few words as it takes."""

from __future__ import annotations

from typing import Any

from auditlog_cli.rules.binding import Bound
from auditlog_cli.rules.engine import Engine
from auditlog_cli.rules.facts import Fact, Place, text
from auditlog_cli.rules.pack import Rule
from auditlog_cli.rules.sitefacts import EMPTY, Policy
from tests.rules.packs import AS_OF

DAY = "2026-11-20T"


def rule(
    detection: dict[str, Any] | None = None,
    correlate: dict[str, Any] | None = None,
    *,
    id: str = "X-1",  # noqa: A002 - the word of the format
    scope: str = "record",
    at: str | None = None,
    message: str | None = None,
) -> Rule:
    """A rule with the detection (or the form) of a test, and nothing else of interest."""
    return Rule(
        id=id, logic=id, pack="x", pack_version="1", title="Title", severity="high", kind="violation", confidence="high",
        scope=scope, clauses={"a": "b"}, crossrefs=(), why="", fix="", false_positives=(), status="test", applies={},
        applies_from=(), addressable=False, parameters={}, detection=detection or {}, correlate=correlate, report_at=at,
        report_message=message, in_pack=True, waivable=True, tests={}, extends=None, replaces=(), cloned_from=None, line=0, lineage=(),
    )  # fmt: skip


def bound(made: Rule, agents: tuple[str, ...] = ("*",), **parameters: Any) -> Bound:
    """The rule, judging the records of these agents."""
    return Bound(made, parameters, None, agents, made.severity, "declared", "active", "")


def place(content: dict[str, Any], number: int, log: str = "a.jsonl") -> Place:
    """Where the record stands: line `number` of a log."""
    record_id = text(content.get("record_id"))
    seq = content.get("seq")
    return Place(log, number, seq=seq if isinstance(seq, int) else None, record_id=record_id, anchor=record_id or f"{log}:{number}")  # fmt: skip


def engine(*rules: Bound | Rule, site: Policy = EMPTY, as_of: int = AS_OF, **settings: Any) -> Engine:
    """An engine over some rules."""
    return Engine([each if isinstance(each, Bound) else bound(each) for each in rules], site, as_of=as_of, **settings)


def run(made: Engine, *records: dict[str, Any], log: str = "a.jsonl") -> list[Fact]:
    """All that the engine says of these records, the end included."""
    facts = []
    for number, content in enumerate(records, start=1):
        facts += made.record(content, place(content, number, log))
    return facts + made.finish()


def lines(facts: list[Fact]) -> list[int]:
    """The lines of the anchor records."""
    return [fact.place.line for fact in facts]


def at(clock: str, **members: Any) -> dict[str, Any]:
    """A record of 20 November 2026; `clock` as `10:00:00`."""
    return {"timestamp": f"{DAY}{clock}Z", **members}
