"""All record logics as one generated Python function (compliance.md, 13.2). Its slow twin is `interpreting`.

What it does, for one record:

    1. Every path is read once into a local.
    2. Every value is looked up in a table of values met before: what stands there is a *mask*, two bits for each
       test of that value (certainly true; perhaps true). A value met for the first time is tested.
    3. The masks together are the *signature* of the record: everything the rules can see of it. Signatures met
       before have their outcome in a table, too; for a new one the conditions are computed from the masks.

Few records of a log have a new signature, so selections are hardly ever computed, let alone conditions: there is
nothing to be gained by an order of their costs, as 13.2 plans it (bench/rules.py). All tables are bounded and are
thrown away when they are full: a log made to have only new values is judged more slowly, not wrongly.

The source is made from the parsed trees only: identifiers are ours, values go in through a table of constants,
and no text of a pack reaches `compile`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from auditlog_cli.fields import MISSING, is_hole
from auditlog_cli.matching import found
from auditlog_cli.rules.columns import Column, Places, columns_of
from auditlog_cli.rules.deciding import decider
from auditlog_cli.rules.lookups import Judge, by_shape
from auditlog_cli.rules.program import Outcome, Program
from auditlog_cli.rules.reading import Scan
from auditlog_cli.rules.shapes import Shape
from auditlog_cli.rules.site import Site
from auditlog_cli.rules.source import Source
from auditlog_cli.rules.values import SYNONYMS, UNKNOWN, presence, spoken
from auditlog_cli.rules.virtual import entities

MOST_SIGNATURES: Final = 65_536


def generate(program: Program, site: Site, scan: Scan | None) -> Judge:
    """Return the function that evaluates `program` for one record.

    Args:
        program: The logics.
        site: The facts of the site.
        scan: Finds personal data and secrets in a record; None: `@entities` is unknown.
    """
    columns, places = columns_of(program, site)
    decide = _noting(program, decider(program, columns, places), places, site)
    outcomes: dict[tuple[int, ...], Outcome] = {}
    general = _Writer(columns, decide, scan, program.fields, outcomes).function()

    def full(key: tuple[int, ...]) -> Outcome:
        return outcomes.get(key) or _remember(outcomes, key, decide)

    return by_shape(general, lambda names: Shape(names, columns, program.fields, scan, full))


def _noting(
    program: Program, decide: Callable[..., Outcome], places: Places, site: Site
) -> Callable[[tuple[int, ...]], Outcome]:
    """The decider, with what the signature says besides: `states` and `verdicts` of the outcome."""
    noted = [(path, word) for path in program.fields for word in ("text", "absent")]
    noted += [("timestamp", "timed")] if program.streams else []
    verdicts = [(number, verdict) for number in program.pure(site) for verdict in ("fires", "judged", "withheld")]

    def holds(key: tuple[int, ...], name: str) -> bool:
        column, number = places[name]
        return bool(key[column] & 1 << 2 * number)

    def noting(key: tuple[int, ...]) -> Outcome:
        outcome = decide(key)
        outcome.states = dict.fromkeys(program.fields, "")
        outcome.states.update((path, word) for path, word in noted if holds(key, f"{path} {word}"))
        outcome.verdicts = {number: "" for number, _ in verdicts}
        outcome.verdicts.update(
            (number, verdict) for number, verdict in verdicts if holds(key, f"check {number} {verdict}")
        )
        return outcome

    return noting


class _Node:
    """A member of the record that is read, and the members below it."""

    __slots__ = ("below", "leaf", "path")

    def __init__(self, path: tuple[str, ...]) -> None:
        self.path = path
        self.below: dict[str, _Node] = {}
        self.leaf = False


class _Writer(Source):
    """Writes the source of the function, and keeps its constants."""

    def __init__(
        self,
        columns: list[Column],
        decide: Callable[..., Outcome],
        scan: Scan | None,
        fields: tuple[str, ...],
        outcomes: dict[tuple[int, ...], Outcome],
    ) -> None:
        self.columns = columns
        self.fields = fields
        super().__init__({
            "MISSING": MISSING, "is_hole": is_hole, "found": found, "presence": presence, "spoken": spoken,
            "shapes": {}, "shape": _has_dots, "decide": decide, "outcomes": outcomes, "new": _remember, "EMPTY": [],
            "scan": scan, "entities": entities, "UNKNOWN": UNKNOWN, "str": str, "dict": dict, "list": list,
            "len": len, "tuple": tuple,
        })  # fmt: skip
        self.scan = scan
        # Columns over one path are looked up where the path is read; the others once all values are there.
        self.simple: dict[str, list[int]] = {}
        self.joint: list[int] = []
        self.needed: dict[str, str] = {}
        self.present: set[str] = set()
        for number, column in enumerate(columns):
            path = column.inputs[0] if len(column.inputs) == 1 else ""
            if path and not path.startswith("@") and not path.endswith("?"):
                self.simple.setdefault(path, []).append(number)
            else:
                self.joint.append(number)
                for each in column.inputs:
                    if not each.startswith("@"):
                        self.needed.setdefault(each.removesuffix("?"), "")
        self.kept = {*self.needed, *fields}  # wanted further down, so they must have a value on every way
        for number, path in enumerate([*dict.fromkeys([*self.simple, *self.needed, *fields])]):
            self.needed[path] = f"v{number}"

    def function(self) -> Judge:
        root = _Node(())
        for path in self.needed:
            node = root
            for name in path.split("."):
                node = node.below.setdefault(name, _Node((*node.path, name)))
            node.leaf = True
        self.write(0, "def judge(record):")
        self.write(1, "plain = shapes.get(tuple(record))")
        self.write(1, "if plain is None: plain = shape(shapes, record)")
        self.members(root, "record", 1)
        self.detect()
        for number in self.joint:
            self.join(number)
        self.write(1, f"key = ({''.join(f'm{number}, ' for number in range(len(self.columns)))})")
        self.write(1, "outcome = outcomes.get(key)")
        self.write(1, "if outcome is None: outcome = new(outcomes, key, decide)")
        values = ", ".join(f"{self.constant(path)}: {self.needed[path]}" for path in self.fields)
        self.write(1, f"return outcome, hits, {{{values}}}")
        judge: Judge = self.compiled("<rules>")["judge"]
        return judge

    # --- paths --------------------------------------------------------------------------------

    def members(self, node: _Node, holder: str, depth: int) -> None:
        """Read the members below a node whose value, a mapping that is no hole, is in the local `holder`."""
        for name, child in node.below.items():
            local = self.needed[".".join(child.path)] if child.leaf else f"b{len(self.lines)}"
            self.write(depth, f"{local} = {holder}.get({self.constant(name)}, MISSING)")
            if child.leaf:
                self.leaf(child, local, depth)
            if child.below:
                self.write(depth, f"if {local}.__class__ is dict and (len({local}) != 1 or not is_hole({local})):")
                self.members(child, local, depth + 1)
                # A member may have dots in its own name, so an absent one has to be looked for under the longer
                # name, too, unless no member of the record is named so.
                if len(child.path) == 1:
                    self.write(depth, f"elif {local} is MISSING and plain:")
                    self.absent(child, depth + 1)
                else:
                    self.write(depth, f"elif {local} is MISSING:")
                    self.dotted(child, holder, depth + 1)
                self.write(depth, "else:")
                self.slowly(child, depth + 1)

    def leaf(self, node: _Node, local: str, depth: int) -> None:
        path = ".".join(node.path)
        words = SYNONYMS.get(path)
        if words is not None:
            name = self.constant(words)
            self.write(depth, f"if {local}.__class__ is str: {local} = {name}.get({local}.casefold(), {local})")
            self.write(depth, f"elif {local} is not MISSING: {local} = spoken({local}, {name})")
        columns = self.simple.get(path, ())
        if not columns:
            return
        self.write(depth, f"if {local}.__class__ is str:")
        for number in columns:
            column = self.columns[number]
            if column.recurs:
                self.write(depth + 1, f"m{number} = {self.constant(column.table.get)}({local})")
                self.write(depth + 1, f"if m{number} is None: m{number} = {self.constant(column.text)}({local})")
            else:
                self.write(depth + 1, f"m{number} = {self.constant(column.mask)}({local})")
        self.write(depth, f"elif {local} is MISSING: " + self.nothing(columns))
        if all(self.columns[number].presence for number in columns):
            there = "; ".join(f"m{number} = {self.columns[number].mask(True)}" for number in columns)
            some = f"({local}.__class__ is dict or {local}.__class__ is list) and {local}"
            self.write(depth, f"elif {some} and (len({local}) != 1 or not is_hole({local})): {there}")
        self.write(depth, "else:")
        for number in columns:
            self.write(depth + 1, f"m{number} = {self.constant(self.columns[number].joint)}({local})")

    def nothing(self, columns: Any) -> str:
        return "; ".join(f"m{number} = {self.columns[number].mask_of_nothing()}" for number in columns)

    def absent(self, node: _Node, depth: int) -> None:
        """All below a node is missing."""
        for leaf in _leaves(node):
            path = ".".join(leaf.path)
            if path in self.kept:
                self.write(depth, f"{self.needed[path]} = MISSING")
            if path in self.simple:
                self.write(depth, self.nothing(self.simple[path]))
        self.write(depth, "pass")

    def dotted(self, node: _Node, holder: str, depth: int) -> None:
        """All below a node is missing, unless the member `holder` has a member with dots in its name."""
        for leaf in _leaves(node):
            local = self.needed[".".join(leaf.path)]
            name = ".".join(leaf.path[len(node.path) - 1 :])
            self.write(depth, f"{local} = {holder}.get({self.constant(name)}, MISSING)")
            self.leaf(leaf, local, depth)

    def slowly(self, node: _Node, depth: int) -> None:
        """All below a node is read the slow way: it is a list, a hole, or a name may have dots in it."""
        for leaf in _leaves(node):
            path = ".".join(leaf.path)
            local = self.needed[path]
            self.write(depth, f"{local} = found(record, {self.constant(path)})")
            words = SYNONYMS.get(path)
            if words is not None:
                self.write(depth, f"{local} = spoken({local}, {self.constant(words)})")
            for number in self.simple.get(path, ()):
                self.write(depth, f"m{number} = {self.constant(self.columns[number].mask)}({local})")

    # --- columns over several values ----------------------------------------------------------

    def detect(self) -> None:
        asked = any("@entities" in self.columns[number].inputs for number in self.joint)
        if not asked or self.scan is None:
            self.write(1, "hits = EMPTY; e = UNKNOWN")
            return
        self.write(1, "hits = scan(record)")
        self.write(1, "e = entities(hits) if hits else MISSING")

    def join(self, number: int) -> None:
        column = self.columns[number]
        given = [self.argument(each) for each in column.inputs]
        depth = 1
        if column.needs is not None:
            # MISSING as the value of an input that the field needs: undefined, as if there were nothing at all.
            self.write(1, f"if {given[column.needs]} is MISSING: m{number} = {column.mask_of_nothing()}")
            self.write(1, "else:")
            depth = 2
        arguments = ", ".join(given)
        if not column.recurs:
            self.write(depth, f"m{number} = {self.constant(column.mask)}({arguments})")
            return
        key = ", ".join(f"(tuple({each}) if {each}.__class__ is list else {each})" for each in given)
        self.write(depth, f"try: m{number} = {self.constant(column.table.get)}(({key},))")
        self.write(depth, f"except TypeError: m{number} = None")  # an object in a list is no key
        self.write(depth, f"if m{number} is None: m{number} = {self.constant(column.joint)}({arguments})")

    def argument(self, given: str) -> str:
        if given == "@entities":
            return "e"
        local = self.needed[given.removesuffix("?")]
        if not given.endswith("?"):
            return local
        if f"p{local}" not in self.present:
            self.present.add(f"p{local}")
            self.write(1, f"p{local} = MISSING if {local} is MISSING else presence({local})")
        return f"p{local}"


def _leaves(node: _Node) -> list[_Node]:
    return [leaf for child in node.below.values() for leaf in ([child] if child.leaf else []) + _leaves(child)]


def _has_dots(shapes: dict[tuple[str, ...], bool], record: dict[str, Any]) -> bool:
    """Whether no member name of the record, at its top, has a dot in it; remembered for records of one shape."""
    plain = not any("." in name for name in record)
    if len(shapes) >= 1024:
        shapes.clear()
    if len(record) <= 64:
        shapes[tuple(record)] = plain
    return plain


def _remember(
    outcomes: dict[tuple[int, ...], Outcome], key: tuple[int, ...], decide: Callable[..., Outcome]
) -> Outcome:
    if len(outcomes) >= MOST_SIGNATURES:
        outcomes.clear()
    outcome = outcomes[key] = decide(key)
    return outcome
