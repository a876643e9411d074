"""The two passes over a log that is to be redacted, segment by segment. They read, and write nothing."""

from __future__ import annotations

import re
from bisect import bisect_right

from auditlog_cli import parallel, segments
from auditlog_cli.sealing.holds import NEEDLE
from auditlog_cli.sealing.line import Unsealed
from auditlog_cli.strictjson import Malformed
from auditlog_cli.withholding import beside, digests, reading
from auditlog_cli.withholding.anatomy import Anatomy, dissect
from auditlog_cli.withholding.choosing import TORN, Choice, Chooser, Nothing
from auditlog_cli.withholding.declaring import Target, recorded, targets_of
from auditlog_cli.withholding.holding import Register
from auditlog_cli.withholding.planned import Pending, Plan
from auditlog_cli.withholding.replacing import lines_with

_BLOB = re.compile(rb'"sha256":"([0-9a-f]{64})"')
_nobody = Nothing()
_Found = list[tuple[int, int, Target]]  # seq, offset in the line, target


class First:
    """The first pass: what is asked for, and what belongs to it."""

    def __init__(self, made: Plan, chooser: Chooser, holds: Register, *, despite_hold: bool) -> None:
        self._holds = holds
        self._despite_hold = despite_hold
        self.digests: set[str] = set()
        self.found: list[_Found] = []
        self.taken: dict[int, frozenset[str]] = {}  # seq → fields; the empty one is the whole record
        self._made = made
        self._chooser = chooser
        self._large = beside.blobs(made.path)
        self._starts: list[int] = []
        self._declared: dict[int, dict[str, object]] = {}
        self._done: set[tuple[int, int]] = set()

    def read(self, file: reading.Segment) -> None:
        """Look at one segment."""
        data = file.lines()
        self._begin(file.path, data)
        self._end(data)
        self.found.append([])
        regions = reading.regions(data)

        def look(number: int) -> First:
            start, end = regions[number]
            part = First(Plan(self._made.path), _nobody, self._holds, despite_hold=self._despite_hold)
            part.found.append([])
            with reading.without_collecting():
                part._look(data[start:end], self._chooser)
            return part

        if min(self._made.processes, len(regions)) <= 1:
            with reading.without_collecting():
                self._look(data, self._chooser)
            return
        for part in parallel.in_order(look, len(regions), self._made.processes):
            self._add(part)

    def _look(self, data: bytes, chooser: Chooser) -> None:
        """Look at some lines of the segment."""
        for raw in reading.candidates(data, chooser.needles, lowered=chooser.lowered):
            try:
                line = dissect(raw)
                if line is not None:
                    self.look(line, chooser)
            except (Unsealed, Malformed):  # of a line that is well sealed, a value may still be no JSON
                self._made.bad += 1

    def look(self, line: Anatomy, chooser: Chooser) -> None:
        """Look at one record of the segment that was begun last."""
        if line.own is not None:
            self._own(line, line.own)
        self.take(line, chooser.choose(line))

    def _add(self, part: First) -> None:
        """Take what was found in some lines of the segment, in another process."""
        mine, its = self._made, part._made
        mine.left += its.left
        mine.bad += its.bad
        mine.dregs = mine.dregs or its.dregs
        mine.held |= its.held
        mine.blobs |= its.blobs
        mine.torn |= its.torn
        mine.recorded |= its.recorded
        mine.torn_ends |= its.torn_ends
        self.digests |= part.digests
        self.taken |= part.taken
        self.found[-1] += part.found[-1]
        self._declared |= part._declared
        self._done |= part._done

    def _begin(self, path: str, data: bytes) -> None:
        """Note the number of the first record, by the name of the file or by its first line; and the origin."""
        try:
            line = dissect(reading.first_line(data))
        except (Unsealed, Malformed):
            line = None
        if line is not None and line.own is not None:
            self._made.origin = self._made.origin or str(line.own.get("origin", ""))
        first = segments.first_of(path)
        self._starts.append(first if first is not None else line.seq if line is not None else 0)

    def _end(self, data: bytes) -> None:
        """Note the last record."""
        last = reading.last(data)
        if last is not None:
            self._made.size, self._made.head = last.seq + 1, last.leaf

    def take(self, line: Anatomy, choice: Choice) -> None:
        """Take what was chosen of one record of the segment that was begun last."""
        self._made.left += ((line.seq, pointer) for pointer in choice.left)
        if not choice.whole and not choice.fields:
            return
        held = self.held(line)
        if held:
            self._made.held[line.seq] = held
            self._made.left += ((line.seq, field) for field in sorted(choice.fields) or [""])
            return
        self.digests.update(digests.undone_by(line, choice.fields, whole=choice.whole))
        self.taken[line.seq] = choice.fields or frozenset(("",))
        if choice.whole:
            self.found[-1].append((line.seq, 0, Target(line.seq, "", line.leaf())))
        for value in line.values:
            if choice.whole or value.field in choice.fields:
                if not choice.whole:
                    self.found[-1].append((line.seq, value.offset, Target(line.seq, value.field, line.commit(value))))
                named = {name.decode() for name in _BLOB.findall(line.text(value))}
                self._made.blobs |= named & self._large
        if TORN in choice.fields and line.seq in self._made.torn_ends:
            self._made.torn.add(self._made.torn_ends[line.seq])

    def held(self, line: Anatomy) -> tuple[str, ...]:
        """Return the names of what holds a record; none if it may go."""
        if self._holds.is_own(line.own):
            return (str(line.content["auditlog"]["id"]),)  # type: ignore[index]
        if self._despite_hold or not (self._holds.active or NEEDLE in line.raw):
            return ()
        return self._holds.over(line.raw, line.content or None)  # empty, too, if it is no record at all

    def _own(self, line: Anatomy, own: dict[str, object]) -> None:
        kind = own.get("type")
        if kind == "redact":
            self._declared[line.seq] = own
        elif kind == "redacted":
            seqs, segment = own.get("declared_at"), own.get("segment")
            if isinstance(seqs, list) and isinstance(segment, str):
                first = segments.first_of(segment)
                self._done |= {(seq, first) for seq in seqs if type(seq) is int and first is not None}
        elif kind == "erase-subject":
            self._made.recorded |= recorded(own)
        elif kind == "recovered" and beside.is_torn(self._made.path, str(own.get("file"))):
            self._made.torn_ends[line.seq] = str(own["file"])
            self._made.dregs = self._made.dregs or TORN in line.holes

    def pending(self) -> list[Pending]:
        """Return the declarations that some segment still waits for."""
        found = []
        for seq, own in self._declared.items():
            numbers = {bisect_right(self._starts, target.seq) - 1 for target in targets_of(own)}
            firsts = {self._starts[number] for number in numbers if number >= 0}
            waiting = sorted(first for first in firsts if (seq, first) not in self._done)
            if waiting:
                found.append(Pending(seq, own, waiting))
        return found


