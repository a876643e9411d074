"""How a value is compared with what was asked for: one implementation for `filter` and for rules.

Answers are three-valued (Kleene): True, False, or None for "cannot be known", because the value was
withheld (compliance.md, 2.2). A list found at a path matches if any of its elements does.
"""

from __future__ import annotations

from auditlog_cli import times
from auditlog_cli.fields import MISSING, get, is_hole, is_missing
from auditlog_cli.regexes import safe_regex as safe_regex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Answer = bool | None
    Test = Callable[[object], Answer]


BELOW_A_HOLE = {"_redacted": "below"}
"""What `found` gives where the path leads through a withheld value: nobody knows what is there."""


def found(content: object, path: str) -> object:
    """Return what stands at `path`, MISSING, or BELOW_A_HOLE.

    >>> found({"user": {"_redacted": "00"}}, "user.id") is BELOW_A_HOLE
    True
    """
    value = get(content, path)
    if value is MISSING:
        names = path.split(".")
        for length in range(1, len(names)):
            above = get(content, ".".join(names[:length]))
            if is_hole(above):
                return BELOW_A_HOLE
    return value


def any_of(test: Test, value: object) -> Answer:
    """Apply `test` to a value, or to each element of a list; a hole gives None, a missing value False."""
    if is_hole(value):
        return None
    if isinstance(value, list):
        unknown = False
        for element in value:
            answer = any_of(test, element)
            if answer:
                return True
            unknown = unknown or answer is None
        return None if unknown else False
    return False if value is MISSING else test(value)


def exists(value: object) -> Answer:
    """Tell whether the member is there, even if it is empty."""
    return None if value is BELOW_A_HOLE else value is not MISSING


def missing(value: object) -> Answer:
    """Tell whether the member says nothing (2.2)."""
    return None if value is BELOW_A_HOLE else is_missing(value)


def same(wanted: object) -> Test:
    """Equal; texts without regard to case; a text never equals a number."""
    folded = wanted.casefold() if isinstance(wanted, str) else wanted

    def test(value: object) -> Answer:
        if isinstance(value, str):
            return value.casefold() == folded
        return _same_kind(value, wanted) and value == wanted

    return test


def exactly(wanted: object) -> Test:
    """Equal, letter for letter."""
    return lambda value: _same_kind(value, wanted) and value == wanted


def _same_kind(value: object, wanted: object) -> bool:
    if isinstance(value, bool) or isinstance(wanted, bool):
        return isinstance(value, bool) and isinstance(wanted, bool)
    numbers = (int, float)
    if isinstance(value, numbers) or isinstance(wanted, numbers):
        return isinstance(value, numbers) and isinstance(wanted, numbers)
    return type(value) is type(wanted)


def glob(pattern: str, *, cased: bool = False) -> Test:
    """Like `pattern`, in which `*` is any text and `?` one character. Numbers are compared as their digits."""
    wanted = pattern if cased else pattern.casefold()

    def test(value: object) -> Answer:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            value = str(value)
        return isinstance(value, str) and like(value if cased else value.casefold(), wanted)

    return test


def like(text: str, pattern: str) -> bool:
    """Tell whether `text` matches the wildcards of `pattern`. Never worse than len(text) * len(pattern).

    >>> like("sess_42", "sess_*"), like("abc", "a?d")
    (True, False)
    """
    if "?" not in pattern:
        return _between_stars(text, pattern.split("*"))
    at = place = 0
    star = resume = -1
    while at < len(text):
        if place < len(pattern) and pattern[place] == "*":
            star, resume = place, at
            place += 1
        elif place < len(pattern) and pattern[place] in ("?", text[at]):
            at += 1
            place += 1
        elif star >= 0:
            resume += 1
            at, place = resume, star + 1
        else:
            return False
    return all(char == "*" for char in pattern[place:])


def _between_stars(text: str, parts: list[str]) -> bool:
    """Tell whether the parts of a pattern, split at its stars, stand in `text` in order. Linear."""
    if len(parts) == 1:
        return text == parts[0]
    first, last = parts[0], parts[-1]
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in parts[1:-1]:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True


