"""What a redaction will do, found out before anything is changed. Reads the log, writes nothing.

Two passes over the log, one segment in memory at a time. The first finds what is asked for, and the digests and
large values that belong to it; the second finds where else those stand.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from typing import NamedTuple

from auditlog_cli import segments
from auditlog_cli.sealing.line import Unsealed, unseal
from auditlog_cli.strictjson import Malformed
from auditlog_cli.withholding import beside, digests, reading
from auditlog_cli.withholding.anatomy import Anatomy, dissect
from auditlog_cli.withholding.choosing import TORN, BySubject, Choice, Chooser
from auditlog_cli.withholding.declaring import Target, targets_of

_BLOB = re.compile(rb'"sha256":"([0-9a-f]{64})"')


class Part(NamedTuple):
    """What goes from one file."""

    path: str
    targets: list[Target]


class Pending(NamedTuple):
    """A declaration that was not carried out in every segment.

    Attributes:
        seq: Its number.
        said: Its `auditlog` member.
        firsts: First numbers of the segments that no `redacted` record names for it.
    """

    seq: int
    said: dict[str, object]
    firsts: list[int]


class Plan:
    """What a redaction will do.

    Attributes:
        path: The log.
        parts: What goes, file by file, in the order of the log.
        left: (seq, JSON pointer) of what was meant and cannot go by field.
        blobs: Names of large values that go with the record that refers to them.
        kept: Names of large values that stay, because another record still refers to them.
        torn: Names of files with torn ends that go.
        bad: How many lines could not be looked at, because they are no well-formed sealed lines.
        pending: Earlier declarations that were not carried out to the end.
        dregs: Whether an earlier redaction left large values or torn ends that were to go.
        torn_ends: Number of the record of a repair → file with the torn end, as far as it is there.
        origin: The name of the log.
        size, head: How many records were looked at, and the leaf of the last one.
        requests: Case numbers whose erasure the log records already.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.parts: list[Part] = []
        self.left: list[tuple[int, str]] = []
        self.blobs: set[str] = set()
        self.kept: set[str] = set()
        self.torn: set[str] = set()
        self.bad = 0
        self.pending: list[Pending] = []
        self.dregs = beside.any_doomed(path)
        self.torn_ends: dict[int, str] = {}
        self.origin = ""
        self.size = 0
        self.head = ""
        self.requests: set[str] = set()

    @property
    def targets(self) -> list[Target]:
        """Everything that goes, in the order of the log."""
        return [target for part in self.parts for target in part.targets]

    @property
    def values(self) -> int:
        """How many values go; a whole record counts as one."""
        return sum(len(part.targets) for part in self.parts)

    @property
    def records(self) -> int:
        """From how many records."""
        return len({target.seq for target in self.targets})

    @property
    def unfinished(self) -> bool:
        """Whether an earlier redaction was not carried out to the end."""
        return bool(self.pending) or self.dregs

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.parts or self.torn)


def plan(path: str, chooser: Chooser) -> Plan:
    """Find out what is to go.

    Raises:
        InputError: If the log is missing, not sealed, or cannot be read.
        UsageError: If `path` is that of a closed segment.
    """
    made = Plan(path)
    subject = chooser.subject if isinstance(chooser, BySubject) else None
    if subject is not None:
        subject.blobs.update(beside.blobs_with(path, subject.in_json))
        subject.torn.update(beside.torn_with(path, subject.in_bytes))
        made.torn.update(subject.torn)
    with reading.snapshot(path) as files:
        first = _First(made, chooser)
        for file in files:
            first.read(file)
        if first.digests or made.blobs:
            second = _Second(made, first)
            for number, file in enumerate(files):
                second.read(number, file)
    made.parts = [
        Part(file.path, [target for _, _, target in sorted(found)])
        for file, found in zip(files, first.found, strict=True)
        if found
    ]
    made.pending = first.pending()
    made.blobs -= made.kept
    return made


_Found = list[tuple[int, int, Target]]  # seq, offset in the line, target


class _First:
    """The first pass: what is asked for, and what belongs to it."""

    def __init__(self, made: Plan, chooser: Chooser) -> None:
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
        for raw in reading.candidates(data, self._chooser.needles, lowered=self._chooser.lowered):
            try:
                line = dissect(raw)
            except (Unsealed, Malformed):
                self._made.bad += 1
                continue
            if line is not None:
                if line.own is not None:
                    self._own(line, line.own)
                self._take(line, self._chooser.choose(line))

    def _begin(self, path: str, data: bytes) -> None:
        """Note the number of the first record, by the name of the file or by its first line; and the origin."""
        try:
            line = dissect(reading.first_line(data))
        except (Unsealed, Malformed):
            line = None
        if line is not None and line.own is not None:
            self._made.origin = self._made.origin or str(line.own.get("origin", ""))
        if segments.active_of(path) is not None:
            bare = path.removesuffix(".zst").removesuffix(".gz")
            self._starts.append(int(segments.stem(bare).rpartition(".")[2]))
        else:
            self._starts.append(line.seq if line is not None else 0)

    def _end(self, data: bytes) -> None:
        """Note the last record."""
        end = len(data) - 1
        while end > 0:
            start = data.rfind(b"\n", 0, end) + 1
            try:
                last = unseal(data[start:end])
            except Unsealed:
                end = start - 1
                continue
            self._made.size, self._made.head = last.seq + 1, last.leaf
            return

    def _take(self, line: Anatomy, choice: Choice) -> None:
        self._made.left += ((line.seq, pointer) for pointer in choice.left)
        if not choice.whole and not choice.fields:
            return
        self.taken[line.seq] = choice.fields or frozenset(("",))
        self.digests.update(digests.undone_by(line, choice.fields, whole=choice.whole))
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

    def _own(self, line: Anatomy, own: dict[str, object]) -> None:
        kind = own.get("type")
        if kind == "redact":
            self._declared[line.seq] = own
        elif kind == "redacted":
            seqs, segment = own.get("declared_at"), own.get("segment")
            if isinstance(seqs, list) and isinstance(segment, str):
                digits = segments.stem(segment).rpartition(".")[2]
                self._done |= {(seq, int(digits)) for seq in seqs if type(seq) is int and digits.isdecimal()}
        elif kind == "erase-subject" and isinstance(own.get("request"), str):
            self._made.requests.add(str(own["request"]))
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


class _Second:
    """The second pass: where the digests and the large values stand besides."""

    def __init__(self, made: Plan, first: _First) -> None:
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
        except (Unsealed, Malformed):
            return
        if line is None:
            return
        taken = self._first.taken.get(line.seq, frozenset())
        if "" in taken:
            return
        for value in line.values:
            if value.field in taken:
                continue
            text = line.text(value)
            if value.field in digests.PLACES and text[1:-1].decode("ascii", "replace") in self._first.digests:
                self._first.found[number].append(
                    (line.seq, value.offset, Target(line.seq, value.field, line.commit(value)))
                )
            else:
                self._made.kept |= {name.decode() for name in _BLOB.findall(text)} & self._made.blobs


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
