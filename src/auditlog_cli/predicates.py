"""Tests of one value become tests of a record: combined by and, or, not in three-valued logic (Kleene)."""

from __future__ import annotations

from auditlog_cli import matching
from auditlog_cli.fields import MISSING
from auditlog_cli.matching import found

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from auditlog_cli.matching import Answer, Test

    Predicate = Callable[[object], Answer]


class Node:
    """A part of the expression: its test, and what every match must hold (see Expression.exact)."""

    __slots__ = ("exact", "test")

    def __init__(self, test: Predicate, exact: list[list[tuple[str, str]]] | None = None) -> None:
        self.test = test
        self.exact = exact or []


def node_at(path: str, test: Test, exact: list[list[tuple[str, str]]] | None = None) -> Node:
    """Return the node that applies `test` to what stands at `path`."""
    return Node(lambda content: matching.any_of(test, found(content, path)), exact)


def equals_word(constant: object, word: str, maker: Callable[[object], Test]) -> Test:
    """Equal to the constant; an unquoted number also to the text of the same digits, for nobody who types
    `account = 12345` knows how the application stored it."""
    test = maker(constant)
    if not isinstance(constant, (int, float)) or isinstance(constant, bool):
        return test
    as_text = maker(word)
    return lambda value: as_text(value) if isinstance(value, str) else test(value)


def different(equals: Test, value: object) -> Answer:
    """Present and different: of a list, none of the elements is equal."""
    if value is MISSING:
        return False
    answer = matching.any_of(equals, value)
    return None if answer is None else not answer


def both(nodes: list[Node]) -> Node:
    """Return the node that holds where all of `nodes` do."""
    tests = [node.test for node in nodes]

    def test(content: object) -> Answer:
        answer: Answer = True
        for each in tests:
            result = each(content)
            if result is False:
                return False
            answer = None if result is None else answer
        return answer

    return Node(test, [exact for node in nodes for exact in node.exact])


def either(nodes: list[Node]) -> Node:
    """Return the node that holds where one of `nodes` does."""
    tests = [node.test for node in nodes]

    def test(content: object) -> Answer:
        answer: Answer = False
        for each in tests:
            result = each(content)
            if result:
                return True
            answer = None if result is None else answer
        return answer

    if all(node.exact for node in nodes):
        return Node(test, [[pair for node in nodes for pair in node.exact[0]]])
    return Node(test)


def negated(node: Node) -> Node:
    """Return the node that holds where `node` certainly does not."""

    def test(content: object) -> Answer:
        result = node.test(content)
        return None if result is None else not result

    return Node(test)
