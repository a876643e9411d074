"""What a search over the bytes of lines tells, before they are looked at one by one. No I/O."""

from __future__ import annotations

import re
from collections.abc import Callable

_CONTROLS = bytes(byte for byte in range(0x20) if byte != 0x0A)


def _find_first_of(data: bytes, wanted: bytes) -> int:
    """Where the first byte that is wanted stands, or -1; here it is enough to know whether there is one."""
    return -1 if len(data.translate(None, wanted)) == len(data) else 0


find: Callable[[bytes, bytes], int] = bytes.find
find_first_of: Callable[[bytes, bytes], int] = _find_first_of
try:
    # Ten times as fast (bench/verify.py).
    from stringzilla import find, find_first_of  # type: ignore[no-redef]
except ImportError:  # pragma: no cover - a platform without the wheel
    pass

_RESERVED = re.compile(rb'"_(?:salts|redacted|leaf)"')
_ELSEWHERE = b'{"sha256":"'
_LARGE = re.compile(rb'\{"sha256":"([0-9a-f]{64})","bytes":([1-9][0-9]{6,17})\}')
"""What the writer puts in the place of a value above 1 MiB (integrity.md, 6.1). In a text the quotes are escaped."""


def are_usual(data: bytes) -> bool:
    """Tell whether in these lines nothing is withheld, nor kept in a file of its own."""
    return all(find(data, each) < 0 for each in (b'"_redacted"', b'"_leaf"', _ELSEWHERE))


def are_clean(data: bytes) -> bool:
    """Tell whether these lines hold no control character but the LF behind each."""
    return find_first_of(data, _CONTROLS) < 0


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
