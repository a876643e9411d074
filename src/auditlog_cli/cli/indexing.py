"""`auditlog index`: made, shown, dropped."""

from __future__ import annotations

import os

from auditlog_cli import parallel, segments
from auditlog_cli.cli import show, tables
from auditlog_cli.errors import EXIT_FOUND, EXIT_INCOMPLETE, EXIT_OK, InputError, remedy
from auditlog_cli.index import building, comparing, opening, readying
from auditlog_cli.sources import files
from auditlog_cli.writer import disk

_COLUMNS = ("log", "state", "log_bytes", "covered_bytes", "index_bytes", "parts")


def _logs(paths: list[str] | None) -> list[files.Log]:
    """The logs that are meant, each of which can have an index.

    Raises:
        InputError: If one of them cannot.
    """
    found = files.find(show.paths(paths))
    for log in found:
        if log.path == files.STDIN:
            raise InputError("standard input has no index", help="name a file")
        if not log.whole:
            raise InputError(
                f"{log.path}: a part of a log has no index of its own", help="name the log, not its segments"
            )
    return found


def _taken(log: files.Log) -> list[tuple[str, int, int]]:
    try:
        return segments.snapshot(log.path)
    except OSError as error:
        raise InputError(f"{log.path}: cannot be read ({error.strerror})", help=remedy(error)) from error


def build(paths: list[str] | None, *, quiet: bool) -> int:
    """Make or extend the index of each log; return the exit code: 6 if something could not be indexed."""
    notices = show.Notices(quiet=quiet)
    code = EXIT_OK
    logs, empty = _logs(paths), list[str]()
    for log in logs:
        taken = _taken(log)
        if not any(size for _, _, size in taken):
            readying.close(taken)
            empty.append(log.path)
            continue
        try:
            built = building.build(log.path, taken, processes=parallel.cores())
        except KeyboardInterrupt:
            notices.say(f"{log.path}: interrupted; its index is as it was")
            raise
        except OSError as error:
            raise disk.refused(f"{log.path}.index", "cannot be written", error, "the log is scanned") from error
        finally:
            readying.close(taken)
        if built is None:
            notices.say(f"{log.path}.index: somebody else builds it, or the log is being rewritten")
            code = EXIT_INCOMPLETE
            continue
        notices.say(f"{log.path}.index: {built.size:,} bytes, {built.read:,} bytes of the log were read for it")
        if built.missing > readying.BEHIND or built.missing >= sum(size for _, _, size in taken):
            notices.say(f"{log.path}: {built.missing:,} bytes cannot be indexed, and are scanned")
            code = EXIT_INCOMPLETE
    if len(empty) == len(logs):
        raise InputError(
            f"{', '.join(empty)}: empty, nothing to index", help="is it the right file? an index is made of records"
        )
    for path in empty:
        notices.say(f"{path}: empty, nothing to index")
    return code


def status(paths: list[str] | None, *, compare: bool, format: str | None, output: str | None) -> int:  # noqa: A002
    """Print a row for each log; return the exit code."""
    rows: list[tuple[object, ...]] = []
    code = EXIT_OK
    for log in _logs(paths):
        taken = _taken(log)
        found = opening.present(log.path)
        try:
            total = sum(size for _, _, size in taken)
            if found is None:
                state = "unusable" if os.path.lexists(f"{log.path}.index") else "none"
                rows.append((log.path, state, total, 0, 0, 0))
                continue
            covered = sum(min(readying.covered(found, name, fd), size) for name, fd, size in taken)
            state = "complete" if covered == total else "behind"
            if compare and not comparing.same(taken, found):
                state, code = "wrong", EXIT_FOUND
            parts = sum(len(segment.parts) for segment in found.segments.values())
            rows.append((log.path, state, total, covered, found.size, parts))
        finally:
            if found is not None:
                found.close()
            for _, fd, _ in taken:
                os.close(fd)
    tables.print_rows(_COLUMNS, rows, format, output)
    return code


def drop(paths: list[str] | None, *, quiet: bool) -> int:
    """Delete the index of each log; return the exit code."""
    notices = show.Notices(quiet=quiet)
    for log in _logs(paths):
        name = f"{log.path}.index"
        there = os.path.lexists(name)
        try:
            disk.drop(name)
            disk.drop(f"{name}.tmp")
        except OSError as error:
            raise disk.refused(name, "cannot be deleted", error, "it is still there") from error
        notices.say(f"{name}: deleted" if there else f"{log.path}: has no index")
    return EXIT_OK
