"""What a redaction will do, found out before anything is changed. Reads the log, writes nothing.

Two passes over the log, one segment in memory at a time. The first finds what is asked for, and the digests and
large values that belong to it; the second finds where else those stand.
"""

from __future__ import annotations

import os

from auditlog_cli import segments
from auditlog_cli.salting import settling
from auditlog_cli.withholding import beside, digests, holding, reading, salted_planning
from auditlog_cli.withholding.choosing import BySubject, Chooser
from auditlog_cli.withholding.passes import First, Second, held_since
from auditlog_cli.withholding.planned import Part, Plan
from auditlog_cli.writer.growth import is_sealed


def plan(path: str, chooser: Chooser, *, despite_hold: bool = False, processes: int = 1) -> Plan:
    """Find out what is to go.

    Args:
        path: The log.
        chooser: What is asked for.
        despite_hold: Also from records under a legal hold (one of the log's, or `retention.legal_hold`); else those
            stay as they are.
        processes: How many may share the work, also of carrying it out. They are forked: more than one only in a
            program of one thread.

    Raises:
        InputError: If the log is missing, not sealed, or cannot be read.
        UsageError: If `path` is that of a closed segment.
    """
    if not segments.active_of(path) and settling.is_salted(path) and not is_sealed(path):
        return salted_planning.plan(path, chooser, despite_hold=despite_hold)
    made = Plan(path, processes)
    subject = chooser.subject if isinstance(chooser, BySubject) else None
    if subject is not None:
        subject.blobs.update(beside.blobs_with(path, subject.in_json))
        subject.torn.update(beside.torn_with(path, subject.in_bytes))
        made.torn.update(subject.torn)
    with reading.snapshot(path) as files:
        holds = holding.of(path, files)
        first = First(made, chooser, holds, despite_hold=despite_hold)
        for file in files:
            first.read(file)
        if first.digests or made.blobs:
            second = Second(made, first)
            for number, file in enumerate(files):
                second.read(number, file)
        made.pending = held_since(first.pending(), files, holds)
    made.parts = [
        Part(file.path, [target for _, _, target in sorted(found)])
        for file, found in zip(files, first.found, strict=True)
        if found
    ]
    made.blobs -= made.kept
    return made


def place(path: str) -> str:
    """Return where the log really lies: its other files are beside that, not beside a link to it."""
    return os.path.realpath(path) if os.path.islink(path) else path


def still_named(path: str, names: set[str]) -> set[str]:
    """Return which of these large values some readable value of the log refers to.

    Raises:
        InputError: If the log cannot be read.
    """
    found: set[str] = set()
    if not names:
        return found
    with reading.snapshot(path) as files:
        for file in files:
            found |= {name.decode() for name in digests.ANYWHERE.findall(file.lines())} & names
    return found
