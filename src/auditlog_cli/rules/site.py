"""What is so at this site: the policy file as virtual fields use it (compliance.md, 5)."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping
from typing import Any, Final

from auditlog_cli.rules.scopes import Scopes

_REMEMBERED: Final = 4096
_FLAGS: Final = ("external", "untrusted_source", "high_impact", "requires_approval")


class Tool:
    """An entry of the tool map.

    Attributes:
        match: Shell glob on `action.tool`, in its case.
        scopes: All of them are needed.
        effect: A word of 2.1, or empty.
        categories: Of the data it touches.
        purposes: Allowed ones, folded; empty: the lists per category count.
        external, untrusted_source, high_impact, requires_approval: As in the policy.
    """

    __slots__ = ("categories", "effect", "match", "purposes", "scopes", *_FLAGS)

    def __init__(self, entry: object) -> None:
        self.match = str(_part(entry, "match", ""))
        self.scopes = tuple(_part(entry, "scopes", ()))
        self.effect = str(_part(entry, "effect", ""))
        self.categories = tuple(_part(entry, "categories", ()))
        self.purposes = frozenset(str(each).casefold() for each in _part(entry, "purposes", ()))
        for name in _FLAGS:
            setattr(self, name, bool(_part(entry, name, False)))


class Site:
    """The facts of a policy file, ready to be asked.

    Args:
        policy: A `rules.policy.Policy`, or the mapping that a policy file is.

    Attributes:
        scopes: How scopes are read.
        agents, models, providers, processors, hosts: name → whether it is allowed; None where there is no list.
        purposes: Category (folded) → allowed purposes (folded).
        pinned: Tool → expected digest.
    """

    __slots__ = (
        "_seen", "_tools", "agents", "hosts", "models", "pinned", "processors", "providers", "purposes", "scopes"
    )  # fmt: skip

    def __init__(self, policy: object) -> None:
        self._tools = [Tool(each) for each in _part(policy, "tools", ())]
        self._seen: dict[str, Tool | None] = {}
        scopes = _part(policy, "scopes", {})
        self.scopes = Scopes(_part(scopes, "implies", {}), _part(scopes, "aliases", {}))
        for name in ("agents", "models", "providers", "processors", "hosts"):
            setattr(self, name, _allowed(_part(policy, name, None)))
        self.purposes = {
            str(category).casefold(): frozenset(str(each).casefold() for each in allowed)
            for category, allowed in _part(policy, "purposes", {}).items()
        }
        self.pinned: dict[str, str] = dict(_part(policy, "pinned", {}))

    def tool(self, name: str) -> Tool | None:
        """Return the first entry whose glob matches the tool."""
        try:
            return self._seen[name]
        except KeyError:
            entry = next((each for each in self._tools if fnmatch.fnmatchcase(name[:1000], each.match)), None)
            if len(self._seen) >= _REMEMBERED:
                self._seen.clear()
            if len(name) <= 200:
                self._seen[name] = entry
            return entry


def globs(patterns: Any) -> Callable[[str], bool]:
    """Return whether a name matches one of the shell globs, without regard to case."""
    folded = tuple(str(each).casefold() for each in patterns)
    return lambda name: any(fnmatch.fnmatchcase(name[:1000].casefold(), each) for each in folded)


def _allowed(patterns: Any) -> Callable[[str], bool] | None:
    return None if patterns is None else globs(patterns)


def _part(whole: object, name: str, default: Any) -> Any:
    found = whole.get(name, default) if isinstance(whole, Mapping) else getattr(whole, name, default)
    return default if found is None else found
