"""Random names: salts, record ids, trace and span ids. All from the operating system's generator.

Salts and record ids are made in bulk, per thread (bench/write.py: one by one they took a fifth of an
append). What has been made is forgotten in a forked child, which must never use its parent's.
"""

from __future__ import annotations

import os
import struct
import threading
from binascii import b2a_base64
from collections.abc import Iterator
from itertools import islice

_SALTS_AT_ONCE = 256
_IDS_AT_ONCE = 128
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


class _Stock(threading.local):
    salts: Iterator[bytes] = iter(())
    ids: Iterator[str] = iter(())


_stock = _Stock()


def _forget() -> None:
    global _stock
    _stock = _Stock()


os.register_at_fork(after_in_child=_forget)


def salts(count: int) -> list[bytes]:
    """Return `count` fresh salts: base64url of 16 random bytes each, unpadded (22 characters)."""
    # A signal handler may come in between any two lines: each salt leaves its iterator once.
    taken = [*islice(_stock.salts, count)]
    while len(taken) < count:
        _stock.salts = iter(_make_salts(_SALTS_AT_ONCE))
        taken += islice(_stock.salts, count - len(taken))
    return taken


def _make_salts(count: int) -> list[bytes]:
    # Two zero bytes behind each 16 random ones: 18 bytes are 24 characters, of which the first 22 are
    # what base64 makes of the 16 alone.
    raw = os.urandom(16 * count)
    padded = bytearray(18 * count)
    for place in range(16):
        padded[place::18] = raw[place::16]
    text = b2a_base64(padded, newline=False).translate(_URL_SAFE)
    return list(struct.unpack("22s2x" * count, text))


def record_id() -> str:
    """Return a random UUID, version 4 (RFC 9562, section 5.4)."""
    found = next(_stock.ids, None)
    while found is None:
        _stock.ids = iter(_make_ids(_IDS_AT_ONCE))
        found = next(_stock.ids, None)
    return found


def _make_ids(count: int) -> list[str]:
    text = os.urandom(16 * count).hex()
    return [
        f"{text[at : at + 8]}-{text[at + 8 : at + 12]}-4{text[at + 13 : at + 16]}"
        f"-{'89ab'[int(text[at + 16], 16) & 3]}{text[at + 17 : at + 20]}-{text[at + 20 : at + 32]}"
        for at in range(0, 32 * count, 32)
    ]


def trace_id() -> str:
    """Return a trace id: 32 hex digits, not all zero (W3C Trace Context, 3.2.2.3)."""
    return os.urandom(16).hex()


def span_id() -> str:
    """Return a span id: 16 hex digits, not all zero (W3C Trace Context, 3.2.2.4)."""
    return os.urandom(8).hex()
