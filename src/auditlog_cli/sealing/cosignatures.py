"""What witnesses sign: that a state of a log extends every state of it that they saw before
(https://c2sp.org/tlog-cosignature, the Ed25519 form).
"""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

from auditlog_cli.sealing import notes
from auditlog_cli.sealing.notes import Note, NoteError

_COSIGNATURE = b"\x04"
_LATEST = 1 << 63


class Witness(NamedTuple):
    """A witness that is trusted: its name, and its Ed25519 public key (32 bytes)."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The id of its key, 4 bytes."""
        return sha256(self.name.encode() + b"\n" + _COSIGNATURE + self.public).digest()[:4]


class Cosignature(NamedTuple):
    """What one witness signed.

    Attributes:
        witness: Who.
        at: When, seconds since the epoch, as it says.
        message: What it signed.
        raw: The signature, 64 bytes.
    """

    witness: Witness
    at: int
    message: bytes
    raw: bytes


def parse_key(text: str) -> Witness:
    """Return the witness that a verifier key (`NAME+ID+KEY`) names.

    Raises:
        NoteError: If it is none, or of another kind than a cosigner's Ed25519 key.
    """
    name, _, rest = text.strip().partition("+")
    key_id, _, blob = rest.partition("+")
    data = notes.decoded(blob)
    if not name or data[:1] != _COSIGNATURE or len(data) != 33:
        raise NoteError("no verifier key of a witness: NAME+ID+KEY of kind 4 (Ed25519) is expected")
    witness = Witness(name, data[1:])
    if key_id != witness.key_id.hex():
        raise NoteError("the id in the verifier key is not that of its key and name")
    return witness


def of(note: Note, witnesses: list[Witness]) -> list[Cosignature]:
    """Return what witnesses that are trusted signed of a note; whether it holds is not looked at."""
    found = []
    for each in note.signatures:
        for witness in witnesses:
            if (each.name, each.key_id) == (witness.name, witness.key_id) and len(each.raw) == 72:
                at = int.from_bytes(each.raw[:8], "big")
                if at < _LATEST:
                    message = f"cosignature/v1\ntime {at}\n".encode() + note.text
                    found.append(Cosignature(witness, at, message, each.raw[8:]))
    return found


def added(text: str, lines: str) -> str:
    """Return the text of a note with signature lines added, those it has left out.

    Raises:
        NoteError: If they are none, or the note is kept with an SSH signature only.
    """
    note = notes.parse(text)
    if note.armour:
        raise NoteError("a checkpoint that only SSH signed cannot carry the signature of a witness")
    more = notes.parse(note.text.decode() + "\n" + lines)
    known = set(note.signatures)
    return notes.render(note._replace(signatures=(*note.signatures, *(n for n in more.signatures if n not in known))))
