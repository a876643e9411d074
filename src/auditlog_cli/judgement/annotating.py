"""A copy of logs in which each record says what rules see in it; for searching, not evidence (compliance.md, 7.1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import orjson

from auditlog_cli import decoders
from auditlog_cli.errors import UsageError
from auditlog_cli.judgement.asking import Question
from auditlog_cli.record import BadLine
from auditlog_cli.rules.annotating import Annotator
from auditlog_cli.rules.sigma import ANNOTATION
from auditlog_cli.sources import files
from auditlog_cli.sources.lines import read_lines


class Annotated(NamedTuple):
    """What became of the lines; read = annotated + as they were."""

    read: int
    annotated: int


def annotate(paths: Sequence[str], question: Question, write: Callable[[bytes], None]) -> Annotated:
    """Write a copy of logs, each record with `auditlog_check` at its end.

    Bad lines, the log's own records, and records that say `auditlog_check` already are copied as they stand.

    Args:
        paths: Files, folders, globs.
        question: Whose rules, site facts and detectors.
        write: Takes the lines, each with its LF.

    Raises:
        InputError: If a log cannot be read.
        UsageError: If one is standard input, which was read already.
    """
    if files.STDIN in paths:
        raise UsageError("--annotate: standard input cannot be read twice", help="write it to a file first")
    scan = None if question.scanner is None else question.scanner.scan
    annotator = Annotator(question.packs, question.bound, question.policy, as_of=question.as_of, scan=scan)
    read = annotated = 0
    for log in files.find(list(paths)):
        for file in log.files:
            for line in read_lines(file):
                read += 1
                item = decoders.decode(line)
                raw = (line.line if isinstance(line, BadLine) else line).raw
                if not isinstance(item, BadLine) and not item.is_own and ANNOTATION not in item.stored:
                    said = orjson.dumps(annotator.of(item.content))
                    body = raw.rstrip()[:-1].rstrip()
                    raw = b'%b%b"%b":%b}' % (body, b"" if body == b"{" else b",", ANNOTATION.encode(), said)
                    annotated += 1
                write(raw + b"\n")
    return Annotated(read, annotated)
