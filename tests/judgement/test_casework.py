"""The cases written in rules (compliance.md, 6.7, 14.2) and the mutation gate (14.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from auditlog_cli.judgement import casework, sealedcases
from auditlog_cli.rules import loading, yamlfile
from auditlog_cli.rules.pack import Pack, Rule
from auditlog_cli.rules.sitefacts import Agent
from tests.rules.packs import scanner_for, shipped
from tests.rules.rulesets import rule

RUNS = list(casework.cases_of(shipped()))


def test_all_cases_of_all_shipped_rules_come_out_as_written() -> None:
    """206 rules, 914 runs counting inherited ones, each with the rule's own detectors, policy and seal."""
    results = casework.run_cases(shipped(), scanner_for)
    assert [
        (each.case.rule.id, each.case.kind, each.case.number, each.message) for each in casework.failed(results)
    ] == []
    assert len(results) == 914 and len({each.case.rule.id for each in results}) == 206
    written = [
        each.get("tests", {}).get(kind, ())
        for name in loading.NAMES
        for each in yamlfile.load(loading.shipped_path(name)).data["rules"]
        for kind in casework.KINDS
    ]
    assert (sum(map(len, written[0::2])), sum(map(len, written[1::2]))) == (214, 306)


def test_every_rule_has_cases_of_both_kinds_and_a_pass_inside_its_subject() -> None:
    inside: dict[str, bool] = {}
    for case in RUNS:
        if case.rule.correlate is None and case.kind == "pass":
            prepared = casework.prepare(case)
            engine = casework.engine_of(prepared, scanner_for(prepared.site))
            casework.fed(engine, prepared)
            judged = any(tally.in_scope for tally in engine.tallies().values())
            inside[case.rule.id] = inside.get(case.rule.id, False) or judged
    assert [name for name, judged in inside.items() if not judged] == []
    for pack in shipped():
        for each in pack.rules:
            assert each.tests.get("hit") and each.tests.get("pass"), each.id


def result(hit: Any = None, **changes: Any) -> casework.Result:
    made = rule({"s": {"a": "x"}, "condition": "s"}, **changes)
    return casework.run_case(casework.Case(made, "hit", 1, hit), scanner_for)


def test_a_case_that_does_not_come_out_says_why() -> None:
    assert result({"a": "x"}).ok
    assert result({"a": "y"}).message == "nothing was found"
    made = rule({"s": {"a": "x"}, "condition": "s"})
    assert casework.run_case(casework.Case(made, "pass", 1, {"a": "x"}), scanner_for).message == "1 found"
    assert "no time" in result({"records": [{"a": "x"}], "as_of": "soon"}).message
    assert "no parameter" in result({"records": [{"a": "x"}], "params": {"nope": 1}}).message
    assert "a case is" in result("text").message and "a case is" in result([1]).message
    assert "drop" in result({"records": [{"a": "x"}], "seal": True, "tamper": {"drop": 7}}).message
    assert 'no "burn"' in result({"records": [{"a": "x"}], "seal": True, "tamper": {"burn": 1}}).message


def test_a_hit_outside_the_subject_is_told() -> None:
    made = rule({"s": {"a": "x"}, "t": {"b": "y"}, "subject": "t", "condition": "s"})
    assert casework.run_case(casework.Case(made, "hit", 1, {"a": "x"}), scanner_for).outside
    assert not casework.run_case(casework.Case(made, "hit", 1, {"a": "x", "b": "y"}), scanner_for).outside


def test_a_policy_of_a_case_is_merged_over_the_example() -> None:
    site = casework.site_of({"agents": ["agent:x"], "profile": {"jurisdiction": "uk"}})
    assert (
        site.agents == (Agent("agent:x"),)
        and site.profile["jurisdiction"] == "uk"
        and site.profile["pci.in_cde"] is True
    )
    assert site.tools and not site.policies


def test_a_sealed_log_is_intact_until_it_is_tampered_with() -> None:
    records = [{"n": number, "user": {"id": "ann"}} for number in range(4)]
    assert sealedcases.verdict(sealedcases.lines_of(records, {})) == []
    dropped = [code for code, _ in sealedcases.verdict(sealedcases.lines_of(records, {"drop": 1}))]
    assert "seq" in dropped
    for declared, codes in ((True, []), (False, ["undeclared"])):
        tampered = sealedcases.lines_of(records, {"redact": {"record": 1, "field": "/user/id", "declared": declared}})
        assert [code for code, _ in sealedcases.verdict(tampered)] == codes


# --- the mutation gate ------------------------------------------------------------------------

ALWAYS, NEVER = (
    {"timestamp|exists": [True, False]},
    {"timestamp|exists": True, "timestamp|missing": [True, False], "timestamp|gt": 0},
)
"""Selections that hold for every record, and for none (a number never stands where a time does)."""


def mutants(made: Rule) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each selection replaced by true and by false, and each single test of a selection removed."""
    for name, given in made.detection.items():
        if name in ("condition", "subject") or name.startswith("_"):
            continue  # what begins with _ serves the subject, which cases do not see
        yield f"{name} → true", {**made.detection, name: ALWAYS}
        yield f"{name} → false", {**made.detection, name: NEVER}
        alternatives = given if isinstance(given, list) else [given]
        for number, alternative in enumerate(alternatives):
            for key in alternative if len(alternative) > 1 else ():
                less: list[Mapping[str, Any]] = [
                    {path: value for path, value in each.items() if path != key} if place == number else each
                    for place, each in enumerate(alternatives)
                ]
                yield f"{name} without {key}", {**made.detection, name: less if isinstance(given, list) else less[0]}


def survives(made: Rule, detection: dict[str, Any]) -> bool:
    """Whether no case notices that the rule looks for something else."""
    mutant = replace(made, detection=detection)
    cases = [
        casework.Case(mutant, kind, number, given)
        for kind in casework.KINDS
        for number, given in enumerate(made.tests.get(kind, ()), start=1)
    ]
    return all(casework.run_case(case, scanner_for).ok for case in cases)


EQUIVALENT = {("BASE-AUTH-01", "no_type → false")}
"""A session type that is missing is no known one either: the rule says both, so that a reader sees it."""


@pytest.mark.parametrize("pack", shipped(), ids=lambda pack: pack.name)
def test_every_mutant_of_a_rule_is_noticed_by_its_own_cases(pack: Pack) -> None:
    """A rule becomes `stable` only without survivors (14.3)."""
    rules = [each for each in pack.rules if each.extends is None]
    made = [(each, name, detection) for each in rules for name, detection in mutants(each)]
    survivors = {(each.id, name) for each, name, detection in made if survives(each, detection)}
    assert made and survivors == {each for each in EQUIVALENT if each[0] in {rule.id for rule in rules}}


def test_the_mutants_are_those_that_the_specification_counts() -> None:
    rules = [each for pack in shipped() for each in pack.rules if each.extends is None]
    assert (len(rules), sum(1 for each in rules for _ in mutants(each))) == (113, 615)
