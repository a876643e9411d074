"""The operators of rules (compliance.md, 2.2 and 6.4)."""

from __future__ import annotations

from typing import Any

import pytest

from auditlog_cli import times
from auditlog_cli.errors import DefinitionError
from auditlog_cli.fields import MISSING
from auditlog_cli.rules.program import compile_logic, place
from auditlog_cli.rules.selections import compile_selection, compile_test
from auditlog_cli.rules.values import UNKNOWN, moment
from tests.rules.packs import AS_OF

HOLE = {"_redacted": "00"}
CASES = [
    ("a", "X", "x", True), ("a", "a*", "ABC", True), ("a", "1", 1, False), ("a", 1, "1", False), ("a", 1, 1.0, True),
    ("a", True, 1, False), ("a", ["x", "y"], "y", True), ("a", "x", ["y", "X"], True), ("a|all", ["x", "y"], ["y", "x", "z"], True),
    ("a|all", ["x", "y"], ["x"], False), ("a", "*", "name", False), ("a", "*", ["*"], True), ("a", "4?", 42, False),
    ("a", "unknown", "unknown", True), ("a", "unk*", "unknown", False), ("a", None, None, True), ("a", "x", HOLE, None),
    ("a", "x", ["x", HOLE], True), ("a", "x", ["y", HOLE], None), ("a", "x", UNKNOWN, None), ("a", "x", MISSING, False),
    ("a|cased", "x", "X", False), ("a|cased", "x*", "xy", True), ("a|contains", "B", "abc", True),
    ("a|contains", "n", "none", False), ("a|startswith", "A", "abc", True), ("a|endswith", "C", "abc", True),
    ("a|cidr", "10.0.0.0/8", "10.1.1.1", True), ("a|re", "b+", {"x": ["abb"]}, True), ("a|re", "B", "abb", False),
    ("a|re|i", "B", "abb", True), ("a|re", r"^\w$", "é", False), ("a|gt", 5, 6, True), ("a|gt", 5, "6", False),
    ("a|gt", 0, True, False), ("a|gte", 5, 5, True), ("a|lt", 5, 4, True), ("a|lte", 5, 5, True), ("a|lte", 5, HOLE, None),
    ("a|exists", True, None, True), ("a|exists", True, MISSING, False), ("a|exists", True, HOLE, True),
    ("a|exists", False, UNKNOWN, None), ("a|missing", True, " N/A ", True), ("a|missing", True, [], True),
    ("a|missing", False, HOLE, True), ("a|missing", True, UNKNOWN, None), ("a|missing", True, 0, False),
    ("a|neq", "x", "y", True), ("a|neq", "x", MISSING, False), ("a|neq", "x", "unknown", False), ("a|neq", ["x", "y"], "x", False),
    ("a|neq", ["x", "y"], "z", True), ("a|neq", "x", ["y", "x"], False), ("a|neq", "x", HOLE, None),
    ("a|older_than", "30d", "2026-01-01T00:00:00Z", True), ("a|older_than", "30d", "2026-11-20T00:00:00Z", False),
    ("a|older_than", "30d", "long ago", False), ("a|not_rfc3339", True, "2026-01-01 00:00", True),
    ("a|not_rfc3339", True, MISSING, True), ("a|not_rfc3339", True, "2026-01-01T00:00:00+01:00", False),
    ("a|not_rfc3339", True, HOLE, None), ("action.type", "tool_call", "tool_invocation", True),
    ("data.basis", "consent", "6(1)(a)", True),
]  # fmt: skip


@pytest.mark.parametrize(("key", "wanted", "value", "answer"), CASES)
def test_an_operator_answers(key: str, wanted: Any, value: Any, answer: bool | None) -> None:
    assert compile_test(key, wanted, "X-1", AS_OF).judge(value) is answer


