"""Logs sent to a receiver, from where the cursor stands, batch by batch: first what is there, then what is added.

The cursor moves once the receiver has confirmed a batch. Whoever is killed between the two sends that batch again: each
record arrives at least once, and its `record_id` (in a sealed log its number, too) tells a repetition.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator

from auditlog_cli import decoders, frames
from auditlog_cli.errors import InputError, UsageError
from auditlog_cli.exporters import Entry, _otlp
from auditlog_cli.exporters.otlp_spans import trace_of
from auditlog_cli.record import BadLine, Line
from auditlog_cli.sealing.line import Sealed
from auditlog_cli.shipping import cursors, trails
from auditlog_cli.shipping.freight import Freight, Spans
from auditlog_cli.shipping.waiting import Traces
from auditlog_cli.sources.follow import Follower
from auditlog_cli.sources.lines import read_lines
from auditlog_cli.sources.looking import may_be_foreign
from auditlog_cli.writer.growth import is_sealed, origin_of

_PAUSE_S = 0.2
_LOOK_AGAIN_S = 1.0
_PACKED = (".gz", ".zst")


class Tally:
    """What became of the lines; read = sent + before + waiting + aside + bad.

    Attributes:
        before: Were sent by an earlier run.
        waiting: Belong to traces that have not ended; only spans wait.
        aside: Are in no span: the log's own, and those that name neither trace nor session.
    """

    def __init__(self) -> None:
        self.sent = self.before = self.waiting = self.aside = self.bad = 0

    @property
    def read(self) -> int:
        """How many lines were looked at."""
        return self.sent + self.before + self.waiting + self.aside + self.bad

    def __str__(self) -> str:
        told = f"{self.read:,} read: {self.sent:,} sent, {self.before:,} sent before, {self.bad:,} bad"
        if self.waiting:
            told += f", {self.waiting:,} waiting for the end of their trace"
        return f"{told}, {self.aside:,} in no span" if self.aside else told


class _Way:
    """One log, and how far it was sent."""

    def __init__(self, log: str, place: cursors.Place | None) -> None:
        self.log = log
        self.follower = None if log.endswith(_PACKED) else Follower(log)
        self.trail: trails.SealedTrail | trails.PlainTrail | None = None
        if place is not None:
            self.trail = (trails.SealedTrail if "seq" in place else trails.PlainTrail)(log, place)
        held = place.get("held", {}) if place is not None else {}
        self.traces = Traces(held if isinstance(held, dict) else {})
        if isinstance(self.trail, trails.SealedTrail):
            firsts = [first for first in self.traces.held.values() if isinstance(first, int)]
            self.trail.wanted = min([self.trail.wanted, *firsts])
        self.name = ""
        self.units: list[bytes] = []
        self.size = 0
        self.made = 0  # so many records are in them
        self.place = place  # of the last line that was taken
        self.kept = place  # what the cursor says

    def settled(self) -> trails.SealedTrail | trails.PlainTrail:
        """The trail, once there is a first line to tell its kind from."""
        if self.trail is None:
            self.trail = (trails.SealedTrail if is_sealed(self.log) else trails.PlainTrail)(self.log, None)
        return self.trail

    def there(self) -> Iterator[Line | BadLine]:
        """All lines that are there; those before the place may be left out."""
        if self.follower is None:
            return read_lines(self.log)
        return self.follower.from_start(self.trail.wanted if self.trail is not None else 0)


class Shipper:
    """Sends logs.

    Args:
        paths: Files, folders and globs.
        cursor: How far they were sent.
        freight: As what they are sent, and where to.
        say: Is told, in one line each, what happens to the files.
        on_bad: Is told each line that cannot be sent.
        masks: Returns the record as it goes out, or None if it must not; None: records go as they are.

    Attributes:
        tally: What became of the lines.

    Raises:
        InputError: If a log is not there.
        UsageError: If the cursor is of other logs, or a log is of a foreign format.
    """

    def __init__(
        self,
        paths: list[str],
        cursor: cursors.Cursor,
        freight: Freight,
        say: Callable[[str], None],
        on_bad: Callable[[BadLine], None],
        masks: Callable[[Entry], Entry | None] | None = None,
    ) -> None:
        self._masks = masks
        self.tally = Tally()
        self._paths = paths
        self._cursor = cursor
        self._freight = freight
        self._say = say
        self._on_bad = on_bad
        self._ways: dict[str, _Way] = {}
        logs = cursors.logs(paths)
        cursor.refuse_others(logs)
        self._add(logs)

    def _add(self, logs: list[str]) -> list[_Way]:
        added = []
        for log in logs:
            if log not in self._ways:
                _refuse_foreign(log)
                self._ways[log] = _Way(log, self._cursor.place(log))
                added.append(self._ways[log])
        return added

    def once(self) -> None:
        """Send what is there.

        Raises:
            AuditWriteError: If the receiver does not take it, or the cursor cannot be written.
            UsageError: If a log is not the one that the cursor is of.
            InputError: If a log cannot be read, or records in it are missing.
        """
        for way in list(self._ways.values()):
            self._catch_up(way)

    def follow(self, *, stop: Callable[[], bool] = lambda: False) -> None:
        """Send what is there, and whatever is added, until `stop`; raises what `once` does."""
        self.once()
        looked = time.monotonic()
        while not stop():
            quiet = True
            for way in self._ways.values():
                if way.follower is not None:
                    lines = way.follower.poll()
                    quiet = quiet and not lines
                    self._go_on(way, lines)
                    self._tell(way.follower)
            if quiet:
                time.sleep(_PAUSE_S)
            if time.monotonic() - looked > _LOOK_AGAIN_S:
                looked = time.monotonic()
                for way in self._add(cursors.logs(self._paths) if any(map(_grows, self._paths)) else []):
                    self._catch_up(way)

    def _go_on(self, way: _Way, lines: list[Line | BadLine]) -> None:
        try:
            self._take_all(way, lines)
        except (UsageError, InputError):
            # A redaction puts the active file anew. If that one is rotated before it was looked at, the follower knows
            # nothing of what was added to it in between: the log is read again from where it stands.
            self._catch_up(way)

    def _tell(self, follower: Follower) -> None:
        for event in follower.events:
            self._say(f"{follower.path}: {event}")
        follower.events.clear()

    def _catch_up(self, way: _Way) -> None:
        self._take_all(way, way.there())

    def _take_all(self, way: _Way, lines: Iterable[Line | BadLine]) -> None:
        for line in lines:
            self._take(way, line)
        if way.trail is not None:
            way.trail.settle()
        if way.traces.missing:
            raise _lost(way.log)
        self._send(way)

    def _take(self, way: _Way, line: Line | BadLine) -> None:
        trail = way.settled()
        sealed = isinstance(trail, trails.SealedTrail)
        seal = trails.seal_of(line) if sealed else None
        if not trail.fresh(line, seal):
            self._again(way, line, seal)
            return
        entry = self._entry(line, seal, sealed=sealed)
        if entry is not None:
            if isinstance(self._freight, Spans):
                self._wait(way, entry, seal)
            elif (out := self._outgoing(entry)) is not None:
                self._load(way, self._freight.unit(out))
                way.made += 1
        way.place = trail.place()

    def _again(self, way: _Way, line: Line | BadLine, seal: Sealed | None) -> None:
        """A line that an earlier run has read: sent before, or kept back because its trace had not ended."""
        if way.traces.held and isinstance(line, Line):
            entry = self._entry(line, seal, sealed=seal is not None, again=True)
            if entry is not None and way.traces.held_back(entry, None if seal is None else seal.seq):
                self._wait(way, entry, seal)
                return
        self.tally.before += 1

    def _entry(self, line: Line | BadLine, seal: Sealed | None, *, sealed: bool, again: bool = False) -> Entry | None:
        item = decoders.decode(line)
        if not isinstance(item, BadLine) and sealed and seal is None:
            item = BadLine(item.line, "seal", "has no seal, in a sealed log")
        if isinstance(item, BadLine):
            if not again:
                self.tally.bad += 1
                self._on_bad(item)
            return None
        leaf = bytes.fromhex(seal.leaf) if seal is not None else b""
        return Entry(item.line.raw, item.content, leaf, item.line.where, item.shape)

    def _wait(self, way: _Way, entry: Entry, seal: Sealed | None) -> None:
        """Keep a record until its trace has ended, and load the traces that have."""
        assert isinstance(self._freight, Spans)
        if "auditlog" in entry.content or not trace_of(entry.content):
            self.tally.aside += 1
            return
        seq = None if seal is None else seal.seq
        if way.traces.lacks_first(entry, seq):
            raise _lost(way.log)
        before = way.traces.many
        for trace, entries in way.traces.add(entry, seq):
            for name, outgoing in self._named(trace, entries).items():
                for unit in self._freight.units(name, outgoing):
                    self._load(way, unit)
                way.made += len(outgoing)
            way.traces.done(trace)
        self.tally.waiting += way.traces.many - before

    def _outgoing(self, entry: Entry) -> Entry | None:
        out = entry if self._masks is None else self._masks(entry)
        self.tally.bad += out is None
        return out

    def _named(self, trace: str, entries: list[Entry]) -> dict[str, list[Entry]]:
        """The records of a trace as they go out, by the name of their trace, which may be masked, too."""
        if self._masks is None:
            return {trace: entries}
        found: dict[str, list[Entry]] = {}
        for entry in entries:
            out = self._outgoing(entry)
            if out is not None and (name := trace_of(out.content)):
                found.setdefault(name, []).append(out)
            else:
                self.tally.aside += out is not None
        return found

    def _load(self, way: _Way, unit: bytes) -> None:
        if way.units and (len(way.units) >= self._freight.batches.most or way.size + len(unit) > _otlp.LARGEST):
            self._send(way)
        way.units.append(unit)
        way.size += len(unit)

    def _send(self, way: _Way) -> None:
        """Send what was collected, and keep the place behind it."""
        if way.units:
            way.name = way.name or origin_of(way.log)
            self._freight.send(way.name, way.units)
            self.tally.sent += way.made
            way.units, way.size, way.made = [], 0, 0
        place = way.place
        if place is not None and isinstance(self._freight, Spans):
            place = place | {"held": dict(way.traces.held)}
        if place is not None and place != way.kept:
            self._cursor.keep(way.log, place)
            way.kept = place

    def unfinished(self) -> Iterator[str]:
        """Yield a sentence for each log whose last line has no end yet."""
        for way in self._ways.values():
            if way.follower is not None and way.follower.unfinished:
                size = way.follower.unfinished
                yield f"{way.log}: the last line has no end yet ({size:,} bytes): it is sent once it has"

    def close(self) -> None:
        """Give the files back."""
        for way in self._ways.values():
            if way.follower is not None:
                way.follower.close()


def _lost(log: str) -> InputError:
    return InputError(
        f"{log}: records of traces that had not ended are not there any more, and were not sent",
        help="begin anew with another --cursor: what is there is then sent again, with the same ids",
    )


def _grows(path: str) -> bool:
    return os.path.isdir(path) or any(char in path for char in "*?[")


def _refuse_foreign(log: str) -> None:
    try:
        fd = frames.open_plain(log)
    except OSError:
        return  # between two segments of a rotation, or unreadable: the reader says so
    try:
        if may_be_foreign(fd):
            raise UsageError(f"{log}: is of a foreign format, and cannot be followed", help="auditlog import it first")
    finally:
        os.close(fd)
