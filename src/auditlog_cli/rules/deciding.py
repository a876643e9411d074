"""The conditions as generated code: from the masks of a record to what the logics say (compliance.md, 13.2).

Three-valued logic as two two-valued ones: each selection and condition has an expression for "certainly" and one
for "perhaps" (true or unknown). `and` and `or` are themselves in both; `not` swaps them.
"""

from __future__ import annotations

from collections.abc import Callable

from auditlog_cli.rules.columns import Column, Places
from auditlog_cli.rules.conditions import And, Name, Not, Tree
from auditlog_cli.rules.program import EVERYBODY, Logic, Outcome, Program
from auditlog_cli.rules.selections import Selection
from auditlog_cli.rules.source import Source


def decider(program: Program, columns: list[Column], places: Places) -> Callable[[tuple[int, ...]], Outcome]:
    """Return the function that turns a signature (the masks of all columns) into an outcome."""
    return _Writer(program, columns, places).function()


class _Writer(Source):
    def __init__(self, program: Program, columns: list[Column], places: Places) -> None:
        self.program = program
        self.columns = columns
        self.places = places
        super().__init__({"Outcome": Outcome, "frozenset": frozenset, "tuple": tuple})
        self.locals: dict[tuple[str, ...], str] = {}

    def function(self) -> Callable[[tuple[int, ...]], Outcome]:
        write = self.lines.append
        write("def decide(key):")
        if self.columns:
            write(f"    ({''.join(f'm{number}, ' for number in range(len(self.columns)))}) = key")
        write("    hits = []; withheld = []; passed = []; streams = []; populations = []")
        for logic in self.program.logics:
            self.record_logic(logic)
        for logic in self.program.streams:
            self.stream(logic)
        for number, agents in enumerate(self.program.populations):
            test = "True" if agents == EVERYBODY else self.bit(f"population {number}", certain=True)
            write(f"    if {test}: populations.append({number})")
        everything = "tuple(hits), tuple(withheld), tuple(passed), tuple(streams), tuple(populations)"
        write(f"    return Outcome({everything})")
        decide: Callable[[tuple[int, ...]], Outcome] = self.compiled("<rules>")["decide"]
        return decide

    def record_logic(self, logic: Logic) -> None:
        assert logic.condition is not None
        fires, may_fire = (
            self.tree(logic, logic.condition, certain=True),
            self.tree(logic, logic.condition, certain=False),
        )
        judged = may_be_judged = "True"
        if logic.subject is not None:
            judged = self.tree(logic, logic.subject, certain=True)
            may_be_judged = self.tree(logic, logic.subject, certain=False)
        write = self.lines.append
        write(f"    if {fires}: hits.append({logic.number})")
        write(f"    elif {may_fire}:")
        write(f"        if {may_be_judged}: withheld.append({logic.number})")
        write(f"    elif {judged}: passed.append({logic.number})")

    def stream(self, logic: Logic) -> None:
        write = self.lines.append
        for name in logic.uses:  # their locals stand outside the branch: other logics may use them
            self.selection(logic.selections[name], certain=True)
            self.selection(logic.selections[name], certain=False)
        nobody = self.constant(frozenset())
        if logic.condition is not None:
            certain, perhaps = (self.tree(logic, logic.condition, certain=each) for each in (True, False))
            write(f"    if not ({perhaps}): pass")
            write(f"    elif not ({certain}): streams.append(({logic.number}, {nobody}, True))")
            write("    else:")
        else:
            write("    if True:")
        if not logic.uses:
            write(f"        streams.append(({logic.number}, {nobody}, False))")
            return
        write("        names = []; unknown = False")
        for name in logic.uses:
            selection = logic.selections[name]
            write(f"        if {self.selection(selection, certain=True)}: names.append({self.constant(name)})")
            write(f"        elif {self.selection(selection, certain=False)}: unknown = True")
        asked = "True" if logic.sees_all else "names or unknown"
        write(f"        if {asked}: streams.append(({logic.number}, frozenset(names), unknown))")

    # --- expressions --------------------------------------------------------------------------

    def tree(self, logic: Logic, tree: Tree, *, certain: bool) -> str:
        if isinstance(tree, Name):
            return self.selection(logic.selections[tree.name], certain=certain)
        if isinstance(tree, Not):
            return f"(not {self.tree(logic, tree.part, certain=not certain)})"
        word = " and " if isinstance(tree, And) else " or "
        return f"({word.join(self.tree(logic, part, certain=certain) for part in tree.parts)})"

    def selection(self, selection: Selection, *, certain: bool) -> str:
        """The local that holds the answer of a selection; equal selections share one."""
        parts = [self.alternative([test.key for test in tests], certain=certain) for tests in selection.alternatives]
        key = ("certain" if certain else "perhaps", *parts)
        if key not in self.locals:
            self.locals[key] = f"s{len(self.locals)}"
            self.lines.append(f"    {self.locals[key]} = {' or '.join(parts)}")
        return self.locals[key]

    def alternative(self, keys: list[str], *, certain: bool) -> str:
        return f"({' and '.join(self.bit(key, certain=certain) for key in dict.fromkeys(keys))})"

    def bit(self, key: str, *, certain: bool) -> str:
        column, number = self.places[key]
        return f"m{column} & {1 << (2 * number + (0 if certain else 1))} != 0"
