"""The engine: fan-out, policies, what a fact shows, what is counted (compliance.md, 5, 6.3, 7.2, 13)."""

from __future__ import annotations

from typing import Any

import pytest

from auditlog_cli.detectors import Hit
from auditlog_cli.errors import DefinitionError
from auditlog_cli.rules.facts import Tally
from tests.rules.rulesets import at, bound, engine, lines, place, rule, run

HOLE = {"_redacted": "00"}
REFUSED = {"refused": {"action.result_status": ["denied", "blocked"]}, "condition": "refused"}


class Detectors:
    """Finds in a record what a test says is there."""

    def __init__(self, *hits: tuple[str, str]) -> None:
        self.calls = 0
        self.hits = [Hit(entity, path, "/" + path.replace(".", "/"), 3, 7, "certain") for entity, path in hits]

    def scan(self, content: dict[str, Any]) -> list[Hit]:
        self.calls += 1
        return self.hits


def counts(made: Any) -> list[Tally]:
    return list(made.tallies().values())


def denied(agent: str | None = None) -> dict[str, Any]:
    return {"action": {"result_status": "denied"}} | ({} if agent is None else {"agent": {"id": agent}})


def test_rules_of_one_logic_are_evaluated_once_and_each_gets_its_fact() -> None:
    ready = engine(rule(REFUSED, id="X-1"), rule(REFUSED, id="X-2"))
    assert len(ready._plan.program.logics) == 1
    assert [fact.bound.rule.id for fact in run(ready, denied())] == ["X-1", "X-2"]


def test_a_rule_speaks_for_the_agents_of_its_policy() -> None:
    care, everyone = bound(rule(REFUSED), ("agent:care*",)), bound(rule(REFUSED), ("*",))
    ready = engine(care, everyone)
    facts = run(ready, denied("agent:care-2"), denied("agent:billing"), denied(), denied("AGENT:CARE"))
    assert [(fact.bound is care, fact.place.line) for fact in facts] == [
        (True, 1), (False, 1), (False, 2), (False, 3), (True, 4), (False, 4),
    ]  # fmt: skip
    assert [each.in_scope for each in counts(ready)] == [2, 4]


def test_records_under_no_policy_are_counted() -> None:
    ready = engine(bound(rule(REFUSED), ("agent:care",)))
    run(ready, denied("agent:care"), denied("agent:billing"), denied(), {"agent": {"id": HOLE}})
    assert ready.under_no_policy == 3


def test_a_correlation_sees_the_records_of_the_agents_of_its_policy() -> None:
    made = rule({"a": {"kind": "a"}}, {"count": {"of": "a", "within": "1m", "gte": 2}}, scope="log")
    ready = engine(bound(made, ("care",)), bound(made))
    facts = run(ready, at("10:00:00", kind="a", agent={"id": "care"}), at("10:00:01", kind="a", agent={"id": "other"}))
    assert [fact.bound.agents for fact in facts] == [("*",)]


def test_a_check_about_the_log_sees_all_records_whatever_agent() -> None:
    made = rule({}, {"check": "sequence_gap", "with": {}}, scope="log")
    assert len(run(engine(bound(made, ("care",))), {"seq": 0}, {"seq": 2, "agent": {"id": "other"}})) == 1


def test_parameters_are_put_in_their_place_and_spliced_into_lists() -> None:
    made = rule({"s": {"a": ["x", "%words%"], "n|gt": "%least%"}, "condition": "s"})
    ready = engine(bound(made, words=["y", "z"], least=3))
    assert lines(run(ready, {"a": "z", "n": 4}, {"a": "%words%", "n": 4}, {"a": "y", "n": 3}, {"a": "x", "n": 9})) == [
        1,
        4,
    ]
    with pytest.raises(DefinitionError, match="least"):
        engine(bound(made, words=["y"]))


def test_a_rule_that_fires_through_entities_gives_a_fact_for_each_place() -> None:
    found = {"found": {"@entities": ["IBAN_CODE", "SECRET"]}, "condition": "found"}
    detectors = Detectors(
        ("IBAN_CODE", "action.arguments.iban"), ("EMAIL_ADDRESS", "prompt.text"), ("SECRET_AWS", "prompt.text")
    )
    facts = run(engine(rule(found), scanner=detectors), {})
    assert [(fact.entity, fact.pointer, fact.start, fact.end) for fact in facts] == [
        ("IBAN_CODE", "/action/arguments/iban", 3, 7), ("SECRET_AWS", "/prompt/text", 3, 7),
    ]  # fmt: skip


def test_a_rule_that_only_excludes_entities_speaks_of_the_record() -> None:
    clean = {"a": {"kind": "a"}, "found": {"@entities": "IBAN_CODE"}, "condition": "a and not found"}
    facts = run(engine(rule(clean), scanner=Detectors(("EMAIL_ADDRESS", "prompt.text"))), {"kind": "a"})
    assert [(fact.entity, fact.path) for fact in facts] == [("", "kind")]


def test_detectors_run_once_a_record_and_only_if_a_rule_asks() -> None:
    detectors = Detectors()
    personal = {"p": {"@personal": True}, "condition": "p"}
    run(
        engine(
            rule(personal, id="X-1"), rule({"e": {"@entities": "A"}, "condition": "e"}, id="X-2"), scanner=detectors
        ),
        {},
    )
    assert detectors.calls == 1
    run(engine(rule(REFUSED), scanner=detectors), {})
    assert detectors.calls == 1


