"""Lines counted: the fast step, in the process that reads them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from auditlog_cli import decoders, strictjson
from auditlog_cli.errors import InputError
from auditlog_cli.record import BadLine, Line, Record
from auditlog_cli.validator import compiled
from auditlog_cli.validator.questions import agrees
from auditlog_cli.validator.record import Profile, judge
from auditlog_cli.validator.report import Tally
from auditlog_cli.validator.rules import LINE_RULES
from auditlog_cli.validator.structure import may_misuse


class Asked(NamedTuple):
    """What is asked of each line.

    Attributes:
        profile: `record` or `six-questions`.
        strict: Whether unknown members are findings.
        shape: What every line is taken for; None: told from each line.
        limit: How many findings are to be explained; 0: all.
    """

    profile: Profile
    strict: bool = False
    shape: str | None = None
    limit: int = 0


class Part:
    """What was counted in some lines.

    Attributes:
        tally: The numbers.
        kept: The lines that hold the first `limit` findings, for them to be explained.
        error: Why the lines ended before their end, or None.
    """

    __slots__ = ("error", "kept", "tally")

    def __init__(self) -> None:
        self.tally = Tally()
        self.kept: list[Line | BadLine] = []
        self.error: InputError | None = None


def count(lines: Iterable[Line | BadLine], asked: Asked, *, bulk: bool) -> Part:
    """Return what was counted in `lines`.

    Args:
        lines: Raw.
        asked: What is asked of each.
        bulk: There are many: load what makes each faster.

    Raises:
        DefinitionError: If the schema is damaged.
    """
    part = Part()
    try:
        if bulk and not asked.strict and asked.shape in (None, decoders.OURS):
            _count_fast(lines, asked, part)
        else:
            for line in lines:
                part.tally.read += 1
                _count_one(line, asked, part)
    except InputError as error:
        part.error = error
    return part


def _count_one(line: Line | BadLine, asked: Asked, part: Part) -> None:
    """The slow, obvious way; what `_count_fast` says must agree with it (tests/validation)."""
    decode = decoders.forced(asked.shape) if asked.shape else decoders.decode
    item = decode(line)
    if isinstance(item, BadLine):
        _keep(item, asked, part)
        part.tally.broken(LINE_RULES[item.code])
    else:
        _count_record(item, asked, part)


def _count_record(record: Record, asked: Asked, part: Part) -> None:
    verdict = judge(record, asked.profile, strict=asked.strict)
    if verdict.problems:
        _keep(record.line, asked, part)
    part.tally.judged(verdict)


def _keep(item: Line | BadLine, asked: Asked, part: Part) -> None:
    if not asked.limit or part.tally.findings < asked.limit:
        part.kept.append(item)


def _count_fast(lines: Iterable[Line | BadLine], asked: Asked, part: Part) -> None:
    """Most records of most logs are ours, complete and in the very bytes that orjson writes: those are
    counted in one pass of the compiled engine. Whatever is not, is judged as ever (bench/validate.py).
    """
    import orjson

    strictjson.in_bulk()
    loads, dumps, fits = orjson.loads, orjson.dumps, compiled.verdict("answering-record")
    tally = part.tally
    complete = 0
    try:
        for line in lines:
            tally.read += 1
            if type(line) is not Line:
                _count_one(line, asked, part)
                continue
            raw = line.raw
            try:
                stored = loads(raw)
                # Strict: no member was lost, no number changed (strictjson.decode).
                strict = type(stored) is dict and dumps(stored) == raw
            except (ValueError, TypeError):
                strict = False
            if not strict:
                _count_one(line, asked, part)
            elif (
                fits(stored)
                and agrees(stored)
                and "auditlog" not in stored
                and not may_misuse(raw, stored, canonical=True)
            ):
                complete += 1
            elif asked.shape is None:
                _count_record(decoders.read(stored, line), asked, part)
            else:
                _count_record(Record(stored, line, asked.shape, stored), asked, part)
    finally:
        if complete:
            tally.complete(decoders.OURS, complete)
