"""`tail --follow`: several logs, as their records arrive, until somebody stops it."""

from __future__ import annotations

import os
import select
import time

from auditlog_cli import decoders, pipeline
from auditlog_cli.counts import Counts
from auditlog_cli.errors import InputError
from auditlog_cli.record import BadLine, Line
from auditlog_cli.sinks import ClosedPipe
from auditlog_cli.sources import backwards, files, looking
from auditlog_cli.sources.follow import Follower

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditlog_cli.cli.printing import Printer
    from auditlog_cli.cli.show import Notices
    from auditlog_cli.selection import Selection
    from auditlog_cli.sources.arriving import Arriving

_PAUSE_S = 0.1
_LOOK_AGAIN_S = 1.0  # for logs that are new in a folder or match a glob now
_EVENTS = {
    "truncated": "was truncated; going on from its beginning",
    "replaced": "was replaced; going on with the new file",
    "created": "has appeared",
    "gone": "is gone; waiting for it to come back",
}


def run(
    paths: list[str], wanted: int, selection: Selection, shape: str | None, printer: Printer, notices: Notices
) -> int:
    """Print the last `wanted` records, then each that arrives. Ends by Ctrl-C or a closed pipe only."""
    shape = None if looking.taken_for() is not None else shape
    counts = Counts()
    followers: dict[str, _Followed] = {}
    ends: list[Iterator[Line | BadLine]] = []
    for path in paths:
        for log in _logs(path, notices):
            if log.path.endswith((".gz", ".zst")):
                ends.append(backwards.backwards(log))
                notices.say(f"{log.path}: a compressed file is closed for good, nothing will follow")
            else:
                followed = followers[log.path] = _Followed(log.path)
                ends.append(followed.end(log))
    for item in pipeline.last(ends, max(wanted, 0), selection, shape=shape, counts=counts):
        printer.item(item)
    decode = decoders.forced(shape) if shape else decoders.decode
    looked = time.monotonic()
    while True:
        quiet = True
        for followed in list(followers.values()):
            for line in followed.poll(notices):
                quiet = False
                item = decode(line)
                if selection.everything or (not isinstance(item, BadLine) and selection(item)):
                    printer.item(item)
                elif isinstance(item, BadLine):
                    notices.bad(item)
        if quiet:
            stop_if_nobody_reads()
            time.sleep(_PAUSE_S)
        if time.monotonic() - looked > _LOOK_AGAIN_S:
            looked = time.monotonic()
            for path in paths:
                for log in _logs(path, None):
                    if log.path not in followers and not log.path.endswith((".gz", ".zst")):
                        followers[log.path] = _Followed(log.path)


class _Followed:
    """One log, in whatever format it is."""

    def __init__(self, path: str) -> None:
        self._follower = Follower(path)
        self._known = False  # whether there was a first line to tell the format from
        self._arriving: Arriving | None = None

    def end(self, log: files.Log) -> Iterator[Line | BadLine]:
        """The lines that are there, the newest first; `poll` gives what follows."""
        if not _may_be_foreign(log.path):
            return _end(self._follower, log)
        found = list(self._follower.from_start())
        self._tell(found)
        return reversed(found if self._arriving is None else list(self._arriving.all(found)))

    def poll(self, notices: Notices) -> Iterable[Line | BadLine]:
        """The lines that were finished since the last call."""
        follower = self._follower
        lines = follower.poll()
        for event in follower.events:
            notices.say(f"{follower.path}: {_EVENTS[event]}")
            self._known = self._known and event == "gone"
        follower.events.clear()
        if lines and not self._known:
            self._tell(lines)
        return lines if self._arriving is None else self._arriving.each(lines)

    def _tell(self, lines: list[Line | BadLine]) -> None:
        self._known = bool(lines)
        self._arriving = None
        first = next((line.raw for line in lines if isinstance(line, Line)), b"")
        if first and (looking.taken_for() is not None or not looking.is_ours(first)):
            from auditlog_cli.sources import arriving

            self._arriving = arriving.begun(self._follower.path, lines)


def _may_be_foreign(path: str) -> bool:
    """Tell whether a file has to be read from its start: what it is of is told from its first line."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return looking.may_be_foreign(fd)
    finally:
        os.close(fd)


def _logs(path: str, notices: Notices | None) -> list[files.Log]:
    try:
        return files.find([path])
    except InputError:
        if any(char in path for char in "*?[") or os.path.isdir(path):
            return []
        if notices is not None:
            notices.say(f"{path}: not there yet; waiting for it")
        return [files.Log(path, [])]


def _end(follower: Follower, log: files.Log) -> Iterator[Line | BadLine]:
    yield from follower.open_at_end()
    before = [file for file in follower.before if log.whole or file in log.files]
    if before:
        yield from backwards.backwards(files.Log(log.path, before))


def stop_if_nobody_reads() -> None:
    """End when the reader of our pipe has gone, though there is nothing to write: `tail -f | head -1`."""
    poller = select.poll()
    poller.register(1, 0)
    if any(event & (select.POLLERR | select.POLLHUP) for _, event in poller.poll(0)):
        raise ClosedPipe
