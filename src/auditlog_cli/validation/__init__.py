"""Whole logs judged: the public function `validate`, and what the command shares with it.

Two steps, so that a log with a million invalid records takes no longer than a good one: every line is
*counted* with the compiled engine, on several cores where that pays (`counting`); only the first findings
are *explained*, with the reference engine, in the order of the lines (`explaining`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby, islice

from auditlog_cli import decoders, parallel
from auditlog_cli.errors import InputError, UsageError
from auditlog_cli.finding import Finding
from auditlog_cli.record import BadLine, Line
from auditlog_cli.sources import files
from auditlog_cli.sources.lines import read_lines
from auditlog_cli.sources.ranges import Range, cut, read_range
from auditlog_cli.strictjson import MAX_LINE
from auditlog_cli.validation.counting import Asked, Part, count
from auditlog_cli.validator.record import PROFILES, SIX_QUESTIONS, Profile
from auditlog_cli.validator.report import ValidationReport

MAX_ERRORS = 100
"""Findings that are explained unless another number is asked for."""

_BATCH = 20_000  # lines of a stream that are counted before their findings are explained
_PARALLEL = 1 << 26  # bytes from which a second process pays (bench/validate.py)

Progress = Callable[[int, int], None]
"""Is told bytes done, and bytes in all as far as they are known."""


def validate(
    source: str | os.PathLike[str] | Iterable[str | os.PathLike[str] | bytes],
    *,
    profile: Profile = SIX_QUESTIONS,
    strict: bool = False,
    shape: str | None = None,
    max_errors: int = MAX_ERRORS,
    processes: int = 1,
) -> ValidationReport:
    """Return what is wrong with every line of some logs.

    Args:
        source: One path or several (files, folders, globs, `-`), or the lines of a log as bytes.
        profile: `six-questions`, or `record`: types, formats and envelope only.
        strict: Members that the schema does not know are findings, too.
        shape: Take every line for this shape; None: told from each line.
        max_errors: How many findings are explained; 0: all. The others are counted.
        processes: How many may share the work. They are forked: more than one only in a program of one thread.

    Raises:
        InputError: If nothing at all could be looked at. What of several inputs could not be is in the
            report's `unread`.
        DefinitionError: If the schema is damaged.
        UsageError: If there is no such profile.
    """
    question = asked(profile, strict=strict, shape=shape, max_errors=max_errors)
    report = ValidationReport(question.profile, strict=strict)
    given = [source] if isinstance(source, (str, os.PathLike)) else list(source)
    lines = [item for item in given if isinstance(item, bytes)]
    if lines:
        report.findings += _stream(_numbered(lines), "-", report, question)
    else:
        paths = [os.fspath(item) for item in given if not isinstance(item, bytes)]
        report.findings += run(paths, report, question, processes=processes)
    if not report.tally.read:
        raise (
            report.unread[0]
            if report.unread
            else InputError("nothing to look at: no line was given", help="is it the right file?")
        )
    return report


def asked(profile: str, *, strict: bool = False, shape: str | None = None, max_errors: int = MAX_ERRORS) -> Asked:
    """Return what is asked of each line; the words are those of `validate`.

    Raises:
        UsageError: If there is no such profile or shape, or the number is negative.
    """
    if profile not in PROFILES:
        raise UsageError("there is no such profile", help=f"there are: {', '.join(PROFILES)}")
    if shape is not None and shape not in decoders.names():
        raise UsageError("there is no such shape of line", help=f"there are: {', '.join(decoders.names())}")
    if max_errors < 0:
        raise UsageError("--max-errors: a number from 0 on is needed", help="0 explains all findings")
    return Asked(profile, strict, shape, max_errors)


def _numbered(lines: list[bytes]) -> Iterator[Line | BadLine]:
    """The lines as if they stood in one file, each ended by an LF."""
    offset = 0
    for number, raw in enumerate(lines, 1):
        line = Line(raw.removesuffix(b"\n"), "-", number, offset)
        offset += len(line.raw) + 1
        if len(line.raw) > MAX_LINE:
            yield BadLine(line, "length", f"longer than {MAX_LINE // 1024 // 1024} MiB", MAX_LINE)
        else:
            yield line


def run(
    paths: list[str],
    report: ValidationReport,
    question: Asked,
    *,
    processes: int | None = None,
    progress: Progress | None = None,
) -> Iterator[Finding]:
    """Judge logs into `report`, and yield the findings that are explained, in order, as they arise.

    Args:
        paths: Files, folders, globs, `-`.
        report: What is filled in.
        question: From `asked`.
        processes: How many may share the work; None: as many as there are cores, where the logs are large.
        progress: Told how far it is.

    Raises:
        DefinitionError: If the schema is damaged.
    """
    tasks = _tasks(paths, report)
    size = sum(task.end - task.start for _, task in tasks if isinstance(task, Range))
    workers = (processes or parallel.cores()) if size >= _PARALLEL or processes else 1
    done = 0
    for plain, group in groupby(tasks, key=lambda each: isinstance(each[1], Range)):
        several = [task for _, task in group]
        if not plain:
            for path in (task for task in several if isinstance(task, str)):
                yield from _stream(read_lines(path), path, report, question)
            continue
        ranges = [task for task in several if isinstance(task, Range)]
        bulk = sum(each.end - each.start for each in ranges) >= _PARALLEL >> 8

        def work(number: int, ranges: list[Range] = ranges, bulk: bool = bulk) -> Part:
            return count(read_range(ranges[number]), question, bulk=bulk)

        for task, part in zip(ranges, parallel.in_order(work, len(ranges), workers), strict=True):
            yield from _merge(part, task.path, report, question)
            done += task.end - task.start
            if progress is not None:
                progress(done, size)
    _note_empty(tasks, report)


def _tasks(paths: list[str], report: ValidationReport) -> list[tuple[files.Log, Range | str]]:
    """What is to be read: parts of plain files, and files that can only be read from their beginning."""
    logs = files.find(paths, documents=True, unread=report.unread)
    return [part for log in logs for file in log.files for part in _parts(log, file, report)]


def _parts(log: files.Log, file: str, report: ValidationReport) -> list[tuple[files.Log, Range | str]]:
    try:
        ranges = cut(file)
    except InputError as error:
        report.unread.append(error)
        report.failed.add(file)
        return []
    return [(log, part) for part in ranges] if ranges else [(log, file)]


def _note_empty(tasks: list[tuple[files.Log, Range | str]], report: ValidationReport) -> None:
    """A log without a line was not looked at: it must not pass for a good one."""
    logs = {id(log): log for log, _ in tasks}
    for log in logs.values():
        if report.failed.isdisjoint(log.files) and not any(report.inputs.get(file) for file in log.files):
            report.unread.append(InputError(f"{log.path}: empty, nothing to look at", help="is it the right file?"))


def _stream(lines: Iterator[Line | BadLine], path: str, report: ValidationReport, question: Asked) -> Iterator[Finding]:
    bulk = False
    while True:
        part = count(islice(lines, _BATCH), question, bulk=bulk)
        yield from _merge(part, path, report, question, numbered=True)
        if part.tally.read < _BATCH:
            return
        bulk = True


def _merge(part: Part, path: str, report: ValidationReport, question: Asked, *, numbered: bool = False) -> Iterator[Finding]:  # fmt: skip # noqa: E501
    """Add a part to the report and explain what is left of its findings to be explained."""
    before = 0 if numbered else report.inputs.get(path, 0)
    room = question.limit - report.tally.findings if question.limit else 1 << 62
    report.inputs[path] = report.inputs.get(path, 0) + part.tally.read
    report.tally.add(part.tally)
    if part.error is not None:
        report.unread.append(part.error)
        report.failed.add(path)
    if not part.kept or room <= 0:
        return
    from auditlog_cli.validation.explaining import explain

    for item in part.kept:
        if room <= 0:
            return
        line = item.line if isinstance(item, BadLine) else item
        line.number += before
        found = explain(item, question)[:room]
        room -= len(found)
        yield from found
