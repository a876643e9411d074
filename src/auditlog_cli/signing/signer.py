"""A private key that signs checkpoints and redactions: an OpenSSH file, or one behind an agent or a FIDO token
(integrity.md, 5.3).
"""

from __future__ import annotations

import os

from auditlog_cli.errors import AuditWriteError, DefinitionError, remedy
from auditlog_cli.sealing import notes, sshsig
from auditlog_cli.signing import tools

_LARGEST = 64 * 1024


class Signer:
    """Signs with one key.

    Attributes:
        path: The file it came from.
        key: The public key as SSH writes it.
    """

    def __init__(self, path: str, key: bytes, private: object = None) -> None:
        self.path = path
        self.key = key
        self._private = private

    @property
    def public(self) -> bytes:
        """The Ed25519 public key (32 bytes), or nothing for a key of another kind."""
        return sshsig.ed25519(self.key)

    @property
    def public_line(self) -> str:
        """`ssh-ed25519 AAAA…`."""
        return sshsig.line(self.key)

    def raw(self, message: bytes) -> bytes | None:
        """Return the bare Ed25519 signature of `message` (64 bytes), or None if only `ssh-keygen` has the key."""
        if self._private is None:
            return None
        signature: bytes = self._private.sign(message)  # type: ignore[attr-defined]
        return signature

    def sshsig(self, namespace: str, message: bytes) -> str:
        """Return the armoured SSH signature of `message`, made for `namespace`.

        Raises:
            AuditWriteError: If `ssh-keygen` cannot sign: no agent, wrong passphrase, token not touched.
        """
        raw = self.raw(sshsig.signed_bytes(namespace, message))
        if raw is not None:
            return sshsig.render(self.public, namespace, raw)
        try:
            done = tools.run(["-Y", "sign", "-q", "-f", os.path.abspath(self.path), "-n", namespace], message, {})
        except OSError as error:
            raise AuditWriteError(f"{self.path}: cannot sign ({error})", help="is ssh-keygen installed?") from error
        armour = done.stdout.decode("ascii", "replace")
        if done.returncode or not armour.startswith("-----BEGIN"):
            raise AuditWriteError(
                f"{self.path}: ssh-keygen did not sign with this key; nothing was signed",
                help="ssh-add the key, or touch the token",
            )
        return armour

    def note(self, origin: str, size: int, root: bytes) -> tuple[str, str]:
        """Return the checkpoint over this tree as a signed note, and the SSHSIG over the same three lines.

        Raises:
            AuditWriteError: See `sshsig`.
        """
        text = notes.text(origin, size, root)
        raw = self.raw(text)
        armour = self.sshsig("auditlog-checkpoint", text)
        signed = () if raw is None else (notes.Signature(origin, notes.key_id(origin, self.public), raw),)
        return notes.render(notes.Note(origin, size, root, signed)), armour


def load(path: str) -> Signer:
    """Read a key.

    Args:
        path:
            An OpenSSH private key, Ed25519. A public key, a FIDO key or one with a passphrase is used through
            `ssh-keygen` and the agent.

    Raises:
        DefinitionError: If there is none, or it is of no kind that can sign here.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(_LARGEST)
    except OSError as error:
        gone = isinstance(error, FileNotFoundError)
        raise DefinitionError(
            f"{path}: no key can be read there ({error.strerror})",
            help="auditlog keygen makes one" if gone else remedy(error),
        ) from error
    if data.startswith((b"ssh-", b"sk-ssh-", b"ecdsa-")):
        return Signer(path, _public(data, path))
    if not data.startswith(b"-----BEGIN OPENSSH PRIVATE KEY-----"):
        raise DefinitionError(f"{path}: not an OpenSSH private key", help="auditlog keygen makes one")
    private = _private(data, path)
    if private is not None:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)  # type: ignore[attr-defined]
        return Signer(path, sshsig.ed25519_key(public), private)
    beside = f"{path}.pub"
    try:
        with open(beside, "rb") as file:
            return Signer(path, _public(file.read(_LARGEST), beside))
    except OSError as error:
        raise DefinitionError(
            f"{beside}: the public half of the key is needed ({error.strerror})",
            help=f"ssh-keygen -y -f {path} > {beside}; or pip install 'auditlog-cli[seal]'",
        ) from error


def _private(data: bytes, path: str) -> object | None:
    """The key for `cryptography`; None if it is not installed, or if the key is one for `ssh-keygen`."""
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_ssh_private_key
    except ImportError:
        return None
    try:
        private = load_ssh_private_key(data, password=None)
    except (TypeError, UnsupportedAlgorithm):
        return None  # a passphrase, or a token: the agent's business
    except ValueError as error:
        if b"sk-" in data or "assword" in str(error):
            return None
        raise DefinitionError(
            f"{path}: a damaged OpenSSH private key", help="take it from a copy; auditlog keygen FILE makes a new one"
        ) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise DefinitionError(
            f"{path}: a key of another kind than Ed25519", help="auditlog keygen, or ssh-keygen -t ed25519"
        )
    return private


def _public(data: bytes, path: str) -> bytes:
    try:
        return sshsig.key_of(data.decode("ascii"))
    except ValueError as error:
        raise DefinitionError(
            f"{path}: not an OpenSSH public key", help="FILE.pub of ssh-keygen or auditlog keygen: ssh-ed25519 AAAA…"
        ) from error
