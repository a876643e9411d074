"""How values are compared: three-valued, over lists, with wildcards and safe expressions."""

from __future__ import annotations

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli import matching
from auditlog_cli.fields import MISSING

HOLE = {"_redacted": "00"}


@given(st.text(alphabet="ab*?", max_size=12), st.text(alphabet="ab", max_size=12))
def test_wildcards_agree_with_fnmatch(pattern: str, text: str) -> None:
    """The hand-written matcher against the standard library's (which has `[…]` too, absent here)."""
    assert matching.like(text, pattern) == fnmatch.fnmatchcase(text, pattern)


def test_wildcards_cannot_be_made_slow() -> None:
    """A pattern of many stars over a long text ends at once."""
    assert not matching.like("a" * 3000, "*a" * 30 + "b")


CASES = [
    (matching.same("ANN"), "ann", True), (matching.same("ann"), "bob", False), (matching.same(1), "1", False),
    (matching.same(1), 1.0, True), (matching.same(1), True, False), (matching.same(True), True, True),
    (matching.same("x"), ["y", "X"], True), (matching.same("x"), [], False), (matching.same("x"), HOLE, None),
    (matching.same("x"), ["y", HOLE], None), (matching.same("x"), ["x", HOLE], True), (matching.same("x"), MISSING, False),
    (matching.same(None), None, True), (matching.same(None), "null", False),
    (matching.exactly("ann"), "ANN", False), (matching.exactly("ann"), "ann", True),
    (matching.glob("a*"), "ABC", True), (matching.glob("4?"), 42, True), (matching.glob("a*", cased=True), "ABC", False),
    (matching.contains("B"), "abc", True), (matching.startswith("A"), "abc", True), (matching.endswith("C"), "abc", True),
    (matching.regex("^a.c$"), "abc", True), (matching.regex("b"), {"x": {"y": "abc"}}, True),
    (matching.ordered(">", 5), 6, True), (matching.ordered(">", 5), "6", False), (matching.ordered(">", 5), True, False),
    (matching.timed(">=", 0), "1970-01-01T00:00:00Z", True), (matching.timed("<", 0), "no time", False),
    (matching.cidr("10.0.0.0/8"), "10.1.2.3", True), (matching.cidr("10.0.0.0/8"), "11.1.2.3", False),
    (matching.cidr("2001:db8::/32"), "2001:db8::1", True), (matching.cidr("10.0.0.0/8"), "host", False),
]  # fmt: skip


@pytest.mark.parametrize(("test", "value", "answer"), CASES)
def test_comparisons(test: matching.Test, value: object, answer: bool | None) -> None:
    assert matching.any_of(test, value) is answer


def test_what_lies_below_a_hole_is_unknown() -> None:
    """A withheld user has an id that nobody knows; a withheld id exists."""
    content = {"user": HOLE, "agent": {"id": HOLE}}
    assert matching.exists(matching.found(content, "user.id")) is None
    assert matching.missing(matching.found(content, "user.id")) is None
    assert matching.exists(matching.found(content, "agent.id")) is True
    assert matching.missing(matching.found(content, "agent.id")) is False


@pytest.mark.parametrize("value", [None, "", "  ", "N/A", "unknown", "-", [], {}, MISSING])
def test_what_says_nothing_is_missing(value: object) -> None:
    assert matching.missing(value) is True


@pytest.mark.parametrize("value", [0, False, "x", [0], {"a": 1}, HOLE])
def test_what_says_something_is_not_missing(value: object) -> None:
    assert matching.missing(value) is False


STALLING = ["(a+)+$", "(a*)*", "(a|a)*b", "(a|ab)*c", "((a{1,200})*)*", r"(.)\1", "(?:x*y*)*z", "(a{2,})+"]


@pytest.mark.parametrize("pattern", [*STALLING, "(", "a" * 2000, "[", "(?P<x>a)(?P=x)"])
def test_expressions_that_could_stall_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="."):
        matching.safe_regex(pattern)


@pytest.mark.parametrize("pattern", ["^a+b*$", "(foo|bar)baz", r"\d{3}-\d{2}", "(?i)secret", "a{1,3}b+"])
def test_ordinary_expressions_are_taken(pattern: str) -> None:
    text = "foobaz 123-45 SECRET aab"
    assert matching.safe_regex(pattern)(text) == (re.search(pattern, text) is not None)


FIELDS = [
    ("=", "A", "a", True), ("==", "A", "a", False), ("!=", "a", "b", True), ("!=", MISSING, "b", False),
    ("<", "2026-01-01T00:00:00Z", "2026-01-01T02:00:00+01:00", True), ("<", 1, 2, True), ("<", "x", "y", False),
    ("=", HOLE, "a", None), ("=", ["a", "b"], "b", True), ("=", "b", ["a", "b"], True),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "left", "right", "answer"), FIELDS)
def test_two_fields_of_one_record(operator: str, left: object, right: object, answer: bool | None) -> None:
    assert matching.between_fields(operator, left, right) is answer
