"""The cases that are written in rules, run (compliance.md, 6.7). `packs test` and the mutation gate use this."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from auditlog_cli import decoders, times
from auditlog_cli.errors import DefinitionError
from auditlog_cli.judgement import sealedcases
from auditlog_cli.record import BadLine, Line
from auditlog_cli.rules import interpreting, loading, policy, yamlfile
from auditlog_cli.rules.binding import Bound
from auditlog_cli.rules.engine import Engine
from auditlog_cli.rules.facts import Fact, Place, text
from auditlog_cli.rules.pack import Pack, Rule
from auditlog_cli.rules.planning import plan
from auditlog_cli.rules.reading import Reading
from auditlog_cli.rules.site import Site
from auditlog_cli.rules.sitefacts import Policy

AS_OF: Final = "2026-11-21T00:00:00Z"
KINDS: Final = ("hit", "pass")
_KEYS: Final = frozenset(("records", "raw", "as_of", "params", "policy", "seal", "tamper"))
"""What a case written as a mapping may hold; one that has neither `records` nor `raw` is a bare record."""


class Case(NamedTuple):
    """One case of one rule.

    Attributes:
        rule: The rule it is run for; it may have inherited the case.
        kind: `hit` or `pass`.
        number: Its place among the cases of its kind, counted from 1.
        given: As it is written.
    """

    rule: Rule
    kind: str
    number: int
    given: Any


class Result(NamedTuple):
    """What came of a case.

    Attributes:
        case: The case.
        ok: Whether it came out as it must.
        message: What went wrong, or empty.
        outside: Whether a hit lies outside the subject of its rule (a lint error).
        refused: Whether it cannot be run as it is written (a lint error).
    """

    case: Case
    ok: bool
    message: str
    outside: bool = False
    refused: bool = False


def cases_of(packs: Iterable[Pack]) -> Iterator[Case]:
    """Yield the cases of every rule, those it inherits included."""
    for pack in packs:
        for rule in pack.rules:
            for kind in KINDS:
                for number, given in enumerate(rule.tests.get(kind, ()), start=1):
                    yield Case(rule, kind, number, given)


def run_cases(packs: Iterable[Pack], scanner_for: Callable[[Policy], Any]) -> list[Result]:
    """Run the cases of all rules of `packs`, which were read from their YAML.

    Args:
        packs: The packs.
        scanner_for: The detectors, as a policy sets them.
    """
    return [run_case(case, scanner_for) for case in cases_of(packs)]


def run_case(case: Case, scanner_for: Callable[[Policy], Any]) -> Result:
    """Run one case through the engine (the generated code), and its records through the interpreter."""
    try:
        prepared = prepare(case)
        facts = engine_facts(prepared, scanner_for(prepared.site))
        outside = _outside(prepared, scanner_for(prepared.site)) if case.kind == "hit" else False
    except DefinitionError as error:
        return Result(case, False, error.message, refused=True)
    if (len(facts) > 0) is not (case.kind == "hit"):
        return Result(case, False, "nothing was found" if case.kind == "hit" else f"{len(facts)} found", outside)
    return Result(case, True, "", outside)


class Prepared(NamedTuple):
    """A case, ready to be run.

    Attributes:
        bound: Its rule, with the parameters of the case.
        site: The policy of the case.
        as_of: Its "now", microseconds since the epoch.
        lines: What is read, in order: a record, or a line that is none.
        codes: What the verifier finds in it: (code, place).
    """

    bound: Bound
    site: Policy
    as_of: int
    lines: list[tuple[dict[str, Any] | None, Place]]
    codes: list[tuple[str, Place]]


def prepare(case: Case) -> Prepared:
    """Return a case ready to be run.

    Raises:
        DefinitionError: If it is not understood.
    """
    label = f"{case.rule.id}, {case.kind} {case.number}"
    given = _mapping(case.given, label)
    as_of = times.parse(given.get("as_of", AS_OF))
    if as_of is None:
        raise DefinitionError(f"{label}: as_of is no time", help="for example as_of: 2026-11-21T00:00:00Z")
    site = site_of(given.get("policy") or {})
    parameters = {name: site.profile.get(each.profile, each.default) for name, each in case.rule.parameters.items()}
    for name, value in (given.get("params") or {}).items():
        if name not in parameters:
            raise DefinitionError(
                f'{label}: there is no parameter "{name}"', help="a case sets parameters of its own rule only"
            )
        parameters[name] = value
    bound = Bound(case.rule, parameters, None, ("*",), case.rule.severity, "declared", "active", "")
    if given.get("seal"):
        raw = sealedcases.lines_of(given["records"], given.get("tamper") or {})
        lines = [_read(line, number) for number, line in enumerate(raw, start=1)]
        codes = [(code, lines[line - 1][1] if line else Place("case")) for code, line in sealedcases.verdict(raw)]
        return Prepared(bound, site, as_of, lines, codes)
    if "raw" in given:
        encoded = [each.encode("utf-8", "surrogatepass") for each in given["raw"]]
        return Prepared(bound, site, as_of, [_read(line, number) for number, line in enumerate(encoded, start=1)], [])
    lines = [(content, place_of(content, number)) for number, content in enumerate(given["records"], start=1)]
    return Prepared(bound, site, as_of, lines, [])


def _mapping(given: Any, label: str) -> dict[str, Any]:
    """A case in its longest form."""
    if isinstance(given, list):
        given = {"records": given}
    elif isinstance(given, dict) and not ({"records", "raw"} & given.keys() and given.keys() <= _KEYS):
        given = {"records": [given]}
    if not isinstance(given, dict) or not all(isinstance(each, dict) for each in given.get("records", [])):
        raise DefinitionError(
            f"{label}: a case is a record, a list of records, or a mapping with records",
            help="auditlog packs show RULE has the cases of a shipped rule",
        )
    return given


def _read(raw: bytes, number: int) -> tuple[dict[str, Any] | None, Place]:
    record = decoders.decode(Line(raw, "case", number))
    if isinstance(record, BadLine):
        return None, Place("case", number)
    return record.content, place_of(record.content, number)


def place_of(content: dict[str, Any], number: int) -> Place:
    """Return the place of a record of a case."""
    record_id, seq = text(content.get("record_id")), content.get("seq")
    return Place(
        "case",
        number,
        seq=seq if isinstance(seq, int) else None,
        record_id=record_id,
        timestamp=text(content.get("timestamp")),
        session_id=text(content.get("session_id")),
        trace_id=text(content.get("trace_id")),
        anchor=record_id or f"case:{number}",
    )


def engine_of(prepared: Prepared, scanner: Any) -> Engine:
    """Return an engine with the rule of a case."""
    return Engine([prepared.bound], prepared.site, as_of=prepared.as_of, scanner=scanner)


def fed(engine: Engine, prepared: Prepared) -> list[Fact]:
    """Return what an engine finds in the lines of a case."""
    facts: list[Fact] = []
    for content, place in prepared.lines:
        facts += engine.bad(place, "a case") if content is None else engine.record(content, place)
    return facts + engine.verdict(prepared.codes) + engine.finish()


def engine_facts(prepared: Prepared, scanner: Any) -> list[Fact]:
    """Return what is found in a case."""
    return fed(engine_of(prepared, scanner), prepared)


def readings(prepared: Prepared, scanner: Any) -> list[Reading]:
    """Return the records of a case, as the interpreter reads them."""
    site = Site(prepared.site)
    scan = None if scanner is None else scanner.scan
    return [Reading(content, site, scan) for content, _ in prepared.lines if content is not None]


def _outside(prepared: Prepared, scanner: Any) -> bool:
    """Whether a record rule fires for a record that its subject leaves out."""
    program = plan([prepared.bound], prepared.as_of).program
    for logic in program.logics:
        if logic.subject is not None:
            for reading in readings(prepared, scanner):
                if interpreting.interpret(program, reading).hits and not interpreting.holds(
                    logic, logic.subject, reading
                ):
                    return True
    return False


_example: dict[str, Any] | None = None


def example_policy() -> dict[str, Any]:
    """Return the policy that cases run with, as plain data."""
    global _example
    if _example is None:
        _example = yamlfile.load(f"{loading.SHIPPED}/policy.example.yaml").data
    return _example


def site_of(changes: Mapping[str, Any]) -> Policy:
    """Return the example policy with `changes` merged over it."""
    merged = _merged(example_policy(), changes)
    return replace(policy.parse(merged), policies=())


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings are merged member by member; anything else replaces."""
    out = dict(under)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(out.get(key), Mapping)
        out[key] = _merged(out[key], value) if both else value
    return out


def failed(results: Sequence[Result]) -> list[Result]:
    """Return those that did not come out as they must."""
    return [each for each in results if not each.ok or each.outside]
