"""What an engine says is wrong, in the form that both engines share."""

from __future__ import annotations

import re
from typing import NamedTuple


class Fault(NamedTuple):
    """One keyword of the schema that does not hold.

    Attributes:
        at: The way to the value: member names and places in lists.
        keyword: `type`, `required`, `enum`, …
        names: For `required` the members that are missing, for `additionalProperties` those too many.
    """

    at: tuple[str | int, ...]
    keyword: str
    names: tuple[str, ...] = ()


def pointer(at: tuple[str | int, ...]) -> str:
    """Return the way as a JSON pointer (RFC 6901).

    >>> pointer(("action", "arguments", "a/b", 0))
    '/action/arguments/a~1b/0'
    """
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in at)


class Problem(NamedTuple):
    """What is wrong with one record, in words.

    Attributes:
        rule: Id of the rule that is broken.
        at: The way to the value, or to the object that lacks a member.
        message: One sentence; never a value of the record.
    """

    rule: str
    at: tuple[str | int, ...]
    message: str


_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}\Z")


def dotted(at: tuple[str | int, ...]) -> str:
    """Return the way in dots, as options and expressions write it. A name that does not look like one (it
    may be a person's address) is left out.

    >>> dotted(("delegation_chain", 0, "actor")), dotted(("metadata", "ann@example.org"))
    ('delegation_chain.0.actor', 'metadata.…')
    """
    return ".".join(str(step) if isinstance(step, int) or is_plain(step) else "…" for step in at)


def is_plain(name: str) -> bool:
    """Tell whether the name of a member looks like one, so that it may be shown (integrity.md, 2.4)."""
    return bool(_PLAIN_NAME.match(name))


def kind(value: object) -> str:
    """Return what kind of JSON value this is, in words.

    >>> kind([]), kind(1.5), kind(None)
    ('a list', 'a number', 'null')
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, list):
        return "a list"
    return "an object" if isinstance(value, dict) else "a number"
