"""The six forms: when they fire, whom they leave out, what they keep (compliance.md, 6.5)."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditlog_cli.errors import DefinitionError
from auditlog_cli.rules.facts import Tally
from auditlog_cli.rules.pack import Rule
from tests.rules.rulesets import at, bound, engine, lines, place, rule, run

A, B = {"kind": "a"}, {"kind": "b"}
KINDS = {"a": {"kind": "a"}, "b": {"kind": "b"}, "c": {"kind": "c"}}
DISTINCT = rule({}, {"distinct": {"field": "user.id", "max": 1}}, scope="session")
COUNT = rule(KINDS, {"count": {"of": "a", "within": "1m", "gte": 3}}, scope="log")
SEQUENCE = rule(
    KINDS, {"sequence": {"steps": ["a", "b"], "within": "10m", "same": ["id"], "without": "c"}}, scope="log"
)
AFTER = rule(KINDS, {"require": {"each": "a", "partner": "b", "match": {"id": "of"}, "when": "after", "within": "1h"}}, scope="log")  # fmt: skip
BEFORE = rule(KINDS, {"require": {"each": "a", "partner": "b", "match": {"id": "of"}, "when": "before", "within": "1h"}}, scope="log")  # fmt: skip
FIRST = rule(KINDS, {"first": {"of": "a", "must": "b"}}, scope="session")
UNIQUE = rule({}, {"unique": "id"}, scope="log")


def tally(made: Rule, *records: dict[str, Any]) -> Tally:
    ready = engine(made)
    run(ready, *records)
    return next(iter(ready.tallies().values()))


def test_distinct_fires_at_the_first_value_too_many_and_at_each_further_one() -> None:
    users = ["ann", "ann", "bob", "ann", "bob", "cid"]
    records = [at(f"10:00:0{n}", session_id="s", user={"id": user}) for n, user in enumerate(users)]
    assert lines(run(engine(DISTINCT), *records)) == [3, 6]


def test_distinct_counts_within_a_group_and_the_elements_of_a_list_one_by_one() -> None:
    one = at("10:00:00", session_id="s", user={"id": "ann"})
    other = at("10:00:01", session_id="t", user={"id": "bob"})
    both = at("10:00:02", session_id="u", user={"id": ["ann", "bob"]})
    facts = run(engine(DISTINCT), one, other, both)
    assert lines(facts) == [3] and facts[0].group == ("u",) and facts[0].pointer == "/user/id"


def test_records_without_the_group_key_or_the_time_of_a_window_are_left_out_and_counted() -> None:
    assert tally(DISTINCT, at("10:00:00", user={"id": "ann"}), at("10:00:01", session_id="unknown")).left_out == 2
    assert tally(COUNT, {"kind": "a"}, {"kind": "a", "timestamp": "noon"}).left_out == 2


def test_values_that_say_nothing_are_no_values() -> None:
    records = [
        at("10:00:00", session_id="s", user={"id": each}) for each in ("ann", "unknown", None, {"_redacted": "00"})
    ]
    assert run(engine(DISTINCT), *records) == []
    assert tally(DISTINCT, *records).in_scope == 1


def test_count_includes_both_ends_of_its_window_and_is_emptied_by_a_finding() -> None:
    clocks = ["10:00:00", "10:00:30", "10:01:00", "10:01:01", "10:01:02"]
    assert lines(run(engine(COUNT), *[at(clock, **A) for clock in clocks])) == [3]
    assert lines(run(engine(COUNT), at("10:00:00", **A), at("10:00:30", **A), at("10:01:00.000001", **A))) == []


def test_count_names_the_other_records_of_the_burst_in_time_order() -> None:
    fact = run(engine(COUNT), at("10:00:02", **A), at("10:00:01", **A), at("10:00:03", **A))[0]
    assert fact.place.line == 3 and [each.line for each in fact.related] == [2, 1]


def test_count_of_different_values() -> None:
    made = rule(KINDS, {"count": {"of": "a", "distinct": "ids", "within": "1m", "gte": 3}}, scope="log")
    same = [at(f"10:00:0{n}", **A, ids=["x"]) for n in range(5)]
    assert run(engine(made), *same) == []
    assert lines(run(engine(made), at("10:00:00", **A, ids=["x", "y"]), at("10:00:01", **A, ids=["y", "z"]))) == [2]


def test_a_sequence_needs_its_order_its_window_and_what_must_be_the_same() -> None:
    start = at("10:00:00", **A, id="1")
    assert lines(run(engine(SEQUENCE), start, at("10:10:00", **B, id="1"))) == [2]
    assert lines(run(engine(SEQUENCE), start, at("10:10:00.000001", **B, id="1"))) == []
    assert lines(run(engine(SEQUENCE), start, at("10:01:00", **B, id="2"))) == []
    assert lines(run(engine(SEQUENCE), at("10:00:00", **B, id="1"), at("10:00:01", **A, id="1"))) == []
    assert lines(run(engine(SEQUENCE), at("10:00:00", **A, id=["1", "2"]), at("10:01:00", **B, id=["2", "3"]))) == [2]


def test_a_sequence_is_reported_once() -> None:
    records = [
        at("10:00:00", **A, id="1"),
        at("10:00:30", **A, id="1"),
        at("10:01:00", **B, id="1"),
        at("10:02:00", **B, id="1"),
    ]
    fact = run(engine(SEQUENCE), *records)
    assert lines(fact) == [3] and [each.line for each in fact[0].related] == [2]


def test_what_comes_in_between_ends_the_attempts_that_it_is_about() -> None:
    start, end = at("10:00:00", **A, id="1"), at("10:02:00", **B, id="1")
    assert lines(run(engine(SEQUENCE), start, at("10:01:00", kind="c", id="1"), end)) == []
    assert lines(run(engine(SEQUENCE), start, at("10:01:00", kind="c", id="2"), end)) == [3], "it is about another"
    assert lines(run(engine(SEQUENCE), start, at("10:01:00", kind="c"), end)) == [], "it does not say: about all"


def test_an_attempt_that_is_ended_by_the_record_that_would_complete_it_is_ended() -> None:
    both = rule({"a": A, "b": {"kind": ["b", "c"]}, "c": {"kind": "c"}}, SEQUENCE.correlate, scope="log")
    assert lines(run(engine(both), at("10:00:00", **A, id="1"), at("10:01:00", kind="c", id="1"))) == []


def test_a_sequence_of_three_steps_counts_its_window_from_the_first() -> None:
    made = rule(KINDS, {"sequence": {"steps": ["a", "b", "c"], "within": "10m"}}, scope="log")
    assert lines(run(engine(made), at("10:00:00", **A), at("10:09:00", **B), at("10:10:00", kind="c"))) == [3]
    assert lines(run(engine(made), at("10:00:00", **A), at("10:09:00", **B), at("10:11:00", kind="c"))) == []


def test_require_after_takes_a_partner_of_the_same_time_whatever_its_place() -> None:
    each, partner = at("10:00:00", **A, id="1"), at("10:00:00", **B, of="1")
    assert run(engine(AFTER), each, partner) == [] == run(engine(AFTER), partner, each)
    assert run(engine(BEFORE), each, partner) == [] == run(engine(BEFORE), partner, each)


def test_require_includes_the_end_of_its_window() -> None:
    each = at("10:00:00", **A, id="1")
    assert lines(run(engine(AFTER), each, at("11:00:00", **B, of="1"))) == []
    assert lines(run(engine(AFTER), each, at("11:00:00.000001", **B, of="1"))) == [1]
    assert lines(run(engine(BEFORE), at("09:00:00", **B, of="1"), each)) == []
    assert lines(run(engine(BEFORE), at("08:59:59", **B, of="1"), each)) == [2]
    assert lines(run(engine(BEFORE), at("10:00:01", **B, of="1"), each)) == [2]


def test_a_record_is_not_its_own_partner() -> None:
    both = rule({"a": A, "b": A}, AFTER.correlate, scope="log")
    assert lines(run(engine(both), at("10:00:00", **A, id="1", of="1"))) == [1]
    assert lines(run(engine(both), at("10:00:00", **A, id="1", of="2"), at("10:00:01", **A, id="2", of="1"))) == [2]


def test_require_leaves_open_what_is_younger_than_its_window() -> None:
    from auditlog_cli import times

    now = times.parse("2026-11-20T10:30:00Z")
    assert now is not None
    ready = engine(AFTER, as_of=now)
    assert run(ready, at("10:00:00", **A, id="1")) == []
    counts = next(iter(ready.tallies().values()))
    assert (counts.open, counts.in_scope) == (1, 0)


def test_first_judges_one_record_a_group() -> None:
    made = rule({"a": {"to": "person"}, "b": {"told": True}}, FIRST.correlate, scope="session")
    records = [at("10:00:00", session_id="s"), at("10:00:02", session_id="s", to="person"), at("10:00:01", session_id="s", to="person", told=True)]  # fmt: skip
    assert run(engine(made), *records) == []
    assert lines(run(engine(made), *records[:2])) == [2]
    assert tally(made, *records).in_scope == 1


def test_unique_fires_at_each_repetition() -> None:
    assert lines(run(engine(UNIQUE), *[at("10:00:00", id=each) for each in ("1", "2", "1", 1, 1, True)])) == [3, 5]


def test_a_condition_beside_a_form_filters_the_records_first() -> None:
    made = rule({"a": A, "condition": "a"}, {"unique": "id"}, scope="log")
    assert lines(
        run(engine(made), at("10:00:00", **B, id="1"), at("10:00:01", **A, id="1"), at("10:00:02", **A, id="1"))
    ) == [3]


def test_an_unknown_selection_does_not_match_and_is_counted() -> None:
    hole = at("10:00:01", kind={"_redacted": "00"})
    assert tally(COUNT, at("10:00:00", **A), hole).withheld == 1
    assert run(engine(COUNT), *[hole] * 5) == []


def test_a_correlation_that_would_keep_too_much_says_that_it_was_not_fully_evaluated() -> None:
    ready = engine(UNIQUE, max_state=10)
    facts = run(ready, *[at("10:00:00", id=str(n)) for n in range(20)], at("10:00:01", id="1"))
    counts = next(iter(ready.tallies().values()))
    assert facts == [] and counts.exhausted and counts.in_scope == 11


def test_what_is_over_is_not_kept() -> None:
    """A million groups, one after the other: only the open windows are in memory."""
    ready = engine(COUNT, held=1)
    made = rule(KINDS, {"group_by": ["id"], **(COUNT.correlate or {})}, scope="log")
    ready = engine(made, held=1)
    for number in range(20_000):
        minute, second = divmod(number // 10, 60)
        hour, minute = divmod(minute, 60)
        record = at(f"{hour:02d}:{minute:02d}:{second:02d}", **A, id=str(number))
        ready.record(record, place(record, number))
    assert ready._correlations[0].state.size < 3_000


ALL = [DISTINCT, COUNT, SEQUENCE, AFTER, BEFORE, FIRST, UNIQUE]


def everything(records: list[dict[str, Any]], **settings: Any) -> list[tuple[str, str]]:
    rules = [rule(each.detection, each.correlate, id=f"X-{n}", scope=each.scope) for n, each in enumerate(ALL)]
    ready = engine(*rules, **settings)
    facts = []
    for number, content in enumerate(records, start=1):
        facts += ready.record(content, place(content, number))
    assert not ready.late
    return sorted((fact.bound.rule.id, fact.place.record_id) for fact in facts + ready.finish())


@st.composite
def logs(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Records in order of time, each with a time of its own and an id."""
    made = []
    second = 0
    for number in range(draw(st.integers(1, 25))):
        second += draw(st.sampled_from([1, 7, 20, 400, 4000]))
        hour, rest = divmod(second, 3600)
        made.append(at(
            f"{hour % 24:02d}:{rest // 60:02d}:{rest % 60:02d}", record_id=f"r{number:02d}",
            kind=draw(st.sampled_from("abc")), id=draw(st.sampled_from(["1", "2", ["1", "2"]])),
            of=draw(st.sampled_from(["1", "2"])), session_id=draw(st.sampled_from("st")),
            user={"id": draw(st.sampled_from(["ann", "bob"]))},
        ))  # fmt: skip
        if hour >= 23:
            break
    return made


