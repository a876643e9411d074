"""What a redaction will do: the nouns that travel from `planning` to what carries it out, shares it or shows it."""

from __future__ import annotations

from typing import NamedTuple

from auditlog_cli.withholding import beside
from auditlog_cli.withholding.declaring import Target


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
        held: Names of holds that were set since it was declared, and hold what it names.
        beside: The file beside the log of whose lines `seq` is one, counted from 1; empty for a record.
    """

    seq: int
    said: dict[str, object]
    firsts: list[int]
    beside: str = ""
    held: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """Where it stands, in words."""
        return f"line {self.seq} of {self.beside}" if self.beside else f"record {self.seq}"


class Plan:
    """What a redaction will do.

    Attributes:
        path: The log.
        parts: What goes, file by file, in the order of the log.
        left: (seq, JSON pointer) of what was meant and cannot go by field.
        blobs: Names of large values that go with the record that refers to them.
        kept: Names of large values that stay, because another record still refers to them.
        torn: Names of files with torn ends that go.
        held: Number of each record that stays as it is because it is under a legal hold → the names of what holds it.
        bad: How many lines could not be looked at, because they are no well-formed sealed lines.
        pending: Earlier declarations that were not carried out to the end.
        dregs: Whether an earlier redaction left large values or torn ends that were to go.
        torn_ends: Number of the record of a repair → file with the torn end, as far as it is there.
        origin: The name of the log.
        size, head: How many records were looked at, and the leaf of the last one.
        salted: Whether others write the log, and its salts lie beside it (integrity.md, 2.8).
        naming: Names of holds beside a salted log in which the person who is to be erased can be read.
        statements: The holds beside a salted log, as they were when this was planned.
        recorded: What the log says already of erasures (`declaring.recorded`).
        processes: How many may share the work.
    """

    def __init__(self, path: str, processes: int = 1) -> None:
        self.path = path
        self.processes = processes
        self.parts: list[Part] = []
        self.left: list[tuple[int, str]] = []
        self.blobs: set[str] = set()
        self.kept: set[str] = set()
        self.torn: set[str] = set()
        self.held: dict[int, tuple[str, ...]] = {}
        self.bad = 0
        self.pending: list[Pending] = []
        self.dregs = beside.any_doomed(path)
        self.torn_ends: dict[int, str] = {}
        self.origin = ""
        self.size = 0
        self.head = ""
        self.salted = False
        self.naming: list[str] = []
        self.statements = b""
        self.recorded: set[tuple[str, tuple[int, str] | None]] = set()

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

    def tells(self, request: str) -> bool:
        """Whether something of the erasure with this case number is still to be recorded: itself, or a place left."""
        return not self.nothing or not {(request, each) for each in (None, *self.left)} <= self.recorded

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.parts or self.torn)
