"""Lines of logs on their way to the rules: where each stands, and what files they came out of."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING

from auditlog_cli import decoders
from auditlog_cli.record import BadLine, Line, Record
from auditlog_cli.report import Source
from auditlog_cli.rules.facts import Place, text
from auditlog_cli.sources import opening
from auditlog_cli.sources.lines import lines_of, understood

if TYPE_CHECKING:
    from auditlog_cli.frames import Reader


class Counted:
    """A file as it is read: how many bytes, and their sum.

    Attributes:
        size: Bytes read so far.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.size = 0
        self._sum = sha256()
        self._closed = False
        self._reader = opening.Plain(path, 0 if path == "-" else opening.open_plain(path))

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; none at the end."""
        data = self._reader.read(size)
        self.size += len(data)
        self._sum.update(data)
        return data

    def close(self) -> None:
        """Give the file back; closing twice does nothing."""
        if not self._closed:
            self._closed = True
            self._reader.close()

    def source(self) -> Source:
        """Return what a report says of it."""
        return Source(self.path, self.size, self._sum.hexdigest())


def records(counted: Counted, log: str) -> Iterator[tuple[Record | BadLine, Place]]:
    """Yield what each line of a file holds, and where it stands.

    Args:
        counted: The file.
        log: The log that it is a segment of.

    Raises:
        InputError: If it cannot be read to its end.
    """
    path = counted.path
    for line in understood(_unpacked(counted), path):
        item = decoders.decode(line)
        if isinstance(item, BadLine):
            yield (
                item,
                Place(path, item.line.number, item.line.offset, anchor=sha256(item.line.raw).hexdigest(), log=log),
            )
        else:
            yield item, place(item, log)


def place(record: Record, log: str) -> Place:
    """Return where a record stands, and what names it."""
    content, line = record.content, record.line
    seq, agent, user = content.get("seq"), content.get("agent"), content.get("user")
    record_id = text(content.get("record_id"))
    return Place(
        line.path,
        line.number,
        line.offset,
        seq=seq if seq.__class__ is int else None,
        record_id=record_id,
        timestamp=text(content.get("timestamp")),
        session_id=text(content.get("session_id")),
        trace_id=text(content.get("trace_id")),
        agent=text(agent.get("id")) if isinstance(agent, dict) else "",
        user=text(user.get("id")) if isinstance(user, dict) else "",
        anchor=record_id or sha256(line.raw).hexdigest(),
        log=log,
    )


def line_at(path: str, offset: int) -> bytes:
    """Return the line that begins at `offset` of a plain file; empty if it cannot be had again."""
    if path == "-" or not os.path.isfile(path):
        return b""
    fd = opening.open_plain(path)
    try:
        if os.pread(fd, 4, 0).startswith((opening.GZIP, opening.ZSTD)):
            return b""
        os.lseek(fd, offset, os.SEEK_SET)
        first = next(lines_of(opening.Plain(path, os.dup(fd)), path, offset), None)
    finally:
        os.close(fd)
    return first.raw if isinstance(first, Line) else b""


def _unpacked(counted: Counted) -> Reader:
    head = counted.read(1 << 16)
    begun = _Begun(head, counted)
    if head.startswith((opening.GZIP, opening.ZSTD)):
        return opening.unpacked(counted.path, begun, head)
    return begun


class _Begun:
    """A reader whose first bytes have been looked at."""

    def __init__(self, head: bytes, reader: Reader) -> None:
        self._head = head
        self._reader = reader

    def read(self, size: int, /) -> bytes:
        if self._head:
            head, self._head = self._head, b""
            return head
        return self._reader.read(size)

    def close(self) -> None:
        self._reader.close()
