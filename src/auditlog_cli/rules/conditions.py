"""The condition of a rule: text becomes a tree, and the tree an answer (compliance.md, 6.4).

    or    = and { "or" and }
    and   = not { "and" not }
    not   = "not" not | "(" or ")" | ("1" | "all") "of" (name | name"*" | "them") | name

Answers are three-valued (Kleene): True, False, or None for "cannot be known". Nothing recurses deeper than the
parentheses and `not` that the parser lets in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from auditlog_cli.errors import DefinitionError

LONGEST: Final = 4_000
DEEPEST: Final = 40
_WORD = re.compile(r"\s*([()]|[A-Za-z0-9_][A-Za-z0-9_.-]*\*?)", re.ASCII)
_RESERVED = frozenset(("and", "or", "not", "of", "them"))

Answer = bool | None


class Name(NamedTuple):
    """A selection, by its name."""

    name: str


class Not(NamedTuple):
    """What holds where `part` certainly does not."""

    part: Tree


class And(NamedTuple):
    """What holds where all parts do."""

    parts: tuple[Tree, ...]


class Or(NamedTuple):
    """What holds where one part does."""

    parts: tuple[Tree, ...]


Tree = Name | Not | And | Or


def parse(text: str, selections: Iterable[str], label: str = "condition") -> Tree:
    """Return the tree of a condition.

    Args:
        text: The condition.
        selections: Names of the selections there are; those that begin with `_` are left out of `them`.
        label: What the text is called in an error.

    Raises:
        DefinitionError: If it is not understood, or names a selection that is not there.
    """
    if len(text) > LONGEST:
        raise DefinitionError(
            f"{label}: longer than {LONGEST:,} characters",
            help="a selection can say part of it: its tests must all hold, and of a list of mappings one must",
        )
    return _Parser(text, list(selections), label).parse()


def holds(tree: Tree, answer: Callable[[str], Answer]) -> Answer:
    """Return whether the condition holds, given the answer of each selection.

    >>> holds(And((Name("a"), Not(Name("b")))), {"a": True, "b": None}.get) is None
    True
    """
    if isinstance(tree, Name):
        return answer(tree.name)
    if isinstance(tree, Not):
        inner = holds(tree.part, answer)
        return None if inner is None else not inner
    decisive = isinstance(tree, Or)
    result: Answer = not decisive
    for part in tree.parts:
        each = holds(part, answer)
        if each is decisive:
            return decisive
        if each is None:
            result = None
    return result


def names(tree: Tree, *, positive: bool = True) -> Iterator[tuple[str, bool]]:
    """Yield (selection, whether it counts for the condition: not under an odd number of `not`), as they stand."""
    if isinstance(tree, Name):
        yield tree.name, positive
    elif isinstance(tree, Not):
        yield from names(tree.part, positive=not positive)
    else:
        for part in tree.parts:
            yield from names(part, positive=positive)


class _Parser:
    def __init__(self, text: str, selections: list[str], label: str) -> None:
        self.selections = selections
        self.label = label
        self.words: list[str] = []
        self.at = 0
        text = text.strip()
        place = 0
        while place < len(text):
            word = _WORD.match(text, place)
            if word is None:
                raise DefinitionError(
                    f"{label}: not understood from character {place + 1} on",
                    help="names of selections, joined with or, and, not, 1 of name*, all of name* and parentheses",
                )
            self.words.append(word[1])
            place = word.end()

    def parse(self) -> Tree:
        tree = self.either(0)
        if self.at < len(self.words):
            raise self.error(f'"and", "or" or the end is expected, found "{self.words[self.at]}"')
        return tree

    def error(self, message: str) -> DefinitionError:
        known = ", ".join(self.selections) or "none"
        return DefinitionError(f"{self.label}: {message}", help=f"selections of this rule: {known}")

    def word(self, *wanted: str) -> bool:
        if self.at < len(self.words) and self.words[self.at] in wanted:
            self.at += 1
            return True
        return False

    def either(self, depth: int) -> Tree:
        parts = [self.both(depth)]
        while self.word("or"):
            parts.append(self.both(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def both(self, depth: int) -> Tree:
        parts = [self.factor(depth)]
        while self.word("and"):
            parts.append(self.factor(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def factor(self, depth: int) -> Tree:
        if depth > DEEPEST:
            raise self.error(f"nested deeper than {DEEPEST} levels")
        if self.word("not"):
            return Not(self.factor(depth + 1))
        if self.word("("):
            inner = self.either(depth + 1)
            if not self.word(")"):
                raise self.error('a ")" is missing')
            return inner
        if self.at + 1 < len(self.words) and self.words[self.at] in ("1", "all") and self.words[self.at + 1] == "of":
            return self.several()
        return Name(self.selection())

    def several(self) -> Tree:
        kind = Or if self.words[self.at] == "1" else And
        self.at += 2
        if self.word("them"):
            found = [name for name in self.selections if not name.startswith("_")]
            meant = "them"
        else:
            meant = self.words[self.at] if self.at < len(self.words) else "the end"
            self.at += 1
            prefix = meant.removesuffix("*")
            found = [name for name in self.selections if name == meant or (meant != prefix and name.startswith(prefix))]
        if not found:
            raise self.error(f'no selection is meant by "{meant}"')
        return kind(tuple(Name(name) for name in found))

    def selection(self) -> str:
        word = self.words[self.at] if self.at < len(self.words) else "the end"
        self.at += 1
        if word in _RESERVED or word not in self.selections:
            raise self.error(f'"{word}" is no selection')
        return word
