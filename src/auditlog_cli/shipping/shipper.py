"""Logs sent to a receiver, from where the cursor stands, batch by batch: first what is there, then what is added.

The cursor moves once the receiver has confirmed a batch. Whoever is killed between the two sends that batch again: each
record arrives at least once, and its `record_id` (in a sealed log its number, too) tells a repetition.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from auditlog_cli import decoders, frames
from auditlog_cli.errors import InputError, UsageError
from auditlog_cli.exporters import Entry, _otlp
from auditlog_cli.exporters.otlp_logs import SIGNAL, log_record
from auditlog_cli.record import BadLine, Line
from auditlog_cli.sealing.line import Sealed
from auditlog_cli.shipping import cursors, trails
from auditlog_cli.shipping.receiver import Receiver
from auditlog_cli.sources.follow import Follower
from auditlog_cli.sources.lines import read_lines
from auditlog_cli.sources.looking import may_be_foreign
from auditlog_cli.writer.growth import is_sealed, origin_of

_PAUSE_S = 0.2
_LOOK_AGAIN_S = 1.0
_PACKED = (".gz", ".zst")


class Batches(NamedTuple):
    """How records are put together.

    Attributes:
        most: So many in a request.
        protobuf: In which encoding; else JSON.
    """

    most: int = 500
    protobuf: bool = False


class Tally:
    """What became of the lines; read = sent + before + bad.

    Attributes:
        before: Were sent by an earlier run.
    """

    def __init__(self) -> None:
        self.sent = self.before = self.bad = 0

    @property
    def read(self) -> int:
        """How many lines were looked at."""
        return self.sent + self.before + self.bad

    def __str__(self) -> str:
        return f"{self.read:,} read: {self.sent:,} sent, {self.before:,} sent before, {self.bad:,} bad"


class _Way:
    """One log, and how far it was sent."""

    def __init__(self, log: str, place: cursors.Place | None) -> None:
        self.log = log
        self.follower = None if log.endswith(_PACKED) else Follower(log)
        self.trail: trails.SealedTrail | trails.PlainTrail | None = None
        if place is not None:
            self.trail = (trails.SealedTrail if "seq" in place else trails.PlainTrail)(log, place)
        self.name = ""
        self.units: list[bytes] = []
        self.size = 0
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
        receiver: Where they go.
        batches: How records are put together.
        say: Is told, in one line each, what happens to the files.
        on_bad: Is told each line that cannot be sent.

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
        receiver: Receiver,
        batches: Batches,
        say: Callable[[str], None],
        on_bad: Callable[[BadLine], None],
    ) -> None:
        self.tally = Tally()
        self._paths = paths
        self._cursor = cursor
        self._receiver = receiver
        self._batches = batches
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
        self._send(way)

    def _take(self, way: _Way, line: Line | BadLine) -> None:
        trail = way.settled()
        seal = trails.seal_of(line) if isinstance(trail, trails.SealedTrail) else None
        if not trail.fresh(line, seal):
            self.tally.before += 1
            return
        unit = self._unit(line, seal, sealed=isinstance(trail, trails.SealedTrail))
        if unit is not None:
            if way.units and (len(way.units) >= self._batches.most or way.size + len(unit) > _otlp.LARGEST):
                self._send(way)
            way.units.append(unit)
            way.size += len(unit)
        way.place = trail.place()

    def _unit(self, line: Line | BadLine, seal: Sealed | None, *, sealed: bool) -> bytes | None:
        item = decoders.decode(line)
        if not isinstance(item, BadLine) and sealed and seal is None:
            item = BadLine(item.line, "seal", "has no seal, in a sealed log")
        if isinstance(item, BadLine):
            self.tally.bad += 1
            self._on_bad(item)
            return None
        leaf = bytes.fromhex(seal.leaf) if seal is not None else b""
        return _otlp.packed(log_record(Entry(item.line.raw, item.content, leaf, item.line.where, item.shape)))

    def _send(self, way: _Way) -> None:
        """Send what was collected, and keep the place behind it."""
        if way.units:
            way.name = way.name or origin_of(way.log)
            self._receiver.send(_otlp.request(SIGNAL, way.name, way.units, protobuf=self._batches.protobuf))
            self.tally.sent += len(way.units)
            way.units, way.size = [], 0
        if way.place is not None and way.place != way.kept:
            self._cursor.keep(way.log, way.place)
            way.kept = way.place

    def close(self) -> None:
        """Give the files back."""
        for way in self._ways.values():
            if way.follower is not None:
                way.follower.close()


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
