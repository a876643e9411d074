"""The thirteen named checks, beyond the cases in the packs (compliance.md, 6.6)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.rules import checks, lint
from auditlog_cli.rules.facts import Tally
from auditlog_cli.rules.sitefacts import Policy
from tests.rules.rulesets import at, engine, lines, place, rule, run

HOLE = {"_redacted": "00"}


def check(name: str, scope: str = "log", **given: Any) -> Any:
    return rule({}, {"check": name, "with": given}, scope=scope)


def found(made: Any, *records: dict[str, Any], **settings: Any) -> list[int]:
    return lines(run(engine(made, **settings), *records))


def tally(made: Any, *records: dict[str, Any], **settings: Any) -> Tally:
    ready = engine(made, **settings)
    run(ready, *records)
    return next(iter(ready.tallies().values()))


def test_every_check_of_the_specification_is_there_with_a_schema() -> None:
    import jsonschema

    assert set(checks.names()) == set(lint.CHECKS) and len(lint.CHECKS) == 13
    for name in checks.names():
        module = checks.load(name)
        jsonschema.Draft202012Validator.check_schema(module.WITH)
        assert module.WITH["additionalProperties"] is False
        assert set(module.SELECTIONS) <= set(module.WITH["properties"])


def test_numbers_are_followed_within_one_log() -> None:
    made = check("sequence_gap", unique="record_id")
    ready = engine(made)
    for log in ("a", "b"):
        for seq in (0, 1):
            assert ready.record({"seq": seq}, place({"seq": seq}, seq + 1, log)) == []
    gap = ready.record({"seq": 3}, place({"seq": 3}, 3, "b"))
    assert lines(gap) == [3] and gap[0].pointer == "/seq"
    assert lines(
        ready.verdict([("seq", place({}, 9, "b")), ("prefix", place({}, 1, "a")), ("chain", place({}, 1, "a"))])
    ) == [1]


def test_an_id_is_unique_in_the_whole_input_and_a_double_line_is_one_fact() -> None:
    ready = engine(check("sequence_gap", unique="record_id"))
    ready.record({"record_id": "r"}, place({"record_id": "r"}, 1, "a"))
    again = ready.record({"record_id": "r"}, place({"record_id": "r"}, 1, "b"))
    assert [fact.pointer for fact in again] == ["/record_id"]
    assert found(
        check("sequence_gap", unique="record_id"), {"seq": 1, "record_id": "r"}, {"seq": 1, "record_id": "r"}
    ) == [2]


def test_bad_lines_are_found_and_counted_with_the_good_ones() -> None:
    ready = engine(check("parse_errors"))
    ready.record({}, place({}, 1))
    assert lines(ready.bad(place({}, 2), "json")) == [2]
    assert next(iter(ready.tallies().values())).in_scope == 2


def test_sealed_records_are_counted_and_the_verifier_speaks_for_them() -> None:
    ready = engine(check("hash_chain"))
    ready.record({"seq": 0, "prev": "00"}, place({}, 1))
    ready.record({}, place({}, 2))
    assert lines(ready.verdict([("undeclared", place({}, 1)), ("torn-tail", place({}, 2))])) == [1]
    assert next(iter(ready.tallies().values())).in_scope == 1


CHAIN = [{"actor": "user:ann"}, {"actor": "agent:care"}]


def chain(*links: Any, user: Any = "ann", agent: Any = "agent:care") -> dict[str, Any]:
    return {"trace_id": "t", "user": {"id": user}, "agent": {"id": agent}, "delegation_chain": list(links)}


def test_a_chain_leads_from_the_user_to_the_agent_whatever_prefix_they_bear() -> None:
    made = check("delegation_complete", "trace")
    assert found(made, chain(*CHAIN)) == []
    assert found(made, chain({"actor": "agent:ann"}, {"actor": "care"})) == [], "one prefix is ignored"
    assert found(made, chain({"actor": "agent:user:ann"}, CHAIN[1])) == [1], "one, not two"
    assert found(made, chain(*CHAIN, agent="agent:other")) == [1]
    assert found(made, chain(CHAIN[0], {"actor": "unknown"}, CHAIN[1])) == [1]
    assert found(made, chain(CHAIN[0], "text", CHAIN[1])) == [1]


def test_a_chain_whose_ends_are_withheld_is_counted_and_not_judged() -> None:
    made = check("delegation_complete", "trace")
    for record in (chain(*CHAIN, user=HOLE), chain({"actor": HOLE}, CHAIN[1])):
        counts = tally(made, record)
        assert (counts.withheld, counts.in_scope, counts.findings) == (1, 0, 0)
    assert tally(made, chain({"actor": HOLE}, {}, CHAIN[1])).findings == 1, "an empty link is one whoever the user is"


def test_a_chain_does_not_widen() -> None:
    made = check("delegation_narrows", "trace", scopes="scopes", expires="expires_at")

    def links(*scopes: Any) -> dict[str, Any]:
        return chain(*[{"actor": str(n), "scopes": each} for n, each in enumerate(scopes)])

    assert found(made, links(["crm:*"], ["crm:read"])) == []
    assert found(made, links([], ["crm:read"])) == [1]
    assert found(made, links(["crm:read"], [])) == []
    assert found(made, links(["crm:write"], ["crm:read"])) == [1]
    policy = Policy(implies={"write": ("read",)})
    assert found(made, links(["crm:write"], ["crm:read"]), site=policy) == []
    assert found(made, chain({"actor": "a"}, {"actor": "b", "scopes": ["x:y"]})) == [], "the first did not say"
    assert tally(made, links(["crm:*"], HOLE)).withheld == 1
    assert tally(made, links(["crm:*"])).in_scope == 0


def test_a_chain_is_neither_too_long_nor_circular() -> None:
    made = check("delegation_depth", "trace", max=2)
    assert found(made, chain({"actor": "a"}, {"actor": "b"})) == []
    assert found(made, chain({"actor": "a"}, {"actor": "b"}, {"actor": "c"})) == [1]
    assert found(made, chain({"actor": "user:a"}, {"actor": "a"})) == [1]
    assert found(made, chain({}, {})) == [], "nobody is not somebody who comes twice"


def span(name: str, parent: Any = None, trace: str = "t") -> dict[str, Any]:
    return {"trace_id": trace, "span_id": name} | ({} if parent is None else {"parent_span_id": parent})


def test_a_parent_may_come_later_but_must_come_in_the_same_trace() -> None:
    made = check("trace_parents", "trace", foreign_roots=["far"])
    assert found(made, span("b", "a"), span("c", "b"), span("a")) == []
    assert found(made, span("b", "a"), span("a", trace="u")) == [1]
    assert found(made, span("b", "far")) == []
    assert found(made, {"span_id": "b", "parent_span_id": "a"}) == []
    assert tally(made, {"span_id": "b", "parent_span_id": "a"}).left_out == 1
    assert tally(made, span("b", HOLE)).withheld == 1


IDS = st.text("ab\x00é", max_size=3) | st.integers(0, 90).map(lambda number: f"{number:024d}")


@given(st.lists(st.tuples(st.sampled_from("tu"), IDS, IDS | st.none()), max_size=150))
def test_parents_are_told_as_sets_of_ids_would(spans: list[tuple[str, str, str | None]]) -> None:
    """Short traces keep their ids in one text, long ones in a set: whatever the ids are, nobody can tell."""
    made = check("trace_parents", "trace")
    there = {(trace, name) for trace, name, _ in spans}
    missing = [
        line
        for line, (trace, _, parent) in enumerate(spans, 1)
        if parent is not None and parent != "" and (trace, parent) not in there
    ]
    assert sorted(found(made, *(span(name, parent, trace) for trace, name, parent in spans))) == missing


def test_many_traces_one_after_the_other_need_no_more_room_than_there_is() -> None:
    made = check("trace_parents", "trace")
    spans = [
        span(name, parent, f"t{number}")
        for number in range(40)
        for name, parent in (("a", None), ("b", "a"), ("c", "x" if number in (3, 39) else "b"))
    ]
    assert found(made, *spans, max_state=12) == [12, 120]
    assert tally(made, *spans, max_state=12).exhausted is False


def test_a_trace_that_goes_on_after_it_was_closed_is_not_fully_judged() -> None:
    made = check("trace_parents", "trace")
    others = [span("a", None, f"t{number}") for number in range(20)]
    for last, whole in ((span("z", "b", "first"), False), (span("z", None, "first"), True)):
        spans = [span("b", "a", "first"), span("a", None, "first"), *others, last]
        assert found(made, *spans, max_state=8) == []
        assert tally(made, *spans, max_state=8).exhausted is not whole
    waiting = [span("b", "a", "first"), *others, span("a", None, "first")]
    assert found(made, *waiting, max_state=8) == [] and tally(made, *waiting, max_state=8).exhausted


@given(
    st.lists(
        st.tuples(st.sampled_from("tuvw"), st.sampled_from("abc"), st.sampled_from("abc") | st.none()), max_size=60
    )
)
def test_with_little_room_no_parent_is_said_to_be_missing_that_is_there(
    spans: list[tuple[str, str, str | None]],
) -> None:
    made = check("trace_parents", "trace")
    records = [span(name, parent, trace) for trace, name, parent in spans]
    said, full = found(made, *records, max_state=8), found(made, *records)
    assert set(said) <= set(full)
    if sorted(said) != sorted(full):
        assert tally(made, *records, max_state=8).exhausted


def test_a_clock_is_that_of_a_writer_of_a_log() -> None:
    made = check("clock", tolerance="5s", per=["source.host"])
    late, early = at("10:00:30", source={"host": "w"}), at("10:00:00", source={"host": "w"})
    fact = run(engine(made), late, early)[0]
    assert fact.place.line == 2 and [each.line for each in fact.related] == [1]
    assert found(made, late, at("10:00:25", source={"host": "w"})) == []
    assert found(made, late, at("10:00:00", source={"host": "v"})) == []
    ready = engine(made)
    assert ready.record(late, place(late, 1, "a")) == [] == ready.record(early, place(early, 1, "b"))


def test_silence_ends_with_a_stop_record_or_the_close_of_the_log() -> None:
    made = check("silence", max="1h", stop={"action.type": "lifecycle", "action.phase": "stop"})
    stop = at("10:00:00", action={"type": "lifecycle", "phase": "stop"})
    assert found(made, at("10:00:00"), at("11:00:00")) == []
    assert found(made, at("10:00:00"), at("11:00:01")) == [2]
    assert found(made, stop, at("15:00:00")) == []
    assert found(made, at("10:00:00", auditlog={"type": "close"}), at("15:00:00")) == []
    assert found(made, at("10:00:00"), at("10:50:00", auditlog={"type": "checkpoint"}), at("11:40:00")) == []


def test_a_pause_in_a_session_needs_a_fresh_start() -> None:
    made = check("idle_gap", "session", max="30m", reset={"action.type": "authentication"})
    first = at("10:00:00", session_id="s")
    assert found(made, first, at("10:31:00", session_id="s")) == [2]
    assert found(made, first, at("10:31:00", session_id="t")) == []
    assert found(made, first, at("10:31:00", session_id="s", action={"type": "authentication"})) == []


def test_a_history_reaches_back_to_the_start_or_as_far_as_it_must() -> None:
    from auditlog_cli import times

    now = times.parse("2026-11-21T00:00:00Z")
    assert now is not None
    record = at("10:00:00")
    assert found(check("history_span", min="365d", system_start="2024-01-01T00:00:00Z"), record) == [1]
    assert found(check("history_span", min="365d", system_start="2026-11-20T00:00:00Z"), record) == []
    assert found(check("history_span", min="365d", system_start=None), record) == []
    assert tally(check("history_span", min="365d", system_start=None), record).in_scope == 0


def test_a_history_whose_beginning_was_pruned_is_not_judged_unless_the_rest_reaches_back_far_enough() -> None:
    made = check("history_span", min="365d", system_start="2024-01-01T00:00:00Z")
    young = at("10:00:00", seq=7)
    old = young | {"timestamp": "2025-11-01T00:00:00Z"}

    def prune(records: int) -> dict[str, Any]:
        return at("10:00:01", seq=8, auditlog={"type": "prune", "records": records})

    assert found(made, young, prune(7)) == []
    told = tally(made, young, prune(7))
    assert (told.in_scope, "pruned" in told.why) == (0, True)
    told = tally(made, old, prune(7))
    assert (told.in_scope, told.why) == (1, "")
    assert found(made, young) == [1], "that records are missing, and not declared, excuses nothing"
    assert found(made, young, prune(6)) == [1]
    assert found(made, young | {"seq": 0}, prune(7)) == [1], "declared, and all of it still there"
    assert "system_start" in tally(check("history_span", min="365d"), young).why


def test_a_change_is_announced_since_the_last_one() -> None:
    made = check(
        "unannounced_change", per="agent.id", field="agent.version", announced_by={"action.type": "config_change"}
    )

    def version(name: str, agent: str = "a") -> dict[str, Any]:
        return {"agent": {"id": agent, "version": name}}

    announced = {"agent": {"id": "a"}, "action": {"type": "config_change"}}
    assert found(made, version("1"), version("2"), version("2"), version("1")) == [2, 4]
    assert found(made, version("1"), announced, version("2"), version("3")) == [4], "one announcement, one change"
    assert found(made, version("1"), version("2", "b")) == []
    assert run(engine(made), version("1"), version("2"))[0].pointer == "/agent/version"


def test_a_cadence_is_kept_from_the_first_record_to_the_last() -> None:
    made = check("cadence", every="1h", of={"kind": "review"})
    review = {"kind": "review"}
    assert found(made, at("10:00:00"), at("11:00:00", **review), at("12:00:00", **review)) == []
    assert found(made, at("10:00:00"), at("11:00:01", **review)) == [2]
    assert found(made, at("10:00:00", **review), at("11:30:00")) == [2]
    assert found(made, at("10:00:00")) == []


def test_checks_about_the_log_see_own_records_and_other_rules_do_not() -> None:
    own = at("10:00:00", auditlog={"type": "genesis"}, seq=0)
    nobody = rule({"s": {"user.id|missing": True}, "condition": "s"}, id="X-2")
    ready = engine(check("sequence_gap"), nobody)
    assert run(ready, own, {"seq": 2, "user": {"id": "ann"}})[0].bound.rule.id == "X-1"
    assert ready.own_records == 1 and {each.findings for each in ready.tallies().values()} == {0, 1}
    assert len(run(engine(nobody, own=True), own)) == 1


@pytest.mark.parametrize("name", ["sequence_gap", "trace_parents", "clock"])
def test_a_check_that_would_keep_too_much_says_that_it_was_not_fully_evaluated(name: str) -> None:
    given: dict[str, Any] = (
        {"unique": "record_id"} if name == "sequence_gap" else {"per": ["span_id"]} if name == "clock" else {}
    )
    records = [at("10:00:00", record_id=str(n), span_id=str(n), trace_id="t") for n in range(20)]
    assert tally(check(name, "trace", **given), *records, max_state=10).exhausted
