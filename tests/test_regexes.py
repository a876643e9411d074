"""Expressions that a log could stall are refused; those that only look like it are not."""

from __future__ import annotations

import pytest

from auditlog_cli.regexes import safe_regex


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+", "(a|ab)*", r"(a)\1", "(?:-[a-z-]*x)*", "(?:[a-z]x*)*", "(?:a[^b]*)*", "(?:A[^a]*)*", r"(?:_\w*)*", r"(?:-\W*)*",
     "(?:-(?:a+b)+)*", "(?:--*)*", "(", "a" * 1001],
)  # fmt: skip
def test_an_expression_that_could_stall_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        safe_regex(pattern)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [(r"\brm\s+(?:-[a-z]*\s+)*-[a-z]*[rf]", "rm -v -x  -rf /"), (r"(?:-\w*\s+)*x", "-a -b x"), ("(?:,[^,]*)*", "a,b,c"), ("(?:;[0-9]+)+", "a;1;22")],
)  # fmt: skip
def test_rounds_that_begin_with_a_mark_of_their_own_are_allowed_and_fast(pattern: str, text: str) -> None:
    """There is one way only to cut a text into rounds, so nothing is tried twice."""
    search = safe_regex(pattern)
    assert search(text)
    search(text * 2000 + "!")


def test_case_and_classes_are_ascii_where_asked() -> None:
    assert safe_regex(r"^\w$")("é") and not safe_regex(r"^\w$", ascii_only=True)("é")
    assert safe_regex("AB", ignore_case=True)("xab") and not safe_regex("b", longest=2)("aab")
