"""Random names: salts, record ids, trace and span ids. All from the operating system's generator."""

from __future__ import annotations

import os
from binascii import b2a_base64

_SALTS_AT_ONCE = 256
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_pool: list[bytes] = []

# A child must never use the salts its parent is going to use.
os.register_at_fork(after_in_child=_pool.clear)


def salts(count: int) -> list[bytes]:
    """Return `count` fresh salts: base64url of 16 random bytes each, unpadded (22 characters)."""
    taken: list[bytes] = []
    while len(taken) < count:
        try:
            taken.append(_pool.pop())  # atomic, so that threads never share one
        except IndexError:
            raw = os.urandom(16 * _SALTS_AT_ONCE)
            _pool.extend(
                b2a_base64(raw[at : at + 16], newline=False)[:22].translate(_URL_SAFE) for at in range(0, len(raw), 16)
            )
    return taken


def record_id() -> str:
    """Return a random UUID, version 4 (RFC 9562, section 5.4)."""
    text = os.urandom(16).hex()
    variant = "89ab"[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"


def trace_id() -> str:
    """Return a trace id: 32 hex digits, not all zero (W3C Trace Context, 3.2.2.3)."""
    return os.urandom(16).hex()


def span_id() -> str:
    """Return a span id: 16 hex digits, not all zero (W3C Trace Context, 3.2.2.4)."""
    return os.urandom(8).hex()
