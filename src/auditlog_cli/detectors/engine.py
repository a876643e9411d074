"""The look at bytes in one pass, where hyperscan is installed (`pip install auditlog-cli[fast]`).

Every question of `prefilter` becomes a pattern of hyperscan that matches wherever the question says yes (and
sometimes where it says no). Bytes without a match need no more questions; bytes with one are asked the questions as
ever. So the verdict is the same, and a clean record costs a tenth (bench/detectors.py; tests prove it equal). Which
patterns matched says, besides, which detectors can find something there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_SEPARATOR = rb"[ .\-()/]*"
_BEFORE = re.compile(rb"\(\?:\(\?<!\[a-z0-9\]\)\|\(\?<=[^)]*\)\)")
_LOOK_AROUND = re.compile(rb"\(\?<?[!=](?:\[[^\]]*\]|\\.|[^()\\])*\)")


_CLASSES = {48: b"[0-9]", 65: b"[A-Z<]", 63: b"[A-Z0-9<]"}

Pattern = tuple[bytes, bool]
"""A pattern for hyperscan, and whether it heeds case."""
Look = Callable[[bytes], tuple[int, ...]]
"""Tells which patterns match in some bytes, by their numbers; none is the empty tuple."""


def of_shape(shape: bytes) -> bytes:
    """Return a pattern for a shape of classes, separators anywhere: `0` is a digit, `A` a capital or `<`, `?` either.

    >>> of_shape(b"A0")
    b'[A-Z<][ .\\\\-()/]*[0-9]'
    """
    return _SEPARATOR.join(_CLASSES[code] for code in shape)


def of_run(length: int) -> bytes:
    """Return a pattern for so many capitals or digits, separators between them."""
    return b"[A-Z0-9<](?:" + _SEPARATOR + b"[A-Z0-9<]){%d}" % (length - 1)


def loosened(pattern: bytes) -> bytes:
    """Return the pattern without what looks around it, which hyperscan does not know: it matches more often."""
    pattern = _BEFORE.sub(lambda _: rb"(?:^|[^a-z0-9]|\\[bfnrt])", pattern).replace(b"(?![a-z])", b"(?:[^a-z]|$)")
    while True:
        shorter = _LOOK_AROUND.sub(b"", pattern)
        if shorter == pattern:
            return pattern
        pattern = shorter


def build(patterns: Sequence[Pattern]) -> Look | None:
    """Return a function that tells which of the patterns match in some bytes; None without hyperscan."""
    try:
        import hyperscan
    except ImportError:
        return None
    flags = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_DOTALL
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    try:
        database.compile(
            expressions=[pattern for pattern, _ in patterns],
            ids=list(range(len(patterns))),
            elements=len(patterns),
            flags=[flags if cased else flags | hyperscan.HS_FLAG_CASELESS for _, cased in patterns],
        )
        database.scratch = hyperscan.Scratch(database)
    except hyperscan.error:  # another version, or a processor that it does not know
        return None
    every = tuple(range(len(patterns)))
    scan, error = database.scan, hyperscan.error
    found: list[int] = []

    def on_match(number: int, begin: int, end: int, flags: int, context: object) -> None:
        del begin, end, flags, context
        found.append(number)

    def look(data: bytes) -> tuple[int, ...]:
        try:
            scan(data, on_match)
        except error:  # its memory is in use by another thread: anything may be there
            return every
        if found:
            numbers = tuple(found)
            found.clear()
            return numbers
        return ()

    return look
