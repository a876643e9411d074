"""The look at bytes in one pass, where hyperscan is installed (`pip install auditlog-cli[fast]`).

Every question of `prefilter` becomes a pattern of hyperscan that matches wherever the question says yes (and
sometimes where it says no). Bytes without a match need no more questions; bytes with one are asked the questions as
ever. So the verdict is the same, and a clean record costs a tenth (bench/detectors.py; tests prove it equal).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

_SEPARATOR = rb"[ .\-()/]*"
_BEFORE = re.compile(rb"\(\?:\(\?<!\[a-z0-9\]\)\|\(\?<=[^)]*\)\)")
_LOOK_AROUND = re.compile(rb"\(\?<?[!=](?:\[[^\]]*\]|\\.|[^()\\])*\)")


def of_shape(shape: bytes) -> bytes:
    """Return a pattern for a shape of classes, separators anywhere: `0` is a digit, `A` a capital or `<`.

    >>> of_shape(b"A0")
    b'[A-Z<][ .\\\\-()/]*[0-9]'
    """
    return _SEPARATOR.join(b"[0-9]" if code == 48 else b"[A-Z<]" for code in shape)


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


def build(cased: Iterable[bytes], caseless: Iterable[bytes]) -> Callable[[bytes], bool] | None:
    """Return a function that tells whether any of the patterns matches in some bytes; None without hyperscan.

    Args:
        cased: Patterns that heed case.
        caseless: Patterns that do not.
    """
    try:
        import hyperscan
    except ImportError:
        return None
    given = [(each, hyperscan.HS_FLAG_SINGLEMATCH) for each in cased]
    given += [(each, hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_CASELESS) for each in caseless]
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    try:
        database.compile(
            expressions=[each for each, _ in given],
            ids=list(range(len(given))),
            elements=len(given),
            flags=[flags | hyperscan.HS_FLAG_DOTALL for _, flags in given],
        )
        database.scratch = hyperscan.Scratch(database)
    except hyperscan.error:  # another version, or a processor that it does not know
        return None
    found: list[int] = []

    def on_match(number: int, begin: int, end: int, flags: int, context: object) -> None:
        del begin, end, flags, context
        found.append(number)

    def matches(data: bytes) -> bool:
        try:
            database.scan(data, match_event_handler=on_match)
        except hyperscan.error:  # its memory is in use by another thread: ask the questions
            return True
        if found:
            found.clear()
            return True
        return False

    return matches
