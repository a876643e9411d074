"""What a redaction of a log that others write will do, found out before anything is changed (integrity.md, 2.8).

The log is read once or twice, line by line; all of it must be what was signed, for nothing can be withheld from a line
that is not sealed yet, and nothing should be from one that somebody changed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

from auditlog_cli import segments, strictjson
from auditlog_cli.errors import InputError
from auditlog_cli.salting import settling
from auditlog_cli.salting.files import Snapshot
from auditlog_cli.sealing.line import Unsealed
from auditlog_cli.withholding import salted_holding
from auditlog_cli.withholding.choosing import BySubject, Choice, Chooser
from auditlog_cli.withholding.declaring import Target, recorded, targets_of
from auditlog_cli.withholding.finding import ByPlace
from auditlog_cli.withholding.passes import First, Second
from auditlog_cli.withholding.planned import Part, Pending, Plan
from auditlog_cli.withholding.replacing import meant
from auditlog_cli.withholding.salted import Foreign, dissect

_ESCAPE = b"\\u00"  # behind an escaped letter a needle could hide


class _Declared(NamedTuple):
    said: dict[str, object]
    targets: dict[int, list[Target]]


def plan(path: str, chooser: Chooser, *, despite_hold: bool = False) -> Plan:
    """Find out what is to go.

    Args:
        path: The log.
        chooser: What is asked for.
        despite_hold: Also from records under a legal hold.

    Raises:
        InputError: If the log or what belongs to it cannot be read, or is not all sealed.
        SealRefused: If it is not the log that was signed.
    """
    made = Plan(path)
    made.salted = True
    with Snapshot(path) as files:
        state = settling.whole(files)
        made.origin, made.size, made.head = state.note.origin, state.note.size, state.head
        made.dregs = files.has_new
        declared = _declarations(files, made)
        holds = salted_holding.of(files)
        made.statements = files.holds
        if isinstance(chooser, BySubject):
            made.naming = salted_holding.naming(files, chooser.subject)
        first = First(made, chooser, holds, despite_hold=despite_hold)
        first.found.append([])
        waiting: dict[int, dict[str, None]] = {}
        numbers = frozenset(number for each in declared.values() for number in each.targets)
        for line in _lines(files, state, lambda raw, at: at in numbers or _may_concern(raw, chooser)):
            for number in _waiting(declared, line):
                waiting.setdefault(number, {}).update(dict.fromkeys(salted_holding.since(holds, number, line)))
            _choose(first, line, chooser, made)
        if first.digests:
            second = Second(made, first)
            wanted = [digest.encode() for digest in first.digests]
            for line in _lines(files, state, lambda raw, _: any(digest in raw for digest in wanted)):
                second.look(0, line)
    beside = os.path.basename(segments.redactions_name(path))
    made.pending = [
        Pending(number, declared[number].said, [], beside, tuple(held)) for number, held in sorted(waiting.items())
    ]
    if first.found[0]:
        made.parts = [Part(path, [target for _, _, target in sorted(first.found[0])])]
    return made


def _lines(files: Snapshot, state: settling.State, wanted: Callable[[bytes, int], bool]) -> Iterator[Foreign]:
    """Yield the lines that are wanted, and those without salts, taken apart; not those withheld as a whole."""
    for number, (line, text) in enumerate(files.pairs(new=state.new)):
        assert line is not None and text is not None  # `settling.whole` has looked
        if text != b"[]" and not wanted(line.raw, number):
            continue
        try:
            found = dissect(line.raw, number, text)
        except Unsealed as error:
            raise InputError(
                f"{line.path}: line {number + 1} is not the one its salts were made for: {error}; nothing was withheld",
                help=f"auditlog verify {files.path}",
            ) from error
        if found is not None:
            yield found


def _declarations(files: Snapshot, made: Plan) -> dict[int, _Declared]:
    """What was declared earlier, by the number of the line; and whose erasure was recorded."""
    name = segments.redactions_name(files.path)
    found = {}
    for number, raw in enumerate(settling.rows(files), 1):
        try:
            own = strictjson.exact(raw).get("auditlog")
        except strictjson.Malformed as error:
            raise InputError(
                f"{name}: line {number} is no declaration: {error.reason}",
                help="take the file from a copy; auditlog verify says which line is damaged",
            ) from error
        if isinstance(own, dict) and own.get("type") == "redact":
            targets: dict[int, list[Target]] = {}
            for target in targets_of(own):
                targets.setdefault(target.seq, []).append(target)
            found[number] = _Declared(own, targets)
        elif isinstance(own, dict):
            made.recorded |= recorded(own)
    return found


def _waiting(declared: dict[int, _Declared], line: Foreign) -> set[int]:
    """The declarations of which something can still be read in this line."""
    return {
        number for number, each in declared.items() if line.seq in each.targets and meant(line, each.targets[line.seq])
    }


def _may_concern(raw: bytes, chooser: Chooser) -> bool:
    """Tell by a search over the bytes whether the chooser has to look at a line."""
    if chooser.needles is None or _ESCAPE in raw:
        return True
    hay = raw.lower() if chooser.lowered else raw
    return any(needle in hay for needle in chooser.needles)


def _choose(first: First, line: Foreign, chooser: Chooser, made: Plan) -> None:
    if line.is_json:
        first.look(line, chooser)
    elif isinstance(chooser, BySubject):
        if chooser.subject.in_bytes(line.raw):
            whole = chooser.whole
            first.take(line, Choice(whole=True) if whole else Choice(left=("",)))
    else:
        choice = chooser.choose(line)
        first.take(line, choice)
        if not choice.whole and not isinstance(chooser, ByPlace):  # a place is named: no other line had to be looked at
            made.bad += 1
