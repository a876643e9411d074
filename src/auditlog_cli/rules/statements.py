"""The statements of a shape's function that read values and look up what is said of them (`shapes`)."""

from __future__ import annotations

from typing import Any, Final

from auditlog_cli.fields import MISSING, NOTHING_SAID
from auditlog_cli.rules.lookups import Group, Moments, Spell
from auditlog_cli.rules.source import Source
from auditlog_cli.rules.values import SYNONYMS, UNKNOWN

BEFORE, AFTER = "before", "after"
_EARLY, _LATE = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
LONGEST_NOTHING: Final = max(map(len, NOTHING_SAID))
_SOMETHING: Final = {"a": 1, "b": 2}
_PRESENCE: Final = {"exists", "missing", "kind"}
_OF_TIME: Final = {*_PRESENCE, "not_rfc3339", "older_than"}


class Statements(Source):
    """Writes statements, and keeps their constants.

    Attributes:
        locals: Path → the local that holds its value.
        shared: Those of these locals of which something is asked together with others.
        keyed, timed: Further locals that hold something by now: keys, presences; instants.
        scanned: Whether the detectors are asked.
        raw: Paths whose values are left as they stand.
    """

    def __init__(self, constants: dict[str, Any], *, scanned: bool) -> None:
        super().__init__(constants)
        self.locals: dict[str, str] = {}
        self.shared: set[str] = set()
        self.keyed: set[str] = set()
        self.timed: set[str] = set()
        self.scanned = scanned
        self.raw: set[str] = set()

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
            if path in self.locals and path not in self.raw:
                self.spoken(local, path, depth)
            if deeper:
                self.write(depth, f"if {local}.__class__ is dict and '_redacted' not in {local}:")
                self.members(local, f"{path}.", deeper, depth + 1)
                self.write(depth, "else:")  # a list, nothing, or something withheld: the slow way
                for each in deeper:
                    there = self.locals[each]
                    self.write(depth + 1, f"{there} = found(record, {self.constant(each)})")
                    self.write(depth + 1, f"if {there} is UNKNOWN: return None")
                    if each not in self.raw:
                        self.spoken(there, each, depth + 1)

    def spoken(self, local: str, path: str, depth: int) -> None:
        """Replace words that mean the same."""
        words = SYNONYMS.get(path)
        if words is not None:
            name = self.constant(words)
            self.write(depth, f"if {local}.__class__ is str: {local} = {name}.get({local}.casefold(), {local})")
            self.write(depth, f"elif {local} is not MISSING: return None")

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

    def joint(self, number: str, given: tuple[str, ...], group: Group, *, part: str = "") -> None:
        """Look up what is said of several values together.

        Args:
            number: The local for the number of what is said.
            given: What varies.
            group: Who says it.
            part: BEFORE: only without hits and, where something is left unread, only if that is allowed, else the
                number is None; AFTER: the rest of it. Else all of it.
        """
        timed = spared(given, group)
        values = ["MISSING" if part == BEFORE and timed and each == timed[0] else self.value(each) for each in given]
        slowly = f"{number} = {self.constant(group.number)}({', '.join(values)})"
        depth, read = 1, list(given)
        if ordered(group):
            one, other = self.time(values[0]), self.time(values[1])
            less, same, more = (group.number(*pair) for pair in ((_EARLY, _LATE), (_EARLY, _EARLY), (_LATE, _EARLY)))
            self.write(1, f"if {one} is None or {other} is None: {slowly}")
            self.write(1, f"else: {number} = {less} if {one} < {other} else {more} if {one} > {other} else {same}")
            return
        if timed is not None and part == AFTER:
            self.write(1, f"if {number} is None: {slowly}")
            return
        if timed is not None:
            read.remove(timed[0])
            without = f"{number} = None" if part == BEFORE else slowly
            self.write(1, f"if {self.time(self.value(timed[1]))} is None: {without}")
            self.write(1, "else:")
            depth = 2
        elif "timestamp" in given or "record_id" in given:
            self.write(1, slowly)
            return
        elif part == AFTER:
            self.write(1, "if hits:")
            depth = 2
        keys = [self.key_of(each, depth) for each in read]
        if keys == ["ke"]:
            self.write(1, f"if not hits: {number} = {group.number(MISSING if self.scanned else UNKNOWN)}")
            self.write(1, "else:")
            depth = 2
        self.write(depth, f"k = ({', '.join(keys)},)")
        self.write(depth, f"{number} = {self.constant(group.table.get)}(k)")
        self.write(depth, f"if {number} is None: {number} = {self.constant(group.keep)}(k, {', '.join(values)})")

    def prepared(self, given: tuple[str, ...], group: Group, here: tuple[str, ...]) -> list[str]:
        """Write what `joint` will need of the values that are at hand, and return the locals that hold it."""
        at_hand = [each for each in given if each.removesuffix("?") in here]
        values = [self.value(each) for each in at_hand]
        if ordered(group):
            return values + [self.time(each) for each in values]
        timed = spared(given, group)
        if timed is not None:
            at_hand = [each for each in at_hand if each != timed[0]]
            if len(at_hand) == len(given) - 1:
                return values  # the number is at hand
            values += [self.time(self.value(timed[1]))] if timed[1] in here else []
        elif "timestamp" in given or "record_id" in given:
            return values
        return values + [self.key_of(each, 1) for each in at_hand]

    def value(self, given: str) -> str:
        """The local that holds an input, whatever it is."""
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


def ordered(group: Group) -> bool:
    """Whether it asks only which of two times comes first."""
    return group.kinds() <= {"before", "after"}


def spared(given: tuple[str, ...], group: Group) -> tuple[str, str] | None:
    """What is not looked at where something else is a time, and that (`Column.unread`)."""
    unread = {column.unread for _, column in group.columns}
    pair = unread.pop() if len(unread) == 1 else None
    return pair if pair is not None and set(pair) <= set(given) else None
