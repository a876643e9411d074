"""The selection language: what it means, and where it points when it is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.errors import DefinitionError
from auditlog_cli.expression import compile_expression
from tests.logs import record

RECORD = record(
    metadata={"http status": 200, "a.b": "dotted", "account": "12345"},
    action__arguments={"to": {"_redacted": "0" * 64}, "amount": 19.5},
)

MEANINGS = [
    ("user.id = user_ann", True), ("user.id = USER_ANN", True), ("user.id == USER_ANN", False),
    ("user.id != user_bob", True), ("nobody.id != x", False), ("user.email ~ *@example.org", True),
    ("user.email =~ '^ann@'", True), ("action.latency_ms > 200", True), ("action.latency_ms >= 218.0", True),
    ("action.latency_ms < 200", False), ("action.tool in (search, lookup_order)", True), ("user.name exists", False),
    ("user.name missing", True), ("delegation_chain.actor = agent_planner", True), ("delegation_chain.0.role = initiator", True),
    ("authorization.scopes = orders:read", True), ("timestamp >= 2026-06-01", True), ("timestamp < 2026-06-01", False),
    ("authorization.approved_at < $timestamp", True), ("user.id = $authorization.approved_by", False),
    ("user.email contains EXAMPLE", True), ("user.email startswith ann", True), ("user.email endswith .org", True),
    ("not user.id = x", True), ("not not user.id = user_ann", True), ("user.id = x or user.id = user_ann", True),
    ("user.id = user_ann and action.tool = x", False), ("user.id = x or user.id = user_ann and action.tool = x", False),
    ("(user.id = x or user.id = user_ann) and action.tool = lookup_order", True), ('metadata."http status" = 200', True),
    ("metadata.a.b = dotted", True), ("metadata.account = 12345", True), ('metadata.account = "12345"', True),
    ("action.arguments.order_id = 42", False), ("action.arguments.amount = 19.5", True), ("session_id = 'sess_1'", True),
    # What was withheld is unknown, and so is what follows from it alone.
    ("action.arguments.to = bob", None), ("not action.arguments.to = bob", None), ("action.arguments.to exists", True),
    ("action.arguments.to.name exists", None), ("action.arguments.to = bob or user.id = user_ann", True),
    ("action.arguments.to = bob and user.id = x", False), ("action.arguments.to = bob and user.id = user_ann", None),
    ("USER.ID = user_ann", False), ("user.id=user_ann AND action.latency_ms>200", True),
]  # fmt: skip


@pytest.mark.parametrize(("text", "answer"), MEANINGS, ids=[text for text, _ in MEANINGS])
def test_what_it_means(text: str, answer: bool | None) -> None:
    assert compile_expression(text).test(RECORD) is answer


MISTAKES = [
    ("", 1, "a path"), ("user.id", 8, "an operator"), ("user.id foo x", 9, '"foo"'), ("user.id =", 10, "a value"),
    ("(user.id = x", 13, '")"'), ("user.id = x y", 13, '"y"'), ("user.id = 'x", 11, "no end"), ("and = x", 1, "a path"),
    ("user.id = x and", 16, "a path"), ("a =~ '('", 6, "no regular expression"), ("a =~ '(x+)+'", 6, "stall"),
    ("a > soon", 5, "a number, a time"), ("a in x", 6, '"("'), ("a in (x", 8, '"," or ")"'), ("a cidr nowhere", 8, "nowhere"),
    ("a ~ $b", 5, "a pattern"), (".a = 1", 1, "a path"), ("(" * 60 + "a = 1" + ")" * 60, 52, "nested deeper"),
    ("a = 1 " * 3000, 1, "longer than"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "column", "words"), MISTAKES, ids=[text[:20] for text, _, _ in MISTAKES])
def test_a_mistake_is_named_with_its_column(text: str, column: int, words: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        compile_expression(text)
    assert f"column {column}:" in caught.value.message
    assert words in caught.value.message
    assert f"column {column}" in caught.value.help


@given(st.text(alphabet="ab.=<>~!()'\"$, \\notr1", max_size=40))
def test_any_text_is_an_expression_or_a_mistake(text: str) -> None:
    """Never another exception, neither while compiling nor while testing."""
    try:
        expression = compile_expression(text)
    except DefinitionError:
        return
    assert expression.test(RECORD) in (True, False, None)


words = st.sampled_from(["user.id = user_ann", "user.id = x", "action.arguments.to = bob", "user.name missing"])
trees = st.recursive(
    words,
    lambda inner: (
        st.tuples(st.sampled_from(["and", "or"]), inner, inner).map(lambda t: f"({t[1]} {t[0]} {t[2]})")
        | inner.map(lambda text: f"not ({text})")
    ),
    max_leaves=8,
)


@given(trees)
def test_the_logic_is_kleenes(text: str) -> None:
    """Against Python's own evaluation over -1, 0, 1 with min, max and negation."""
    values = {"user.id = user_ann": 1, "user.id = x": -1, "action.arguments.to = bob": 0, "user.name missing": 1}
    python = text
    for word, value in values.items():
        python = python.replace(word, f"K({value})")
    python = python.replace("not (", "~(").replace(" and ", " & ").replace(" or ", " | ")

    class K(int):
        def __and__(self, other: int) -> K:
            return K(min(int(self), int(other)))

        def __or__(self, other: int) -> K:
            return K(max(int(self), int(other)))

        def __invert__(self) -> K:
            return K(-int(self))

    expected = {1: True, 0: None, -1: False}[int(eval(python, {"K": K}))]
    assert compile_expression(text).test(RECORD) is expected


def test_exact_values_are_given_to_the_byte_search() -> None:
    """Only what every match must hold: under `or` in both branches, never under `not`."""
    assert compile_expression('a == x and b = "y"').exact == [[("a", "x")]]
    assert compile_expression("a == x or b == y").exact == [[("a", "x"), ("b", "y")]]
    assert compile_expression("a == x or b = y").exact == []
    assert compile_expression("not a == x").exact == []


@pytest.mark.parametrize("word", ["0" * 5000 + "5", "9" * 5000, "1e400"])
def test_a_word_of_thousands_of_digits_is_a_word(word: str) -> None:
    assert compile_expression(f"action.tool == {word}").test(record(action__tool=word))
