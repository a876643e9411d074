"""One record judged: its structure by an engine, the six questions in words, and what only we know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from auditlog_cli.record import Record
from auditlog_cli.validator import compiled, questions, structure
from auditlog_cli.validator.faults import Fault, Problem
from auditlog_cli.validator.rules import RULES

Profile = Literal["record", "six-questions"]
Engine = Callable[[str, object], list[Fault]]
"""`compiled.faults` or `reference.faults`: both say the same."""

SIX_QUESTIONS: Profile = "six-questions"
PROFILES: tuple[Profile, ...] = (SIX_QUESTIONS, "record")
OWN, WITHHELD = "own", "withheld"
"""Two kinds of lines beside the records of a shape: the log about itself; records withheld whole."""


class Verdict:
    """What was found about one record.

    Attributes:
        kind: The record's shape, or OWN, or WITHHELD.
        problems: What breaks a rule; none: it is valid.
        answered: The questions that are answered, one bit each (`questions`).
        withheld: Those whose answer was withheld.
    """

    __slots__ = ("answered", "kind", "problems", "withheld")

    def __init__(self, kind: str, problems: list[Problem], answered: int = 0, withheld: int = 0) -> None:
        self.kind = kind
        self.problems = problems
        self.answered = answered
        self.withheld = withheld


def judge(
    record: Record, profile: Profile = SIX_QUESTIONS, *, strict: bool = False, engine: Engine = compiled.faults
) -> Verdict:
    """Return what is wrong with a record, whatever its shape: foreign ones are judged in their mapped content.

    Args:
        record: Decoded.
        profile: `record`: types, formats, envelope. `six-questions`: these, and the six questions answered.
        strict: Report members that the schema does not know, too.
        engine: What judges types and formats.

    Raises:
        DefinitionError: If the schema is damaged.
    """
    content = record.content
    if record.shape == "unknown":
        asked = questions.ask(content)
        return Verdict(record.shape, [_STRANGE], asked.answered, asked.withheld)
    definition = structure.what(content) if record.shape == "auditlog" else structure.RECORD
    problems = structure.problems(content, engine(definition, content), definition)
    if definition == structure.RECORD and structure.may_misuse(record.line.raw, content):
        problems += structure.reserved(content)
    if strict:
        problems += structure.unknown(content, definition)
    if definition == structure.OWN:
        return Verdict(OWN, problems)
    if definition == structure.TOMBSTONE:
        return Verdict(WITHHELD, problems, 0, questions.ALL)
    asked = questions.ask(content)
    if profile == SIX_QUESTIONS:
        # One cause once: where the schema says that `user` is no object, that no user is named follows.
        broken = [problem.at for problem in problems if problem.at]
        problems += [each for each in asked.problems if not any(each.at[: len(at)] == at for at in broken)]
    problems.sort(key=_order)
    return Verdict(record.shape, problems, asked.answered, asked.withheld)


_STRANGE = Problem(
    "RECORD-SHAPE-1", (), "the line has a shape that nobody here knows: it answers none of the six questions by name"
)
_PLACES = {name: place for place, name in enumerate(RULES)}


def _order(problem: Problem) -> int:
    return _PLACES[problem.rule]
