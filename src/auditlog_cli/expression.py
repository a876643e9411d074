"""The selection language of `filter --where` and of rules: tests over dotted paths (docs/expressions.md).

    expression = term { "or" term }
    term       = factor { "and" factor }
    factor     = "not" factor | "(" expression ")" | test
    test       = path "exists" | path "missing"
               | path operator value
               | path "in" "(" value { "," value } ")"
    operator   = "=" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "~" | "=~"
               | "contains" | "startswith" | "endswith" | "cidr"
    value      = word | "quoted" | 'quoted' | "$" path

Nothing is evaluated but these tests: no code, no calls. Depth and length are limited.
"""

from __future__ import annotations

from auditlog_cli import matching, times
from auditlog_cli.errors import DefinitionError
from auditlog_cli.matching import found
from auditlog_cli.predicates import Node, both, different, either, equals_word, negated, node_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from auditlog_cli.matching import Answer, Test

    Predicate = Callable[[object], Answer]

_SYMBOLS = ("==", "!=", "=~", "<=", ">=", "=", "<", ">", "~")
_WORDS = ("contains", "startswith", "endswith", "cidr", "in", "exists", "missing")
_ORDERS = ("<", "<=", ">", ">=")
_LONGEST = 10_000
_DEEPEST = 50
_ENDS_WORD = " \t\n\r(),"
_ENDS_PATH = _ENDS_WORD + "=!<>~\"'"


class Expression:
    """A compiled expression.

    Attributes:
        text: As it was given.
        test: content → True, False, or None where a withheld value keeps it from being known.
        exact:
            (path, text) pairs that every matching record satisfies letter for letter, for the byte
            search; such a pair is one of the alternatives in its inner list.
    """

    __slots__ = ("exact", "test", "text")

    def __init__(self, text: str, test: Predicate, exact: list[list[tuple[str, str]]]) -> None:
        self.text = text
        self.test = test
        self.exact = exact


def compile_expression(text: str, *, label: str = "--where") -> Expression:
    """Return `text` compiled.

    Args:
        text: An expression in the grammar above.
        label: What the error calls it.

    Raises:
        DefinitionError: With the column of the mistake.
    """
    try:
        parser = _Parser(text)
        node = parser.expression(0)
        parser.expect_end()
    except _Mistake as error:
        column = error.at + 1
        shown = text if len(text) <= 200 else f"{text[:200]}…"
        raise DefinitionError(
            f"{label}: column {column}: {error.reason}", help=f"{shown}  <- column {column}"
        ) from None
    return Expression(text, node.test, node.exact)


class _Mistake(Exception):
    def __init__(self, at: int, reason: str) -> None:
        super().__init__(reason)
        self.at = at
        self.reason = reason