PAIRS = [
    ("fieldref", "Ann", "ann", True), ("fieldref", "", "", False), ("fieldref", "a", MISSING, False), ("fieldref", HOLE, "a", None),
    ("fieldref", ["a", "b"], "b", True), ("fieldref|neq", "a", "b", True), ("fieldref|neq", "a", MISSING, False),
    ("fieldref|neq", "a", "unknown", False), ("before", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", True),
    ("before", "2026-01-01T02:00:00+02:00", "2026-01-01T00:00:00Z", False), ("after", "2026-01-01T00:00:01Z", "2026-01-01T00:00:00Z", True),
    ("after", "soon", "2026-01-01T00:00:00Z", False), ("before", HOLE, "2026-01-01T00:00:00Z", None), ("before", HOLE, MISSING, False),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "left", "right", "answer"), PAIRS)
def test_two_fields_are_compared(operator: str, left: Any, right: Any, answer: bool | None) -> None:
    assert compile_test(f"a|{operator}", "b", "X-1", AS_OF).judge(left, right) is answer


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ("a|nope", 1), ("a|gt", "x"), ("a|gt", True), ("a|re", "(a+)+"), ("a|re", "("), ("a|cidr", "x"), ("a|older_than", "soon"),
        ("a|exists", "yes"), ("a|fieldref", ["b"]), ("a|fieldref|all", "b"), ("|gt", 1), ("a", {}), ("a", []), ("a|contains", ""),
        ("a|contains", 7), ("a|before", 5),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused(key: str, wanted: Any) -> None:
    with pytest.raises(DefinitionError, match="X-1"):
        compile_test(key, wanted, "X-1", AS_OF)


@pytest.mark.parametrize("given", [[], {}, "x", [1], [{}], None])
def test_a_selection_is_a_mapping_of_tests(given: Any) -> None:
    with pytest.raises(DefinitionError, match="X-1"):
        compile_selection(given, "X-1", AS_OF)


@pytest.mark.parametrize(
    "text",
    ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00.123Z", "2026-01-01T00:00:00.123456Z",
     "2026-01-01T24:00:00Z", "2026-02-30T00:00:00Z", "2026-12-31T23:59:60Z", "2026-01-01T00:00:00,123Z", "0000-01-01T00:00:00Z",
     "2026-W01-1T00:00:00Z", "٢026-01-01T00:00:00Z", "2026-01-01t00:00:00z", "2026-01-01T00:00:00+01:00", "", "x" * 27],
)  # fmt: skip
def test_the_fast_reading_of_a_time_is_the_slow_one(text: str) -> None:
    assert moment(text) == times.parse(text)


@pytest.mark.parametrize(
    ("key", "given", "said"),
    [
        ("a", [], "a list of values means any of them"), ("a|fieldref", 5, "such as user.id"), ("a|gt", "x", "docs/packs.md"),
        ("a|re", "(", ".{0,200}"), ("a|re", "(a+)+", ".{0,200}"),
    ],
)  # fmt: skip
def test_a_test_that_is_not_understood_says_how_it_is_written(key: str, given: Any, said: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        compile_test(key, given, "X-1", 0)
    assert said in refused.value.help


@pytest.mark.parametrize(
    ("detection", "said"),
    [
        ({"one": {"a": 1}}, "such as condition: one"), ({"one": {"a": 1}, "condition": 5}, "such as condition: one"),
        ({"one": [], "condition": "one"}, "action.tool: search"), ({"one": {"a": 1}, "condition": "one & two"}, "not, 1 of name*"),
        ({"one": {"a": 1}, "condition": "one or " * 2000}, "of a list of mappings one must"),
    ],
)  # fmt: skip
def test_a_logic_that_is_not_understood_says_how_it_is_written(detection: dict[str, Any], said: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        compile_logic(0, "X-1", detection, None, "record", 0)
    assert said in refused.value.help


def test_a_parameter_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(DefinitionError) as refused:
        place({"a|gt": "%limits%"}, {"limit": 3, "window": "1h"}, "X-1")
    assert refused.value.help == "parameters: limit, window"
