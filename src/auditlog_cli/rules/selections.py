"""Selections: named sets of tests over the fields of a record (compliance.md, 6.4).

The comparisons are those of `filter` (`auditlog_cli.matching`); here they get the names that rules use.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from auditlog_cli import matching, times
from auditlog_cli.errors import DefinitionError
from auditlog_cli.fields import MISSING, NOTHING_SAID, is_hole, is_missing
from auditlog_cli.predicates import different
from auditlog_cli.rules.values import SYNONYMS, moment, spoken

Answer = bool | None
ONE_FIELD: Final = (
    "", "contains", "startswith", "endswith", "cased", "cidr", "re", "re|i", "gt", "gte", "lt", "lte", "exists",
    "missing", "neq", "older_than", "not_rfc3339",
)  # fmt: skip
TWO_FIELDS: Final = ("fieldref", "fieldref|neq", "before", "after")
OPERATORS: Final = ONE_FIELD + TWO_FIELDS
"""What may stand behind the path of a test; those of ONE_FIELD also with `|all` behind them."""

LONGEST_TEXT: Final = 256 * 1024
"""Characters of one text that `re` looks at (section 15)."""
_MOST_VALUES: Final = 2_000
_BOUND: Final = "in the syntax of Python; give repetitions a bound, .{0,200} in place of .*"


class Test(NamedTuple):
    """One test of a selection.

    Attributes:
        path: Where the value stands; a virtual field begins with `@`.
        other: The field it is compared with, or empty.
        operator: One of OPERATORS, with `|all` where all values given must match.
        wanted: The values given.
        key: The same for the same test, whatever selection it stands in.
        judge: value → answer; with `other` (value, other value) → answer.
    """

    path: str
    other: str
    operator: str
    wanted: tuple[Any, ...]
    key: str
    judge: Callable[..., Answer]


class Selection(NamedTuple):
    """One of the alternatives must hold; in an alternative every test must."""

    alternatives: tuple[tuple[Test, ...], ...]


def compile_selection(given: Any, label: str, as_of: int) -> Selection:
    """Return a selection of a rule.

    Args:
        given: A mapping of tests, or a list of mappings.
        label: What it is called in an error.
        as_of: The "now" of `older_than`, microseconds since the epoch.

    Raises:
        DefinitionError: If it is not understood.
    """
    mappings = given if isinstance(given, list) else [given]
    if not mappings or not all(isinstance(each, Mapping) and each for each in mappings):
        raise DefinitionError(
            f"{label}: a selection is a mapping of tests, or a list of such mappings",
            help="a test is path: value, or path|operator: value, such as action.tool: search",
        )
    return Selection(
        tuple(tuple(compile_test(key, value, label, as_of) for key, value in each.items()) for each in mappings)
    )


def compile_test(key: str, given: Any, label: str, as_of: int) -> Test:
    """Return the test that `key: given` stands for.

    Raises:
        DefinitionError: If the operator or its value is not understood.
    """
    path, _, operator = key.partition("|")
    every = operator == "all" or operator.endswith("|all")
    plain = operator[:-4].removesuffix("|") if operator.endswith("all") and every else operator
    if not path or plain not in OPERATORS or (every and plain in TWO_FIELDS):
        known = ", ".join(OPERATORS[1:])
        raise DefinitionError(f'{label}: "{key}" has no operator that is known', help=f"known: {known}")
    wanted = tuple(given) if isinstance(given, list) else (given,)
    if not wanted or len(wanted) > _MOST_VALUES:
        raise DefinitionError(
            f'{label}: "{key}" needs a value, and at most {_MOST_VALUES:,}',
            help="a list of values means any of them; a list of mappings can hold more, each with such a test",
        )
    identity = json.dumps([path, operator, given], sort_keys=True, ensure_ascii=False, default=str)
    if plain in TWO_FIELDS:
        if not isinstance(given, str) or not given:
            raise DefinitionError(f'{label}: "{key}" needs the path of another field', help="such as user.id")
        return Test(path, given, operator, wanted, identity, _PAIRS[plain])
    try:
        judge = _one_field(path, plain, wanted, every, as_of)
    except (TypeError, ValueError) as error:
        help_ = _BOUND if plain.startswith("re") else "docs/packs.md says which operator takes what"
        raise DefinitionError(f'{label}: "{key}": {error}', help=help_) from None
    return Test(path, "", operator, wanted, identity, judge)


def _one_field(path: str, operator: str, wanted: tuple[Any, ...], every: bool, as_of: int) -> Callable[[Any], Answer]:
    """The test of one field; with several values any of them is enough, or all with `every`."""
    if operator in _STATES:
        return _state(_STATES[operator], [_flag(each) for each in wanted], every)
    if operator == "neq":
        equals = [_equal(path, each) for each in wanted]
        # Neither of the values: "different from one of two" would hold for every value there is.
        return lambda value: _neither(equals, value)
    if operator in ("", "cased"):
        makers = [_equal(path, each, cased=operator == "cased") for each in wanted]
        said = [isinstance(each, str) and each.strip().lower() in NOTHING_SAID for each in wanted]
        return _over([_literal(each, word) for each, word in zip(makers, said, strict=True)], every)
    if operator == "older_than" and len(wanted) == 1:
        return _older_text(wanted[0], as_of)
    make = _MAKERS[operator]
    tests = [make(each, as_of) if operator == "older_than" else make(each) for each in wanted]
    return _over([_said(test) for test in tests], every)


def _equal(path: str, wanted: Any, *, cased: bool = False) -> matching.Test:
    if isinstance(wanted, (Mapping, list)):
        raise ValueError("a value is a text, a number, true, false or null")
    wanted = spoken(wanted, SYNONYMS[path]) if path in SYNONYMS else wanted
    if isinstance(wanted, str):
        return matching.text_like(wanted, cased=cased)
    return matching.same(wanted)


def _literal(test: matching.Test, said: bool) -> Callable[[Any], Answer]:
    """Equality. What counts as missing equals nothing, unless just that word is asked for (`[success, unknown]`)."""

    def judge(value: Any) -> Answer:
        return False if not said and value is not None and is_missing(value) else matching.any_of(test, value)

    return judge


def _said(test: matching.Test) -> Callable[[Any], Answer]:
    """A comparison: false for what counts as missing (2.2)."""
    return lambda value: False if is_missing(value) else matching.any_of(test, value)


def _over(tests: list[Callable[[Any], Answer]], every: bool) -> Callable[[Any], Answer]:
    if len(tests) == 1:
        return tests[0]
    if every:
        return lambda value: _all_of([test(value) for test in tests])
    return lambda value: _one_of([test(value) for test in tests])


def _one_of(answers: list[Answer]) -> Answer:
    return True if True in answers else None if None in answers else False


def _all_of(answers: list[Answer]) -> Answer:
    return False if False in answers else None if None in answers else True


def _neither(equals: list[matching.Test], value: Any) -> Answer:
    if value is not None and is_missing(value):
        return False
    return _all_of([different(equal, value) for equal in equals])


def _flag(wanted: Any) -> bool:
    if not isinstance(wanted, bool):
        raise ValueError("needs true or false")
    return wanted


def _state(state: Callable[[Any], Answer], wanted: list[bool], every: bool) -> Callable[[Any], Answer]:
    if wanted == [True]:
        return state

    def judge(value: Any) -> Answer:
        answer = state(value)
        return None if answer is None else (all if every else any)(answer is each for each in wanted)

    return judge


def _not_rfc3339(value: Any) -> Answer:
    return (None if is_hole(value) else True) if moment(value) is None else False


_STATES: Final[dict[str, Callable[[Any], Answer]]] = {
    "exists": matching.exists,
    "missing": matching.missing,
    "not_rfc3339": _not_rfc3339,
}


def _text(wanted: Any) -> str:
    if not isinstance(wanted, str) or not wanted:
        raise ValueError("needs a text")
    return wanted


def _number(wanted: Any) -> float:
    if isinstance(wanted, bool) or not isinstance(wanted, (int, float)):
        raise ValueError("needs a number")
    return wanted


def _older(wanted: Any, as_of: int) -> matching.Test:
    limit = as_of - length(wanted)

    def test(value: object) -> Answer:
        when = moment(value)
        return when is not None and when < limit

    return test


def _older_text(wanted: Any, as_of: int) -> Callable[[Any], Answer]:
    """The same for one duration. A text goes straight to its time: every record has a new one."""
    limit = as_of - length(wanted)
    slow = _said(_older(wanted, as_of))

    def judge(value: Any) -> Answer:
        if value.__class__ is str:
            when = moment(value)
            return when is not None and when < limit
        return slow(value)

    return judge


def length(given: Any) -> int:
    """Return the microseconds that `730d`, `15m`, … name.

    Raises:
        ValueError: If it is no duration.
    """
    micros = times.duration(given) if isinstance(given, str) else None
    if micros is None:
        raise ValueError("needs a duration such as 15m, 72h or 730d")
    return micros


def _regex(wanted: Any, *, ignore_case: bool = False) -> matching.Test:
    return matching.regex(_text(wanted), ascii_only=True, ignore_case=ignore_case, longest=LONGEST_TEXT)


_MAKERS: Final[dict[str, Callable[..., matching.Test]]] = {
    "contains": lambda wanted: matching.contains(_text(wanted)),
    "startswith": lambda wanted: matching.startswith(_text(wanted)),
    "endswith": lambda wanted: matching.endswith(_text(wanted)),
    "cidr": lambda wanted: matching.cidr(_text(wanted)),
    "re": _regex,
    "re|i": lambda wanted: _regex(wanted, ignore_case=True),
    "gt": lambda wanted: matching.ordered(">", _number(wanted)),
    "gte": lambda wanted: matching.ordered(">=", _number(wanted)),
    "lt": lambda wanted: matching.ordered("<", _number(wanted)),
    "lte": lambda wanted: matching.ordered("<=", _number(wanted)),
    "older_than": _older,
}


def _same_field(left: Any, right: Any) -> Answer:
    if is_missing(left) or is_missing(right):
        return False
    return matching.between_fields("=", left, right)


def _other_field(left: Any, right: Any) -> Answer:
    if is_missing(left) or is_missing(right):
        return False
    return matching.between_fields("!=", left, right)


def _in_time(left: Any, right: Any, *, before: bool) -> Answer:
    first, second = moment(left), moment(right)
    if first is None or second is None:
        withheld = is_hole(left) or is_hole(right)
        return None if withheld and left is not MISSING and right is not MISSING else False
    return first < second if before else first > second


_PAIRS: Final[dict[str, Callable[[Any, Any], Answer]]] = {
    "fieldref": _same_field,
    "fieldref|neq": _other_field,
    "before": lambda left, right: _in_time(left, right, before=True),
    "after": lambda left, right: _in_time(left, right, before=False),
}
