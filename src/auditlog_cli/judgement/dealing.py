"""What two processes that read the same logs do, each for itself (compliance.md, 13.5).

Rules about single records, with the detectors, take most of the time, and need no order: the other process judges by
them the lines up to a *cut*, this one those behind it. Rules about several records need all records in their order:
they are evaluated here, over the whole input, as is what the verifier says. So each rule sees each record once, what is
found is the same as in one process (tests/judgement/test_dealing.py), and only what the other process found travels.

    file              ├──────────────── cut ─────────┤
    the other process rules about single records
    this process      rules about several records ····························
                                         rules about single records ···········

Both decode what they judge, which costs less than sending it from one to the other (bench/check.py).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, NamedTuple

from auditlog_cli import parallel
from auditlog_cli.errors import InputError
from auditlog_cli.judgement import reading
from auditlog_cli.sources import files

if TYPE_CHECKING:
    from auditlog_cli.finding import Finding
    from auditlog_cli.judgement.asking import Question
    from auditlog_cli.rules.binding import Bound
    from auditlog_cli.rules.facts import Tally

MUCH: Final = 8 << 20
"""Bytes from which a second process pays."""
CUT: Final = 0.88
"""Of all bytes, the other process's: it then ends about when this one does (bench/check.py)."""


class Shares(NamedTuple):
    """What is whose.

    Attributes:
        single: Rules about single records.
        ordered: Rules about several records, in their order.
        sizes: File → how far both read it, for a log may grow.
        cuts: File → the first line that begins at this byte or behind it, and all lines after it, are for this
            process to judge by single records. Bytes of what is packed in a file, not of the file.
    """

    single: list[Bound]
    ordered: list[Bound]
    sizes: dict[str, int]
    cuts: dict[str, int]


class Joined(NamedTuple):
    """What the other process found.

    Attributes:
        findings: Its findings.
        unlisted: (rule, policy) → those that are not among them.
        tallies: Number of a rule → its tally.
    """

    findings: list[Finding]
    unlisted: dict[tuple[str, str], int]
    tallies: dict[int, Tally]


def shares(paths: list[str], question: Question) -> Shares | None:
    """Return what is whose, or None where one process is to do it all.

    That is so for what can be read only once, for little data, on one core, where threads run (a fork would take
    over their locks), and where the rules of policies must be together to tell which records are under none.
    """
    if parallel.cores() < 2 or threading.active_count() > 1 or question.lateness is not None:
        return None
    if any(each.agents != ("*",) for each in question.bound):
        return None
    try:
        names = [file for log in files.find(paths, documents=True) for file in log.files]
    except InputError:
        return None
    sizes = {name: reading.size_of(name) for name in names}
    if not sizes or not all(sizes.values()) or sum(sizes.values()) < MUCH:
        return None
    single = [each for each in question.bound if each.enabled and each.rule.correlate is None]
    ordered = [each for each in question.bound if each.enabled and each.rule.correlate is not None]
    return Shares(single, ordered, sizes, cuts(sizes)) if single else None


def cuts(sizes: dict[str, int]) -> dict[str, int]:
    """Return where each file is cut.

    A packed file is not cut but goes whole to the one or the other: how much is in it shows when it is read.

    Args:
        sizes: File → its bytes.
    """
    left = int(CUT * sum(sizes.values()))
    found: dict[str, int] = {}
    for name, size in sizes.items():
        part = max(0, min(left, size))
        if part < size and reading.is_packed(name):
            part = size if 2 * part >= size else 0
        found[name] = WHOLE if part == size else part
        left = (
            left - part if part == size else 0
        )  # there is one cut: the findings of one process come before all others
    return found


WHOLE: Final = 1 << 62
"""A cut behind everything that a file can hold."""
