"""Which of the fields that were asked for no record has: a misspelt path must not look like a clean log."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from auditlog_cli import strictjson
from auditlog_cli.fields import is_hole
from auditlog_cli.record import BadLine, Line

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z_\-]{0,40}")
_SAMPLE, _MOST_NAMES = 1000, 5000
_ALIKE = 0.75  # usr and user, emial and email; not model and name
_SHORT = 4  # to and cc are as like as two short words can be


class Sought:
    """Dotted paths, and whether a record has been met that has them.

    Args:
        paths: As `Redactor` takes them.

    Attributes:
        unmet: Those that no record had so far, in their order.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self.unmet = list(dict.fromkeys(paths))
        self._asked = frozenset(paths)
        self._names: dict[str, None] = {}  # dotted paths of members, in the order in which they were met
        self._sampled = 0

    def see(self, raw: bytes) -> None:
        """Look at a line; call it as long as something is `unmet`."""
        learn = self._sampled < _SAMPLE
        if not learn and not any(self._may_be_in(path, raw) for path in self.unmet):
            return
        try:
            content = strictjson.decode(raw)
        except strictjson.Malformed:
            return
        self.unmet = [path for path in self.unmet if not _has(content, path.split("."))]
        if learn and self.unmet:
            self._sampled += 1
            if len(self._names) < _MOST_NAMES:
                self._names.update(dict.fromkeys(_members(content)))

    def look_at(self, lines: Iterable[Line | BadLine]) -> None:
        """Look at lines, no further than needed; call it as long as something is `unmet`."""
        for item in lines:
            if isinstance(item, Line):
                self.see(item.raw)
                if not self.unmet:
                    return

    def near(self, path: str) -> str:
        """Return a path that was met and that `path` may be a slip of the pen for, or an empty text."""
        asked = [
            each for each in path.replace("/", ".").split(".") if each
        ]  # also user..email, .user.email, user/email
        ends = "." + ".".join(asked)
        names = [each for each in self._names if each not in self._asked]
        alike = [each for each in names if _alike(asked, each.split("."))]
        return next(iter([*alike, *(each for each in names if each.endswith(ends))]), "")

    @staticmethod
    def _may_be_in(path: str, raw: bytes) -> bool:
        needle = strictjson.needle(path.rpartition(".")[2])
        return needle is None or needle in raw or b"\\" in raw


def _has(value: Any, names: list[str]) -> bool:
    """Tell whether something stands at a path, or what stands above it is withheld (`redactor` reads paths alike)."""
    if not names:
        return True
    if isinstance(value, dict):
        if is_hole(value):
            return True
        for taken in range(1, len(names) + 1):
            name = ".".join(names[:taken])
            below = value.values() if name == "*" else [value[name]] if name in value else []
            if any(_has(each, names[taken:]) for each in below):
                return True
    elif isinstance(value, list):
        name = names[0]
        if name.isascii() and name.isdecimal():
            return int(name) < len(value) and _has(value[int(name)], names[1:])
        return any(_has(each, names[1:] if name == "*" else names) for each in value)
    return False


def _members(content: Any, above: str = "") -> Iterator[str]:
    """Dotted paths of the members of a record; the elements of a list go by the name of the list.

    A name that is no word of a program (`by_user.ann@acme.io`) may be a person's, and is not to be said.
    """
    stack: list[tuple[Any, str]] = [(content, above)]
    while stack:
        value, path = stack.pop()
        if isinstance(value, dict):
            for name, each in value.items():
                if not _PLAIN.fullmatch(name):
                    continue
                yield path + name
                stack.append((each, f"{path}{name}."))
        elif isinstance(value, list):
            stack.extend((each, path) for each in value)


def _alike(asked: Sequence[str], there: Sequence[str]) -> bool:
    """Tell whether two paths differ in the spelling of their names only."""
    if len(asked) != len(there):
        return False
    from difflib import SequenceMatcher

    for one, other in zip(asked, there, strict=True):
        if one == other:
            continue
        if max(len(one), len(other)) < _SHORT or SequenceMatcher(None, one.lower(), other.lower()).ratio() < _ALIKE:
            return False
    return True