@settings(max_examples=300, deadline=None)
@given(logs(), st.randoms(use_true_random=False))
def test_out_of_order_input_gives_what_sorted_input_gives(records: list[dict[str, Any]], chance: random.Random) -> None:
    shuffled = list(records)
    chance.shuffle(shuffled)
    assert everything(shuffled) == everything(records)


@settings(max_examples=200, deadline=None)
@given(logs())
def test_holding_back_few_records_gives_what_holding_back_all_gives(records: list[dict[str, Any]]) -> None:
    nearly = list(records)
    for first in range(0, len(nearly) - 1, 2):
        nearly[first], nearly[first + 1] = nearly[first + 1], nearly[first]
    assert everything(nearly, held=2) == everything(records)


@settings(max_examples=200, deadline=None)
@given(logs())
def test_two_parts_merged_give_what_one_run_gives(records: list[dict[str, Any]]) -> None:
    """Partitioned by session; forms that see the whole log have to be left to one of them."""
    rules = [rule(each.detection, each.correlate, id=f"X-{n}", scope="session") for n, each in enumerate(ALL[:6])]

    def judged(*parts: list[dict[str, Any]]) -> tuple[list[tuple[str, str]], list[str]]:
        engines = [engine(*rules) for _ in parts]
        facts = []
        for each, part in zip(engines, parts, strict=True):
            for number, content in enumerate(part, start=1):
                facts += each.record(content, place(content, number))
        for other in engines[1:]:
            facts += engines[0].merge(other)
        facts += engines[0].finish()
        counts = engines[0].tallies()
        told = sorted((fact.bound.rule.id, fact.place.record_id) for fact in facts)
        return told, [repr(tally) for tally in counts.values()]

    parts = [[each for each in records if each["session_id"] == session] for session in "st"]
    assert judged(*parts) == judged(records)


