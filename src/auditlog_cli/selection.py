"""Which records are wanted: the selectors `--user`, `--agent`, …, `--where` as one predicate.

Values of one selector are alternatives (or), selectors add up (and). A value with `*` or `?` is a pattern,
any other is compared letter for letter.
"""

from __future__ import annotations

from auditlog_cli import fields, times
from auditlog_cli.errors import UsageError
from auditlog_cli.strictjson import needle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from auditlog_cli.record import Record

    Values = Sequence[str] | None
    Test = Callable[[dict[str, object]], bool]
    Window = tuple[int | None, int | None]

_PATHS = {
    "user": ("user.id", "user.email", "user.name"),
    "agent": ("agent.id", "agent.name"),
    "session": ("session_id",),
    "trace": ("trace_id",),
    "tool": ("action.tool",),
    "status": ("action.result_status",),
    "type": ("action.type",),
    "approved_by": ("authorization.approved_by", "approval.decided_by"),
}
_VERBATIM = frozenset(("user", "agent", "session", "trace", "tool", "approved_by"))
"""Selectors whose values every decoder takes over as they stand in the line, so that a search over the
bytes finds them. A status or type may be translated."""
_VERBATIM_PATHS = frozenset(path for name in _VERBATIM for path in _PATHS[name]) | {
    "span_id", "parent_span_id", "record_id", "action.call_id",
}  # fmt: skip
_INDEXED = frozenset(("user", "agent", "session", "trace", "tool"))
_SYNONYMS = {"tool_call": "tool_invocation", "tool_use": "tool_invocation"}


class Selection:
    """A compiled selection.

    Attributes:
        needles:
            Byte strings of which every wanted line holds at least one, or None if none are known. Lines
            with escaped letters (`\\u0041`) are candidates too: `scan` sees to that.
        own: Whether the log's records about itself are wanted as well.
        everything: Whether no selector was given.
        groups:
            What an index can be asked: each group names values, (selector, value), of which every wanted
            record bears one. Patterns are in none.
        window: Microseconds since the epoch: from when and before when; None for no limit, or for both.
    """

    __slots__ = ("_tests", "everything", "groups", "needles", "own", "window")

    def __init__(
        self,
        tests: list[Test],
        needles: list[bytes] | None,
        *,
        own: bool = False,
        groups: list[list[tuple[str, str]]] | None = None,
        window: Window | None = None,
    ) -> None:
        self._tests = tests
        self.needles = needles
        self.own = own
        self.everything = not tests
        self.groups = groups or []
        self.window = window

    def __call__(self, record: Record) -> bool:
        """Tell whether `record` is wanted. The log's own records are passed over unless asked for."""
        return (self.own or not record.is_own) and self.fits(record.content)

    def fits(self, content: dict[str, object]) -> bool:
        """Tell whether a record that is not one of the log's own is wanted."""
        for test in self._tests:  # noqa: SIM110 - a generator takes as long as a test
            if not test(content):
                return False
        return True


def select_by(
    *,
    user: Values = None,
    agent: Values = None,
    session: Values = None,
    trace: Values = None,
    tool: Values = None,
    status: Values = None,
    type: Values = None,  # noqa: A002 - the option's word
    approved_by: Values = None,
    since: str | None = None,
    until: str | None = None,
    where: Values = None,
    own: bool = False,
    now_micros: int | None = None,
) -> Selection:
    """Return the selection that these words mean.

    Args:
        since: RFC 3339, a date, or `3h` for so long ago; included.
        until: The same; not included.
        where: Expressions (expression.py), all of which must hold.
        now_micros: The instant that relative times count from.

    Raises:
        UsageError: If a time is not understood, or the period ends before it begins.
        DefinitionError: If an expression is wrong.
    """
    tests: list[Test] = []
    needles: list[bytes] | None = None
    groups: list[list[tuple[str, str]]] = []
    named = {"user": user, "agent": agent, "session": session, "trace": trace, "tool": tool,
             "status": status, "type": type, "approved_by": approved_by}  # fmt: skip
    for name, values in named.items():
        if not values:
            continue
        tests.append(_one_of(_PATHS[name], values, _SYNONYMS if name == "type" else {}))
        if name in _VERBATIM:
            needles = _better(needles, [needle(value) for value in values])
        if name in _INDEXED and not any("*" in value or "?" in value for value in values):
            groups.append([(name, value) for value in values])
    window = _window(since, until, now_micros)
    if window is not None:
        tests.append(_within(*window))
    for text in where or ():
        from auditlog_cli.expression import compile_expression

        expression = compile_expression(text)
        tests.append(_certain(expression.test))
        for alternatives in expression.exact:
            if all(path in _VERBATIM_PATHS for path, _ in alternatives):
                needles = _better(needles, [needle(value) for _, value in alternatives])
    return Selection(tests, needles, own=own, groups=groups, window=window)


def _one_of(paths: tuple[str, ...], values: Sequence[str], synonyms: dict[str, str]) -> Test:
    exact = frozenset(synonyms.get(value, value) for value in values if "*" not in value and "?" not in value)
    patterns = [value for value in values if "*" in value or "?" in value]
    if patterns:
        from auditlog_cli.matching import like

    def test(content: dict[str, object]) -> bool:
        for path in paths:
            found = fields.text(content, path)
            found = synonyms.get(found, found)
            if found and (found in exact or any(like(found, pattern) for pattern in patterns)):
                return True
        return False

    return test


def _certain(test: Callable[[object], bool | None]) -> Test:
    return lambda content: test(content) is True


def _window(since: str | None, until: str | None, now_micros: int | None) -> Window | None:
    start = _moment("--since", since, now_micros)
    end = _moment("--until", until, now_micros)
    if start is not None and end is not None and start > end:
        raise UsageError(
            f"--since {since} is later than --until {until}: nothing could match",
            help="--since TIME: not before; --until TIME: before",
        )
    return None if start is None and end is None else (start, end)


def _within(start: int | None, end: int | None) -> Test:
    def test(content: dict[str, object]) -> bool:
        when = times.parse(content.get("timestamp"))
        return when is not None and (start is None or when >= start) and (end is None or when < end)

    return test


def _moment(option: str, text: str | None, now_micros: int | None) -> int | None:
    if text is None:
        return None
    found = times.moment(text, now_micros)
    if found is None:
        raise UsageError(
            f"{option}: {text!r} is no time",
            help="2026-06-01, 2026-06-01T14:00Z, yesterday, 14:00 (UTC), or 3h, 2d (so long ago)",
        )
    return found


def _better(before: list[bytes] | None, found: list[bytes | None]) -> list[bytes] | None:
    """Of two sets of alternatives the one that rules out more: the fewer, the longer."""
    sure = [each for each in found if each is not None]
    if len(sure) < len(found):
        return before
    if before is None or (len(sure), -min(map(len, sure))) < (len(before), -min(map(len, before))):
        return sure
    return before
