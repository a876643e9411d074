"""What the engine says becomes findings and results, and carries no value out of a log."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.judgement.facts import Nouns, columns, columns_in, note, shown
from auditlog_cli.rules import compiled
from auditlog_cli.rules.binding import bind
from auditlog_cli.rules.policy import EMPTY
from tests.reports import moment

PACK = compiled.shipped(["gdpr"])[0]
BOUND = {
    each.rule.id: each
    for each in bind(
        [PACK], EMPTY, as_of=moment("2026-11-21T00:00:00Z"), only=(), skip=(), experimental=False, use_policies=False
    )
}


def place(line: int = 1, **more: Any) -> SimpleNamespace:
    said: dict[str, Any] = {
        "source": "a.jsonl", "line": line, "offset": 10 * line, "seq": None, "record_id": f"rec_{line:02}", "timestamp": "",
        "session_id": "s1", "trace_id": "", "agent": "agent:x", "user": "ann@example.org", "anchor": f"rec_{line:02}",
    }  # fmt: skip
    return SimpleNamespace(**(said | more))


def fact(rule: str = "GDPR-5-1-C-01", pointer: str = "/action/arguments/iban", **more: Any) -> SimpleNamespace:
    said: dict[str, Any] = {
        "bound": BOUND[rule], "message": "an IBAN stands in clear", "path": pointer.strip("/").replace("/", "."), "pointer": pointer,
        "place": place(), "entity": "IBAN_CODE", "start": 0, "end": 3, "group": (), "related": (),
    }  # fmt: skip
    return SimpleNamespace(**(said | more))


def test_fingerprints_are_those_of_the_specification() -> None:
    """compliance.md, 7.4, the first vector, through the whole way."""
    made = Nouns().finding(fact())
    assert made.fingerprint == "sha256:d2deb6646b2fcd4006baf0ff904b063104b02f29f6b0d51b5b6509717a1f7875"
    assert (made.rule.logic, made.rule.pack, made.applicability) == ("GDPR-5-1-C-01", "gdpr", "declared")
    assert made.rule.demands["GDPR Art. 5(1)(c)"] == "Only data needed for the purpose."


def test_fingerprints_of_related_records_do_not_depend_on_their_order() -> None:
    nouns = Nouns()
    one = nouns.finding(fact(place=place(3), related=(place(7),), entity=""))
    two = nouns.finding(fact(place=place(7, offset=1), related=(place(3, offset=9),), entity=""))
    assert one.fingerprint == two.fingerprint


def test_columns_are_those_of_the_value_in_the_raw_line() -> None:
    raw = '{ "ü": 1, "action" : {"arguments":{"iban": "DE\\u0038", "x": 1}}}\r\n'.encode()
    made = Nouns().finding(fact(), raw)
    assert raw.decode()[made.where.column - 1 : made.where.end_column - 1] == '"DE\\u0038"'


@given(st.binary(max_size=40), st.text(max_size=20))
def test_columns_of_anything_are_columns(raw: bytes, pointer: str) -> None:
    start, end = columns(raw, f"/{pointer}")
    assert 0 <= start <= end <= len(raw) + 1


LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-(10**9), 10**9), st.text(max_size=5))
RECORDS = st.dictionaries(
    NAMES := st.sampled_from(["a", "b/c", "ü~", "0", "d", '"']),
    st.recursive(LEAVES, lambda inner: st.one_of(st.lists(inner), st.dictionaries(NAMES, inner)), max_leaves=12),
)


@given(RECORDS, st.lists(st.sampled_from(["a", "b~1c", "ü~0", "0", "1", "d", '"', "none"]), max_size=4))
def test_columns_in_a_record_are_those_in_its_line(content: dict[str, Any], names: list[str]) -> None:
    pointer = "".join(f"/{name}" for name in names)
    assert columns_in(content, pointer) == columns(orjson.dumps(content), pointer)


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("", ""),
        ("/action/arguments/iban", "/action/arguments/iban"),
        ("/delegation_chain/0/actor", "/delegation_chain/0/actor"),
        ("/action/arguments/ann@example.org", "/action/arguments"),
        ("/action/arguments/4111111111111111/x", "/action/arguments"),
        ("/action/arguments/DE89370400440532013000", "/action/arguments"),
        ("/action/arguments/123-45-6789", "/action/arguments"),
        ("/action/arguments/AKIAIOSFODNN" + "7EXAMPLE", "/action/arguments"),
        ("/action/arguments/+49 30 1234", "/action/arguments"),
        ("/action/arguments/line2", "/action/arguments/line2"),
    ],
)
def test_a_name_that_may_be_a_value_is_not_shown(pointer: str, expected: str) -> None:
    path = pointer.strip("/").replace("/", ".")
    assert shown(pointer, path, entity="X") == (expected, expected.strip("/").replace("/", "."))
    made = Nouns().finding(fact(pointer=pointer))
    assert made.where.pointer == expected
    assert (made.where.start is None) is (pointer != expected)


def test_values_of_a_group_key_inside_of_arguments_are_not_shown() -> None:
    bound = SimpleNamespace(
        rule=SimpleNamespace(**{name: getattr(BOUND["GDPR-5-1-C-01"].rule, name) for name in (
            "id", "title", "kind", "why", "fix", "clauses", "confidence", "logic", "lineage", "pack", "pack_version",
            "false_positives", "waivable")}, correlate={"group_by": ["action.arguments.to"]}),
        severity="low", policy=("p", "1", "00"), applicability="declared",
    )  # fmt: skip
    made = Nouns().finding(fact(bound=bound, group=("ann@example.org",)))
    assert made.group == ()
    assert made.policy is not None and (made.policy.name, made.rule.severity) == ("p", "low")
    bound.rule.correlate = {"group_by": ["agent.id"]}
    assert Nouns().finding(fact(bound=bound, group=("agent:x",))).group == ("agent:x",)


def test_ids_that_may_be_texts_are_not_shown() -> None:
    made = Nouns().finding(fact(place=place(record_id="call ann at noon", trace_id="t-1")))
    assert (made.where.record_id, made.where.trace_id) == ("", "t-1")


def tally(**said: Any) -> SimpleNamespace:
    zero = {"in_scope": 0, "withheld": 0, "open": 0, "left_out": 0, "exhausted": False, "findings": 0, "why": ""}
    return SimpleNamespace(**(zero | said))


@pytest.mark.parametrize(
    ("counted", "result", "reason"),
    [
        (tally(in_scope=3), "passed", ""),
        (tally(in_scope=3, findings=1), "findings", ""),
        (tally(in_scope=3, findings=1, exhausted=True), "not_fully_evaluated", "--max-state"),
        (tally(), "not_tested", "no record matched: personal and not refused"),
        (tally(withheld=2), "not_tested", "2 records"),
        (tally(left_out=2), "not_tested", "grouped"),
        (tally(open=1), "not_tested", "deadline"),
        (tally(why="it is Sunday", left_out=2), "not_tested", "it is Sunday"),
        (None, "not_tested", "no record matched"),
    ],
)
def test_what_comes_of_a_rule(counted: Any, result: str, reason: str) -> None:
    bound = BOUND["GDPR-5-1-A-01"]
    made = Nouns().results([bound], {bound: counted} if counted else {})[0]
    assert made.result == result
    assert reason in made.reason
    assert bool(made.reason) is bool(reason)


def test_rules_that_did_not_run_say_why() -> None:
    asked = bind([PACK], EMPTY, as_of=0, only=(), skip=("GDPR-5-1-A-01",), experimental=False, use_policies=False)
    made = {each.rule.id: each for each in Nouns().results(asked, {})}
    assert made["GDPR-5-1-A-01"].result == "disabled"
    assert made["GDPR-5-1-A-01"].reason


def test_a_pack_is_told_with_what_it_cannot_check() -> None:
    made = note(PACK)
    assert (made.name, made.status, made.sha256) == ("gdpr", "review", PACK.sha256)
    assert made.not_checkable == PACK.not_checkable != ()
