"""The first look at a file: is it a log of lines that the decoders know, or may it be of a foreign format?"""

from __future__ import annotations

import os

from auditlog_cli import strictjson

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from auditlog_cli.frames import Reader

HEAD = 1 << 16
_format: str | None = None
_BLOCKS = ("user", "agent", "authorization", "delegation_chain", "session_id")


def take_for(format: str | None) -> None:  # noqa: A002 - the option's word
    """Take every file that is read from now on for a foreign format, as `--from` asks; None: told from each file.

    For the whole process, as an option is: what reads files need not hand it on, and forked processes have it.
    """
    global _format
    _format = format


def taken_for() -> str | None:
    """Return the foreign format that every file is taken for."""
    return _format


def begin(reader: Reader) -> tuple[Begun, bool]:
    """Return a file of which the first bytes are known, and whether its first line is one of our shapes (or there
    is nothing): then it needs no further look.

    Raises:
        InputError: If it cannot be read; it is closed then.
    """
    try:
        head = _head(reader)
    except BaseException:
        reader.close()
        raise
    return Begun(reader, head), _format is None and is_ours(head)


def _head(reader: Reader) -> bytes:
    """The first bytes, the whole first line among them: a document of 60 MB on one line is told from its end only."""
    return _as_far_as_a_line(lambda place: reader.read(HEAD))


def _as_far_as_a_line(read: Callable[[int], bytes]) -> bytes:
    parts: list[bytes] = []
    size = 0
    while size <= strictjson.MAX_LINE and (data := read(size)):
        parts.append(data)
        size += len(data)
        if b"\n" in data:
            break
    return b"".join(parts)


def is_ours(head: bytes) -> bool:
    """Tell whether the first line is a record of one of the shapes of the decoders (or there is none at all)."""
    first = head.partition(b"\n")[0]
    if not first.strip():
        return not head.strip()
    try:
        stored = strictjson.exact(first)
    except strictjson.Malformed:
        return False
    action = stored.get("action")
    if isinstance(action, (dict, str)) or "auditlog" in stored or "_leaf" in stored:
        return True
    if "event_type" in stored and "ts" in stored:
        return True
    return action is None and "timestamp" in stored and "uuid" not in stored and any(name in stored for name in _BLOCKS)


def may_be_foreign(fd: int) -> bool:
    """Tell whether an open file may be of a foreign format; if not, its lines are what they are."""
    if _format is not None:
        return True
    head = _as_far_as_a_line(lambda place: os.pread(fd, HEAD, place))
    if is_ours(head):
        return False
    from auditlog_cli.sources import foreign

    return foreign.may_be(head)


class Begun:
    """A reader whose first bytes have been looked at, and are given again."""

    __slots__ = ("_given", "_reader", "head", "told")

    def __init__(self, reader: Reader, head: bytes) -> None:
        self._reader = reader
        self._given = False
        self.head = head
        self.told: Callable[[bytes], None] | None = None

    def ahead(self, most: int) -> bytes | None:
        """Return all bytes, which are given again; None if there are more than so many."""
        parts = [self.head]
        size = len(self.head)
        while size <= most and (data := self._reader.read(1 << 20)):
            parts.append(data)
            size += len(data)
        self.head = b"".join(parts)
        return self.head if size <= most else None

    def read(self, size: int, /) -> bytes:
        """Return the next bytes; none at the end. `told`, if there is one, hears of them."""
        data = b""
        if not self._given:
            self._given = True
            data, self.head = self.head, b""
        data = data or self._reader.read(size)
        if self.told is not None:
            self.told(data)
        return data

    def close(self) -> None:
        """Give the file back."""
        self._reader.close()
