"""Where a value stands in a record, and whether it is there at all.

A path is dotted (`action.arguments.to`, `delegation_chain.0.actor`). A number picks an element of a
list; a name applied to a list is asked of each of its elements.
"""

from __future__ import annotations


class _Missing:
    """The one value that stands for "no such member"."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING = _Missing()

NOTHING_SAID = frozenset(("", "unknown", "n/a", "none", "null", "-"))
"""Texts that name nothing (trimmed, lower case): they count as missing."""


_split: dict[str, list[str]] = {}  # paths asked for, taken apart; a program asks for few different ones


def get(content: object, path: str) -> object:
    """Return what stands at `path`, or MISSING.

    A name applied to a list gives the list of what its elements hold there, or MISSING if none does.

    >>> get({"a": [{"b": 1}, {"b": 2}]}, "a.1.b")
    2
    >>> get({"a": [{"b": 1}, {"c": 2}]}, "a.b")
    [1]
    >>> get({"a": 1}, "a.b")
    MISSING
    """
    value = content
    names = _split.get(path)
    if names is None:
        names = path.split(".")
        if len(_split) < 1000:
            _split[path] = names
    for place, name in enumerate(names):
        if isinstance(value, dict):
            if name in value:
                value = value[name]
            else:
                # A member may have dots in its own name: `metadata.http.status`.
                rest = ".".join(names[place:])
                return value.get(rest, MISSING) if rest != name else MISSING
        elif isinstance(value, list):
            if name.isdigit() and name.isascii():
                if int(name) >= len(value):
                    return MISSING
                value = value[int(name)]
            else:
                rest = ".".join(names[place:])
                found = [item for item in (get(element, rest) for element in value) if item is not MISSING]
                return found or MISSING
        else:
            return MISSING
    return value


def text(content: object, path: str) -> str:
    """Return the non-empty text at `path`, a number as its digits, or an empty text.

    >>> text({"user": {"id": 7}}, "user.id")
    '7'
    """
    value = get(content, path)
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return ""


def is_hole(value: object) -> bool:
    """Tell whether `value` was withheld: exactly `{"_redacted": "<text>"}` (integrity.md, 2.3).

    >>> is_hole({"_redacted": "00"})
    True
    """
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("_redacted"), str)


def is_missing(value: object) -> bool:
    """Tell whether `value` says nothing: absent, null, empty, or a text such as `n/a`.

    >>> is_missing(" Unknown "), is_missing(0), is_missing({"_redacted": "00"})
    (True, False, False)
    """
    if value is MISSING or value is None:
        return True
    if isinstance(value, str):
        return value.strip().lower() in NOTHING_SAID
    return isinstance(value, (list, dict)) and not value
