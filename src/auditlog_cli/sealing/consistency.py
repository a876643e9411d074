"""The proof that one state of a log is the beginning of a later one, as a text of its own.

The lines are those of a request to a witness (https://c2sp.org/tlog-witness): `old`, then the hashes; between them the
old root, so that a reader sees from what it leads (vectors/demo-consistency-3-8.txt).
"""

from __future__ import annotations

import re
from base64 import b64encode
from typing import NamedTuple

from auditlog_cli.sealing import notes

_TEXT = re.compile(
    r"old ([1-9][0-9]{0,17})\nroot ([A-Za-z0-9+/]{43}=)\n((?:[A-Za-z0-9+/]{43}=\n){0,63})"
)  # RFC 9162, 2.1.4: at most one hash a level, and one more


class ConsistencyError(ValueError):
    """The text is no proof."""


class Consistency(NamedTuple):
    """A proof of consistency.

    Attributes:
        size: Of the earlier state.
        root: Of the earlier state, 32 bytes.
        hashes: 32 bytes each (RFC 6962, 2.1.2).
    """

    size: int
    root: bytes
    hashes: tuple[bytes, ...]


def render(proof: Consistency) -> str:
    """Return the text of a proof."""
    root, *hashes = (b64encode(each).decode() for each in (proof.root, *proof.hashes))
    lines = [f"old {proof.size}", f"root {root}", *hashes]
    return "\n".join(lines) + "\n"


def parse(text: str) -> Consistency:
    """Read a proof.

    Raises:
        ConsistencyError: If it is none.
    """
    found = _TEXT.fullmatch(text)
    if not found:
        raise ConsistencyError("no proof of consistency: `old`, `root` and hashes are expected")
    try:
        hashes = tuple(notes.decoded(each) for each in found[3].split())
        return Consistency(int(found[1]), notes.decoded(found[2]), hashes)
    except notes.NoteError as error:
        raise ConsistencyError(str(error)) from error
