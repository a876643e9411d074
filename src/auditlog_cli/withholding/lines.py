"""A line with values withheld, or withheld as a whole: same leaf, fewer salts (integrity.md, 2.5). No I/O."""

from __future__ import annotations

from collections.abc import Collection

from auditlog_cli.errors import TamperError
from auditlog_cli.sealing import hashes, salted
from auditlog_cli.sealing.line import unseal
from auditlog_cli.withholding.anatomy import Anatomy


def withhold(line: Anatomy, fields: Collection[str]) -> bytes:
    """Return the line with holes in the places of `fields`, JSON pointers.

    Bytes outside the holes and the trailer stay as they are.

    Raises:
        TamperError: If the leaf would change. It cannot, unless this module is wrong: asserted before
            anything is written.
    """
    body, spans = _emptied(line, fields)
    made = b'%b,"_salts":%b}' % (body, salted.render(spans))
    _assert_same(line, unseal(made).leaf)
    return made


def withhold_beside(line: Anatomy, fields: Collection[str]) -> tuple[bytes, list[salted.Span]]:
    """Return a line that others wrote with holes in the places of `fields`, and its spans from now on (2.8).

    Raises:
        TamperError: See `withhold`.
    """
    made, spans = _emptied(line, fields)
    _assert_same(line, salted.leaf(made, spans).hex())
    return made, spans


def _emptied(line: Anatomy, fields: Collection[str]) -> tuple[bytes, list[salted.Span]]:
    """The line up to its trailer, with holes, and the spans that are left."""
    pieces: list[bytes] = []
    spans: list[salted.Span] = []
    at = shift = 0
    for value in line.values:
        if value.field in fields:
            pieces += (line.raw[at : value.offset], hashes.HOLE % line.commit(value).encode())
            at = value.offset + value.length
            shift += len(pieces[-1]) - value.length
        else:
            spans.append((value.salt, value.offset + shift, value.length))
    pieces.append(line.raw[at : line.cut])
    return b"".join(pieces), spans


def _assert_same(line: Anatomy, leaf: str) -> None:
    if leaf != line.leaf():
        raise TamperError(f"record {line.seq}: withholding would change its leaf; it was left as it is")


def bury(line: Anatomy) -> bytes:
    """Return the tombstone of the line."""
    return b'{"seq":%d,"_leaf":"%b","_salts":[]}' % (line.seq, line.leaf().encode())
