"""A log of any format as it grows: its lines come as those of our own shape, as they do from a file that is whole.

What the file is of is told once, from its first lines, and again after it was truncated or replaced. A log of ours
never becomes one of a foreign format by a line that looks like it.
"""

from __future__ import annotations

import os

from auditlog_cli.errors import UsageError
from auditlog_cli.record import Line
from auditlog_cli.sources import backwards, files, looking
from auditlog_cli.sources.follow import Follower

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditlog_cli.record import BadLine
    from auditlog_cli.sources.arriving import Arriving


class Followed(Follower):
    """Reads one log as it grows, in whatever format it is.

    Raises, from each of its ways to read:
        UsageError: If the format says too little before the file has ended (`arriving`), unless it is lenient.

    Attributes:
        lenient: Take the lines of such a file as they stand, and put `unfollowable` among the events.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.lenient = False
        self._known = False  # whether there was a first line to tell the format from
        self._arriving: Arriving | None = None

    def from_start(self, wanted: int = 0) -> Iterator[Line | BadLine]:
        """As `Follower.from_start`. A file of a foreign format is read before its first line comes."""
        if not _may_be_foreign(self.path):
            for line in super().from_start(wanted):
                self._known = True
                yield line
            return
        found = list(super().from_start(wanted))
        self._tell(found)
        yield from found if self._arriving is None else self._arriving.all(found)

    def backwards(self, log: files.Log) -> Iterator[Line | BadLine]:
        """Open the log and return the lines that are there, the newest first; `poll` gives what follows.

        Args:
            log: Its files that are wanted.
        """
        if _may_be_foreign(self.path):
            return reversed(list(self.from_start()))
        return self._backwards(log)

    def _backwards(self, log: files.Log) -> Iterator[Line | BadLine]:
        for line in self.open_at_end():
            self._known = True
            yield line
        before = [file for file in self.before if log.whole or file in log.files]
        if before:
            yield from backwards.backwards(files.Log(log.path, before))

    def poll(self) -> list[Line | BadLine]:
        """Return the lines that were finished since the last call."""
        told = len(self.events)
        lines = super().poll()
        if any(event != "gone" for event in self.events[told:]):
            self._known = False
        if lines and not self._known:
            self._tell(lines)
        return lines if self._arriving is None else list(self._arriving.each(lines))

    def _tell(self, lines: list[Line | BadLine]) -> None:
        self._known = bool(lines)
        self._arriving = None
        first = next((line.raw for line in lines if isinstance(line, Line)), b"")
        if first and (looking.taken_for() is not None or not looking.is_ours(first)):
            from auditlog_cli.sources import arriving

            try:
                self._arriving = arriving.begun(self.path, lines)
            except UsageError:
                if not self.lenient:
                    raise
                self.events.append("unfollowable")


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
