"""What a log says about itself, gathered while it is read (integrity.md, 2.6). No I/O; nothing here is trusted."""

from __future__ import annotations

from typing import Any, NamedTuple

from auditlog_cli import times
from auditlog_cli.sealing import notes
from auditlog_cli.verdict import Problem
from auditlog_cli.verification.pieces import Event

FORMAT = "auditlog/1"
_NEVER_S = 1e15
"""Seconds from which a promise of heartbeats is none."""
_LISTED = {
    "recovered": "the end of the log was repaired after a crash",
    "lost": "records did not reach this log, or are gone from it",
    "durability": "a failed sync: the disk did not confirm some records",
}


class Place(NamedTuple):
    """Where a record stands."""

    seq: int | None
    path: str
    line: int
    byte: int


class Checkpoint(NamedTuple):
    """A checkpoint as it stands in the log or beside it.

    Attributes:
        place: Of the record; without `seq` for the side file.
        note: Taken apart, or None if it is no checkpoint.
        armour: Its SSHSIG, or empty.
        at: When it was made, as the record says: microseconds since the epoch, or None.
        trouble: Why `note` is None.
    """

    place: Place
    note: notes.Note | None
    armour: str
    at: int | None
    trouble: str = ""


class Story:
    """What the own records of one log say.

    Attributes:
        origin, format: From the genesis, else from the first `rotate`.
        heartbeat_s: What was promised, or None.
        genesis: Whether record 0 is one.
        listed: Repairs, losses, failed syncs.
        gaps: Where checkpoints are too far apart.
        prunes: (records, head, range) of each `prune`.
        sums: Name of a closed segment → the newest sum that the log names of it, and where.
        declared: (number of the declaration, number of the record that is meant) of each `redact`.
        redacted: (number of a declaration, segment in which it was carried out).
        torn: Name of a file with a torn end → sum, size, and where the log says so.
    """

    def __init__(self) -> None:
        self.origin = ""
        self.format = ""
        self.heartbeat_s: float | None = None
        self.genesis = False
        self.second: Place | None = None
        self.listed: list[Problem] = []
        self.gaps: list[Problem] = []
        self.prunes: list[tuple[object, object, object]] = []
        self.sums: dict[str, tuple[str, Place]] = {}
        self.declared: set[tuple[int, int]] = set()
        self.redacted: set[tuple[int, str]] = set()
        self.torn: dict[str, tuple[str, int, Place]] = {}
        self._mark: int | None = None  # the time of the last checkpoint, or of the beginning
        self._closed = False
        self._close_at: int | None = None

    def take(self, event: Event, place: Place) -> Checkpoint | None:
        """Take an own record; return the checkpoint if it is one."""
        own = event.own or {}
        which = own.get("type")
        at = times.parse(event.timestamp)
        if which in ("rotate", "redacted", "redact", "recovered"):
            self._files(str(which), own, place)
        if which in ("genesis", "rotate"):
            self._begin(own, place, at, first=which == "genesis")
        elif which == "prune":
            self.prunes.append((own.get("records"), own.get("head"), own.get("range")))
        elif which == "close":
            self._closed, self._close_at = True, place.seq
        elif which in _LISTED:
            self._list(str(which), own, place)
        elif which == "checkpoint":
            self._beat(at, place)
            return read(own.get("note"), own.get("sshsig"), place, at)
        return None

    def _begin(self, own: dict[str, Any], place: Place, at: int | None, *, first: bool) -> None:
        if first and place.seq == 0:
            self.genesis = True
        elif first and self.second is None:
            self.second = place
        if not self.origin:
            origin, which = own.get("origin"), own.get("format")
            self.origin = origin if isinstance(origin, str) else ""
            self.format = which if isinstance(which, str) else "?"
            beat = own.get("heartbeat_s")
            if isinstance(beat, (int, float)) and not isinstance(beat, bool) and 0 < beat < _NEVER_S:
                self.heartbeat_s = float(beat)
            if self._mark is None:
                self._mark = at

    def _files(self, which: str, own: dict[str, Any], place: Place) -> None:
        """Note what a record says of other files of the log."""
        total, segment, seq = own.get("sha256"), own.get("segment"), place.seq
        if which in ("rotate", "redacted") and isinstance(segment, str) and isinstance(total, str):
            self.sums[segment] = (total, place)
        seqs, targets = own.get("declared_at"), own.get("targets")
        if which == "redacted" and isinstance(segment, str) and isinstance(seqs, list):
            self.redacted |= {(each, segment) for each in seqs if type(each) is int}
        if which == "redact" and seq is not None and isinstance(targets, list):
            meant = (each.get("seq") for each in targets if isinstance(each, dict))
            self.declared |= {(seq, each) for each in meant if type(each) is int}
        name, size = own.get("file"), own.get("bytes")
        if which == "recovered" and isinstance(name, str) and isinstance(total, str) and type(size) is int:
            self.torn[name] = (total, size, place)

    def _list(self, which: str, own: dict[str, Any], place: Place) -> None:
        if len(self.listed) < 1000:
            message = _LISTED[which]
            count = own.get("count")
            if which == "lost" and isinstance(count, int):
                one = "one record did not reach this log, or is gone from it"
                message = one if count == 1 else f"{count:,} {message}"
            self.listed.append(
                Problem(which, message, seq=place.seq, path=place.path, line=place.line, byte=place.byte)
            )

    def _beat(self, at: int | None, place: Place) -> None:
        self._gap(at, place)
        if at is not None:
            self._mark = at
        # The checkpoint that belongs to a close stands right behind it.
        self._closed = self._close_at is not None and place.seq == self._close_at + 1

    def _gap(self, at: int | None, place: Place) -> None:
        if self.heartbeat_s is None or at is None or self._mark is None or self._closed:
            return
        seconds = (at - self._mark) / times.SECOND
        if seconds > 2 * self.heartbeat_s:
            self.gaps.append(
                Problem(
                    "gap", f"no checkpoint for {seconds:,.0f} s, one every {self.heartbeat_s:g} s was promised",
                    seq=place.seq, path=place.path, line=place.line, byte=place.byte,
                )
            )  # fmt: skip

    def end(self, last: object, place: Place) -> None:
        """Say when and where the last record was made."""
        self._gap(times.parse(last), place)


def read(note: object, armour: object, place: Place, at: int | None) -> Checkpoint:
    """Take a checkpoint apart."""
    shown = armour if isinstance(armour, str) else ""
    if not isinstance(note, str):
        return Checkpoint(place, None, shown, at, "it holds no note")
    try:
        parsed = notes.parse(note)
    except notes.NoteError as error:
        return Checkpoint(place, None, shown, at, str(error))
    return Checkpoint(place, parsed, shown or parsed.armour, at)


def together(records: list[Checkpoint], side: Checkpoint | None) -> list[Checkpoint]:
    """Return the checkpoints of a log, the one beside it last; once, if it is the one that a record holds."""
    if side is None:
        return records
    held = side.note is not None and any(
        each.note is not None
        and each.note._replace(armour="") == side.note._replace(armour="")
        and side.armour in ("", each.armour)
        for each in records
    )
    return records if held else [*records, side]
