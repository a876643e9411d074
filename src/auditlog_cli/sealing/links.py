"""Which leaf each line of a log names (integrity.md, 2.2): `prev`, the leaf of the record before it. No I/O.

Nothing is hashed and nothing else of a line is looked at, so that all leaves of a log are found in a tenth of the time
that verifying it takes. What a line names proves nothing by itself: whoever has all leaves compares their root with a
signed one.
"""

from __future__ import annotations

from binascii import unhexlify
from collections.abc import Iterable

from auditlog_cli.sealing.line import Unsealed, unseal

_TRAILER = b',"_salts":['
_BEHIND = 65  # 64 digits and a quote
_HEX = b"0123456789abcdef"


def named(lines: Iterable[bytes], seq: int) -> list[bytes]:
    """Return the leaf, 32 bytes, that each line names, as far as the lines are numbered one by one from `seq` on.

    Args:
        lines: Without LF.
        seq: The number that the first one should have.

    Hot (bench/verify.py): a search and comparisons. The slow twin is `unseal` (tests/sealing/test_links.py).
    """
    found: list[bytes] = []
    add = found.append
    digits: list[bytes] = []
    for raw in lines:
        end = raw.rfind(_TRAILER)
        begin = b',"seq":%d,"prev":"' % seq
        at = end - _BEHIND
        if at < len(begin) or raw[at - len(begin) : at] != begin or raw[end - 1] != 34 or raw[-2:] != b"]}":
            break
        leaf = raw[at : end - 1]
        try:
            add(unhexlify(leaf))
        except ValueError:
            break
        digits.append(leaf)
        seq += 1
    if b"".join(digits).translate(None, _HEX):  # capital letters
        return found[: next(place for place, leaf in enumerate(digits) if leaf.translate(None, _HEX))]
    return found


def number(raw: bytes) -> int | None:
    """Return the number of a sealed line or of a tombstone; None if it is neither.

    The form of the whole line is looked at, and its values are hashed.
    """
    try:
        return unseal(raw).seq
    except Unsealed:
        return None
