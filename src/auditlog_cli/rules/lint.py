"""`auditlog packs lint`: what is wrong with a pack, and what deserves a second look (compliance.md, 6.9)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from auditlog_cli.errors import DefinitionError
from auditlog_cli.regexes import safe_regex
from auditlog_cli.rules import binding, cloning, compiled, conditions, contract, loading, mentions, selections, slowness
from auditlog_cli.rules.pack import Pack, Rule
from auditlog_cli.rules.policy import PROFILE

CHECKS: Final = (
    "hash_chain", "sequence_gap", "parse_errors", "delegation_complete", "delegation_narrows", "delegation_depth",
    "trace_parents", "clock", "silence", "idle_gap", "history_span", "unannounced_change", "cadence",
)  # fmt: skip
LONGEST_CLAUSE: Final = 300


class Remark(NamedTuple):
    """Something about a rule, or with an empty `rule` about the whole file. `line` 0: the message says the place."""

    path: str
    line: int
    rule: str
    is_error: bool
    text: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}: " if self.line else f"{self.path}: " if self.path else ""
        return f"{place}{'error' if self.is_error else 'warning'}: {self.rule}{': ' if self.rule else ''}{self.text}"


def lint(path: str, as_of: int) -> list[Remark]:
    """Return everything about the pack in the file `path`, errors first.

    Args:
        path: The file.
        as_of: Now, in microseconds since the epoch.
    """
    try:
        pack = loading.load_file(path)
    except DefinitionError as error:  # says the place itself; what follows it cannot be judged
        return [Remark("", 0, "", True, f"{error.message}; {error.help}")]
    found = [Remark(path, 0, "", True, text) for text in _pack_errors(pack)]
    found += [Remark(path, 0, "", False, text) for text in binding.warnings([pack], as_of)]
    slow, untried = slowness.slow(each for rule in pack.rules for each in _safe(rule))
    if untried:
        text = f"{len(untried):,} expressions were not tried on hostile texts: the others took {slowness.BUDGET:g} s"
        found.append(Remark(path, 0, "", True, text))
    for rule in pack.rules:
        for is_error, judges in ((True, _ERRORS), (False, _WARNINGS)):
            for judge in judges:
                found += [Remark(path, rule.line, rule.id, is_error, text) for text in judge(rule, pack)]
        for each in mentions.expressions(rule):
            if each in slow:
                text = f"an expression takes longer than {slowness.SECONDS:g} s on {slowness.SIZE:,} hostile characters"
                found.append(Remark(path, rule.line, rule.id, True, f"{text}: {each}"))
    return sorted(found, key=lambda each: not each.is_error)


def _safe(rule: Rule) -> Iterator[str]:
    """The expressions that are not refused already."""
    for each in mentions.expressions(rule):
        try:
            safe_regex(each)
        except ValueError:
            continue
        yield each


def _pack_errors(pack: Pack) -> Iterator[str]:
    for path in (*pack.profile, *pack.applies):
        if path not in PROFILE:
            yield f'"{path}" is no path of the profile; there are {", ".join(PROFILE)}'
    if os.path.dirname(os.path.abspath(pack.path)) == loading.SHIPPED:
        there = {each for name in loading.NAMES for rule in loading.load_shipped(name).rules
                 for each in (rule.id, *rule.replaces)}  # fmt: skip
        for lost in sorted(set(compiled.released()) - there):
            yield f"the id {lost} has vanished: a rule that takes its place says so under replaces"


def _selections(rule: Rule, pack: Pack) -> Iterator[str]:
    """Unknown operators, values that an operator cannot take, expressions that are refused."""
    for name, key, value in mentions.tests(rule):
        given = mentions.filled(rule, value)
        if isinstance(given, list):
            given = [inner for each in given for inner in _flat(mentions.filled(rule, each))]
        try:
            selections.compile_test(key, given, name, 0)
        except DefinitionError as error:
            yield error.message


def _flat(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _condition(rule: Rule, pack: Pack) -> Iterator[str]:
    known = mentions.selections(rule)
    used: set[str] = set()
    for label in ("condition", "subject"):
        for text in _texts(rule, label):
            try:
                used.update(name for name, _ in conditions.names(conditions.parse(text, known, label)))
            except DefinitionError as error:
                yield error.message
    for name in mentions.named(rule):
        used.add(name)
        if name not in known:
            yield f'correlate names "{name}", which is no selection'
    yield from mentions.faults(rule)
    check = (rule.correlate or {}).get("check")
    if check is not None and check not in CHECKS:
        yield f"there is no check {check}; there are {', '.join(CHECKS)}"


def _texts(rule: Rule, label: str) -> list[str]:
    found = [rule.detection.get(label)]
    if label == "condition" and rule.correlate is not None:
        found.append(rule.correlate.get("condition"))
    return [each for each in found if isinstance(each, str)]


def _parameters(rule: Rule, pack: Pack) -> Iterator[str]:
    yield from (f"%{name}% is no parameter" for name in sorted(mentions.parameters(rule) - set(rule.parameters)))


def _texts_of_law(rule: Rule, pack: Pack) -> Iterator[str]:
    for reference, text in rule.clauses.items():
        if len(text) > LONGEST_CLAUSE:
            yield f'the clause "{reference}" is longer than {LONGEST_CLAUSE} characters: paraphrase it'
    for path in (*rule.applies, *(path for when, _ in rule.applies_from for path in when)):
        if path not in PROFILE:
            yield f'"{path}" is no path of the profile'


def _cases(rule: Rule, pack: Pack) -> Iterator[str]:
    for kind in ("hit", "pass"):
        if not rule.tests.get(kind):
            yield f"no {kind} case: a rule says what it fires on and what it lets pass"


def _claims(rule: Rule, pack: Pack) -> Iterator[str]:
    if rule.severity == "critical" and rule.confidence == "low":
        yield "critical with low confidence: what is uncertain wakes nobody up"
    if rule.status == "stable" and pack.status != "reviewed":
        yield "stable in a pack that is not reviewed"
    for path in mentions.templates(rule):
        if contract.is_content(path):
            yield f"the message quotes {path}: content never stands in a finding"


def _virtual(rule: Rule, pack: Pack) -> Iterator[str]:
    """Virtual fields that there are not: `check` refuses such a pack."""
    yield from (f"{path} is no virtual field" for path in _unknown(rule) if path.startswith("@"))


def _paths(rule: Rule, pack: Pack) -> Iterator[str]:
    yield from (f"{path} is outside the field contract" for path in _unknown(rule) if not path.startswith("@"))


def _unknown(rule: Rule) -> list[str]:
    return [path for path in dict.fromkeys(mentions.paths(rule)) if not contract.knows(path)]


def _unused(rule: Rule, pack: Pack) -> Iterator[str]:
    for name in rule.parameters:
        if name not in mentions.parameters(rule):
            yield f"the parameter {name} is not used"


def _origin(rule: Rule, pack: Pack) -> Iterator[str]:
    if rule.cloned_from is None:
        return
    said = rule.cloned_from
    path = loading.shipped_path(said["pack"])
    if said["pack"] not in loading.NAMES:
        path = os.path.join(os.path.dirname(pack.path), f"{said['pack']}.yaml")
        if not loading.PACK_NAME.match(said["pack"]) or not os.path.isfile(path):
            return  # a copy of what is not here is judged by itself
    origin = next((each for each in _load(path).rules if each.id == said["rule"]), None)
    if origin is None:
        yield f"its origin {said['rule']} is no longer in the pack {said['pack']}"
    elif cloning.digest(origin) != said["sha256"]:
        yield f"its origin {said['rule']} has changed since version {said['version']} of {said['pack']}"


_loaded: dict[tuple[str, float], Pack] = {}


def _load(path: str) -> Pack:
    key = path, os.stat(path).st_mtime
    if key not in _loaded:
        _loaded[key] = loading.load_file(path)
    return _loaded[key]


_Judge = Callable[[Rule, Pack], Iterator[str]]
_ERRORS: Final[Sequence[_Judge]] = (_selections, _condition, _parameters, _virtual, _texts_of_law, _cases, _claims)
_WARNINGS: Final[Sequence[_Judge]] = (_paths, _unused, _origin)
