"""Consecutive lines that are no well-formed records, taken together: what is left of a log where something was torn."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from auditlog_cli.verification.lines import TRAILER, Flawed


class Bad(NamedTuple):
    """Consecutive lines that are no well-formed records, for the same reason.

    Attributes:
        number, offset: Where the first one stands.
        many: How many.
        detail, reason, at: What is wrong with the first one (`lines.Flawed`).
        is_object: Whether they are JSON objects (a torn tail is none).
        seals: Whether something like a seal stands in one of them.
        replaced: How many records they can stand in the place of.
        sums: SHA-256 of the bytes of all of them (without the last LF), and of the last one.
        ended: Whether the last one ends in LF.
    """

    number: int
    offset: int
    many: int
    detail: str
    reason: str
    at: int
    is_object: bool
    seals: bool
    replaced: int
    sums: tuple[str, str]
    ended: bool


class Group:
    """Bad lines that follow one another."""

    def __init__(self, number: int, offset: int, error: Flawed) -> None:
        self._where = (number, offset)
        self._error = error
        self._sum = hashlib.sha256()
        self._last = ""
        self._count = self._seals = self._replaced = 0
        self._ended = True

    def same(self, error: Flawed) -> bool:
        """Tell whether another line is bad for the same reason."""
        return (error.detail, error.is_object) == (self._error.detail, self._error.is_object)

    def add(self, raw: bytes, ended: bool) -> None:
        """Take a line."""
        if self._count:
            self._sum.update(b"\n")
        self._sum.update(raw)
        self._last = hashlib.sha256(raw).hexdigest()
        self._count += 1
        seals = raw.count(TRAILER)
        self._seals += seals
        self._replaced += max(1, seals)
        self._ended = ended

    def made(self) -> Bad:
        """Return what is known of them."""
        error = self._error
        return Bad(
            *self._where, self._count, error.detail, error.reason, error.at, error.is_object, self._seals > 0,
            self._replaced, (self._sum.hexdigest(), self._last), self._ended,
        )  # fmt: skip
