"""What the engine found, as findings; what it counted, as results of rules; packs, as a reader must know them.

Pure. Messages and paths come from the engine without values; here the names of members are looked at, too: a member
may be called by an address or a number, and a pointer would carry it into every report.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from auditlog_cli import places, pointers
from auditlog_cli.finding import Finding, Policy, Rule, Where, fingerprint, opaque
from auditlog_cli.report import PackNote, RuleResult, many

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from auditlog_cli.rules.binding import Bound
    from auditlog_cli.rules.pack import Pack

_HELPING = re.compile(r"\b_")  # what a selection that only serves a subject is called by; readers need not see it
_LONGEST = 256  # characters of a name that is shown
_LONGEST_WORD = 23  # characters of one word in the name of a member: tokens have as many and more
_CONTENT = ("action.arguments", "action.result", "action.error", "prompt", "response", "message.text", "metadata")
_RESULTS = {
    "not_applicable": "not_applicable",
    "disabled": "disabled",
    "skipped": "disabled",
    "experimental": "disabled",
}


class Nouns:
    """Rules and policies of a run as nouns of a report, each made once.

    Args:
        owner: Says who answers for an agent (`rules.site.owners`); None: nobody is known.
    """

    def __init__(self, owner: Callable[[str], str] | None = None) -> None:
        self._owner = owner
        self._rules: dict[int, Rule] = {}
        self._policies: dict[tuple[str, str, str], Policy] = {}
        self._kept: list[object] = []  # ids of objects are theirs only while they live

    def rule(self, bound: Bound) -> Rule:
        """Return the rule as it is asked here: with the severity of the policy."""
        made = self._rules.get(id(bound))
        if made is None:
            asked = bound.rule
            made = self._rules[id(bound)] = Rule(
                asked.id,
                asked.title,
                severity=bound.severity,
                kind=asked.kind,
                why=asked.why,
                fix=asked.fix,
                clauses=tuple(asked.clauses),
                confidence=asked.confidence,
                logic=asked.logic,
                bases=asked.lineage,
                pack=asked.pack,
                version=asked.pack_version,
                demands=dict(asked.clauses),
                false_positives=asked.false_positives,
                waivable=asked.waivable,
            )
            self._kept.append(bound)
        return made

    def policy(self, bound: Bound) -> Policy | None:
        """Return the policy by whose order the rule is asked, or None."""
        if bound.policy is None:
            return None
        made = self._policies.get(bound.policy)
        if made is None:
            made = self._policies[bound.policy] = Policy(*bound.policy)
        return made

    def finding(self, fact: Any, raw: bytes = b"", content: dict[str, Any] | None = None) -> Finding:
        """Return a fact of the engine as a finding.

        Args:
            fact: `rules.facts.Fact`, or what has its members.
            raw: The line of the anchor record, where it is at hand: for the columns of the value.
            content: The record, where the line is just what orjson writes for it: then they are found sooner.
        """
        rule = self.rule(fact.bound)
        where = _where(fact.place)
        if self._owner is not None:
            where.owner = self._owner(fact.place.agent)
        where.pointer, where.member = shown(fact.pointer, fact.path, entity=fact.entity)
        if where.pointer == fact.pointer:
            where.start, where.end = fact.start, fact.end
        if raw:
            where.column, where.end_column = (
                columns(raw, fact.pointer) if content is None else columns_in(content, fact.pointer)
            )
        anchors = [place.anchor for place in (fact.place, *fact.related)]
        return Finding(
            rule,
            fact.message,
            where,
            fingerprint(rule.logic, anchors, fact.pointer, group=tuple(fact.group), entity=fact.entity),
            policy=self.policy(fact.bound),
            applicability=fact.bound.applicability,
            entity=fact.entity,
            group=_group(fact),
            related=tuple(_where(place) for place in fact.related),
        )

    def results(self, bounds: Iterable[Bound], tallies: Mapping[Any, Any]) -> list[RuleResult]:
        """Return what came of each bound rule; `report.Report.settle` counts the findings in.

        Args:
            bounds: All of the run, those that did not run included, in the order in which they are listed.
            tallies: Those of the engine, by bound rule.
        """
        return [self._result(bound, tallies.get(bound)) for bound in bounds]

    def _result(self, bound: Bound, tally: Any) -> RuleResult:
        made = RuleResult(
            self.rule(bound), "", bound.reason, self.policy(bound), bound.applicability, scope=bound.rule.scope
        )  # fmt: skip
        if bound.standing != "active":
            made.result = _RESULTS[bound.standing]
            return made
        if tally is not None:
            made.in_scope, made.withheld, made.open = tally.in_scope, tally.withheld, tally.open
            made.findings = tally.findings
        if tally is not None and tally.exhausted:
            made.result, made.reason = (
                "not_fully_evaluated",
                "there was no room to keep all that it needs (--max-state)",
            )
        elif made.findings:
            made.result = "findings"
        elif made.in_scope:
            made.result = "passed"
        else:
            made.result, made.reason = "not_tested", _untested(bound, made, tally)
        return made


def _untested(bound: Bound, made: RuleResult, tally: Any) -> str:
    if tally is not None and tally.why:
        return str(tally.why)
    if made.withheld:
        return f"a value is withheld in all it could judge ({many(made.withheld, 'record')})"
    if tally is not None and tally.left_out:
        return f"{many(tally.left_out, 'record')} had no value to be grouped or ordered by"
    if made.open:
        return f"{many(made.open, 'deadline')} not reached yet"
    subject = bound.rule.detection.get("subject")
    if not isinstance(subject, str):
        return "no record matched"
    return "no record matched: " + _HELPING.sub("", subject)


def note(pack: Pack) -> PackNote:
    """Return what a reader of a report must know of a pack."""
    reviewed = f"by {pack.reviewed['by']} on {pack.reviewed['on']}" if pack.reviewed else ""
    return PackNote(
        pack.name, pack.version, pack.title, pack.status, pack.as_of, pack.sha256, reviewed,
        pack.not_checkable, pack.sources,
    )  # fmt: skip


def columns(raw: bytes, pointer: str) -> tuple[int, int]:
    """Return where the value at a pointer begins and ends in a line: columns from 1, the end not included.

    (0, 0) where the line is no JSON object. If the value is not there, what is around it is meant.
    """
    try:
        text = raw.decode("utf-8").rstrip("\r\n")
        start, end = places.span(text, steps(pointer))
    except (ValueError, RecursionError, IndexError):
        return 0, 0
    return start + 1, end + 1


def columns_in(content: dict[str, Any], pointer: str) -> tuple[int, int]:
    """Return the same as `columns`, of the line that orjson writes for a record: by what stands before the value."""
    from orjson import dumps

    start = 0
    value: Any = content
    for step in steps(pointer):
        if value.__class__ is dict and step.__class__ is str:
            before: Any = {}
            for name, each in value.items():
                if name == step:
                    break
                before[name] = each
            else:
                break
            start += len(dumps(step).decode()) + 1  # and a colon
            value = value[step]
        elif value.__class__ is list and step.__class__ is int and step < len(value):
            before, value = value[:step], value[step]
        else:
            break
        start += len(dumps(before).decode()) if before else 1  # its last bracket is a comma there
    return start + 1, start + 1 + len(dumps(value).decode())


@lru_cache(maxsize=4096)
def steps(pointer: str) -> tuple[str | int, ...]:
    """Return the steps of a JSON pointer; digits are places in lists (RFC 6901, 4).

    >>> steps("/a~1b/0")
    ('a/b', 0)
    """
    names = pointers.steps(pointer)
    return tuple(int(name) if name.isdigit() and name.isascii() and len(name) < 7 else name for name in names)


def shown(pointer: str, path: str, *, entity: str = "") -> tuple[str, str]:
    """Return pointer and dotted path, cut off in front of a name that could be a value itself.

    >>> shown("/action/arguments/ann@example.org", "action.arguments.ann@example.org")
    ('/action/arguments', 'action.arguments')
    """
    return _shown(pointer, path, bool(entity))


@lru_cache(maxsize=4096)  # a log has few places at which something is found
def _shown(pointer: str, path: str, strict: bool) -> tuple[str, str]:
    names = pointer.split("/")[1:]
    kept = 0
    while kept < len(names) and _is_name(names[kept], strict=strict):
        kept += 1
    if kept == len(names):
        return pointer, path
    names = names[:kept]
    return "".join(f"/{name}" for name in names), ".".join(names)


def _is_name(name: str, *, strict: bool) -> bool:
    """Whether somebody may have called a member so: a word or a place in a list, no number, address or token."""
    if name.isdigit():
        return len(name) < 4
    if len(name) > 64 or not name.isascii() or not (name[:1].isalpha() or name[:1] in "_@"):
        return False
    if not name[1:].replace("_", "").replace("-", "").replace(".", "").isalnum() and len(name) > 1:
        return False
    if max(map(len, name.replace("-", "_").replace(".", "_").split("_"))) > _LONGEST_WORD:
        return False
    digits = sum(char.isdigit() for char in name)
    return digits < 5 and not (strict and len(name) > 15 and (digits or name.isupper()))


def _where(place: Any) -> Where:
    return Where(
        place.source, place.line, place.offset, seq=place.seq, record_id=opaque(place.record_id),
        timestamp=place.timestamp[:64], session_id=opaque(place.session_id), trace_id=opaque(place.trace_id),
        agent=place.agent[:_LONGEST], user=place.user[:_LONGEST],
    )  # fmt: skip


def _group(fact: Any) -> tuple[str, ...]:
    """The values of the group key, unless it leads into what an agent was given or gave."""
    if not fact.group:
        return ()
    by = (fact.bound.rule.correlate or {}).get("group_by", ())
    paths = [by] if isinstance(by, str) else [path for path in by if isinstance(path, str)]
    if any(path == root or path.startswith(f"{root}.") for path in paths for root in _CONTENT):
        return ()
    return tuple(value[:_LONGEST] for value in fact.group)
