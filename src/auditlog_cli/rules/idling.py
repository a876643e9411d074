"""Records that change nothing of what correlations and checks keep: they are counted, and nothing else is done.

Most records of a log mean nothing to most correlations: what one of them counts was not sent, what another groups by
is not there. Which records those are is told by their signature (`generating`), so that it is found out once for all
records of an outcome; what remains to be done for each is to count it, and that is done for thousands at a time
(`counting`).

A form or a named check may have a function

    idle   (spec, states, matched) -> None: it has to see such a record; `counted`: the record is in scope, and
           changes nothing; `left_out`; or empty: nothing is to be done at all

which may say so only if `take` (of a form: `wants`) would do no more. `states` is that of `program.Outcome`.
"""

from __future__ import annotations

from typing import Any

from auditlog_cli.rules import checks, correlating
from auditlog_cli.rules.correlating.running import Correlation
from auditlog_cli.rules.program import Logic, Outcome
from auditlog_cli.rules.watching import Watch

SEEN = "seen"


def of_check(outcome: Outcome, logic: Logic, matched: frozenset[str]) -> str:
    """Return what is to be done for the records of an outcome: SEEN, or what is counted.

    Args:
        outcome: From the generated function; one of the interpreter says nothing, and then all is seen.
        logic: A named check.
        matched: Names of its selections that the records match.
    """
    if logic.number in outcome.verdicts:
        return {"fires": SEEN, "judged": "counted"}.get(outcome.verdicts[logic.number], outcome.verdicts[logic.number])
    correlate = logic.correlate or {}
    idle = getattr(checks.load(correlate["check"]), "idle", None)
    if idle is None or not outcome.states:
        return SEEN
    told = idle(correlate.get("with") or {}, outcome.states, matched)
    return SEEN if told is None else str(told)


def of_form(outcome: Outcome, correlation: Correlation, matched: frozenset[str]) -> str:
    """Return the same for a correlation.

    Args:
        outcome: As for `of_check`.
        correlation: The correlation.
        matched: As for `of_check`.
    """
    logic, states = correlation.logic, outcome.states
    assert logic.correlate is not None
    form = correlating.form_of(logic.correlate, logic.label)
    idle = getattr(correlating.load(form), "idle", None)
    if idle is None or not states:
        return SEEN
    group = [states.get(path, "") for path in correlation.group_by]
    told = idle(logic.correlate[form], states, matched)
    if "absent" in group:
        return "left_out"
    if told is None or any(state != "text" for state in group):
        return SEEN
    if correlation.windowed and states.get("timestamp") != "timed":
        return SEEN
    return str(told)


def counts(what: Watch | Correlation, told: str) -> list[tuple[Any, str]]:
    """Return what is added to for each record: (whose, the name of the count)."""
    return [(what, told)] if told else []
