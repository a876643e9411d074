"""The stages put together: source → decode → select. What the commands and the public API share."""

from __future__ import annotations

from auditlog_cli import decoders, times
from auditlog_cli.counts import Counts
from auditlog_cli.record import BadLine, Record
from auditlog_cli.sources import files
from auditlog_cli.sources.lines import read_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def read(paths: list[str], *, shape: str | None = None) -> Iterator[Record | BadLine]:
    """Yield every line of the logs, decoded: their segments in order, several logs merged by time.

    Args:
        paths: Files, folders, globs, `-`.
        shape: Take every line for this shape; None: told from each line.

    Raises:
        InputError: If one of them cannot be read.
    """
    logs = files.find(paths)
    streams = [_read_log(log, shape) for log in logs]
    return streams[0] if len(streams) == 1 else merge(streams)


def _read_log(log: files.Log, shape: str | None) -> Iterator[Record | BadLine]:
    decode = decoders.forced(shape) if shape else decoders.decode
    for file in log.files:
        for line in read_lines(file):
            yield decode(line)


def containing(
    paths: list[str], needles: list[bytes], *, shape: str | None = None, counts: Counts | None = None
) -> Iterator[Record | BadLine]:
    """Yield the decoded lines that may hold one of `needles`, in the order of `read`.

    A line that holds none of them as it stands is passed over without being parsed, and counted as such.

    Args:
        paths: Files, folders, globs, `-`.
        needles:
            Texts as they would stand in a JSON line. Only letters, digits and `_.:@-`: other characters
            may be escaped in the file.
        shape: As for `read`.
        counts: Where lines read, passed and unparsed are counted; what is yielded is the caller's to count.

    Raises:
        InputError: If a log cannot be read.
    """
    for item in read(paths, shape=shape):
        if counts is not None:
            counts.read += 1
        if isinstance(item, BadLine) or any(needle in item.line.raw for needle in needles):
            yield item
        elif counts is not None:
            counts.passed += 1
            counts.unparsed += 1


def merge(streams: list[Iterator[Record | BadLine]]) -> Iterator[Record | BadLine]:
    """Yield the records of several logs by time. Within a log the order of its lines stays: a line
    without a time, or with one earlier than a line before it, goes with the line before it.
    """
    import heapq

    return (
        item for _, _, item in heapq.merge(*(_timed(place, each) for place, each in enumerate(streams)), key=_order)
    )


def _timed(place: int, stream: Iterator[Record | BadLine]) -> Iterator[tuple[int, int, Record | BadLine]]:
    latest = 0
    for item in stream:
        if isinstance(item, Record):
            latest = max(times.parse(item.content.get("timestamp")) or 0, latest)
        yield latest, place, item


def _order(entry: tuple[int, int, Record | BadLine]) -> tuple[int, int]:
    return entry[0], entry[1]