def held_since(pending: list[Pending], files: list[reading.Segment], holds: Register) -> list[Pending]:
    """Return `pending`, each with the names of the holds that were set since and hold what it names."""
    found: dict[int, list[str]] = {}
    for file in files if holds.active else []:
        data = file.lines()
        for each in pending:
            later = [hold for hold in holds.active if hold.first > each.seq]
            wanted = {target.seq: [target] for target in targets_of(each.said)} if later else {}
            for start, end, _ in lines_with(data, wanted) if wanted else ():
                names = {*holds.over(data[start:end])}
                found.setdefault(each.seq, []).extend(hold.id for hold in later if hold.id in names)
    return [each._replace(held=tuple(dict.fromkeys(found.get(each.seq, ())))) for each in pending]


class Second:
    """The second pass: where the digests and the large values stand besides."""

    def __init__(self, made: Plan, first: First) -> None:
        self._made = made
        self._first = first
        self._wanted = {digest.encode() for digest in first.digests | made.blobs}

    def read(self, number: int, file: reading.Segment) -> None:
        """Look at one segment."""
        data = file.lines()
        before = b""
        for match in digests.ANYWHERE.finditer(data):
            if match[1] not in self._wanted:
                continue
            raw = reading.line_around(data, match.start())
            if raw != before:
                before = raw
                self._line(number, raw)

    def _line(self, number: int, raw: bytes) -> None:
        try:
            line = dissect(raw)
            if line is not None:
                self.look(number, line)
        except (Unsealed, Malformed):
            return

    def look(self, number: int, line: Anatomy) -> None:
        """Look at one record of a segment."""
        taken = self._first.taken.get(line.seq, frozenset())
        if "" in taken:
            return
        held = self._first.held(line)
        for value in line.values:
            if value.field in taken:
                continue
            text = line.text(value)
            if value.field in digests.PLACES and text[1:-1].decode("ascii", "replace") in self._first.digests:
                if held:
                    self._made.held[line.seq] = held
                    self._made.left.append((line.seq, value.field))
                    continue
                self._first.found[number].append(
                    (line.seq, value.offset, Target(line.seq, value.field, line.commit(value)))
                )
            else:
                self._made.kept |= {name.decode() for name in _BLOB.findall(text)} & self._made.blobs
