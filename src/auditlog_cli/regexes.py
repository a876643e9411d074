"""Regular expressions that a log cannot stall: what could take exponential time is refused before it runs."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def safe_regex(
    pattern: str, *, ascii_only: bool = False, ignore_case: bool = False, longest: int = 1_000_000
) -> Callable[[str], bool]:
    """Return a search for `pattern`, refusing what could take exponential time.

    Refused are back references, and a repetition inside a repetition where both are unbounded (`(a+)+`),
    or over alternatives (`(a|ab)*`): the log is written by others, and may be made to stall its reader.
    Allowed is a repetition whose every round begins with a mark that stands nowhere else in it, such as
    `(?:-[a-z]*\\s+)*`: there is one way only to cut a text into rounds.

    Args:
        pattern: In the syntax of Python.
        ascii_only: Whether classes and case know ASCII only.
        ignore_case: Whether case makes no difference.
        longest: Characters of a text that are looked at.

    Raises:
        ValueError: With the reason.
    """
    import re
    import re._parser as parser  # type: ignore[import-not-found]

    if len(pattern) > 1000:
        raise ValueError("longer than 1,000 characters")
    flags = (re.ASCII if ascii_only else 0) | (re.IGNORECASE if ignore_case else 0)
    try:
        tree = parser.parse(pattern, flags)
        compiled = re.compile(pattern, flags)
    except (re.error, RecursionError, OverflowError, ValueError) as error:
        raise ValueError(f"no regular expression: {error}") from None
    _refuse_costly(tree, repeated=False)
    return lambda text: compiled.search(text[:longest]) is not None


def _refuse_costly(tree: object, *, repeated: bool) -> None:
    for operator, argument in tree:  # type: ignore[attr-defined]
        name = str(operator)
        if name in ("GROUPREF", "GROUPREF_EXISTS"):
            raise ValueError("back references are not supported")
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            _, most, inner = argument
            unbounded = most > 100
            if repeated and unbounded:
                raise ValueError("a repetition inside a repetition could stall on hostile text")
            _refuse_costly(inner, repeated=repeated or (unbounded and not _marked(inner)))
        elif name == "BRANCH":
            if repeated:
                raise ValueError("alternatives inside a repetition could stall on hostile text")
            for branch in argument[1]:
                _refuse_costly(branch, repeated=repeated)
        elif name == "SUBPATTERN":
            _refuse_costly(argument[-1], repeated=repeated)
        elif name in ("ASSERT", "ASSERT_NOT"):
            _refuse_costly(argument[1], repeated=repeated)
        elif name in ("ATOMIC_GROUP", "POSSESSIVE_REPEAT"):
            _refuse_costly(argument if name == "ATOMIC_GROUP" else argument[2], repeated=repeated)


def _marked(tree: object) -> bool:
    """Whether what is repeated begins with one character, and holds only single characters that are not it."""
    items = list(tree)  # type: ignore[call-overload]
    if len(items) == 1 and str(items[0][0]) == "SUBPATTERN":
        return _marked(items[0][1][-1])
    if not items or str(items[0][0]) != "LITERAL":
        return False
    mark = chr(items[0][1])
    marks = {mark.lower(), mark.upper()}
    for operator, argument in items[1:]:
        name, inner = str(operator), [(operator, argument)]
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            inner = list(argument[2])
        if len(inner) != 1 or any(_may_be(inner[0], each) for each in marks):
            return False
    return True


def _may_be(item: tuple[Any, Any], char: str) -> bool:
    """Whether a part of an expression may match `char`; True where that is not known."""
    name, argument = str(item[0]), item[1]
    if name == "LITERAL":
        return chr(argument).lower() == char.lower()
    if name == "NOT_LITERAL":
        return chr(argument) != char
    if name == "RANGE":
        return bool(argument[0] <= ord(char) <= argument[1])
    if name == "CATEGORY":
        word = str(argument).removeprefix("CATEGORY_")
        known = {"DIGIT": char.isdigit(), "SPACE": char.isspace(), "WORD": char.isalnum() or char == "_"}
        return known[word] if word in known else not known.get(word.removeprefix("NOT_"), False)
    if name == "IN":
        parts = list(argument)
        if str(parts[0][0]) == "NEGATE":
            # Here a wrong "yes" would be the dangerous answer, so a letter counts in its own case only.
            return not any(
                part[1] == ord(char) if str(part[0]) == "LITERAL" else _may_be(part, char) for part in parts[1:]
            )
        return any(_may_be(part, char) for part in parts)
    return True
