"""SHA-256, and what the format `auditlog/1` hashes with it (integrity.md, 2.3).

StringZilla's SHA-256 takes a third of `hashlib`'s time for the short texts that make up a record
(bench/write.py). A test holds it against `hashlib` over every length up to several blocks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


sha256: Callable[[bytes], bytes] = _sha256
"""The 32 bytes of SHA-256 over the given bytes."""

try:
    from stringzilla import sha256  # type: ignore[no-redef]
except ImportError:  # pragma: no cover - a platform without the wheel
    pass

ZEROS = "0" * 64
"""`prev` of record 0."""

HOLE = b'{"_redacted":"%b"}'
"""What stands in the place of a withheld value; 80 bytes once the commitment is in."""


def commit(salt: bytes, value: bytes) -> bytes:
    """Return the commitment to one value, 64 lower-case hex digits.

    Args:
        salt: The 22 characters as they stand in `_salts`.
        value: The bytes of the value as they stand in the line.
    """
    return sha256(salt + value).hex().encode()


def leaf(skeleton: bytes) -> str:
    """Return the hash that stands for one record in chain and tree, 64 lower-case hex digits.

    Args:
        skeleton:
            The bytes of the line with a hole for each redactable span, without `_salts`, closed by `}`.

    Source: RFC 6962, section 2.1 (the 0x00 keeps leaves apart from inner nodes).

    >>> leaf(b"{}")[:8]
    '28a3a18f'
    """
    return sha256(b"\x00" + skeleton).hex()
