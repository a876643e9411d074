"""What is so at this site: the policy file as virtual fields use it (compliance.md, 5)."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

from auditlog_cli.rules import sitefacts
from auditlog_cli.rules.scopes import Scopes
from auditlog_cli.rules.sitefacts import Policy

LONGEST_NAME: Final = 1000
"""Characters of a name that are compared with a glob: what is longer matches no name of a policy anyway."""
_REMEMBERED: Final = 4096


class Tool:
    """An entry of the tool map, its words folded where case makes no difference.

    Attributes:
        match: Shell glob on `action.tool`, in its case.
        scopes: All of them are needed.
        effect: A word of 2.1, or empty.
        categories: Of the data it touches.
        purposes: Allowed ones, folded; None: the lists per category count.
        external, untrusted_source, high_impact, requires_approval: As in the policy.
    """

    __slots__ = (
        "categories", "effect", "external", "high_impact", "match", "purposes", "requires_approval", "scopes",
        "untrusted_source",
    )  # fmt: skip

    def __init__(self, entry: sitefacts.Tool) -> None:
        self.match = entry.match
        self.scopes = entry.scopes
        self.effect = entry.effect
        self.categories = entry.categories
        self.purposes = None if entry.purposes is None else frozenset(each.casefold() for each in entry.purposes)
        self.external = entry.external
        self.untrusted_source = entry.untrusted_source
        self.high_impact = entry.high_impact
        self.requires_approval = entry.requires_approval


class Site:
    """The facts of a policy, ready to be asked.

    Args:
        policy: The policy.

    Attributes:
        scopes: How scopes are read.
        agents, models, providers, processors, hosts: name → whether it is allowed; None where there is no list.
        purposes: Category (folded) → allowed purposes (folded).
        pinned: Tool → expected digest.
    """

    __slots__ = (
        "_seen", "_tools", "agents", "hosts", "models", "pinned", "processors", "providers", "purposes", "scopes"
    )  # fmt: skip

    def __init__(self, policy: Policy) -> None:
        self._tools = [Tool(each) for each in policy.tools]
        self._seen: dict[str, Tool | None] = {}
        self.scopes = Scopes(policy.implies, policy.aliases)
        self.agents = _allowed(None if policy.agents is None else [each.match for each in policy.agents])
        self.models = _allowed(policy.models)
        self.providers = _allowed(policy.providers)
        self.processors = _allowed(policy.processors)
        self.hosts = _allowed(policy.hosts)
        self.purposes = {
            category.casefold(): frozenset(each.casefold() for each in allowed)
            for category, allowed in policy.purposes.items()
        }
        self.pinned = dict(policy.pinned)

    def tool(self, name: str) -> Tool | None:
        """Return the first entry whose glob matches the tool."""
        try:
            return self._seen[name]
        except KeyError:
            entry = next((each for each in self._tools if fnmatch.fnmatchcase(name[:LONGEST_NAME], each.match)), None)
            if len(self._seen) >= _REMEMBERED:
                self._seen.clear()
            if len(name) <= 200:
                self._seen[name] = entry
            return entry


def globs(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Return whether a name matches one of the shell globs, without regard to case."""
    folded = tuple(each.casefold() for each in patterns)
    return lambda name: any(fnmatch.fnmatchcase(name[:LONGEST_NAME].casefold(), each) for each in folded)


def owners(policy: Policy) -> Callable[[str], str] | None:
    """Return who answers for an agent, asked by its id: the owner of the first entry of the register that matches.

    It says an empty text for an agent that is not registered, or whose entry names nobody; and for what has no id.
    None: the register names no owner at all.
    """
    register = [(each.match.casefold(), each.owner) for each in policy.agents or ()]
    if not any(owner for _, owner in register):
        return None

    @lru_cache(maxsize=_REMEMBERED)
    def owner(name: str) -> str:
        return next((owner for match, owner in register if fnmatch.fnmatchcase(name, match)), "")

    return lambda agent: owner(agent[:LONGEST_NAME].casefold()) if agent else ""


def _allowed(patterns: Iterable[str] | None) -> Callable[[str], bool] | None:
    return None if patterns is None else globs(patterns)
