"""What the generated function looks up: for each value (or set of values) that rules test, a table of masks."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

from auditlog_cli.fields import MISSING, is_missing
from auditlog_cli.rules.program import EVERYBODY, Program
from auditlog_cli.rules.selections import Test
from auditlog_cli.rules.site import Site, globs
from auditlog_cli.rules.values import elements, moment
from auditlog_cli.rules.virtual import FIELDS

MOST_VALUES: Final = 4096
_LONGEST_TEXT: Final = 200
_LONGEST_LIST: Final = 32
_EVER_NEW: Final = frozenset(("timestamp", "record_id"))

VERDICTS: Final = ("fires", "judged", "withheld")
"""What a check says of a record (`checks`, `judge`), where it says something."""

Judged = Callable[..., bool | None]


class Column:
    """The tests that depend on one set of inputs.

    Attributes:
        inputs: Paths in the record (`path?`: only whether it says something), and `@entities`.
        needs: Number of an input without which no test of the column sees anything but MISSING, or None.
        recurs: Whether its values come again and again.
        table: Inputs (the text alone, if there is one) → mask.
        presence: Whether all its tests ask only whether there is something.
        kinds: What its tests ask, operator by operator.
        unread: (an input, another): the first is not looked at where the other holds a valid time; or None.
    """

    __slots__ = ("_tests", "_verdicts", "inputs", "kinds", "needs", "presence", "recurs", "table", "unread")

    def __init__(self, inputs: tuple[str, ...], needs: int | None, recurs: bool) -> None:
        self.inputs = inputs
        self.needs = needs
        self.recurs = recurs
        self.table: dict[Any, int] = {}
        self.presence = True
        self.kinds: set[str] = set()
        self.unread: tuple[str, str] | None = None
        self._tests: list[Judged] = []
        self._verdicts: list[tuple[Callable[..., str], dict[str, int]]] = []

    def add(self, test: Judged, kind: str) -> int:
        """Add a test of the inputs, and return its number: bit 2n says certainly, bit 2n+1 perhaps."""
        self.presence = self.presence and kind in ("exists", "missing")
        self.kinds.add(kind)
        self._tests.append(test)
        return len(self._tests) - 1

    def add_verdicts(self, says: Callable[..., str], first: int, verdicts: tuple[str, ...]) -> None:
        """Let tests, from number `first` on, be answered together: each asks whether `says` is one of `verdicts`."""
        self._verdicts.append((says, {verdict: 3 << 2 * (first + place) for place, verdict in enumerate(verdicts)}))

    def mask(self, *values: Any) -> int:
        """Return the mask of the values, worked out."""
        mask = 0
        for number, test in enumerate(self._tests):
            answer = test(*values)
            if answer:
                mask |= 3 << 2 * number
            elif answer is None:
                mask |= 2 << 2 * number
        for says, bits in self._verdicts:
            mask |= bits.get(says(*values), 0)
        return mask

    def mask_of_nothing(self) -> int:
        """Return the mask for a record in which none of the inputs is there."""
        return self.mask(*[MISSING] * len(self.inputs))

    def text(self, text: str) -> int:
        """Return the mask of one text that is not in the table, and put it there."""
        mask = self.mask(text)
        if len(text) <= _LONGEST_TEXT:
            self._keep(text, mask)
        return mask

    def joint(self, *values: Any) -> int:
        """Return the mask of several values, from the table where they are texts or lists of texts."""
        key = tuple([tuple(each) if each.__class__ is list else each for each in values])
        try:
            mask = self.table.get(key)
        except TypeError:  # something that cannot be a key, such as an object in a list
            return self.mask(*values)
        if mask is None:
            mask = self.mask(*values)
            if all(_may_be_kept(each) for each in values):
                self._keep(key, mask)
        return mask

    def _keep(self, key: Any, mask: int) -> None:
        if len(self.table) >= MOST_VALUES:
            self.table.clear()
        self.table[key] = mask


def _may_be_kept(value: Any) -> bool:
    """Whether a value is a key that equals no other JSON value (`1`, `1.0` and `true` are one key to a dict)."""
    if value.__class__ is list:
        return len(value) <= _LONGEST_LIST and all(
            each.__class__ is str and len(each) <= _LONGEST_TEXT for each in value
        )
    return value is MISSING or (value.__class__ is str and len(value) <= _LONGEST_TEXT)


Places = dict[str, tuple[int, int]]
"""Key of a test → (number of its column, number of the test in it)."""


def columns_of(program: Program, site: Site) -> tuple[list[Column], Places]:
    """Return the columns that a program needs, and where each of its tests stands.

    Equal tests are one test, whichever logic they stand in. Tests that no rule has written, and their keys:

        population N          of `agent.id`: whether a set of agents is concerned
        PATH text, absent     of each path of `fields`: whether it holds a text that says something; nothing at all
        timestamp timed       whether the record has a valid time
        check N judged, …     of what a check looks at, where that is all it looks at (`checks`): its verdict
    """
    columns: dict[tuple[str, ...], Column] = {}
    places: Places = {}

    def put(
        key: str,
        inputs: tuple[str, ...],
        needs: int | None,
        recurs: bool,
        test: Judged,
        kind: str = "",
        about: str = "",
    ) -> None:
        unread = FIELDS[about].unread if about in FIELDS else None
        if key not in places:
            column = columns.setdefault((*inputs, str(needs), str(unread)), Column(inputs, needs, recurs))
            column.unread = unread
            places[key] = (list(columns.values()).index(column), column.add(test, kind))

    for logic in (*program.logics, *program.streams):
        for test in logic.tests():
            about = test.path if test.path.startswith("@") else ""
            put(test.key, *_placed(test, site), "" if about else test.operator, "" if test.other else about)
    for number, agents in enumerate(program.populations):
        if agents != EVERYBODY:
            put(f"population {number}", ("agent.id",), None, True, _population(agents))
    for path in program.fields:
        recurs = path not in _EVER_NEW
        put(
            f"{path} text",
            (path,),
            None,
            recurs,
            lambda value: value.__class__ is str and not is_missing(value),
            "kind",
        )
        put(f"{path} absent", (path,), None, recurs, lambda value: value is MISSING, "kind")
    if program.streams:
        put("timestamp timed", ("timestamp",), None, False, lambda value: moment(value) is not None, "not_rfc3339")
    for number, (paths, says) in program.pure(site).items():
        for verdict in VERDICTS:
            put(f"check {number} {verdict}", paths, None, len(paths) > 1, _elsewhere)
        place, first = places[f"check {number} {VERDICTS[0]}"]
        list(columns.values())[place].add_verdicts(says, first, VERDICTS)
    return list(columns.values()), places


def _elsewhere(*_: Any) -> bool:
    """A test that `Column.add_verdicts` answers."""
    return False


def _placed(test: Test, site: Site) -> tuple[tuple[str, ...], int | None, bool, Judged]:
    """The inputs of a test, which of them it needs, whether they recur, and the test as a function of them."""
    if test.other:
        paths = (test.path, test.other)
        if test.path != test.other and not any(path.startswith("@") for path in paths):
            # Both must be there, so without the first there is nothing to compare. Two times hardly recur.
            return paths, 0, test.operator.startswith("fieldref"), test.judge
        inputs, computes = _merged([_resolved(path, site) for path in paths])
        return inputs, None, False, lambda *values: test.judge(*(compute(*values) for compute in computes))
    inputs, compute = _resolved(test.path, site)
    if not test.path.startswith("@"):
        return inputs, None, test.path not in _EVER_NEW, test.judge
    field = FIELDS[test.path]
    needs = None if field.needs is None or len(inputs) == 1 else inputs.index(field.inputs[field.needs])
    return inputs, needs, field.recurs, lambda *values: test.judge(compute(*values))


def _resolved(path: str, site: Site) -> tuple[tuple[str, ...], Callable[..., Any]]:
    """The inputs of a path or virtual field, and how its value comes out of theirs."""
    if not path.startswith("@") or path == "@entities":
        return (path,), lambda value: value
    field = FIELDS[path]
    if not any(each.startswith("@") for each in field.inputs):
        return field.inputs, functools.partial(field.compute, site)
    inputs, computes = _merged([_resolved(each, site) for each in field.inputs])
    return inputs, lambda *values: field.compute(site, *(compute(*values) for compute in computes))


def _merged(
    parts: list[tuple[tuple[str, ...], Callable[..., Any]]],
) -> tuple[tuple[str, ...], list[Callable[..., Any]]]:
    """Bring several functions of several inputs to one list of inputs."""
    inputs = tuple(dict.fromkeys(each for names, _ in parts for each in names))
    return inputs, [_picking(compute, [inputs.index(name) for name in names]) for names, compute in parts]


def _picking(compute: Callable[..., Any], numbers: list[int]) -> Callable[..., Any]:
    return lambda *values: compute(*[values[number] for number in numbers])


def _population(agents: tuple[str, ...]) -> Judged:
    among = globs(agents)
    return lambda value: any(isinstance(each, str) and among(each) for each in elements(value)[:1])
