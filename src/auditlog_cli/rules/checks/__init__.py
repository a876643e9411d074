"""The named checks (compliance.md, 6.6). One file = one check; the file's name is its name.

A check module has

    WITH         JSON Schema of `with`
    SELECTIONS   members of `with` that are selections
    WHOLE_LOG    whether it is about the log as a whole: it then sees all records, whatever agent, own records too
    fields       (with) -> paths whose values the check asks for
    AT           the path that is shown by default
    Check        the check itself: `take`, `finish`, and what else it wants to know
    idle         (with, states) -> what there is to count where a record with such values changes nothing (`idling`)

or, where the verdict on a record rests on the values of `fields` and on nothing else, in place of Check and idle

    judge        (settings) -> (value of each field) -> `fires`, `judged`, `withheld`, or nothing: it is not judged

Checks see records in the order of the input. What they keep is keyed by log, trace or session. A check that dropped
something which it turned out to need says so (`partly`): it was not fully evaluated.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, Protocol

from auditlog_cli import registry
from auditlog_cli.errors import DefinitionError
from auditlog_cli.fields import is_hole, is_missing
from auditlog_cli.rules.correlating import Found, fault, takes
from auditlog_cli.rules.facts import Place, Spot
from auditlog_cli.rules.site import Site


class Settings:
    """What a check is made from.

    Attributes:
        given: Its `with`.
        site: The facts of the site.
        as_of: The "now" of the run, microseconds since the epoch.
        group_by: The paths of the group key (none for a log).
        most: How many keys it may keep (`--max-state`).
    """

    __slots__ = ("as_of", "given", "group_by", "most", "site")

    def __init__(
        self, given: dict[str, Any], site: Site, as_of: int, group_by: tuple[str, ...] = (), most: int = 1_000_000
    ) -> None:
        self.given = given
        self.site = site
        self.as_of = as_of
        self.group_by = group_by
        self.most = most


class Seen:
    """One record, as checks see it. One object for all checks: `matched` and `group` are set for each anew.

    Attributes:
        get: path → value, as rules read it.
        content: The record.
        when: Its time, or None.
        place: Where it stands; made when it is asked for.
        log: The log that it stands in.
        own: What kind of record of the log about itself it is, or empty.
        matched: Names of the selections in `with` that it matches.
        group: Values of the group key; None where one is not there.
        groups: Paths of a group key → its values.
        states: What is known of its values (`program.Outcome`).
    """

    __slots__ = ("_spot", "content", "get", "group", "groups", "log", "matched", "own", "states", "when")

    def __init__(
        self, get: Any, content: dict[str, Any], when: int | None, place: Place | Spot, own: str, states: dict[str, str]
    ) -> None:
        self.get = get
        self.content = content
        self.when = when
        self._spot = place
        self.log = place.log
        self.own = own
        self.states = states
        self.groups: dict[tuple[str, ...], tuple[str, ...] | None] = {}
        self.matched: frozenset[str]
        self.group: tuple[str, ...] | None

    @property
    def place(self) -> Place:
        """Where the record stands."""
        return self._spot.place

    def grouped(self, paths: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return the values of a group key, or None where one is not there."""
        if len(paths) == 1 and self.states.get(paths[0]) == "text":
            return (self.get(paths[0]),)
        if paths not in self.groups:
            self.groups[paths] = group_of(self.get, paths)
        return self.groups[paths]


def group_of(get: Any, paths: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the values of a group key, or None where one is not there."""
    group = []
    for path in paths:
        value = get(path)
        if is_missing(value) or is_hole(value):
            return None
        group.append(value if value.__class__ is str else repr(value))
    return tuple(group)


class Stateless:
    """A check that keeps nothing: it judges each record by itself.

    Args:
        says: From `judge` of its module.
        paths: Its fields.
    """

    size = 0
    left_out = 0

    def __init__(self, says: Callable[..., str], paths: tuple[str, ...]) -> None:
        self._says = says
        self._paths = paths
        self.in_scope = 0
        self.withheld = 0

    def take(self, seen: Seen) -> list[Found]:
        """Judge the next record."""
        verdict = self._says(*[seen.get(path) for path in self._paths])
        if verdict in ("fires", "judged"):
            self.in_scope += 1
        self.withheld += verdict == "withheld"
        return [Found(seen.place, group=seen.group or ())] if verdict == "fires" else []

    def finish(self) -> list[Found]:
        """Nothing shows at the end."""
        return []

    def merge(self, other: Stateless) -> None:
        """Add the counts."""
        self.in_scope += other.in_scope
        self.withheld += other.withheld


class Check(Protocol):
    """A check at work. Besides, a check may have `bad(place, reason)`, `verdict(code, place)`, `partly` and, for
    what shows without a new record, `advance(now)` (live runs)."""

    in_scope: int
    left_out: int

    def __init__(self, settings: Settings) -> None: ...

    def take(self, seen: Seen) -> list[Found]:
        """Take the next record of the input."""

    def finish(self) -> list[Found]:
        """Return what shows at the end."""

    @property
    def size(self) -> int:
        """How many keys are kept."""

    def merge(self, other: Any) -> None:
        """Take over what another run over other logs, traces or sessions has kept."""


def names() -> tuple[str, ...]:
    """Return the names of all checks."""
    return registry.names("rules/checks")


def load(name: object, label: str = "") -> ModuleType:
    """Return the module of a check.

    Raises:
        DefinitionError: If there is none of that name.
    """
    if name not in names():
        raise DefinitionError(f'{label}: there is no check "{name}"', help=", ".join(names()))
    return registry.load("rules/checks", str(name))


def given(with_: Any, check: ModuleType, label: str) -> dict[str, Any]:
    """Return the `with` of a check, if it is well formed.

    Raises:
        DefinitionError: If it is not.
    """
    found: dict[str, Any] = {} if with_ is None else with_
    trouble = fault(found, check.WITH)
    if trouble:
        raise DefinitionError(f"{label}: with: {trouble}", help=takes(check.WITH))
    return found


def nothing(**properties: Any) -> dict[str, Any]:
    """Return the JSON Schema of a `with` that has these members, each optional, and no others."""
    return {"type": "object", "properties": properties, "additionalProperties": False}
