"""SSH signatures over files, as `ssh-keygen -Y sign` makes and checks them (OpenSSH, PROTOCOL.sshsig)."""

from __future__ import annotations

import hashlib
import re
import struct
from base64 import b64decode, b64encode
from typing import NamedTuple

_MAGIC = b"SSHSIG"
_ARMOUR = re.compile(
    r"-----BEGIN SSH SIGNATURE-----\r?\n([A-Za-z0-9+/=\r\n]{1,16384}?)\r?\n-----END SSH SIGNATURE-----(?:\r?\n)?"
)
_WIDTH = 70
ED25519 = b"ssh-ed25519"


class SshsigError(ValueError):
    """The text is no SSH signature."""


class Sshsig(NamedTuple):
    """An SSH signature, taken apart.

    Attributes:
        key: The public key as SSH writes it (the decoded middle word of `ssh-ed25519 AAAA… comment`).
        namespace: What it was made for, such as `auditlog-checkpoint`.
        hash: `sha256` or `sha512`.
        algorithm: Of the signature: `ssh-ed25519`, …
        raw: The signature itself; 64 bytes for Ed25519.
    """

    key: bytes
    namespace: str
    hash: str
    algorithm: bytes
    raw: bytes

    @property
    def public(self) -> bytes:
        """The Ed25519 public key (32 bytes), or nothing for a key of another kind."""
        return ed25519(self.key)


def parse(armour: str) -> Sshsig:
    """Take an armoured signature apart.

    Raises:
        SshsigError: If it is none.
    """
    found = _ARMOUR.fullmatch(armour)
    if not found:
        raise SshsigError("no SSH signature")
    try:
        blob = b64decode(found[1].replace("\n", "").replace("\r", ""), validate=True)
    except ValueError as error:
        raise SshsigError("the SSH signature is no base64") from error
    if blob[:10] != _MAGIC + b"\x00\x00\x00\x01":
        raise SshsigError("no SSH signature of version 1")
    key, namespace, _, digest, signature = _strings(blob[10:], 5)
    algorithm, raw = _strings(signature, 2, whole=not ed25519(key))
    if digest not in (b"sha256", b"sha512"):
        raise SshsigError("an SSH signature with an unknown hash")
    try:
        return Sshsig(key, namespace.decode(), digest.decode(), algorithm, raw)
    except UnicodeDecodeError as error:
        raise SshsigError("an SSH signature with a malformed namespace") from error


def render(key: bytes, namespace: str, raw: bytes) -> str:
    """Return an Ed25519 signature (64 bytes) with the key that made it, armoured; hash sha512.

    Args:
        key: The public key: 32 bytes.
    """
    parts = (ed25519_key(key), namespace.encode(), b"", b"sha512", _string(ED25519) + _string(raw))
    blob = b64encode(_MAGIC + struct.pack(">I", 1) + b"".join(map(_string, parts))).decode()
    lines = [blob[at : at + _WIDTH] for at in range(0, len(blob), _WIDTH)]
    return "\n".join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""])


def signed_bytes(namespace: str, message: bytes, digest: str = "sha512") -> bytes:
    """Return the bytes that the key signs for `message`."""
    hashed = hashlib.new(digest, message).digest()
    return _MAGIC + b"".join(map(_string, (namespace.encode(), b"", digest.encode(), hashed)))


def ed25519_key(public: bytes) -> bytes:
    """Return an Ed25519 public key (32 bytes) as SSH writes it."""
    return _string(ED25519) + _string(public)


def ed25519(key: bytes) -> bytes:
    """Return the 32 bytes of a public key as SSH writes it, or nothing if it is of another kind."""
    front = _string(ED25519) + b"\x00\x00\x00\x20"
    return key[len(front) :] if key.startswith(front) and len(key) == len(front) + 32 else b""


def line(key: bytes) -> str:
    """Return a public key as it stands in files: `ssh-ed25519 AAAA…`."""
    kind = _strings(key, 1, whole=False)[0].decode("ascii", "replace")
    return f"{kind} {b64encode(key).decode()}"


def key_of(words: str) -> bytes:
    """Return the public key in `ssh-ed25519 AAAA… comment`.

    Raises:
        SshsigError: If there is none.
    """
    parts = words.split()
    try:
        key = b64decode(parts[1], validate=True)
        kind = _strings(key, 1, whole=False)[0]
    except (IndexError, ValueError) as error:
        raise SshsigError("no public key") from error
    if kind != parts[0].encode():
        raise SshsigError("the public key is not of the kind that its line says")
    return key


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _strings(data: bytes, count: int, *, whole: bool = True) -> list[bytes]:
    """Take `count` strings off; `whole`: nothing may follow them."""
    found = []
    at = 0
    for _ in range(count):
        if at + 4 > len(data):
            raise SshsigError("an SSH structure ends too early")
        (length,) = struct.unpack_from(">I", data, at)
        at += 4 + length
        if at > len(data):
            raise SshsigError("an SSH structure ends too early")
        found.append(data[at - length : at])
    if whole and at != len(data):
        raise SshsigError("an SSH structure goes on behind its end")
    return found
