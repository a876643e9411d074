"""Records of a frequent shape, judged by a function that is written for it (compliance.md, 13.2).

A log has few shapes: sets of members in the same order. What a rule asks of members that a shape does not have is
answered once, when the function is written. Of the values that are there:

    texts       one table for each path: text → number of what all tests of that path say
    lists       the same, under the bytes that orjson writes for them
    times       compared as numbers; for a text that is always new, such as `timestamp`, no table is asked
    ids         that nothing but their presence is asked of: nothing is looked up

The function gives up (None) wherever a value is not what it usually is, a hole for example, and then `generating`'s
judges the record. Both turn what they found into the same signature, so that they agree wherever both speak
(tests/rules/test_twins.py, test_shapes.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from auditlog_cli.fields import MISSING, NOTHING_SAID
from auditlog_cli.matching import found
from auditlog_cli.rules.columns import Column
from auditlog_cli.rules.lookups import MOST_KEPT, WHEN, Group, Moments, Said, Spell
from auditlog_cli.rules.program import Outcome
from auditlog_cli.rules.reading import Scan
from auditlog_cli.rules.values import SYNONYMS, UNKNOWN, moment, presence
from auditlog_cli.rules.virtual import entities

_EARLY, _LATE = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
LONGEST_NOTHING: Final = max(map(len, NOTHING_SAID))
_SOMETHING: Final = {"a": 1, "b": 2}
_PRESENCE: Final = {"exists", "missing", "kind"}
_OF_TIME: Final = {*_PRESENCE, "not_rfc3339", "older_than"}


def shaped(
    names: tuple[str, ...],
    columns: list[Column],
    fields: tuple[str, ...],
    scan: Scan | None,
    full: Callable[[tuple[int, ...]], Outcome],
) -> Callable[..., Said | None] | None:
    """Return the function for records with just these members.

    Args:
        names: Their names, in order.
        columns: What is asked.
        fields: Paths whose values are wanted.
        scan: The detectors.
        full: Signature → outcome.

    Returns:
        record → the same as the general function, or None: let that one judge it. None in place of a
        function where a name has a dot in it.
    """
    if any("." in name for name in names):
        return None
    return _Writer(names, columns, fields, scan, full).function()


class _Writer:
    def __init__(
        self,
        names: tuple[str, ...],
        columns: list[Column],
        fields: tuple[str, ...],
        scan: Scan | None,
        full: Callable[[tuple[int, ...]], Outcome],
    ) -> None:
        import orjson

        self.names = frozenset(names)
        self.fields = fields
        self.columns = columns
        self.full = full
        self.scan = scan
        self.constants: dict[str, Any] = {
            "MISSING": MISSING, "UNKNOWN": UNKNOWN, "EMPTY": [], "scan": scan, "entities": entities, "moment": moment,
            "dumps": orjson.dumps, "presence": presence, "found": found, "outcomes": {}, "new": self.outcome,
            "str": str, "dict": dict, "list": list, "len": len, "tuple": tuple,
        }  # fmt: skip
        self.lines: list[str] = []
        self.groups: dict[tuple[str, ...], Group] = {}
        self.fixed: dict[int, int] = {}
        self.scanned = scan is not None and any("@entities" in column.inputs for column in columns)
        for number, column in enumerate(columns):
            self.place(number, column)
        self.locals: dict[str, str] = {}
        self.shared: set[str] = set()
        self.keyed: set[str] = set()
        self.timed: set[str] = set()

    def place(self, number: int, column: Column) -> None:
        """Put a column into the group of those that see the same."""
        needed = None if column.needs is None else column.inputs[column.needs]
        varying = tuple(each for each in column.inputs if self.varies(each))
        if not varying or (needed is not None and needed not in varying):
            values = [UNKNOWN if each == "@entities" and not self.scanned else MISSING for each in column.inputs]
            self.fixed[number] = column.mask_of_nothing() if needed is not None else column.mask(*values)
        else:
            self.groups.setdefault(varying, Group(varying)).columns.append((number, column))

    def varies(self, given: str) -> bool:
        return self.scanned if given == "@entities" else given.split(".")[0].removesuffix("?") in self.names

    # --- the text of the function -------------------------------------------------------------

    def constant(self, value: Any) -> str:
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return name

    def write(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def function(self) -> Callable[..., Said | None]:
        paths = [each.removesuffix("?") for group in self.groups for each in group if not each.startswith("@")]
        paths = list(dict.fromkeys([*paths, *(path for path in self.fields if self.varies(path))]))
        self.locals = {path: f"v{number}" for number, path in enumerate(paths)}
        self.write(0, "def judge(record):")
        together = [each for group in self.groups if len(group) > 1 for each in group]
        self.shared = {local for path, local in self.locals.items() if path in together}
        self.members("record", "", paths)
        numbers = [f"n{number}" for number in range(len(self.groups))]
        for number, (given, group) in enumerate(self.groups.items()):
            if len(given) == 1 and given[0] in self.locals:
                self.single(numbers[number], self.locals[given[0]], group)
        if self.scanned:
            self.detect()
        else:
            self.write(1, "hits = EMPTY; e = ke = MISSING")
        for number, (given, group) in enumerate(self.groups.items()):
            if len(given) != 1 or given[0] not in self.locals:
                self.joint(numbers[number], given, group)
        self.write(1, f"key = ({''.join(f'{each}, ' for each in numbers)})")
        self.write(1, "outcome = outcomes.get(key)")
        self.write(1, "if outcome is None: outcome = new(key)")
        values = ", ".join(f"{self.constant(path)}: {self.locals.get(path, 'MISSING')}" for path in self.fields)
        when = self.locals.get("timestamp")
        if self.fields and f"t{when}" in self.timed:
            values += f", {self.constant(WHEN)}: t{when}"
        self.write(1, f"return outcome, hits, {{{values}}}")
        namespace = dict(self.constants)
        exec(compile("\n".join(self.lines), "<shape>", "exec"), namespace)  # noqa: S102 - identifiers of ours only
        judge: Callable[..., Said | None] = namespace["judge"]
        return judge

    def outcome(self, key: tuple[int, ...]) -> Outcome:
        """Return the outcome of a signature of this shape."""
        masks = dict(self.fixed)
        for number, group in zip(key, self.groups.values(), strict=True):
            for (column, _), mask in zip(group.columns, group.masks[number], strict=True):
                masks[column] = mask
        known: dict[tuple[int, ...], Outcome] = self.constants["outcomes"]
        if len(known) >= MOST_KEPT:
            known.clear()
        outcome = known[key] = self.full(tuple(masks[number] for number in range(len(self.columns))))
        return outcome

    def members(self, holder: str, above: str, paths: list[str], depth: int = 1) -> None:
        """Read the members of the local `holder`, which is an object, and what is wanted below them."""
        below: dict[str, list[str]] = {}
        for path in paths:
            if path.startswith(above):
                name, _, rest = path[len(above) :].partition(".")
                below.setdefault(name, []).extend([path] if rest else [])
        for name, deeper in below.items():
            path = above + name
            local = self.locals.get(path) or f"b{len(self.lines)}"
            here = self.constant(name)
            self.write(depth, f"{local} = {holder}.get({here}, MISSING)" if above else f"{local} = {holder}[{here}]")
            if path in self.locals:
                self.spoken(local, path, depth)
            if deeper:
                self.write(depth, f"if {local}.__class__ is dict and '_redacted' not in {local}:")
                self.members(local, f"{path}.", deeper, depth + 1)
                self.write(depth, "else:")  # a list, nothing, or something withheld: the slow way
                for each in deeper:
                    there = self.locals[each]
                    self.write(depth + 1, f"{there} = found(record, {self.constant(each)})")
                    self.write(depth + 1, f"if {there} is UNKNOWN: return None")
                    self.spoken(there, each, depth + 1)

    def spoken(self, local: str, path: str, depth: int) -> None:
        """Replace words that mean the same."""
        words = SYNONYMS.get(path)
        if words is not None:
            name = self.constant(words)
            self.write(depth, f"if {local}.__class__ is str: {local} = {name}.get({local}.casefold(), {local})")
            self.write(depth, f"elif {local} is not MISSING: return None")

    def detect(self) -> None:
        """Ask the detectors: first whether there can be anything in the bytes of what they look at."""
        assert self.scan is not None
        scanner = getattr(self.scan, "__self__", None)
        blocks = getattr(scanner, "blocks", None)
        if blocks is None:
            self.write(1, "hits = scan(record)")
        else:
            looked = [self.block(path) for path in blocks if path[0] in self.names]
            self.constants["may_hit"] = scanner.asker()  # type: ignore[union-attr]
            self.write(1, f"try: hits = scan(record, looked=True) if may_hit(dumps(({''.join(f'{each}, ' for each in looked)}))) else EMPTY")  # fmt: skip # noqa: E501
            self.write(1, "except TypeError: hits = scan(record)")  # no JSON, such as a huge number
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

    def single(self, number: str, local: str, group: Group) -> None:
        """Look up what is said of one value."""
        slowly = f"{number} = {self.constant(group.number)}({local})"
        nothing = f"elif {local} is MISSING: k{local} = MISSING; {number} = {group.number(MISSING)}"
        kinds = group.kinds()
        table, keep = self.constant(group.table.get), self.constant(group.keep)
        if kinds <= _OF_TIME and not kinds <= _PRESENCE:
            self.time(local)
        shared = not kinds <= _OF_TIME and local in self.shared
        self.write(1, f"if {local}.__class__ is str:")
        if shared:
            self.keyed.add(f"k{local}")
            self.write(2, f"k{local} = {local}")
        if kinds <= _PRESENCE:
            # Longer than all of fields.NOTHING_SAID, whose lower case no longer text can become.
            self.write(2, f"if len({local}.strip()) > {LONGEST_NOTHING}: {number} = {group.number('something')}")
            self.write(2, "else:")
            self.write(3, f"{number} = {table}({local})")
            self.write(3, f"if {number} is None: {number} = {keep}({local}, {local})")
        elif kinds <= _OF_TIME:
            spell = self.constant(Spell(group))
            when = self.time(local)
            self.write(2, f"if {when} is None: {slowly}")
            self.write(2, f"elif {spell}.begin <= {when} <= {spell}.end: {number} = {spell}.number")
            self.write(2, f"else: {number} = {spell}.at({local}, {when})")
        else:
            self.write(2, f"{number} = {table}({local})")
            self.write(2, f"if {number} is None: {number} = {keep}({local}, {local})")
        self.write(1, nothing)
        if kinds <= _PRESENCE:
            self.write(1, f"elif {local} is None: {number} = {group.number(None)}")
            some = (
                f"({local}.__class__ is dict or {local}.__class__ is list) and {local} and '_redacted' not in {local}"
            )
            self.write(1, f"elif {some}: {number} = {group.number(_SOMETHING)}")
            self.write(1, f"else: {slowly}")
            return
        self.write(1, "else:")
        key = self.key(local, 2)
        self.write(2, f"{number} = {table}({key})")
        self.write(2, f"if {number} is None: {number} = {keep}({key}, {local})")

    def joint(self, number: str, given: tuple[str, ...], group: Group) -> None:
        """Look up what is said of several values together."""
        values = [self.value(each) for each in given]
        slowly = f"{number} = {self.constant(group.number)}({', '.join(values)})"
        if group.kinds() <= {"before", "after"}:
            one, other = self.time(values[0]), self.time(values[1])
            less, same, more = (group.number(*pair) for pair in ((_EARLY, _LATE), (_EARLY, _EARLY), (_LATE, _EARLY)))
            self.write(1, f"if {one} is None or {other} is None: {slowly}")
            self.write(1, f"else: {number} = {less} if {one} < {other} else {more} if {one} > {other} else {same}")
            return
        unread = {column.unread for _, column in group.columns}
        depth, read = 1, list(given)
        if len(unread) == 1 and (pair := unread.pop()) is not None and set(pair) <= set(given):
            read.remove(pair[0])
            self.write(1, f"if {self.time(self.value(pair[1]))} is None: {slowly}")
            self.write(1, "else:")
            depth = 2
        elif "timestamp" in given or "record_id" in given:
            self.write(1, slowly)
            return
        keys = [self.key_of(each, depth) for each in read]
        if keys == ["ke"]:
            self.write(1, f"if not hits: {number} = {group.number(MISSING if self.scanned else UNKNOWN)}")
            self.write(1, "else:")
            depth = 2
        self.write(depth, f"k = ({', '.join(keys)},)")
        self.write(depth, f"{number} = {self.constant(group.table.get)}(k)")
        self.write(depth, f"if {number} is None: {number} = {self.constant(group.keep)}(k, {', '.join(values)})")

    def value(self, given: str) -> str:
        if given == "@entities":
            return "e"
        local = self.locals[given.removesuffix("?")]
        if not given.endswith("?"):
            return local
        if f"p{local}" not in self.keyed:
            self.keyed.add(f"p{local}")
            self.write(1, f"p{local} = MISSING if {local} is MISSING else presence({local})")
            self.write(1, f"if p{local}.__class__ is dict: return None")
        return f"p{local}"

    def key_of(self, given: str, depth: int) -> str:
        """The local that stands for a value, whatever it is, in a key."""
        if given == "@entities":
            return "ke"
        value = self.value(given)
        if given.endswith("?") or f"k{value}" in self.keyed:
            return value if given.endswith("?") else f"k{value}"
        if depth == 1:
            self.keyed.add(f"k{value}")
        self.write(depth, f"if {value}.__class__ is str or {value} is MISSING: k{value} = {value}")
        self.write(depth, "else:")
        return self.key(value, depth + 1)

    def key(self, local: str, depth: int) -> str:
        """The local that stands for a list, an object, a number or null in a key: its bytes."""
        self.write(depth, f"try: k{local} = dumps({local})")
        self.write(depth, "except TypeError: return None")
        return f"k{local}"

    def time(self, local: str) -> str:
        """The local that holds the instant of a text, or None."""
        if f"t{local}" not in self.timed:
            self.timed.add(f"t{local}")
            if local == self.locals.get("timestamp"):
                self.write(1, f"t{local} = moment({local})")
            else:  # a time that stands in many records
                known = self.constant(Moments())
                self.write(1, f"try: t{local} = {known}[{local}]")
                self.write(1, f"except TypeError: t{local} = None")
        return f"t{local}"
