"""Bytes in pages of 4 KiB, each with a sum of its own: what is read from an index is whole, or it is not used.

A query touches a few pages of a large file, so a sum over all of it would cost more than the answer. The sum of a
page is seeded with whose page it is and which of them, so that a page in the wrong place is damage, too.
"""

from __future__ import annotations

import os
from zlib import crc32

PAGE = 4096
ROOM = PAGE - 4
"""Bytes of a page that hold something; the last four are the sum of them."""


class Damaged(Exception):
    """What stands in the index is not what was written there."""


def seed_of(*numbers: int) -> int:
    """Return whose pages they are, as a number: the same for the same numbers."""
    return crc32(b"".join(number.to_bytes(8, "little", signed=True) for number in numbers))


def paged(data: bytes, seed: int) -> bytes:
    """Return `data` in pages; the last one is filled up with zeros.

    Args:
        data: Any bytes; none make no page.
        seed: From `seed_of`.
    """
    out = []
    for number, start in enumerate(range(0, len(data), ROOM)):
        room = data[start : start + ROOM].ljust(ROOM, b"\0")
        out.append(room)
        out.append(crc32(room, seed ^ number).to_bytes(4, "little"))
    return b"".join(out)


def pages_for(length: int) -> int:
    """Return how many pages so many bytes take."""
    return -(-length // ROOM)


class Pages:
    """Some consecutive pages of an open file, read as the bytes that were put into them.

    Args:
        fd: The file; it stays the caller's.
        first: The number of the first page in the file.
        count: How many there are.
        seed: What they were written with.
    """

    __slots__ = ("_count", "_fd", "_first", "_kept", "_seed")

    def __init__(self, fd: int, first: int, count: int, seed: int) -> None:
        self._fd = fd
        self._first = first
        self._count = count
        self._seed = seed
        self._kept: dict[int, bytes] = {}

    def read(self, length: int, offset: int) -> bytes:
        """Return `length` bytes from `offset` on.

        Raises:
            Damaged: If one of the pages is not what was written, or not there.
        """
        if length <= 0:
            return b""
        first, last = offset // ROOM, (offset + length - 1) // ROOM
        if first == last:
            at = offset - first * ROOM
            return self._page(first)[at : at + length]
        at = offset - first * ROOM
        return b"".join([self._page(number) for number in range(first, last + 1)])[at : at + length]

    def _page(self, number: int) -> bytes:
        kept = self._kept.get(number)
        if kept is None:
            if not 0 <= number < self._count:
                raise Damaged
            try:
                data = os.pread(self._fd, PAGE, (self._first + number) * PAGE)
            except OSError:
                raise Damaged from None
            kept = data[:ROOM]
            if len(data) != PAGE or crc32(kept, self._seed ^ number) != int.from_bytes(data[ROOM:], "little"):
                raise Damaged
            self._kept[number] = kept
        return kept