def test_a_record_that_is_too_late_is_counted_and_the_correlation_says_so() -> None:
    ready = engine(COUNT, held=1)
    for number, clock in enumerate(["10:00:00", "10:00:01", "10:00:02", "10:00:03", "09:00:00"], start=1):
        record = at(clock, **A)
        ready.record(record, place(record, number))
    ready.finish()
    assert ready.late == 1 and next(iter(ready.tallies().values())).exhausted


def test_live_a_deadline_passes_without_new_records() -> None:
    from auditlog_cli import times

    ready = engine(AFTER, lateness=60 * times.SECOND)
    record = at("10:00:00", **A, id="1")
    assert ready.record(record, place(record, 1)) == []
    now = times.parse(record["timestamp"])
    assert now is not None
    over = now + times.HOUR + times.MINUTE  # no partner can come so late any more
    assert ready.advance(over) == []
    assert lines(ready.advance(over + 1)) == [1]


def test_live_a_partner_that_comes_just_before_the_deadline_is_one() -> None:
    from auditlog_cli import times

    ready = engine(AFTER, lateness=60 * times.SECOND)
    for number, record in enumerate((at("10:00:00", **A, id="1"), at("10:59:50", **B, of="1")), start=1):
        assert ready.record(record, place(record, number)) == []
    now = times.parse("2026-11-20T11:00:00Z")
    assert now is not None
    for second in range(0, 300, 10):
        assert ready.advance(now + second * times.SECOND) == []


