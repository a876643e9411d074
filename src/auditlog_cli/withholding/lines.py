"""A line with values withheld, or withheld as a whole: same leaf, fewer salts (integrity.md, 2.5). No I/O."""

from __future__ import annotations

from collections.abc import Collection

from auditlog_cli.errors import TamperError
from auditlog_cli.sealing import hashes, salted
from auditlog_cli.sealing.line import closing, commits, skeleton, skeleton_with, trailer, unseal
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


def withhold_declared(raw: bytes, seq: int, commitments: Collection[bytes]) -> bytes | None:
    """Return a line with holes in the places of the values with these commitments, or None if it has none of them.

    A commitment tells a value from all others, for it is made with a salt of its own. So the line need not be taken
    apart once more. Hot (bench/redact.py); `withhold` is the slow twin.

    Args:
        raw: The line without LF.
        seq: The number that it should have.
        commitments: 64 lower-case hex digits each.

    Raises:
        Unsealed: If it is no well-formed sealed line.
        TamperError: See `withhold`.
    """
    cut, spans = trailer(raw)
    if closing(raw, cut) != seq:
        return None
    hexes = commits(raw, spans)
    pieces: list[bytes] = []
    left: list[salted.Span] = []
    at = shift = 0
    for (salt, offset, length), commitment in zip(spans, hexes, strict=True):
        if commitment in commitments:
            pieces += (raw[at:offset], hashes.HOLE % commitment)
            at = offset + length
            shift += len(pieces[-1]) - length
        else:
            left.append((salt, offset + shift, length))
    if not pieces:
        return None
    pieces.append(raw[at:cut])
    made = b'%b,"_salts":%b}' % (b"".join(pieces), salted.render(left))
    if skeleton(made)[0] != skeleton_with(raw, cut, spans, hexes) + b"}":
        raise _changed(seq)
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
        raise _changed(line.seq)


def _changed(seq: int) -> TamperError:
    return TamperError(
        f"record {seq}: withholding would change its leaf; it was left as it is",
        help="auditlog verify LOG; if that says nothing, please report it",
    )


def bury(line: Anatomy) -> bytes:
    """Return the tombstone of the line."""
    return b'{"seq":%d,"_leaf":"%b","_salts":[]}' % (line.seq, line.leaf().encode())
