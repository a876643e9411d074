"""A line with values withheld, or withheld as a whole: same leaf, fewer salts (integrity.md, 2.5). No I/O."""

from __future__ import annotations

from collections.abc import Collection

from auditlog_cli.errors import TamperError
from auditlog_cli.sealing import hashes
from auditlog_cli.sealing.line import unseal
from auditlog_cli.withholding.anatomy import Anatomy


def withhold(line: Anatomy, fields: Collection[str]) -> bytes:
    """Return the line with holes in the places of `fields`, JSON pointers.

    Bytes outside the holes and the trailer stay as they are.

    Raises:
        TamperError: If the leaf would change. It cannot, unless this module is wrong: asserted before
            anything is written.
    """
    pieces: list[bytes] = []
    salts: list[bytes] = []
    at = shift = 0
    for value in line.values:
        if value.field in fields:
            pieces += (line.raw[at : value.offset], hashes.HOLE % line.commit(value).encode())
            at = value.offset + value.length
            shift += len(pieces[-1]) - value.length
        else:
            salts.append(b'["%b",%d,%d]' % (value.salt, value.offset + shift, value.length))
    pieces += (line.raw[at : line.cut], b',"_salts":[', b",".join(salts), b"]}")
    made = b"".join(pieces)
    if unseal(made).leaf != line.leaf():
        raise TamperError(f"record {line.seq}: withholding would change its leaf; it was left as it is")
    return made


def bury(line: Anatomy) -> bytes:
    """Return the tombstone of the line."""
    return b'{"seq":%d,"_leaf":"%b","_salts":[]}' % (line.seq, line.leaf().encode())
