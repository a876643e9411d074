"""Values in the text of a line: found by their place, exchanged without touching what stands around them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from json import loads
from typing import NamedTuple

from auditlog_cli.pointers import escaped

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_ESCAPE = re.compile(r"\\(?:u[dD][89abAB][0-9A-Fa-f]{2}\\u[0-9A-Fa-f]{4}|u[0-9A-Fa-f]{4}|.)")
_COMMA_BEHIND = re.compile(r"[ \t\r\n]*,[ \t\r\n]*")
_COMMA_BEFORE = re.compile(r",[ \t\r\n]*\Z")


class Span(NamedTuple):
    """Where a member or element stands in the text of a line, in characters, the end not included.

    Attributes:
        begin: Of a member with its name; of an element the same as `start`.
        start: Of the value.
        end: Of the value.
    """

    begin: int
    start: int
    end: int


def spans(text: str, pointers: Iterable[str]) -> dict[str, Span]:
    """Return where the values at JSON pointers (RFC 6901) stand; those that are not there are left out.

    Args:
        text: One strict JSON object.
        pointers: None of them the empty one.

    >>> spans('{"a": {"b": [1, "x"]}}', ["/a/b/1", "/a/b", "/c"])
    {'/a/b': Span(begin=7, start=12, end=20), '/a/b/1': Span(begin=16, start=16, end=19)}
    """
    wanted = set(pointers)
    above = {each[:at] for each in wanted for at, char in enumerate(each) if char == "/"}
    found: dict[str, Span] = {}
    containers = [("", text.index("{"))]
    while containers:
        pointer, start = containers.pop()
        for step, span in _children(text, start):
            below = f"{pointer}/{step}"
            if below in wanted:
                found[below] = span
            if below in above and text[span.start] in "{[":
                containers.append((below, span.start))
    return found


def _children(text: str, start: int) -> Iterator[tuple[str, Span]]:
    """The members or elements of the value at `start`, each with its name as a step of a pointer."""
    is_object = text[start] == "{"
    step, begin, value, depth, index = "", -1, 0, 0, 0
    for token in _TOKEN.finditer(text, start + 1):
        at = token.start()
        mark = text[at]
        if mark in "{[":
            value = value if depth else at
            depth += 1
            continue
        if mark in "}]":
            if not depth:
                return
            depth -= 1
            if depth:
                continue
        elif depth or mark == ":":
            continue
        elif mark == ",":
            index += 1
            begin = -1
            continue
        elif is_object and begin < 0:
            step, begin = _step(token.group()), at
            continue
        else:
            value = at
        if is_object:
            yield step, Span(begin, value, token.end())
        else:
            yield str(index), Span(value, value, token.end())


def exchanged(text: str, new: Sequence[tuple[int, int, str]]) -> str:
    """Return the text with stretches exchanged.

    Args:
        text: Any.
        new: (start, end, what stands there instead), in characters; in any order, none overlapping another.
    """
    parts: list[str] = []
    done = 0
    for start, end, instead in sorted(new):
        parts += (text[done:start], instead)
        done = end
    return "".join(parts) + text[done:]


def without(text: str, span: Span) -> str:
    """Return the text without a member or element, and without one comma beside it.

    >>> line = '{"a":1, "b":2}'
    >>> without(line, spans(line, ["/b"])["/b"]), without(line, spans(line, ["/a"])["/a"])
    ('{"a":1}', '{"b":2}')
    """
    before, behind = text[: span.begin], text[span.end :]
    comma = _COMMA_BEHIND.match(behind)
    if comma:
        return before + behind[comma.end() :]
    comma = _COMMA_BEFORE.search(before)
    return (before[: comma.start()] if comma else before) + behind


def places(literal: str, decoded: Sequence[int]) -> list[int]:
    r"""Return where characters of a text stand in the JSON string that holds it.

    Args:
        literal: The string with its quotation marks.
        decoded: Places in the decoded text, from 0 to its length, ascending.

    >>> places(r'"a\u00e9\n!"', [0, 1, 2, 3, 4])
    [1, 2, 8, 10, 11]
    """
    if "\\" not in literal:
        return [place + 1 for place in decoded]
    found: list[int] = []
    wanted = iter(decoded)
    want = next(wanted, None)
    at, count = 1, 0  # in the literal, in the text
    for escape in _ESCAPE.finditer(literal):
        plain = escape.start() - at
        while want is not None and want <= count + plain:
            found.append(at + want - count)
            want = next(wanted, None)
        at, count = escape.end(), count + plain + 1
    while want is not None:
        found.append(at + want - count)
        want = next(wanted, None)
    return found


def decoded(literal: str) -> str:
    """Return the text that a JSON string holds.

    Args:
        literal: With its quotation marks.
    """
    if "\\" not in literal:
        return literal[1:-1]
    text = loads(literal)
    assert isinstance(text, str)
    return text


def _step(literal: str) -> str:
    return escaped(decoded(literal))
