"""The proof that one record is in a log, as a text of its own (https://c2sp.org/tlog-proof; integrity.md, 5.5)."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from typing import NamedTuple

from auditlog_cli.sealing import notes

_FORMAT = "c2sp.org/tlog-proof@v1"
_HEAD = re.compile(
    r"c2sp\.org/tlog-proof@v1\n"
    r"(?:extra [A-Za-z0-9+/]*={0,2}\n)?"
    r"index (0|[1-9][0-9]{0,17})\n"
    r"((?:[A-Za-z0-9+/]{43}=\n){0,64})\n"
)


class TlogProofError(ValueError):
    """The text is no proof."""


class TlogProof(NamedTuple):
    """A proof of inclusion.

    Attributes:
        number: That of the record.
        hashes: 32 bytes each, from the leaf up (RFC 6962, 2.1.1).
        note: The signed checkpoint as text.
    """

    number: int
    hashes: tuple[bytes, ...]
    note: str


def render(proof: TlogProof) -> str:
    """Return the text of a proof."""
    lines = [_FORMAT, f"index {proof.number}", *(b64encode(each).decode() for each in proof.hashes), "", proof.note]
    return "\n".join(lines)


def parse(text: str) -> TlogProof:
    """Read a proof.

    Raises:
        TlogProofError: If it is none.
    """
    head = _HEAD.match(text)
    if not head:
        raise TlogProofError("no proof of the form c2sp.org/tlog-proof@v1")
    note = text[head.end() :]
    try:
        notes.parse(note)
    except notes.NoteError as error:
        raise TlogProofError(f"the checkpoint in it: {error}") from error
    return TlogProof(int(head[1]), tuple(b64decode(each) for each in head[2].split()), note)
