"""A log that is still being written: new lines as they arrive, whatever happens to the file.

Rotation (the file is renamed and a new one begun), truncation, replacement, deletion and late creation are
noticed by looking at the path and at what is open: the file that was open is always read to its end first,
and segments that were begun and closed in between are not missed.
"""

from __future__ import annotations

import os

from auditlog_cli import segments
from auditlog_cli.record import BadLine, Line
from auditlog_cli.sources import listed
from auditlog_cli.sources.backwards import reader, split
from auditlog_cli.sources.lines import read_lines
from auditlog_cli.strictjson import MAX_LINE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = 1 << 18
_UNKNOWN = -1  # the lines before have not been counted


class Follower:
    """Reads one log as it grows.

    Attributes:
        path: The active file.
        before: Its closed segments, as they were when the file was opened.
        events: What happened to the file since it was last asked: `truncated`, `replaced`, `created`, `gone`.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.before: list[str] = []
        self.events: list[str] = []
        self._fd = -1
        self._inode = (-1, -1)
        self._closed = -1  # the newest segment that was closed when the file was opened
        self._position = 0
        self._begin = 0  # where the line begins whose end has not come yet
        self._parts: list[bytes] = []
        self._held = 0
        self._gone = False
        self._failing = False  # the file is open, and cannot be read
        self._number = _UNKNOWN  # of the line that came last

    @property
    def there(self) -> bool:
        """Whether the log could be read when it was last looked at."""
        return self._fd >= 0 and not self._gone and not self._failing

    @property
    def unfinished(self) -> int:
        """How many bytes came of a line whose end has not."""
        return self._held

    def from_start(self, wanted: int = 0) -> Iterator[Line | BadLine]:
        """Open the log and yield all its whole lines, closed segments first; `poll` gives what follows.

        A segment that is begun or closed meanwhile is neither missed nor read twice.

        Args:
            wanted: Leave out closed segments that end before this record, as the name of the next one tells.

        Raises:
            InputError: If a closed segment cannot be read.
        """
        self._open()
        found = listed.closed(self.path)
        for at, (first, path) in enumerate(found):
            if at + 1 < len(found) and found[at + 1][0] <= wanted:
                continue
            if self._fd >= 0 and first > self._closed:
                break  # closed since it was opened: it is read below, and what follows it by `poll`
            yield from read_lines(path)
        if self._fd >= 0:
            yield from self._drained()

    def open_at_end(self) -> Iterator[Line | BadLine]:
        """Open the file and return its whole lines from the last one backwards; `poll` gives what follows.

        An unfinished last line is not among them: it comes once it is finished. Nothing, if there is no file.
        """
        if not self._open():
            return iter(())
        size = os.fstat(self._fd).st_size
        end = _behind_last_lf(self._fd, size)
        self._position = self._begin = end
        self._number = _UNKNOWN
        return split(self.path, reader(self._fd), end)

    def poll(self) -> list[Line | BadLine]:
        """Return the lines that were finished since the last call."""
        if self._fd < 0:
            if not self._open():
                return []
            self.events.append("created")
            return self._drain()
        lines = self._drain()
        try:
            found = os.stat(self.path)
        except OSError:
            if not self._gone:
                self._gone = True
                self.events.append("gone")
            return lines
        if (found.st_dev, found.st_ino) == self._inode:
            self._gone = False
            if found.st_size < self._position:
                self.events.append("truncated")
                lines += self._unfinished()
                self._position = self._begin = self._number = 0
                lines += self._drain()
            return lines
        return lines + self._move_on()

    def _move_on(self) -> list[Line | BadLine]:
        """The path names another file: finish this one, then the segments in between, then the new one."""
        lines = self._drain()  # what was written between the last look and the renaming
        found = listed.closed(self.path)
        closed = [path for _, path in found]
        inodes = [path.inode for path in closed]
        fresh = [path for first, path in found if first > self._closed]
        between: list[listed.Listed] = []
        mine = self._first()
        if self._inode in inodes:
            between = closed[inodes.index(self._inode) + 1 :]
        elif fresh and mine is not None and mine < (segments.first_of(fresh[0]) or 0):
            between = fresh  # the file that was open has been closed since, and pruned
        elif fresh and (segments.bare(fresh[0]) != fresh[0] or mine == segments.first_of(fresh[0])):
            between = fresh[1:]  # the same, and compressed or redacted
        else:
            self.events.append("replaced")
        lines += self._unfinished()
        for path in between:
            if self._open(path):
                lines += self._drain() + self._unfinished()
        self._gone = False
        if self._open():
            lines += self._drain()
        return lines

    def _first(self) -> int | None:
        """The number of the record that the open file begins with; None if it has none."""
        from auditlog_cli import strictjson

        try:
            number = strictjson.exact(os.pread(self._fd, _BLOCK, 0).partition(b"\n")[0]).get("seq")
        except (OSError, strictjson.Malformed):
            return None
        return number if isinstance(number, int) else None

    def _open(self, path: str = "") -> bool:
        self.close()
        if not path:
            # Its own name, as it was listed: though it is closed before it is opened, it is the file behind `_closed`.
            found = listed.whole(self.path)
            self.before = [each for each in found if each != self.path]
            self._closed = max((segments.first_of(each) or 0 for each in self.before), default=-1)
            if not found or found[-1] != self.path:
                return False
            path = found[-1]
        try:
            name, self._fd = listed.opened(path)
            status = os.fstat(self._fd)
            if segments.bare(name) != name:
                self._unpack(name)
        except OSError:
            return False
        self._inode = (status.st_dev, status.st_ino)
        self._position = self._begin = self._number = 0
        return True

    def _unpack(self, path: str) -> None:
        """Read what the segment holds instead of the segment."""
        from auditlog_cli import frames

        packed, self._fd = self._fd, -1
        try:
            self._fd = frames.plain(path, packed)
        finally:
            os.close(packed)

    def _drain(self) -> list[Line | BadLine]:
        return list(self._drained())

    def _drained(self) -> Iterator[Line | BadLine]:
        while block := self._block():
            self._position += len(block)
            begin = 0
            while (end := block.find(b"\n", begin)) >= 0:
                self._parts.append(block[begin:end])
                self._held += end - begin
                yield self._line(ended=True)
                begin = end + 1
            if begin < len(block):
                self._held += len(block) - begin
                if self._held <= MAX_LINE + 1:
                    self._parts.append(block[begin:])

    def _block(self) -> bytes:
        """What follows; nothing at the end, and nothing where it cannot be read now: then `there` is false."""
        try:
            block = os.pread(self._fd, _BLOCK, self._position)
        except OSError:
            self._failing = True
            return b""
        self._failing = False
        return block

    def _unfinished(self) -> list[Line | BadLine]:
        return [self._line(ended=False)] if self._held else []

    def _line(self, *, ended: bool) -> Line | BadLine:
        if self._number != _UNKNOWN:
            self._number += 1
        line = Line(b"".join(self._parts), self.path, max(self._number, 0), self._begin, ended)
        size = self._held
        self._begin += size + 1
        self._parts, self._held = [], 0
        if size > MAX_LINE:
            line.raw = line.raw[:1024]
            return BadLine(line, "length", f"longer than {MAX_LINE // 1024 // 1024} MiB", MAX_LINE)
        return line

    def close(self) -> None:
        """Give the file back."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _behind_last_lf(fd: int, size: int) -> int:
    while size > 0:
        begin = max(0, size - _BLOCK)
        cut = os.pread(fd, size - begin, begin).rfind(b"\n")
        if cut >= 0:
            return begin + cut + 1
        size = begin
    return 0
