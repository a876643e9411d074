"""Logic over several records: six forms, and the named checks (compliance.md, 6.5, 6.6).

A form module has

    KEY       how it is written: `count`
    SCHEMA    JSON Schema of what stands behind the key
    uses      (spec) -> names of the selections it asks for
    fields    (spec) -> paths whose values it asks for
    windowed  (spec) -> whether it needs a valid time
    SEES_ALL  (if it is there) whether it sees records that none of its selections matches, to count them
    State     keeps what has to be kept between records: `wants`, `take`, `sweep`, `finish`, `size`, `merge`

What is kept is keyed by group, so that the records can be judged in parts, each group whole in one of them, and
the states be put together (`merge`).
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, Final, Protocol

from auditlog_cli import registry
from auditlog_cli.errors import DefinitionError
from auditlog_cli.rules.facts import Place

FORMS: Final = ("distinct", "count", "sequence", "require", "first", "unique")
GROUP_PATHS: Final = {"session": ("session_id",), "trace": ("trace_id",), "log": ()}
_BESIDE: Final = ("group_by",)


class Event:
    """What a correlation gets to see of one record.

    Attributes:
        when: Microseconds since the epoch; None without a valid time.
        group: Its group.
        matched: Names of the selections that it matches.
        values: For each path of `fields`, the values there, one by one, each once (`values.identities`).
        place: Where it stands.
    """

    __slots__ = ("group", "matched", "place", "values", "when")

    def __init__(
        self,
        when: int | None,
        group: tuple[str, ...],
        matched: frozenset[str],
        values: tuple[tuple[object, ...], ...],
        place: Place,
    ) -> None:
        self.when = when
        self.group = group
        self.matched = matched
        self.values = values
        self.place = place


class Found:
    """What a correlation or check found.

    Attributes:
        place: The anchor record.
        related: The other records, in time order.
        group: Values of the group key.
        path: The path that is shown, or empty for the default.
    """

    __slots__ = ("group", "path", "place", "related")

    def __init__(
        self, place: Place, related: tuple[Place, ...] = (), group: tuple[str, ...] = (), path: str = ""
    ) -> None:
        self.place = place
        self.related = related
        self.group = group
        self.path = path


class State(Protocol):
    """What a form keeps."""

    in_scope: int
    open: int

    def wants(self, matched: frozenset[str], values: tuple[tuple[object, ...], ...]) -> bool:
        """Tell, as a record comes in, whether it is worth being put in order."""

    def take(self, event: Event) -> list[Found]:
        """Take the next record that it wants in time order; return what it completes."""

    def sweep(self, now: int, as_of: int) -> list[Found]:
        """Drop what is over at `now`, the time of the newest record; return what that shows at `as_of`."""

    def finish(self, as_of: int) -> list[Found]:
        """Return what shows at the end."""

    @property
    def size(self) -> int:
        """How many keys are kept."""

    def merge(self, other: Any) -> None:
        """Take over the groups of another state; it must have none in common."""


def form_of(correlate: dict[str, Any], label: str) -> str:
    """Return the name of the form, or `check`.

    Raises:
        DefinitionError: If there is none, more than one, or something else beside it.
    """
    known = [key for key in correlate if key in FORMS or key == "check"]
    beside = set(correlate) - set(known) - {*_BESIDE, *(("with",) if "check" in known else ())}
    if len(known) != 1 or beside:
        raise DefinitionError(
            f"{label}: correlate needs one form, and group_by at most beside it", help=", ".join((*FORMS, "check"))
        )
    return known[0]


def load(form: str) -> ModuleType:
    """Return the module of a form."""
    return registry.load("rules/correlating", form)


def selections_of(
    correlate: dict[str, Any], label: str, names: list[str]
) -> tuple[tuple[str, ...], dict[str, Any], bool]:
    """Return the names of the selections that a form or check asks for, further ones that stand in it, by name,
    and whether it sees records that match none of them.

    Raises:
        DefinitionError: If the form is not known or not well formed, or names a selection that is not there.
    """
    form = form_of(correlate, label)
    if form == "check":
        from auditlog_cli.rules import checks

        check = checks.load(correlate["check"], label)
        given = checks.given(correlate.get("with"), check, label)
        extra = {f"with.{name}": given[name] for name in check.SELECTIONS if name in given}
        return tuple(extra), extra, True
    module = load(form)
    spec = checked(form, module, correlate[form], label)
    uses: tuple[str, ...] = module.uses(spec)
    for name in uses:
        if name not in names:
            raise DefinitionError(
                f'{label}: "{name}" is no selection', help=f"selections: {', '.join(names) or 'none'}"
            )
    return uses, {}, not uses or getattr(module, "SEES_ALL", False)


def fields_of(correlate: dict[str, Any], scope: str) -> tuple[str, ...]:
    """Return the paths whose values a form or check asks for, those of the group key first."""
    group_by = tuple(correlate.get("group_by", GROUP_PATHS[scope]))
    form = form_of(correlate, "")
    if form == "check":
        from auditlog_cli.rules import checks

        found: tuple[str, ...] = checks.load(correlate["check"]).fields(correlate.get("with") or {})
    else:
        found = load(form).fields(correlate[form])
    return (*group_by, *found)


def checked(form: str, module: ModuleType, spec: Any, label: str) -> Any:
    """Return what stands behind a form, if it is well formed.

    Raises:
        DefinitionError: If it is not.
    """
    trouble = fault(spec, module.SCHEMA)
    if trouble:
        raise DefinitionError(f"{label}: {form}: {trouble}", help=takes(module.SCHEMA))
    return spec


def takes(schema: dict[str, Any]) -> str:
    """Return what may stand there by a SCHEMA or WITH, as a line of help."""
    keys = schema.get("properties")
    if keys is None:
        return f"it takes a {schema['type']}; docs/packs.md has the forms"
    return f"its keys are {', '.join(keys)}" if keys else "it takes no keys: leave it out"


def fault(given: Any, schema: dict[str, Any]) -> str:
    """Return what is wrong with `given`, or an empty text.

    Understood is the part of JSON Schema that SCHEMA and WITH of forms and checks use: `type`, `properties`,
    `required`, `additionalProperties: false`, `items`, `minItems`, `enum`, `minimum`, `format: duration`. The
    validator proper is for the linter (`packs lint`): it is too heavy for every start of `check`.
    """
    from auditlog_cli import times

    kinds = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "null": type(None)}
    wanted = schema.get("type")
    several = wanted if isinstance(wanted, list) else [wanted] if wanted else []
    if several and (isinstance(given, bool) or not any(isinstance(given, kinds[each]) for each in several)):  # type: ignore[arg-type]
        return f"needs {' or '.join(several)}"
    if "enum" in schema and given not in schema["enum"]:
        return f"must be one of {', '.join(map(str, schema['enum']))}"
    if "minimum" in schema and isinstance(given, (int, float)) and given < schema["minimum"]:
        return f"must be at least {schema['minimum']}"
    if schema.get("format") == "duration" and isinstance(given, str) and times.duration(given) is None:
        return "needs a duration such as 15m, 72h or 30d"
    if isinstance(given, list):
        if len(given) < schema.get("minItems", 0):
            return f"needs at least {schema['minItems']} entries"
        return next((trouble for each in given if (trouble := fault(each, schema.get("items", {})))), "")
    if isinstance(given, dict):
        missing = [name for name in schema.get("required", ()) if name not in given]
        if missing:
            return f'needs "{missing[0]}"'
        for name, value in given.items():
            inner = schema.get("properties", {}).get(name)
            if inner is None and schema.get("additionalProperties") is False:
                return f'"{name}" is not known'
            trouble = fault(value, inner or {})
            if trouble:
                return f"{name}: {trouble}"
    return ""


DURATION: Final[dict[str, Any]] = {"type": "string", "format": "duration"}


def duration(given: Any) -> int:
    """Return the microseconds of a duration that `fault` has looked at."""
    from auditlog_cli import times

    micros = times.duration(given)
    assert micros is not None
    return micros


def hashed(*parts: object) -> bytes:
    """Return 16 bytes that stand for `parts`: what is kept without a window keeps keys only (6.5)."""
    from hashlib import blake2b

    return blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def disjoint(mine: dict[Any, Any], theirs: dict[Any, Any]) -> None:
    """Put the groups of another state into `mine`.

    Raises:
        ValueError: If a group is in both: its records were judged in two places.
    """
    apart(mine, theirs)
    mine.update(theirs)


def apart(mine: dict[Any, Any], theirs: dict[Any, Any]) -> None:
    """Refuse the groups of another state that `mine` has, too.

    Raises:
        ValueError: If a group is in both: its records were judged in two places.
    """
    if mine.keys() & theirs.keys():
        raise ValueError("states to merge have a group in common")
