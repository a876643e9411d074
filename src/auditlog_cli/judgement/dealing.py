"""Rules dealt out to two processes that both read the logs (compliance.md, 13.5).

One judges single records and asks the detectors; the other has the checks, which look at records in their order, and
what the verifier says. Each rule is evaluated in one of them as a whole, over the whole input, so that what is found
is the same as in one process (tests/judgement/test_dealing.py); both decode each line, which costs less than sending
it from one to the other (bench/check.py).

Correlations share one order of time, and one count of the records that came too late for it; so they stay together:
with the checks, unless one of them asks for the detectors.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, NamedTuple

from auditlog_cli import parallel
from auditlog_cli.errors import InputError
from auditlog_cli.judgement import reading
from auditlog_cli.rules.planning import plan
from auditlog_cli.sources import files

if TYPE_CHECKING:
    from auditlog_cli.finding import Finding
    from auditlog_cli.judgement.asking import Question
    from auditlog_cli.rules.binding import Bound
    from auditlog_cli.rules.facts import Tally
    from auditlog_cli.verdict import Verdict

MUCH: Final = 8 << 20
"""Bytes from which a second process pays."""


class Shares(NamedTuple):
    """Which rules are whose.

    Attributes:
        mine, theirs: Those of this process, and of the other one; each rule is in one of them.
        sizes: File → how far both read it, for a log may grow.
    """

    mine: list[Bound]
    theirs: list[Bound]
    sizes: dict[str, int]


class Joined(NamedTuple):
    """What the other process found.

    Attributes:
        findings: Its findings.
        unlisted: (rule, policy) → those that are not among them.
        verdicts: What the verifier said.
        tallies: Number of a rule → its tally.
        late: Records that came too late to be put in order.
    """

    findings: list[Finding]
    unlisted: dict[tuple[str, str], int]
    verdicts: list[Verdict]
    tallies: dict[int, Tally]
    late: int


def shares(paths: list[str], question: Question) -> Shares | None:
    """Return how rules are dealt out, or None where one process is to do it all.

    That is so for what can be read only once, for little data, on one core, where threads run (a fork would take
    over their locks), and where the rules of policies must be together to tell which records are under none.
    """
    if parallel.cores() < 2 or threading.active_count() > 1 or question.lateness is not None:
        return None
    if any(each.agents != ("*",) for each in question.bound):
        return None
    try:
        names = [file for path in paths for log in files.find([path], documents=True) for file in log.files]
    except InputError:
        return None
    sizes = {name: reading.size_of(name) for name in names}
    if not sizes or not all(sizes.values()) or sum(sizes.values()) < MUCH:
        return None
    checks = [each for each in question.bound if each.enabled and "check" in (each.rule.correlate or {})]
    ordered = [each for each in question.bound if each.enabled and each.rule.correlate and each not in checks]
    theirs = checks if plan(ordered, question.as_of).program.needs_scanner else checks + ordered
    mine = [each for each in question.bound if each.enabled and each not in theirs]
    return Shares(mine, theirs, sizes) if mine and theirs else None
