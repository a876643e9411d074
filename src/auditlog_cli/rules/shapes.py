"""Records of a frequent shape, judged by a function that is written for it (compliance.md, 13.2).

A log has few shapes: sets of members in the same order. What a rule asks of members that a shape does not have is
answered once, when the function is written. Of the values that are there:

    bundles     values that recur together, as those of a session: one table for all that is asked of them (`recurring`)
    texts       one table for each path: text → number of what all tests of that path say
    lists       the same, under the bytes that orjson writes for them
    times       compared as numbers; for a text that is always new, such as `timestamp`, no table is asked
    ids         that nothing but their presence is asked of: nothing is looked up

The function gives up (None) wherever a value is not what it usually is, a hole for example, and then `generating`'s
judges the record. Both turn what they found into the same signature, so that they agree wherever both speak
(tests/rules/test_twins.py, test_shapes.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from auditlog_cli.fields import MISSING
from auditlog_cli.matching import found
from auditlog_cli.rules.columns import Column
from auditlog_cli.rules.lookups import MOST_KEPT, WHEN, Group, Said
from auditlog_cli.rules.program import Outcome
from auditlog_cli.rules.reading import Scan
from auditlog_cli.rules.recurring import Bundle, Row, chosen, trace
from auditlog_cli.rules.statements import AFTER, BEFORE, Statements, spared
from auditlog_cli.rules.values import SYNONYMS, UNKNOWN, moment, presence
from auditlog_cli.rules.virtual import entities

Fast = Callable[..., Said | None]


class Shape:
    """Records with just these members.

    Args:
        names: Their names, in order; no dot in any of them.
        columns: What is asked.
        fields: Paths whose values are wanted.
        scan: The detectors.
        full: Signature → outcome.

    Attributes:
        paths: What varies and is asked for.
        lists: Those of them that hold a list in some record.
    """

    def __init__(
        self,
        names: tuple[str, ...],
        columns: list[Column],
        fields: tuple[str, ...],
        scan: Scan | None,
        full: Callable[[tuple[int, ...]], Outcome],
    ) -> None:
        self.names = frozenset(names)
        self.fields = fields
        self.columns = columns
        self.full = full
        self.scan = scan
        self.scanned = scan is not None and any("@entities" in column.inputs for column in columns)
        self.groups: dict[tuple[str, ...], Group] = {}
        self.fixed: dict[int, int] = {}
        self.lists: set[str] = set()
        for number, column in enumerate(columns):
            self._place(number, column)
        paths = [path for given in self.groups for path in _paths(given)]
        self.paths = tuple(dict.fromkeys([*paths, *(path for path in fields if self._varies(path))]))

    def _place(self, number: int, column: Column) -> None:
        """Put a column into the group of those that see the same."""
        needed = None if column.needs is None else column.inputs[column.needs]
        varying = tuple(each for each in column.inputs if self._varies(each))
        if not varying or (needed is not None and needed not in varying):
            values = [UNKNOWN if each == "@entities" and not self.scanned else MISSING for each in column.inputs]
            self.fixed[number] = column.mask_of_nothing() if needed is not None else column.mask(*values)
        else:
            self.groups.setdefault(varying, Group(varying)).columns.append((number, column))

    def _varies(self, given: str) -> bool:
        return self.scanned if given == "@entities" else given.split(".")[0].removesuffix("?") in self.names

    def row(self, record: dict[str, Any]) -> Row:
        """Return what tells the values of a record from those of others."""
        values = [found(record, path) for path in self.paths]
        self.lists.update(path for path, there in zip(self.paths, values, strict=True) if there.__class__ is list)
        return tuple([
            None if path in _EVER_NEW else trace(there) for path, there in zip(self.paths, values, strict=True)
        ])  # fmt: skip

    def function(self, rows: Sequence[Row]) -> Fast:
        """Return the function: record → the same as the general one, or None: let that one judge it.

        Args:
            rows: Of some records in a row; they say which values recur together.
        """
        bundles = chosen(self.paths, rows, [_paths(given) for given in self.groups if len(given) > 1])
        return _Writer(self, [Bundle(paths) for paths in bundles]).function()


_EVER_NEW = ("timestamp", "record_id")


class _Writer(Statements):
    def __init__(self, shape: Shape, bundles: list[Bundle]) -> None:
        import orjson

        constants: dict[str, Any] = {
            "MISSING": MISSING, "UNKNOWN": UNKNOWN, "EMPTY": [], "scan": shape.scan, "entities": entities,
            "moment": moment, "dumps": orjson.dumps, "presence": presence, "found": found, "outcomes": {},
            "new": self.outcome, "str": str, "dict": dict, "list": list, "len": len, "tuple": tuple,
        }  # fmt: skip
        super().__init__(constants, scanned=shape.scanned)
        self.shape = shape
        self.bundles = bundles
        self.locals = {path: f"v{number}" for number, path in enumerate(shape.paths)}
        together = [each for given in shape.groups if len(given) > 1 for each in given]
        self.shared = {local for path, local in self.locals.items() if path in together}
        self.groups = {given: (f"n{number}", group) for number, (given, group) in enumerate(shape.groups.items())}
        # Of each group the bundle that holds all it asks for, or all but what the detectors find or is mostly left
        # unread: then the bundle has the answer for records where they find nothing, and it is left unread.
        self.home = {given: _home(given, group, bundles) for given, (_, group) in self.groups.items()}
        self.partly = {
            given for given, (_, group) in self.groups.items() if "@entities" in given or spared(given, group)
        }
        self.order: list[tuple[str, ...]] = []
        self.inside = [
            [given for given, home in self.home.items() if home is each and given not in self.partly]
            for each in bundles
        ]

    def function(self) -> Fast:
        shape, locals_ = self.shape, self.locals
        known = [self.known(number, bundle) for number, bundle in enumerate(self.bundles)]
        before, self.lines, self.keyed, self.timed = self.lines, [], set(), set()
        self.write(0, "def judge(record):")
        self.raw = {path for bundle in self.bundles for path in bundle.paths}
        self.members("record", "", list(shape.paths))
        self.raw = set()
        for number, bundle in enumerate(self.bundles):
            self.recurring(number, bundle, known[number])
        left = {given: each for given, each in self.groups.items() if self.home[given] is None}
        again = {given: each for given, each in self.groups.items() if given in self.partly and given not in left}
        if self.scanned:
            self.detect()
        else:
            self.write(1, "hits = EMPTY; e = ke = MISSING")
        self.look_up(left)
        for given, (local, group) in again.items():
            self.joint(local, given, group, part=AFTER)
        self.order = [*left, *again]
        key = [f"b{number}" for number in range(len(self.bundles))] + [self.groups[given][0] for given in self.order]
        self.write(1, f"outcome = outcomes.get(key := ({''.join(f'{each}, ' for each in key)}))")
        self.write(1, "if outcome is None: outcome = new(key)")
        values = ", ".join(f"{self.constant(path)}: {locals_.get(path, 'MISSING')}" for path in shape.fields)
        when = locals_.get("timestamp")
        if shape.fields and f"t{when}" in self.timed:
            values += f", {self.constant(WHEN)}: t{when}"
        self.write(1, f"return outcome, hits, {{{values}}}")
        self.lines = [*before, *self.lines]
        namespace = self.compiled("<shape>")
        for number, bundle in enumerate(self.bundles):
            bundle.work = namespace[f"known{number}"]
        judge: Fast = namespace["judge"]
        return judge

    def look_up(self, groups: dict[tuple[str, ...], tuple[str, Group]], part: str = "") -> None:
        """Look up what is said of single values, and then of several together."""
        for given, (number, group) in groups.items():
            if len(given) == 1 and given[0] in self.locals:
                self.single(number, self.locals[given[0]], group)
        for given, (number, group) in groups.items():
            if len(given) != 1 or given[0] not in self.locals:
                self.joint(number, given, group, part=part)

    def outcome(self, key: tuple[int, ...]) -> Outcome:
        """Return the outcome of a signature of this shape."""
        masks = dict(self.shape.fixed)
        numbers = dict(zip(self.order, key[len(self.bundles) :], strict=True))
        for bundle, inside, number in zip(self.bundles, self.inside, key, strict=False):
            numbers.update(zip(inside, bundle.masks[number], strict=True))
        for given, number in numbers.items():
            group = self.groups[given][1]
            for (column, _), mask in zip(group.columns, group.masks[number], strict=True):
                masks[column] = mask
        known: dict[tuple[int, ...], Outcome] = self.constants["outcomes"]
        if len(known) >= MOST_KEPT:
            known.clear()
        outcome = known[key] = self.shape.full(tuple(masks[number] for number in range(len(self.shape.columns))))
        return outcome

    # --- bundles ------------------------------------------------------------------------------

    def known(self, number: int, bundle: Bundle) -> list[str]:
        """Write the function that works out what is known of the values of a bundle, and return what it gives."""
        self.keyed, self.timed = set(), set()
        given_locals = [self.locals[path] for path in bundle.paths]
        self.write(0, f"def known{number}({', '.join(given_locals)}):")
        for path in bundle.paths:
            self.spoken(self.locals[path], path, 1)
        self.write(1, "hits = EMPTY; e = ke = MISSING")
        mine = {given: each for given, each in self.groups.items() if self.home[given] is bundle}
        self.look_up(mine, BEFORE)
        gives = [self.groups[given][0] for given in mine if given in self.partly]
        for given, (_, group) in self.groups.items():
            if given not in self.inside[number] and (len(given) > 1 or "@entities" in given):
                gives += self.prepared(given, group, bundle.paths)
        gives += [self.locals[path] for path in bundle.paths if path in SYNONYMS and path in self.shape.fields]
        gives = [each for each in dict.fromkeys(gives) if each not in given_locals or self.replaced(each)]
        inside = "".join(f"{self.groups[given][0]}, " for given in self.inside[number])
        self.write(1, f"n = {self.constant(bundle.number)}(({inside}))")
        self.write(1, f"return {', '.join(['n', *gives])}")
        return gives

    def replaced(self, local: str) -> bool:
        """Whether a local holds something else than the record does."""
        return any(self.locals.get(path) == local for path in SYNONYMS)

    def recurring(self, number: int, bundle: Bundle, gives: list[str]) -> None:
        """Look up what is known of the values of a bundle."""
        values = [self.locals[path] for path in bundle.paths]
        keys = [
            f"dumps({local}) if {local}.__class__ is list else {local}" if path in self.shape.lists else local
            for path, local in zip(bundle.paths, values, strict=True)
        ]
        self.write(1, f"try: known = {self.constant(bundle.table.get)}(k := ({', '.join(keys)},))")
        self.write(1, "except TypeError: k = known = None")  # something that cannot be a key
        self.write(1, "if known is None:")
        self.write(2, f"known = {self.constant(bundle.learn)}(k, {', '.join(values)})")
        self.write(2, "if known is None: return None")
        self.write(1, f"{', '.join([f'b{number}', *gives])} = known")
        self.keyed.update(gives)
        self.timed.update(gives)

    # --- detectors ----------------------------------------------------------------------------

    def detect(self) -> None:
        """Ask the detectors: first whether there can be anything in the bytes of what they look at."""
        scan = self.shape.scan
        assert scan is not None
        scanner = getattr(scan, "__self__", None)
        blocks = getattr(scanner, "blocks", None)
        if blocks is None:
            self.write(1, "hits = scan(record)")
        else:
            looked = [self.block(path) for path in blocks if path[0] in self.shape.names]
            self.constants |= {"may_hit": scanner.asker(), "scan_for": scanner.scan_for}  # type: ignore[union-attr]
            self.write(1, f"try: may = may_hit(dumps(({''.join(f'{each}, ' for each in looked)})))")
            self.write(1, "except TypeError: hits = scan(record)")  # no JSON, such as a huge number
            self.write(1, "else: hits = scan_for(record, may) if may or may is None else EMPTY")
        self.write(1, "e = entities(hits) if hits else MISSING")
        self.write(1, "ke = tuple(e) if hits else MISSING")

    def block(self, path: tuple[str, ...]) -> str:
        """The local that holds a scanned value, None where there is none."""
        local = "record"
        for depth, name in enumerate(path):
            above, local = local, f"s{len(self.lines)}"
            is_object = f" if {above}.__class__ is dict else None" if depth else ""
            self.write(1, f"{local} = {above}.get({self.constant(name)}){is_object}")
        return local


def _paths(given: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(each.removesuffix("?") for each in given if each != "@entities")


def _home(given: tuple[str, ...], group: Group, bundles: list[Bundle]) -> Bundle | None:
    unread = spared(given, group) or ("", "")
    if unread[0] and "@entities" in given:
        return None
    paths = {path for path in _paths(given) if path != unread[0]}
    return next((each for each in bundles if paths and paths <= set(each.paths)), None)
