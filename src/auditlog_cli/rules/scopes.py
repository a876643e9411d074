"""Scopes: does what was granted cover what is needed? (compliance.md, 2.4)"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class Scopes:
    """The site's way to read scopes.

    Args:
        implies: Verb → verbs that it includes, as the policy says; followed through.
        aliases: Foreign spelling → scope, or list of scopes.
    """

    __slots__ = ("_aliases", "_implied")

    def __init__(self, implies: Mapping[str, Any] | None = None, aliases: Mapping[str, Any] | None = None) -> None:
        self._aliases = {name: _texts(meant) for name, meant in (aliases or {}).items()}
        direct = {verb: set(_texts(less)) for verb, less in (implies or {}).items()}
        self._implied = {verb: _closure(verb, direct) for verb in direct}

    def translated(self, scopes: Iterable[object]) -> list[str]:
        """Return the scopes in our spelling; what is no text is no scope."""
        out: list[str] = []
        for scope in scopes:
            if isinstance(scope, str):
                out += self._aliases.get(scope, (scope,))
        return out

    def cover(self, granted: Iterable[object], needed: Iterable[object]) -> bool:
        """Tell whether every needed scope is covered by one that was granted.

        >>> Scopes().cover(["crm:*"], ["crm:read"]), Scopes().cover(["crm:*"], ["crm:contacts:read"])
        (True, False)
        >>> Scopes({"write": ["read"]}).cover(["crm:write"], ["crm:read"])
        True
        """
        have = [grant for scope in self.translated(granted) for grant in self._widened(scope)]
        return all(any(_covers(grant, scope) for grant in have) for scope in self.translated(needed))

    def _widened(self, scope: str) -> list[str]:
        resource, _, verb = scope.rpartition(":")
        implied = self._implied.get(verb, ()) if resource else ()
        return [scope, *(f"{resource}:{less}" for less in implied)]


def _covers(granted: str, needed: str) -> bool:
    have, need = granted.split(":"), needed.split(":")
    if have[-1] == "**":
        have = have[:-1]
        if len(need) <= len(have):
            return False
        need = need[: len(have)]
    return len(have) == len(need) and all(mine in ("*", theirs) for mine, theirs in zip(have, need, strict=True))


def _closure(verb: str, direct: Mapping[str, set[str]]) -> tuple[str, ...]:
    seen: set[str] = set()
    todo = [verb]
    while todo:
        new = direct.get(todo.pop(), set()) - seen
        seen |= new
        todo += new
    return tuple(sorted(seen - {verb}))


def _texts(given: Any) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
