"""What is to be evaluated: the logics of all bound rules, each once (compliance.md, 13)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from auditlog_cli.errors import DefinitionError
from auditlog_cli.rules import conditions
from auditlog_cli.rules.conditions import Tree
from auditlog_cli.rules.selections import Selection, Test, compile_selection
from auditlog_cli.rules.virtual import FIELDS, named

EVERYBODY: Final = ("*",)
_RESERVED: Final = ("condition", "subject")
_DEEPEST: Final = 32


class Logic(NamedTuple):
    """What one or more rules look for.

    Attributes:
        number: Its place among the logics of its kind (record logics; correlations).
        key: The same for the same logic.
        label: Id of a rule that has it, for errors.
        selections: By name.
        condition: Of a record rule, or the filter of a correlation; None: every record.
        subject: Which records it judges; None: every record.
        correlate: The form or check with its parameters in place; None for a record rule.
        scope: `record`, `session`, `trace` or `log`.
        uses: Names of the selections that a correlation asks for.
        sees_all: Whether a correlation sees records that none of them matches.
    """

    number: int
    key: str
    label: str
    selections: dict[str, Selection]
    condition: Tree | None
    subject: Tree | None
    correlate: dict[str, Any] | None
    scope: str
    uses: tuple[str, ...]
    sees_all: bool

    def tests(self) -> list[Test]:
        """Every test of every selection."""
        return [test for each in self.selections.values() for alternative in each.alternatives for test in alternative]


class Outcome:
    """What the logics say of one record. Compared by what it says; as a key, it is itself.

    Attributes:
        hits: Numbers of the record logics whose condition is true.
        withheld: Of those whose condition cannot be known.
        passed: Of those that judge it and find nothing.
        streams: (number of the correlation, names of the selections that match, whether one cannot be known) for
            each correlation that has to see the record.
        populations: Numbers of the populations (agents of policies) that it belongs to.
        count: How many records have it, as far as the engine has not counted them elsewhere.
        shown: Number of a record logic → what its facts show (see `speaking`): all records of one outcome agree.
        states: Path of `Program.fields` → "text" (one that says something), "absent", or empty: not known; besides,
            "timestamp" → "timed". Empty where the outcome comes from the interpreter.
        verdicts: Number of a check of `Program.pure` → what it says.
        followers: Which checks and correlations see its records (see `engine`), or None where nobody has asked yet.
        idle: What is only counted of its records (see `idling`).
        unsure: Whether something cannot be known for its records.
    """

    __slots__ = (
        "count", "followers", "hits", "idle", "passed", "populations", "shown", "states", "streams", "unsure",
        "verdicts", "withheld",
    )  # fmt: skip

    def __init__(
        self,
        hits: tuple[int, ...],
        withheld: tuple[int, ...],
        passed: tuple[int, ...],
        streams: tuple[tuple[int, frozenset[str], bool], ...],
        populations: tuple[int, ...],
    ) -> None:
        self.hits = hits
        self.withheld = withheld
        self.passed = passed
        self.streams = streams
        self.populations = populations
        self.unsure = bool(withheld) or any(unknown for _, _, unknown in streams)
        self.count = 0
        self.shown: dict[int, tuple[str, frozenset[str]]] = {}
        self.states: dict[str, str] = {}
        self.verdicts: dict[int, str] = {}
        self.followers: Any = None
        self.idle: list[tuple[Any, str]] = []

    def said(self) -> tuple[object, ...]:
        """Return all of it but the count."""
        return self.hits, self.withheld, self.passed, self.streams, self.populations

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Outcome) and self.said() == other.said()

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"Outcome{self.said()}"


class Program(NamedTuple):
    """Everything that is asked of a record.

    Attributes:
        logics: Record logics.
        streams: Correlations and checks.
        populations: Globs on `agent.id`, a tuple for each different set.
        fields: Paths whose values correlations and checks ask for.
    """

    logics: tuple[Logic, ...]
    streams: tuple[Logic, ...]
    populations: tuple[tuple[str, ...], ...]
    fields: tuple[str, ...] = ()

    def pure(self, site: Any) -> dict[int, tuple[tuple[str, ...], Callable[..., str]]]:
        """Return the checks whose verdict on a record rests on a few of its values, and on nothing else.

        Returns:
            Number of the stream → the paths, and a function of their values (see `checks`, `judge`).
        """
        from auditlog_cli.rules import checks

        found = {}
        for logic in self.streams:
            name = (logic.correlate or {}).get("check")
            judge = getattr(checks.load(name), "judge", None) if name else None
            if judge is not None and logic.condition is None and not logic.uses:
                given = (logic.correlate or {}).get("with") or {}
                found[logic.number] = checks.load(name).fields(given), judge(checks.Settings(given, site, 0))
        return found

    @property
    def needs_scanner(self) -> bool:
        """Whether a rule asks for what the detectors find."""
        return any(_leads_to_entities(test.path) for test in self._tests())

    def unheard(self, names: Iterable[str]) -> list[str]:
        """Return those of some entities that no test asks for, each once: they are detected, and leave no finding.

        `@personal`, which almost every entity makes true, does not count: it leads to no place in a record.
        """
        tests = [test for test in self._tests() if test.path == "@entities"]
        return [name for name in dict.fromkeys(names) if not any(test.judge(named({name})) for test in tests)]

    def _tests(self) -> Iterator[Test]:
        return (test for logic in (*self.logics, *self.streams) for test in logic.tests())


def _leads_to_entities(path: str) -> bool:
    return path == "@entities" or (path in FIELDS and any(_leads_to_entities(each) for each in FIELDS[path].inputs))


def place(given: Any, parameters: Mapping[str, Any], label: str, depth: int = 0) -> Any:
    """Return `given` with `"%name%"` replaced by the parameter of that name; in a list, a list is spliced in.

    Raises:
        DefinitionError: If there is no such parameter.
    """
    if depth > _DEEPEST:
        raise DefinitionError(
            f"{label}: nested deeper than {_DEEPEST} levels", help="lists and mappings of a logic need two or three"
        )
    if isinstance(given, str) and len(given) > 2 and given[0] == given[-1] == "%":
        if given[1:-1] not in parameters:
            known = ", ".join(parameters) or "none"
            raise DefinitionError(f'{label}: there is no parameter "{given[1:-1]}"', help=f"parameters: {known}")
        return parameters[given[1:-1]]
    if isinstance(given, Mapping):
        return {key: place(value, parameters, label, depth + 1) for key, value in given.items()}
    if isinstance(given, (list, tuple)):
        out: list[Any] = []
        for each in given:
            placed = place(each, parameters, label, depth + 1)
            out += placed if isinstance(placed, list) and isinstance(each, str) else [placed]
        return out
    return given


def compile_logic(
    number: int, label: str, detection: Mapping[str, Any], correlate: dict[str, Any] | None, scope: str, as_of: int
) -> Logic:
    """Return a logic whose parameters are in place.

    Raises:
        DefinitionError: If a selection, condition or form is not understood.
    """
    named = {name: given for name, given in detection.items() if name not in _RESERVED}
    selections = {name: compile_selection(given, f"{label}, {name}", as_of) for name, given in named.items()}
    uses: tuple[str, ...] = ()
    sees_all = True
    if correlate is not None:
        from auditlog_cli.rules.correlating import selections_of

        uses, extra, sees_all = selections_of(correlate, label, list(selections))
        for name, given in extra.items():
            selections[name] = compile_selection(given, f"{label}, {name}", as_of)
    for test in (test for each in selections.values() for alternative in each.alternatives for test in alternative):
        for path in (test.path, test.other):
            if path.startswith("@") and path not in FIELDS:
                raise DefinitionError(f'{label}: there is no virtual field "{path}"', help=", ".join(FIELDS))
    trees: list[Tree | None] = []
    for name in _RESERVED:
        text = detection.get(name)
        if text is not None and not isinstance(text, str):
            raise DefinitionError(
                f"{label}: {name} is a text", help=f"such as {name}: {next(iter(named), 'selection')}"
            )
        trees.append(None if text is None else conditions.parse(text, named, f"{label}, {name}"))
    if trees[0] is None and correlate is None:
        raise DefinitionError(
            f"{label}: a record rule needs a condition", help=f"such as condition: {next(iter(named), 'selection')}"
        )
    key = logic_key(detection, correlate, scope)
    return Logic(number, key, label, selections, trees[0], trees[1], correlate, scope, uses, sees_all)


def logic_key(detection: Mapping[str, Any], correlate: Mapping[str, Any] | None, scope: str) -> str:
    """Return what is the same for the same logic. The order of members tells which test is shown: it counts."""
    return json.dumps([detection, correlate, scope if correlate else ""], ensure_ascii=False, default=str)


def agents_of(given: Sequence[str]) -> tuple[str, ...]:
    """Return the globs of a policy in the form in which they are compared."""
    return EVERYBODY if "*" in given else tuple(sorted({each.casefold() for each in given}))
