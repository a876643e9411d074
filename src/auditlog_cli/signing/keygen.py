"""Making a key pair, in the files that OpenSSH has (integrity.md, 5.3)."""

from __future__ import annotations

import contextlib
import os

from auditlog_cli import durability
from auditlog_cli.errors import AuditWriteError, UsageError, remedy
from auditlog_cli.signing import signer, tools


def make(path: str, comment: str) -> signer.Signer:
    """Make an Ed25519 key: the private half at `path` (mode 0600), the public half at `path.pub`.

    Raises:
        UsageError: If one of the files is there already: a key is never overwritten.
        AuditWriteError: If they cannot be written.
    """
    for name in (path, f"{path}.pub"):
        if os.path.lexists(name):
            raise UsageError(
                f"{name}: is there already, and a key is never overwritten", help="name another file, or use that one"
            )
    made: list[str] = []
    try:
        private, public = _by_cryptography(comment) or (b"", b"")
        if not private:
            return _by_openssh(path, comment)
        os.makedirs(os.path.dirname(path) or ".", mode=0o700, exist_ok=True)
        _write(path, private, 0o600, made)
        _write(f"{path}.pub", public, 0o644, made)
    except OSError as error:
        for name in made:
            with contextlib.suppress(OSError):
                os.unlink(name)
        raise AuditWriteError(
            f"{path}: cannot be written ({error.strerror or error}); no key was made", help=remedy(error)
        ) from error
    return signer.load(path)


def _by_cryptography(comment: str) -> tuple[bytes, bytes] | None:
    try:
        from cryptography.hazmat.primitives import serialization as form
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    except ImportError:
        return None
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.OpenSSH, form.NoEncryption())
    public = key.public_key().public_bytes(form.Encoding.OpenSSH, form.PublicFormat.OpenSSH)
    return private, public + b" " + comment.encode() + b"\n"


def _by_openssh(path: str, comment: str) -> signer.Signer:
    if not tools.is_there():
        raise AuditWriteError(
            f"{path}: neither the package cryptography nor ssh-keygen is here; no key was made",
            help="pip install 'auditlog-cli[seal]'",
        )
    os.makedirs(os.path.dirname(path) or ".", mode=0o700, exist_ok=True)
    done = tools.run(["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", os.path.abspath(path)], b"", {})
    if done.returncode:
        raise AuditWriteError(
            f"{path}: ssh-keygen could not make a key there; no key was made",
            help=f"what does ssh-keygen -t ed25519 -f {path} say?",
        )
    return signer.load(path)


def _write(path: str, data: bytes, mode: int, made: list[str]) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    made.append(path)
    with open(fd, "wb") as file:
        file.write(data)
        file.flush()
        durability.sync(fd)
