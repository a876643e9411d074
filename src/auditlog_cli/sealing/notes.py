"""Checkpoints as signed notes: three lines that name a log, its size and its root, and who signed them
(https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint; integrity.md, 3 and 5).
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error
from hashlib import sha256
from typing import NamedTuple

_ED25519 = b"\x01"
_TEXT = re.compile(r"([A-Za-z0-9._/#-]{1,204})\n(0|[1-9][0-9]{0,17})\n([A-Za-z0-9+/]{43}=)\n")
_SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})\n")
_ARMOUR = "-----BEGIN SSH SIGNATURE-----"


class NoteError(ValueError):
    """The text is no checkpoint."""


class Signature(NamedTuple):
    """One signature line: the name of the key, its id (4 bytes), and the signature itself (64 bytes for Ed25519)."""

    name: str
    key_id: bytes
    raw: bytes


class Note(NamedTuple):
    """A checkpoint.

    Attributes:
        origin: The name of the log.
        size: How many records it covers.
        root: The root over their leaves, 32 bytes.
        signatures: By whom it is signed, as the note says.
        armour: An SSHSIG behind the empty line, where a key could make no note signature; else empty.
    """

    origin: str
    size: int
    root: bytes
    signatures: tuple[Signature, ...] = ()
    armour: str = ""

    @property
    def text(self) -> bytes:
        """What is signed."""
        return text(self.origin, self.size, self.root)


def text(origin: str, size: int, root: bytes) -> bytes:
    """Return the three lines that are signed, each with its LF."""
    return f"{origin}\n{size}\n{b64encode(root).decode()}\n".encode()


def parse(note: str) -> Note:
    """Read a checkpoint.

    Raises:
        NoteError: If it does not have the form of one; says what is wrong, and no word of the text.
    """
    head = _TEXT.match(note)
    if not head:
        raise NoteError("no checkpoint: origin, size and root are expected on three lines")
    root = decoded(head[3])
    rest = note[head.end() :]
    if not rest.startswith("\n"):
        raise NoteError("no empty line behind the root")
    rest = rest[1:]
    if rest.startswith(_ARMOUR):
        return Note(head[1], int(head[2]), root, (), rest)
    signatures = []
    at = 0
    while at < len(rest):
        line = _SIGNATURE.match(rest, at)
        if not line:
            raise NoteError("a signature line is malformed")
        blob = decoded(line[2])
        if len(blob) < 5:
            raise NoteError("a signature is too short")
        signatures.append(Signature(line[1], blob[:4], blob[4:]))
        at = line.end()
    return Note(head[1], int(head[2]), root, tuple(signatures))


def render(note: Note) -> str:
    """Return the note as it is stored: text, empty line, signature lines or the armour."""
    lines = [f"— {each.name} {b64encode(each.key_id + each.raw).decode()}\n" for each in note.signatures]
    return note.text.decode() + "\n" + "".join(lines) + note.armour


def key_id(name: str, public: bytes) -> bytes:
    """Return the id of an Ed25519 key (32 bytes) under this name: 4 bytes."""
    return sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


def vkey(name: str, public: bytes) -> str:
    """Return the verifier key: `name+id+base64`, for tools that read C2SP notes."""
    return f"{name}+{key_id(name, public).hex()}+{b64encode(_ED25519 + public).decode()}"


def parse_vkey(text: str) -> tuple[str, bytes]:
    """Return name and Ed25519 public key (32 bytes) of a verifier key.

    Raises:
        NoteError: If it is none, or of another algorithm.
    """
    parts = text.strip().split("+", 2)
    if len(parts) != 3 or not parts[0]:
        raise NoteError("no verifier key: NAME+ID+KEY is expected")
    blob = decoded(parts[2])
    if blob[:1] != _ED25519 or len(blob) != 33:
        raise NoteError("a verifier key of another algorithm than Ed25519")
    if parts[1] != key_id(parts[0], blob[1:]).hex():
        raise NoteError("the id in the verifier key is not that of its key and name")
    return parts[0], blob[1:]


def decoded(text: str) -> bytes:
    """Return what `text` means as base64. One text for one meaning: no other spelling passes.

    Raises:
        NoteError: If it is none.
    """
    try:
        data = b64decode(text, validate=True)
    except (Error, ValueError) as error:
        raise NoteError("no base64 where it is expected") from error
    if b64encode(data).decode() != text:
        raise NoteError("base64 with stray bits")
    return data
