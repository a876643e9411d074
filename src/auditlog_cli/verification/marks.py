"""What a search over the bytes of lines tells, before they are looked at one by one. No I/O."""

from __future__ import annotations

import re
from collections.abc import Callable

find: Callable[[bytes, bytes], int] = bytes.find
try:
    from stringzilla import find  # type: ignore[no-redef]  # ten times as fast (bench/verify.py)
except ImportError:  # pragma: no cover - a platform without the wheel
    pass

_RESERVED = re.compile(rb'"_(?:salts|redacted|leaf)"')
_ELSEWHERE = b'{"sha256":"'
_LARGE = re.compile(rb'\{"sha256":"([0-9a-f]{64})","bytes":([1-9][0-9]{6,17})\}')
"""What the writer puts in the place of a value above 1 MiB (integrity.md, 6.1). In a text the quotes are escaped."""


def are_usual(data: bytes) -> bool:
    """Tell whether in these lines nothing is withheld, nor kept in a file of its own."""
    return all(find(data, each) < 0 for each in (b'"_redacted"', b'"_leaf"', _ELSEWHERE))


def salts(raw: bytes) -> int:
    """Return where the first reserved name of a usual line stands; -1 for nowhere."""
    return find(raw, b'"_salts"')


def reserved(raw: bytes) -> int:
    """Return where the first reserved name of any line stands; -1 also if it refers to a large value, which only the
    slow way notes.
    """
    first = _RESERVED.search(raw)
    return first.start() if first is not None and not (_ELSEWHERE in raw and _LARGE.search(raw)) else -1


def large(raw: bytes) -> tuple[tuple[str, int], ...]:
    """Return SHA-256 (hex) and size of the large values that a line refers to."""
    if _ELSEWHERE not in raw:
        return ()
    return tuple((each[1].decode(), int(each[2])) for each in _LARGE.finditer(raw))
