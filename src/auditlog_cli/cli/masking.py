"""`auditlog redact` on what no seal protects: masks, on their way through. Kinds and places are printed, values never."""

from __future__ import annotations

import os
from collections import Counter

from auditlog_cli import pointers
from auditlog_cli.cli import progress, show
from auditlog_cli.errors import EXIT_FOUND, EXIT_INCOMPLETE, EXIT_OK, InputError, UsageError
from auditlog_cli.redaction import running
from auditlog_cli.redaction.redactor import Redactor, Taken
from auditlog_cli.renderers import safe
from auditlog_cli.sinks import FileOutput
from auditlog_cli.sources import files

_SHOWN = 12


def mask(paths: list[str], redactor: Redactor, output: str | None, notices: show.Notices) -> int:
    """Write the lines of some logs with masks; return the exit code.

    Args:
        paths: Files, folders, globs, `-`.
        redactor: Masks.
        output: A file that appears whole, or None for standard output.
        notices: Say what was done.

    Raises:
        InputError: If a log cannot be read, or there is no line at all.
        UsageError: If the output is one of the inputs.
        AuditWriteError: If it cannot be written.
    """
    logs = files.find(paths)
    if output is not None and output != "-":
        _refuse_itself(output, [file for log in logs for file in log.files])
    total = sum(_size(file) for log in logs for file in log.files)
    bar = progress.Bar(enabled=not notices.quiet and show.is_terminal(2) and not show.is_terminal(1))
    out = show.output(output)
    done = 0

    def told(size: int) -> None:
        nonlocal done
        done += size
        bar.update(done, total)

    try:
        tally = running.mask(paths, redactor, out.write, waiting=out.flush, progress=told)
        if not tally.read:
            raise InputError(f"{', '.join(paths)}: empty, nothing to look at")
        bar.hide()
        show.finish(out)
    except BaseException:
        bar.hide()
        if isinstance(out, FileOutput):
            out.discard()
        raise
    _say(tally, notices, "masked")
    return _code(tally, EXIT_OK)


def check(paths: list[str], redactor: Redactor, notices: show.Notices) -> int:
    """Print where something would be masked, and change nothing; return 1 if there is such a place.

    Raises:
        InputError: If a log cannot be read, or there is no line at all.
    """
    tally = running.Tally()
    out = show.output(None)
    for line, taken, left in running.look(paths, redactor, tally):
        for each in (*taken, *left):
            place = f" {pointers.shown(each.pointer)}" if each.pointer else ""
            out.line(safe.one_line(f"{line.where}: {each.entity}{place}"))
    if not tally.read:
        raise InputError(f"{', '.join(paths)}: empty, nothing to look at")
    show.finish(out)
    _say(tally, notices, "to be masked")
    return _code(tally, EXIT_FOUND if tally.taken else EXIT_OK)


def _code(tally: running.Tally, done: int) -> int:
    return EXIT_FOUND if tally.left else done or (EXIT_INCOMPLETE if tally.bad else EXIT_OK)


def _say(tally: running.Tally, notices: show.Notices, did: str) -> None:
    count = sum(tally.taken.values())
    lines = "line" if tally.read == 1 else "lines"
    notices.say(
        f"{count:,} {did} in {tally.changed:,} of {tally.read:,} {lines}{': ' if count else ''}{_kinds(tally.taken)}"
    )
    if tally.left:
        notices.say(f"left as they are, for names of members are never changed: {_kinds(tally.left)}")
    if tally.bad > tally.unread:
        notices.say(f"{tally.bad - tally.unread:,} lines are no JSON objects: they were read as plain text")
    if tally.unread:
        notices.say(f"{tally.unread:,} lines are too long to be looked at: they were not passed on")
    if tally.unsealed:
        notices.say(
            f"{tally.unsealed:,} of them were sealed and no longer verify: auditlog redact LOG keeps seals valid"
        )


def _kinds(taken: Counter[Taken]) -> str:
    kinds: Counter[str] = Counter()
    for each, count in taken.items():
        kinds[each.entity] += count
    named = [f"{entity} {count:,}" for entity, count in kinds.most_common(_SHOWN)]
    return ", ".join(named) + (f" and {len(kinds) - _SHOWN} more kinds" if len(kinds) > _SHOWN else "")


def _refuse_itself(output: str, inputs: list[str]) -> None:
    for each in inputs:
        try:
            same = os.path.samefile(output, each)
        except OSError:
            continue
        if same:
            raise UsageError(
                f"{output}: a log is not masked in place, for nothing could show what was changed",
                help="give another --output; what is sealed can be withheld in place",
            )


def _size(file: str) -> int:
    try:
        return os.stat(file).st_size
    except OSError:
        return 0
