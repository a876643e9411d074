"""Rules evaluated by walking their trees: the slow, obvious twin of `generating` (compliance.md, 13.2)."""

from __future__ import annotations

from auditlog_cli.rules import conditions
from auditlog_cli.rules.conditions import Answer
from auditlog_cli.rules.program import EVERYBODY, Logic, Outcome, Program
from auditlog_cli.rules.reading import Reading
from auditlog_cli.rules.selections import Selection, Test
from auditlog_cli.rules.site import globs
from auditlog_cli.rules.values import elements


def interpret(program: Program, reading: Reading) -> Outcome:
    """Return what the logics say of one record."""
    hits, withheld, passed = [], [], []
    for logic in program.logics:
        assert logic.condition is not None
        fires = holds(logic, logic.condition, reading)
        judged = True if logic.subject is None else holds(logic, logic.subject, reading)
        if fires:
            hits.append(logic.number)
        elif fires is None:
            # A record that the rule would not judge anyway is not withheld from it.
            if judged is not False:
                withheld.append(logic.number)
        elif judged:
            passed.append(logic.number)
    streams = [seen for logic in program.streams for seen in [_seen(logic, reading)] if seen is not None]
    populations = [
        number for number, each in enumerate(program.populations) if each == EVERYBODY or _belongs(each, reading)
    ]
    return Outcome(tuple(hits), tuple(withheld), tuple(passed), tuple(streams), tuple(populations))


def selected(selection: Selection, reading: Reading) -> Answer:
    """Return whether a selection holds for a record: one of its alternatives, all tests of it."""
    result: Answer = False
    for alternative in selection.alternatives:
        answer = all_hold(alternative, reading)
        if answer:
            return True
        if answer is None:
            result = None
    return result


def all_hold(alternative: tuple[Test, ...], reading: Reading) -> Answer:
    """Return whether all tests of an alternative hold."""
    result: Answer = True
    for test in alternative:
        answer = tested(test, reading)
        if answer is False:
            return False
        if answer is None:
            result = None
    return result


def tested(test: Test, reading: Reading) -> Answer:
    """Return whether one test holds."""
    there = reading.get(test.path)
    return test.judge(there, reading.get(test.other)) if test.other else test.judge(there)


def holds(logic: Logic, tree: conditions.Tree, reading: Reading) -> Answer:
    """Return whether a condition or subject of a logic holds for a record."""
    return conditions.holds(tree, lambda name: selected(logic.selections[name], reading))


def _seen(logic: Logic, reading: Reading) -> tuple[int, frozenset[str], bool] | None:
    """What a correlation gets to know of the record, or None if it need not see it."""
    let_in = True if logic.condition is None else holds(logic, logic.condition, reading)
    if let_in is False:
        return None
    answers = {name: selected(logic.selections[name], reading) for name in logic.uses}
    if let_in is None:
        return logic.number, frozenset(), True
    matched = frozenset(name for name, answer in answers.items() if answer)
    unknown = None in answers.values()
    return (logic.number, matched, unknown) if matched or unknown or logic.sees_all else None


def _belongs(agents: tuple[str, ...], reading: Reading) -> bool:
    among = globs(agents)
    return any(isinstance(each, str) and among(each) for each in elements(reading.get("agent.id"))[:1])
