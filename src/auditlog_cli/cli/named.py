"""`auditlog redact --findings`: exactly the places that findings name, or nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Literal

from auditlog_cli import sinks
from auditlog_cli.cli import masking, show
from auditlog_cli.errors import DefinitionError, UsageError
from auditlog_cli.record import BadLine, Line
from auditlog_cli.redaction import named, running
from auditlog_cli.redaction.masks import Masks, load_key
from auditlog_cli.redaction.named import Named
from auditlog_cli.redaction.redactor import Masked
from auditlog_cli.sources import files
from auditlog_cli.sources.lines import read_lines

Place = tuple[str, int]
"""File and byte of a line without a seal; log and number of a sealed one."""

By = Literal["offset", "seq", "line"]
"""What finds a record again: its byte, its number, or (in a sealed log that others write) which line it is."""


def mask(
    paths: list[str], findings: str, rules: list[str], pseudonyms: str | None, output: str | None,
    notices: show.Notices, *, dry_run: bool = False,
) -> int:  # fmt: skip
    """Write the lines of logs without a seal, masked where findings say so; return the exit code.

    Args:
        paths: Files, folders, globs.
        findings: What `check --format jsonl` has written.
        rules: Ids of the rules that are meant; empty for all.
        pseudonyms: File with the key for pseudonyms, or None.
        output: A file that appears whole, or None for standard output.
        notices: Say what was done.
        dry_run: Say what would be done.

    Raises:
        InputError: If something cannot be read.
        DefinitionError: If a finding is none, or is not about what stands there now: then nothing is written.
        UsageError: If standard input is named, or the output is one of the inputs.
        AuditWriteError: If the output cannot be written.
    """
    masks = Masks(key=None if pseudonyms is None else load_key(pseudonyms))
    wanted = _gathered(paths, named.load(findings, rules), "offset")
    for _, line, those in _standing(paths, wanted, "offset"):
        named.masked(line, those, masks)  # what would go wrong goes wrong before anything is written

    def work(line: Line) -> Masked | None:
        those = wanted.get((line.path, line.offset))
        return None if those is None else named.masked(line, those, masks)

    def run(out: sinks.Output, told: Callable[[int], None]) -> running.Tally:
        return running.each(paths, work, out.write, told)

    if dry_run:
        return masking.counted(running.each(paths, work, lambda line: None), notices)
    return masking.written(paths, run, output, notices)


def places(
    paths: list[str], findings: str | None, rules: list[str], *, narrowed: bool
) -> dict[int, frozenset[str]] | None:
    """Return which places of which records of a sealed log findings name: JSON pointers by number; None without any.

    Args:
        paths: The log.
        findings: As for `mask`, or None if none are given.
        rules: As for `mask`.
        narrowed: Records are selected as well.

    Raises:
        InputError: If something cannot be read.
        DefinitionError: If a finding is none, or is not about what stands there now.
        UsageError: If several logs are named, or records are selected as well.
    """
    if findings is None:
        return None
    if narrowed:
        raise UsageError("--findings names the records: no selector goes with it", help="--rule ID")
    from auditlog_cli.salting import settling
    from auditlog_cli.writer.growth import is_sealed

    logs = files.find(paths)
    if len(logs) != 1:
        raise UsageError("--findings: one sealed log at a time", help="name the log itself, not its folder")
    log = os.path.realpath(logs[0].path)
    by: By = "line" if settling.is_salted(log) and not is_sealed(log) else "seq"
    wanted = _gathered(paths, named.load(findings, rules), by)
    return {number: named.standing(line, those) for (_, number), line, those in _standing(paths, wanted, by)}


def _gathered(paths: list[str], found: list[Named], by: By) -> dict[Place, list[Named]]:
    """The findings by the line they are about."""
    known: dict[str, str] = {}
    for log in files.find(paths):
        if files.STDIN in log.files:
            raise UsageError(
                "--findings works on files: standard input cannot be looked at twice",
                help="write it into a file, check that, and name it in both commands",
            )
        known |= {os.path.abspath(file): file if by == "offset" else log.path for file in (log.path, *log.files)}
    wanted: dict[Place, list[Named]] = {}
    for each in found:
        file = known.get(each.source)
        if file is None:
            raise DefinitionError(
                f"{each.said}: about {each.finding['record']['source']}, which is none of the logs given",
                help="run this where `auditlog check` was run, and name the same logs",
            )
        number = {"offset": each.offset, "seq": each.seq, "line": each.line}[by]
        if number is None:
            raise DefinitionError(f"{each.said}: does not say which record it is about", help=named.HELP)
        wanted.setdefault((file, number), []).append(each)
    return wanted


def _standing(paths: list[str], wanted: dict[Place, list[Named]], by: By) -> list[tuple[Place, Line, list[Named]]]:
    """The lines that findings are about, each confirmed to be the one that was judged."""
    met: list[tuple[Place, Line, list[Named]]] = []
    for log in files.find(paths):
        for file in log.files:
            for item in read_lines(file):
                if isinstance(item, BadLine):
                    continue
                place = (file, item.offset) if by == "offset" else (log.path, _number(item, by))
                those = wanted.get(place)
                if those is not None:
                    named.confirm(item, those, sealed=by != "offset")
                    met.append((place, item, those))
    missing = len(wanted) - len(met)
    if missing:
        seen = {place for place, _, _ in met}
        first = next(those[0] for place, those in wanted.items() if place not in seen)
        raise DefinitionError(f"{first.said}: no such record is there now", help="check the log again: it has changed")
    return met


def _number(line: Line, by: By) -> int:
    """The number of a sealed record, from 0; -1 if it has none."""
    if by == "line":
        return line.number - 1
    from auditlog_cli import strictjson

    try:
        seq = strictjson.decode(line.raw).get("seq")
    except strictjson.Malformed:
        return -1
    return seq if type(seq) is int else -1
