"""The files of a log, read for redacting: one segment in memory at a time."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from auditlog_cli import frames, segments
from auditlog_cli.errors import InputError, UsageError, remedy
from auditlog_cli.sealing.line import Sealed, Unsealed, unseal
from auditlog_cli.strictjson import Malformed
from auditlog_cli.withholding.anatomy import dissect

_find: Callable[[bytes, bytes, int], int] = bytes.find
try:
    from stringzilla import find as _find  # type: ignore[no-redef]  # several times as fast (bench/redact.py)
except ImportError:  # pragma: no cover - a platform without the wheel
    pass

_OWN = (b'"auditlog":{"type":"redact', b'"auditlog":{"type":"erase-subject"', b'"auditlog":{"type":"recovered"')
_REGION = 1 << 20
_ESCAPE = b"\\u00"  # behind an escaped letter a needle could hide


class Segment:
    """One file of a log, as large as it was when the snapshot was taken."""

    def __init__(self, path: str, fd: int, size: int) -> None:
        self.path = path
        self._fd = fd
        self._size = size

    def first_line(self) -> bytes:
        """Return the first line without its LF; nothing if there is no whole line.

        Raises:
            InputError: If it cannot be read.
        """
        if frames.is_packed(self._fd):
            return first_line(self.lines())
        size = 1 << 16
        while True:
            data = os.pread(self._fd, min(size, self._size), 0)
            if b"\n" in data or size >= self._size:
                return first_line(data)
            size *= 8

    def lines(self) -> bytes:
        """Return the whole lines of the segment, unpacked; a torn end is left away.

        Raises:
            InputError: If it cannot be read.
        """
        if frames.is_packed(self._fd):
            data = unpacked(self.path, self._fd)
        else:
            parts, at = [], 0
            while at < self._size:
                part = os.pread(self._fd, self._size - at, at)
                if not part:
                    break
                parts.append(part)
                at += len(part)
            data = parts[0] if len(parts) == 1 else b"".join(parts)
        return data if data.endswith(b"\n") else data[: data.rfind(b"\n") + 1]


@contextmanager
def snapshot(path: str) -> Iterator[list[Segment]]:
    """Open the log as it is at one moment.

    Raises:
        InputError: If a segment is missing or cannot be read, or if the log is not sealed.
        UsageError: If `path` is that of a closed segment.
    """
    whole = segments.active_of(path)
    if whole is not None:
        raise UsageError(f"{path}: a closed segment, not a log", help=f"name the log: {whole}")
    try:
        taken = segments.snapshot(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})", help=remedy(error)) from error
    try:
        found = [Segment(*each) for each in taken]
        _refuse_unsealed(path, found)
        yield found
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})", help=remedy(error)) from error
    finally:
        for _, fd, _ in taken:
            os.close(fd)


def _refuse_unsealed(path: str, found: list[Segment]) -> None:
    if not found:
        raise InputError(f"{path}: no such log", help="is the folder there, and the name right?")
    first = found[0].first_line()
    if not first:
        raise InputError(
            f"{path}: there is no whole line in it", help="is it the right file? an empty log has nothing to say"
        )
    try:
        dissect(first)
    except (Unsealed, Malformed):
        raise InputError(
            f"{path}: not a sealed log, so nothing would show afterwards what was changed; nothing was",
            help="redact works on logs that AuditLog wrote, and on those of others sealed with --redactable",
        ) from None


def unpacked(path: str, fd: int) -> bytes:
    """Return the bytes that the open file holds, compressed or not.

    Raises:
        InputError: If it cannot be read, or is compressed and holds more than any segment of ours.
    """
    return b"".join(frames.blocks(path, fd))


def candidates(data: bytes, needles: list[bytes] | None, *, lowered: bool) -> Iterator[bytes]:
    """Yield, in order, the lines without LF that hold a needle, an escape, or a record of the log about redacting.

    Parsing a line costs twenty times what searching it costs (bench/redact.py). The slow twin in the tests
    looks at every line.

    Args:
        data: Whole lines.
        needles: None for all lines.
        lowered: Look in the lower-case form; the needles are in lower case then.
    """
    if needles is None:
        yield from data.split(b"\n")[:-1]
        return
    hay = data.lower() if lowered else data
    starts: set[int] = set()
    for needle in (*needles, *_OWN, _ESCAPE):
        place = _find(hay, needle, 0)
        while place >= 0:
            starts.add(data.rfind(b"\n", 0, place) + 1)
            place = _find(hay, needle, data.index(b"\n", place) + 1)
    del hay
    for start in sorted(starts):
        yield data[start : data.find(b"\n", start)]


def holding(data: bytes, needle: bytes) -> Iterator[bytes]:
    """Yield, in order, the lines without LF that hold `needle`."""
    place = _find(data, needle, 0)
    while place >= 0:
        line = line_around(data, place)
        yield line
        place = _find(data, needle, data.index(b"\n", place) + 1)


@contextmanager
def without_collecting() -> Iterator[None]:
    """Keep Python from looking for cycles: records are trees, what is let go is freed at once (bench/redact.py)."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def regions(data: bytes) -> list[tuple[int, int]]:
    """Return start and end of parts of whole lines, of about a MiB, that several processes can share."""
    found, start = [], 0
    while start < len(data):
        end = data.find(b"\n", min(start + _REGION, len(data) - 1)) + 1 or len(data)
        found.append((start, end))
        start = end
    return found


def first_line(data: bytes) -> bytes:
    """Return the first line without its LF; nothing if there is no whole line."""
    return data[: max(0, data.find(b"\n"))]


def last(data: bytes) -> Sealed | None:
    """Return the last well-formed sealed line of whole lines; None if there is none."""
    end = len(data) - 1
    while end > 0:
        start = data.rfind(b"\n", 0, end) + 1
        try:
            return unseal(data[start:end])
        except Unsealed:
            end = start - 1
    return None


def line_around(data: bytes, place: int) -> bytes:
    """Return the line, without LF, in which the byte at `place` stands."""
    start = data.rfind(b"\n", 0, place) + 1
    return data[start : data.find(b"\n", place)]
