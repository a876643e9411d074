"""From bound rules to what has to be evaluated, each logic once (compliance.md, 13.1)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from auditlog_cli.errors import DefinitionError
from auditlog_cli.rules import checks
from auditlog_cli.rules.binding import Bound
from auditlog_cli.rules.correlating import fields_of
from auditlog_cli.rules.program import EVERYBODY, Logic, Program, agents_of, compile_logic, logic_key, place

Heard = tuple[Bound, int]
"""A rule, and the number of its population."""


class WrongRule(DefinitionError):
    """A rule is not understood.

    Attributes:
        rule: Its id.
    """

    def __init__(self, rule: str, message: str, *, help: str = "") -> None:  # noqa: A002
        super().__init__(message, help=help)
        self.rule = rule


class Work(NamedTuple):
    """A correlation or check that is evaluated for one population.

    Attributes:
        logic: Its logic.
        population: The number of the agents whose records it sees; for a check of the whole log it means nothing.
        bounds: The rules that it speaks for.
    """

    logic: Logic
    population: int
    bounds: tuple[Bound, ...]


class Plan(NamedTuple):
    """What has to be evaluated.

    Attributes:
        program: For one record.
        heard: Number of a record logic → the rules that have it.
        correlations: Forms, each for one population.
        checks: Named checks, likewise.
        correlations_of, checks_of: Number of a stream of the program → places in the two lists.
        bounds: All rules that are evaluated.
    """

    program: Program
    heard: tuple[tuple[Heard, ...], ...]
    correlations: tuple[Work, ...]
    checks: tuple[Work, ...]
    correlations_of: tuple[tuple[int, ...], ...]
    checks_of: tuple[tuple[int, ...], ...]
    bounds: tuple[Bound, ...]


def plan(bound: Sequence[Bound], as_of: int) -> Plan:
    """Return what has to be evaluated for the enabled ones of `bound`.

    Args:
        bound: The rules.
        as_of: The "now" of the run, microseconds since the epoch.

    Raises:
        WrongRule: If a rule is not understood.
    """
    return _plan(tuple(each for each in bound if each.enabled), as_of)


@lru_cache(maxsize=4)  # who asks what a run needs, and the engine that runs it, ask for the same
def _plan(active: tuple[Bound, ...], as_of: int) -> Plan:
    populations: dict[tuple[str, ...], int] = {}
    records: dict[str, tuple[Logic, list[Heard]]] = {}
    streams: dict[str, tuple[Logic, dict[int, list[Bound]]]] = {}
    for each in active:
        population = populations.setdefault(agents_of(each.agents), len(populations))
        try:
            _add(each, population, records, streams, as_of)
        except DefinitionError as error:
            raise WrongRule(each.rule.id, error.message, help=error.help) from error
    works = [
        Work(logic, population, tuple(bounds))
        for logic, spread in streams.values()
        for population, bounds in spread.items()
    ]
    forms = [work for work in works if not _is_check(work.logic)]
    named = [work for work in works if _is_check(work.logic)]
    fields = {
        path: None
        for logic, _ in streams.values()
        for path in fields_of(logic.correlate or {}, logic.scope)
        if not path.startswith("@")
    }
    program = Program(
        tuple(logic for logic, _ in records.values()),
        tuple(logic for logic, _ in streams.values()),
        tuple(populations),
        tuple(fields),
    )
    return Plan(
        program,
        tuple(tuple(heard) for _, heard in records.values()),
        tuple(forms),
        tuple(named),
        _places(forms, len(streams)),
        _places(named, len(streams)),
        active,
    )


def _is_check(logic: Logic) -> bool:
    assert logic.correlate is not None
    return "check" in logic.correlate


def _add(
    bound: Bound,
    population: int,
    records: dict[str, tuple[Logic, list[Heard]]],
    streams: dict[str, tuple[Logic, dict[int, list[Bound]]]],
    as_of: int,
) -> None:
    """Add a rule to the logics about single records or to those about several, compiled where it is new."""
    rule, label = bound.rule, bound.rule.id
    detection = place(dict(rule.detection), bound.parameters, label)
    correlate = None if rule.correlate is None else place(dict(rule.correlate), bound.parameters, label)
    key = logic_key(detection, correlate, rule.scope)
    if correlate is None:
        if key not in records:
            records[key] = compile_logic(len(records), label, detection, None, rule.scope, as_of), []
        records[key][1].append((bound, population))
        return
    if key not in streams:
        streams[key] = compile_logic(len(streams), label, detection, correlate, rule.scope, as_of), {}
    logic, spread = streams[key]
    spread.setdefault(-1 if _whole_log(logic) else population, []).append(bound)


def _whole_log(logic: Logic) -> bool:
    assert logic.correlate is not None
    return "check" in logic.correlate and bool(checks.load(logic.correlate["check"]).WHOLE_LOG)


def _places(works: list[Work], streams: int) -> tuple[tuple[int, ...], ...]:
    """For each stream of the program, the numbers of the works that are fed by it."""
    return tuple(
        tuple(number for number, work in enumerate(works) if work.logic.number == stream) for stream in range(streams)
    )


__all__ = ["EVERYBODY", "Plan", "Work", "plan"]