def test_without_detectors_what_depends_on_them_is_withheld_and_never_passed() -> None:
    ready = engine(rule({"found": {"@entities": "IBAN_CODE"}, "condition": "found"}))
    assert run(ready, {}) == []
    assert (counts(ready)[0].withheld, counts(ready)[0].in_scope) == (1, 0)


def test_a_hole_makes_a_record_withheld_unless_the_answer_does_not_hang_on_it() -> None:
    made = rule({"s": {"a": "x"}, "t": {"b": "y"}, "subject": "t", "condition": "s and t"})
    ready = engine(made)
    run(ready, {"a": HOLE, "b": "y"}, {"a": HOLE, "b": "z"}, {"a": "x", "b": HOLE}, {"a": "w", "b": "y"})
    assert (counts(ready)[0].withheld, counts(ready)[0].in_scope, counts(ready)[0].findings) == (2, 1, 0)


def test_the_place_shown_is_that_of_the_first_selection_that_held_or_what_the_rule_says() -> None:
    detection = {"a": {"kind": "a"}, "b": {"action.tool": "x"}, "condition": "(not a) and b"}
    assert run(engine(rule(detection)), {"action": {"tool": "x"}})[0].pointer == "/action/tool"
    assert run(engine(rule(detection, at="user.id")), {"action": {"tool": "x"}})[0].pointer == "/user/id"
    scope = {"outside": {"@mapped": False}, "condition": "outside"}
    assert run(engine(rule(scope)), {"action": {"tool": "x"}})[0].pointer == "/action/tool", (
        "a virtual field has a place"
    )


def test_a_message_names_the_envelope_and_never_content() -> None:
    text = (
        "{action.tool} by {user.id} with {action.arguments.iban}, {prompt}, {agent.id}, {data.categories}, {user.email}"
    )
    record = {
        "action": {"tool": "x", "result_status": "denied", "arguments": {"iban": "DE00"}}, "prompt": {"text": "s"},
        "user": {"id": "ann", "email": HOLE}, "data": {"categories": ["a", "b"]},
    }  # fmt: skip
    message = run(engine(rule(REFUSED, message=text)), record)[0].message
    assert message == "x by ann with (content), (content), (not recorded), a, b, (withheld)"


def test_the_message_of_a_correlation_is_about_its_anchor_even_when_it_speaks_late() -> None:
    form = {"require": {"each": "a", "partner": "b", "match": {"id": "id"}, "when": "after", "within": "1h"}}
    made = rule({"a": {"kind": "a"}, "b": {"kind": "b"}}, form, scope="log", message="{user.id} waits")
    facts = run(engine(made), at("10:00:00", kind="a", id="1", user={"id": "ann"}), at("15:00:00", user={"id": "bob"}))
    assert [fact.message for fact in facts] == ["ann waits"]


def test_counts_hold_however_many_outcomes_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables are emptied all the time, and every record is counted once."""
    from auditlog_cli.rules import counting, generating

    monkeypatch.setattr(counting, "MOST_OUTCOMES", 2)
    monkeypatch.setattr(generating, "MOST_SIGNATURES", 2)
    made = rule({"s": {"a": "x"}, "t": {"b": "y"}, "u": {"c": "z"}, "subject": "s or t or u", "condition": "s"})
    ready = engine(made)
    records: list[dict[str, Any]] = [
        {
            name: value if n >> bit & 1 else HOLE
            for bit, (name, value) in enumerate({"a": "x", "b": "y", "c": "z"}.items())
        }
        for n in range(8)
    ] * 5
    run(ready, *records)
    assert (counts(ready)[0].findings, counts(ready)[0].in_scope, counts(ready)[0].withheld) == (20, 20, 20)


def test_merging_engines_adds_what_they_counted() -> None:
    made = rule(REFUSED)
    one, other = engine(made), engine(made)
    one.record(denied(), place(denied(), 1))
    other.record(denied(), place(denied(), 1))
    one.merge(other)
    assert (counts(one)[0].findings, counts(one)[0].in_scope) == (2, 2)


DEEP: Any = "x"
for _ in range(100):
    DEEP = {"a": [DEEP]}


@pytest.mark.parametrize(
    "record",
    [
        {"action": DEEP}, {"action": {"arguments": DEEP, "type": DEEP}}, {"delegation_chain": [DEEP, 1, None, []]},
        {"user": []}, {"user": {"id": "x" * 1_000_000}}, {"authorization": {"scopes": [1, {}, [], None, "*", HOLE]}},
        {"timestamp": 10**400}, {"data": {"categories": {"a": 1}, "subject_ids": [[]]}}, {"action": {"tool": ["a", "b"]}},
        {str(n): n for n in range(1000)}, {"user": HOLE, "agent": HOLE, "action": HOLE, "data": HOLE}, {"seq": True},
        {"action": {"arguments": {"url": "http://[::1"}}}, {"action.type": "decision"}, {"auditlog": []}, {"seq": -1, "prev": 1},
    ],
)  # fmt: skip
def test_hostile_records_are_judged_by_every_rule_there_is(record: dict[str, Any]) -> None:
    from auditlog_cli.judgement import casework
    from tests.rules.packs import all_bound, scanner_for

    site = casework.site_of({})
    ready = engine(*all_bound(), site=site, scanner=scanner_for(site))
    run(ready, record, record)
    assert all(each.findings >= 0 for each in counts(ready))