class _Parser:
    def __init__(self, text: str) -> None:
        if len(text) > _LONGEST:
            raise _Mistake(0, f"longer than {_LONGEST:,} characters")
        self.text = text
        self.at = 0

    # --- grammar ------------------------------------------------------------------------------

    def expression(self, depth: int) -> Node:
        terms = [self.term(depth)]
        while self.keyword("or"):
            terms.append(self.term(depth))
        return either(terms) if len(terms) > 1 else terms[0]

    def term(self, depth: int) -> Node:
        factors = [self.factor(depth)]
        while self.keyword("and"):
            factors.append(self.factor(depth))
        return both(factors) if len(factors) > 1 else factors[0]

    def factor(self, depth: int) -> Node:
        if depth > _DEEPEST:
            raise _Mistake(self.at, f"nested deeper than {_DEEPEST} levels")
        if self.keyword("not"):
            return negated(self.factor(depth + 1))
        if self.symbol("("):
            inner = self.expression(depth + 1)
            if not self.symbol(")"):
                raise _Mistake(self.at, f'")" is expected, found {self.shown()}')
            return inner
        return self.comparison()

    def comparison(self) -> Node:
        path = self.path()
        start = self.blanks()
        for symbol in _SYMBOLS:
            if self.symbol(symbol):
                return self.compared(path, symbol)
        for word in _WORDS:
            if self.keyword(word):
                return self.worded(path, word)
        raise _Mistake(start, f"an operator is expected after {path}, found {self.shown()}: = != < > ~ =~ in exists …")

    def worded(self, path: str, word: str) -> Node:
        if word == "exists":
            return Node(lambda content: matching.exists(found(content, path)))
        if word == "missing":
            return Node(lambda content: matching.missing(found(content, path)))
        if word == "in":
            return self.one_of(path)
        at = self.blanks()
        value, _ = self.value()
        makers = {
            "contains": matching.contains,
            "startswith": matching.startswith,
            "endswith": matching.endswith,
            "cidr": matching.cidr,
        }
        return node_at(path, self.made(makers[word], value, at))

    def one_of(self, path: str) -> Node:
        if not self.symbol("("):
            raise _Mistake(self.blanks(), f'"(" is expected after in, found {self.shown()}')
        nodes = [self.equal(path, "=")]
        while self.symbol(","):
            nodes.append(self.equal(path, "="))
        if not self.symbol(")"):
            raise _Mistake(self.at, f'"," or ")" is expected, found {self.shown()}')
        return either(nodes)

    def compared(self, path: str, operator: str) -> Node:
        at = self.blanks()
        if self.text.startswith("$", at):
            self.at += 1
            other = self.path()
            if operator in ("~", "=~"):
                raise _Mistake(at, f"{operator} takes a pattern, not another field")
            return Node(lambda content: matching.between_fields(operator, found(content, path), found(content, other)))
        if operator in ("=", "==", "!="):
            return self.equal(path, operator)
        value, quoted = self.value()
        if operator == "~":
            return node_at(path, matching.glob(value))
        if operator == "=~":
            return node_at(path, self.made(matching.regex, value, at))
        number = None if quoted else _number(value)
        if number is not None:
            return node_at(path, matching.ordered(operator, number))
        moment = times.moment(value)
        if moment is None:
            raise _Mistake(at, f"{operator} needs a number, a time (2026-06-01, 3h) or $another.field")
        return node_at(path, matching.timed(operator, moment))

    def equal(self, path: str, operator: str) -> Node:
        value, quoted = self.value()
        constant: object = value if quoted else _constant(value)
        equals = equals_word(constant, value, matching.exactly if operator == "==" else matching.same)
        if operator == "!=":
            return Node(lambda content: different(equals, found(content, path)))
        exact = [[(path, constant)]] if operator == "==" and isinstance(constant, str) else None
        return node_at(path, equals, exact)

    # --- words --------------------------------------------------------------------------------

    def blanks(self) -> int:
        while self.at < len(self.text) and self.text[self.at] in " \t\n\r":
            self.at += 1
        return self.at

    def symbol(self, symbol: str) -> bool:
        if not self.text.startswith(symbol, self.blanks()):
            return False
        self.at += len(symbol)
        return True

    def keyword(self, word: str) -> bool:
        end = self.blanks() + len(word)
        if self.text[self.at : end].lower() != word or (end < len(self.text) and self.text[end] not in _ENDS_WORD):
            return False
        self.at = end
        return True

    def path(self) -> str:
        start = self.blanks()
        names = []
        while True:
            if self.at < len(self.text) and self.text[self.at] in "\"'":
                names.append(self.quoted())
            else:
                begin = self.at
                while self.at < len(self.text) and self.text[self.at] not in _ENDS_PATH:
                    self.at += 1
                names.append(self.text[begin : self.at])
            if not (names[-1].endswith(".") and self.at < len(self.text) and self.text[self.at] in "\"'"):
                break
            names[-1] = names[-1][:-1]
        path = ".".join(names)
        if not path or path.lower() in ("and", "or", "not") or path.startswith(".") or path.endswith("."):
            self.at = start
            raise _Mistake(start, f"a path such as user.id is expected, found {self.shown()}")
        return path

    def value(self) -> tuple[str, bool]:
        """A word or a quoted text, and whether it was quoted."""
        start = self.blanks()
        if start < len(self.text) and self.text[start] in "\"'":
            return self.quoted(), True
        while self.at < len(self.text) and self.text[self.at] not in _ENDS_WORD:
            self.at += 1
        if self.at == start:
            raise _Mistake(start, f"a value is expected, found {self.shown()}")
        return self.text[start : self.at], False

    def quoted(self) -> str:
        start, mark = self.at, self.text[self.at]
        self.at += 1
        out = []
        while self.at < len(self.text) and self.text[self.at] != mark:
            if self.text[self.at] == "\\" and self.text[self.at + 1 : self.at + 2] in (mark, "\\"):
                self.at += 1
            out.append(self.text[self.at])
            self.at += 1
        if self.at == len(self.text):
            raise _Mistake(start, f"the {mark} has no end")
        self.at += 1
        return "".join(out)

    def made(self, maker: Callable[[str], Test], value: str, at: int) -> Test:
        try:
            return maker(value)
        except ValueError as error:
            raise _Mistake(at, str(error)) from None

    def shown(self) -> str:
        rest = self.text[self.blanks() :]
        return f'"{rest.split()[0][:20]}"' if rest else "the end"

    def expect_end(self) -> None:
        if self.blanks() < len(self.text):
            raise _Mistake(self.at, f'"and", "or" or the end is expected, found {self.shown()}')


def _number(word: str) -> float | None:
    try:
        number = float(word)
        whole = int(word) if word.lstrip("-").isdigit() else None
    except ValueError:  # as well: zeros beyond the 4,300 digits that `int` takes
        return None
    return None if number - number != 0 or "_" in word else number if whole is None else whole


def _constant(word: str) -> object:
    """What an unquoted word stands for: true, false, null, a number, or itself."""
    if word in ("true", "false"):
        return word == "true"
    if word == "null":
        return None
    number = _number(word)
    return word if number is None else number