def text_like(pattern: str, *, cased: bool = False) -> Test:
    """A text like `pattern` (`*`, `?`), never a number: how a rule compares (compliance.md, 6.4).

    A pattern that is nothing but `*` means that letter: `data.fields: "*"` is what an agent writes that asks
    for everything, and "anything at all" has an operator of its own (`exists`).
    """
    if pattern == "*" or ("*" not in pattern and "?" not in pattern):
        return exactly(pattern) if cased else same(pattern)
    wanted = pattern if cased else pattern.casefold()
    return lambda value: isinstance(value, str) and like(value if cased else value.casefold(), wanted)


def contains(wanted: str) -> Test:
    """A text that holds `wanted`, without regard to case."""
    folded = wanted.casefold()
    return lambda value: isinstance(value, str) and folded in value.casefold()


def startswith(wanted: str) -> Test:
    """A text that begins with `wanted`, without regard to case."""
    folded = wanted.casefold()
    return lambda value: isinstance(value, str) and value.casefold().startswith(folded)


def endswith(wanted: str) -> Test:
    """A text that ends with `wanted`, without regard to case."""
    folded = wanted.casefold()
    return lambda value: isinstance(value, str) and value.casefold().endswith(folded)


def regex(pattern: str, *, ascii_only: bool = False, ignore_case: bool = False, longest: int = 1_000_000) -> Test:
    """A text, or any text inside an object, in which the expression is found.

    Args:
        pattern: In the syntax of Python.
        ascii_only: Whether `\\w`, `\\s`, `\\b` and the case know ASCII only, as in rules (compliance.md, 6.4).
        ignore_case: Whether case makes no difference.
        longest: Characters of one text that are looked at.

    Raises:
        ValueError: If it is no regular expression, or one that hostile text could stall.
    """
    search = safe_regex(pattern, ascii_only=ascii_only, ignore_case=ignore_case, longest=longest)

    def test(value: object) -> Answer:
        if isinstance(value, str):
            return search(value)
        if isinstance(value, dict):
            return any_of(test, list(value.values()))
        return isinstance(value, (int, float)) and not isinstance(value, bool) and search(str(value))

    return test


_ORDERS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def ordered(operator: str, wanted: float) -> Test:
    """A number that is `<`, `<=`, `>` or `>=` than `wanted`. Texts and true/false never are."""
    holds = _ORDERS[operator]
    return lambda value: isinstance(value, (int, float)) and not isinstance(value, bool) and holds(value, wanted)


def timed(operator: str, wanted: int) -> Test:
    """An RFC 3339 time before or after the instant `wanted` (microseconds since the epoch)."""
    holds = _ORDERS[operator]

    def test(value: object) -> Answer:
        moment = times.parse(value)
        return moment is not None and holds(moment, wanted)

    return test


def cidr(network: str) -> Test:
    """An IP address inside `network`, such as `10.0.0.0/8`.

    Raises:
        ValueError: If it is no network.
    """
    import ipaddress

    wanted = ipaddress.ip_network(network, strict=False)

    def test(value: object) -> Answer:
        try:
            return isinstance(value, str) and ipaddress.ip_address(value) in wanted
        except ValueError:
            return False

    return test


def between_fields(operator: str, left: object, right: object) -> Answer:
    """Compare two values of one record: `=`, `!=` for any, the orders for two times or two numbers."""
    if is_hole(left) or is_hole(right):
        return None
    if left is MISSING or right is MISSING:
        return False
    if isinstance(left, list):
        return any_of(lambda each: between_fields(operator, each, right), left)
    if isinstance(right, list):
        return any_of(lambda each: between_fields(operator, left, each), right)
    if operator in ("=", "=="):
        return same(right)(left) if operator == "=" else exactly(right)(left)
    if operator == "!=":
        return not same(right)(left)
    first, second = times.parse(left), times.parse(right)
    if first is not None and second is not None:
        return _ORDERS[operator](first, second)
    return ordered(operator, right)(left) if isinstance(right, (int, float)) and not isinstance(right, bool) else False
