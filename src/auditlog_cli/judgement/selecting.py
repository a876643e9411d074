"""The selected records of a log judged, found by its index; the others are counted, and not read.

The same as reading them all (tests/judgement/test_selecting.py), as long as no check is about the log as a whole:
such a check sees all records, and then all are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditlog_cli.counts import Counts
from auditlog_cli.errors import InputError
from auditlog_cli.index import searching
from auditlog_cli.index.query import Query, may_help
from auditlog_cli.judgement import reading
from auditlog_cli.rules import checks
from auditlog_cli.selection import Selection

if TYPE_CHECKING:
    from auditlog_cli.judgement.asking import Question
    from auditlog_cli.judgement.running import Run
    from auditlog_cli.sources import files


def judged(run: Run, log: files.Log) -> bool:
    """Judge the selected records of a log by its index; tell whether that could be done."""
    if run.question.index is None:
        return False
    query = _query(run.question, log)
    if query is None:
        return False
    sizes = {file: reading.size_of(file) for file in log.files}  # what comes meanwhile may be judged, and is not named
    counts, lines = Counts(), run.report.lines
    try:
        found = searching.lines(log, query, counts, say=run.question.index)
        if found is None:
            return False
        for line in found:
            run.take(*reading.placed(line, log.path))
        lines.read += counts.passed
        lines.not_selected += counts.passed
        run.report.inputs += [reading.summed(file, size) for file, size in sizes.items()]
    except InputError as error:
        run.report.unread.append(error)
    return True


def _query(question: Question, log: files.Log) -> Query | None:
    """What an index is asked; None where it cannot help."""
    chosen = question.selection
    named = [(each.rule.correlate or {}).get("check") for each in question.bound if each.enabled]
    if any(name is not None and checks.load(name).WHOLE_LOG for name in named):
        return None
    if not isinstance(chosen, Selection) or not (chosen.groups or chosen.window) or not may_help(log):
        return None
    return Query(chosen.groups, None, chosen.window)  # no needles: bad lines are found, whatever stands in them