@pytest.mark.parametrize(
    "correlate",
    [
        {}, {"distinct": {"field": "a"}}, {"count": {"of": "nope", "within": "1m", "gte": 2}}, {"unique": 7},
        {"count": {"of": "a", "within": "soon", "gte": 2}}, {"count": {"of": "a", "within": "1m", "gte": True}},
        {"unique": "a", "first": {"of": "a", "must": "b"}}, {"check": "nope"}, {"check": "clock", "with": {"nope": 1}},
        {"sequence": {"steps": ["a"]}}, {"unique": "a", "nope": 1}, {"check": "silence", "with": {"max": "1h", "stop": {"a|nope": 1}}},
    ],
)  # fmt: skip
def test_a_form_that_is_not_understood_is_refused(correlate: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError, match="X-1"):
        engine(bound(rule(KINDS, correlate, scope="log")))


def test_a_form_or_a_check_that_is_not_well_formed_is_answered_with_its_keys() -> None:
    """As many forms and checks as there are."""
    from auditlog_cli.rules import checks, correlating

    for name in correlating.FORMS:
        module = correlating.load(name)
        with pytest.raises(DefinitionError) as refused:
            correlating.checked(name, module, 5, "X-1")
        keys = module.SCHEMA.get("properties", {})
        assert all(key in refused.value.help for key in keys) and refused.value.help
    for name in checks.names():
        check = checks.load(name)
        with pytest.raises(DefinitionError) as refused:
            checks.given({"no such key": 1}, check, "X-1")
        assert all(key in refused.value.help for key in check.WITH["properties"]) and refused.value.help
