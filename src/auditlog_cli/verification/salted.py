"""Logs that others write, with salts beside them, read line by line (integrity.md, 2.8)."""

from __future__ import annotations

import os

from auditlog_cli import segments, strictjson
from auditlog_cli.counts import many
from auditlog_cli.salting import settling
from auditlog_cli.salting.files import Snapshot
from auditlog_cli.sealing import merkle, notes, salted
from auditlog_cli.sealing.line import Unsealed
from auditlog_cli.verdict import Problem, Verdict
from auditlog_cli.verification import own
from auditlog_cli.verification.declarations import Withholdings
from auditlog_cli.verification.lines import Hole
from auditlog_cli.verification.pieces import Event
from auditlog_cli.verification.raw import Lines


class _Reader:
    """Takes the lines of a log, each with its salts.

    Attributes:
        lines: What comes out.
        salts: How many lines of salts there are.
    """

    def __init__(self, verdict: Verdict, withheld: Withholdings, wanted: set[int]) -> None:
        self.lines = Lines()
        self.salts = 0
        self._verdict = verdict
        self._withheld = withheld
        self._wanted = wanted
        self._tree = merkle.Range()
        self._head = ""

    def read(self, snapshot: Snapshot, *, new: bool) -> None:
        """Take all lines."""
        lines = self.lines
        for line, text in snapshot.pairs(new=new):
            self.salts += text is not None
            if line is None:
                continue
            if not line.ended:
                self._add("torn-tail", "the log ends in bytes that no line feed ends: they are not covered", lines.many,
                          line.offset)  # fmt: skip
                continue
            lines.many += 1
            if text is not None:
                self._take(line.raw, text, line.offset)
        lines.covered, lines.head, lines.root = self._tree.size, self._head, self._tree.root()

    def _take(self, raw: bytes, text: bytes, offset: int) -> None:
        number = self._tree.size
        holes: list[Hole] = []
        try:
            spans = salted.read(text, len(raw))
            leaf = settling.leaf_of(raw, number, spans)
            if salted.tombstone(raw, number, spans):
                holes = [Hole("", leaf.hex())]
            else:
                holes = [Hole(*hole) for hole in salted.look(raw, spans).holes]
        except Unsealed as error:
            leaf = salted.leaf(raw, [])
            self.lines.flawed = min(number, number if self.lines.flawed is None else self.lines.flawed)
            self._add("line", f"line {number + 1} is not the one its salts were made for: {error}", number, offset,
                      detail=error.detail)  # fmt: skip
        if holes:
            place = own.Place(number, self._verdict.path, number + 1, offset)
            self._withheld.take(Event(0, number, number + 1, offset, None, None, holes, leaf.hex()), place)
        self._tree.add(leaf)
        self._head = leaf.hex()
        if self._tree.size in self._wanted:
            self.lines.roots[self._tree.size] = self._tree.root()

    def _add(self, code: str, message: str, number: int, offset: int, *, detail: str = "") -> None:
        last = self._verdict.findings[-1] if self._verdict.findings else None
        if last is not None and last.code == code == "line":
            last.again += 1
            return
        self._verdict.findings.append(
            Problem(code, message, seq=number, detail=detail, path=self._verdict.path, line=number + 1, byte=offset)
        )


def read(snapshot: Snapshot, note: notes.Note, verdict: Verdict, withheld: Withholdings, wanted: set[int]) -> Lines:
    """Read the log and what lies beside it.

    Args:
        snapshot: The files.
        note: The checkpoint that counts.
        verdict: Findings go there.
        withheld: What is withheld, and declared, goes there.
        wanted: The sizes at which roots are needed.
    """
    new = snapshot.has_new and settling.root_at(snapshot, note.size, new=True) == note.root
    if new:
        verdict.warnings.append(
            Problem(
                "declared-readable", "a redaction was cut short before the salts of what it withheld were gone",
                path=segments.new_salts_name(verdict.path),
            )
        )  # fmt: skip
    reader = _Reader(verdict, withheld, wanted)
    reader.read(snapshot, new=new)
    lines = reader.lines
    _declarations(snapshot, withheld, lines.many)
    salts = segments.salts_name(verdict.path)
    name = os.path.basename(salts)
    if not snapshot.has_salts and not new:
        lines.without = True
        verdict.findings.append(
            Problem(
                "salts", f"{name} is missing, and without it no line can be compared with what was signed", path=salts,
            )
        )  # fmt: skip
    elif reader.salts < min(note.size, lines.many):
        lines.without = True
        verdict.findings.append(
            Problem(
                "salts", f"there are salts for {many(reader.salts, 'line')} only, and {note.size:,} were signed",
                seq=reader.salts, path=salts, expected=many(note.size, "line"), found=many(reader.salts, "line"),
            )
        )  # fmt: skip
    elif reader.salts > lines.many and note.size <= lines.many:
        are = "is" if lines.many == 1 else "are"
        verdict.findings.append(
            Problem(
                "truncated", f"there are salts for {many(reader.salts, 'line')}, and only {lines.many:,} there {are}",
                seq=lines.many, path=verdict.path, expected=many(reader.salts, "line"), found=many(lines.many, "line"),
            )
        )  # fmt: skip
    return lines


def _declarations(snapshot: Snapshot, withheld: Withholdings, limit: int) -> None:
    """Take the declarations beside the log: one a line."""
    path = segments.redactions_name(snapshot.path)
    offset = 0
    rows = snapshot.declarations.split(b"\n")
    torn = rows.pop()
    for number, raw in enumerate([*rows, torn] if torn else rows, 1):
        place = own.Place(None, path, number, offset)
        offset += len(raw) + 1
        try:
            content = strictjson.exact(raw)
        except strictjson.Malformed as error:
            withheld.refuse(place, f"it is no JSON object: {error.reason}")
            continue
        said = content.get("auditlog")
        kind = said.get("type") if isinstance(said, dict) else None
        if kind == "redact" and isinstance(said, dict):
            withheld.beside(said, limit, content.get("timestamp"), place)
        elif kind != "erase-subject":
            withheld.refuse(place, "it does not have the form of a declaration")
