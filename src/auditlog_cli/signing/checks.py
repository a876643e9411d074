"""Whether a signature holds. Which key may sign what is another question: `signers`."""

from __future__ import annotations

from auditlog_cli.sealing import sshsig
from auditlog_cli.signing import tools


def ed25519(public: bytes, message: bytes, raw: bytes) -> bool | None:
    """Tell whether `raw` (64 bytes) is the signature of `message` by `public` (32 bytes).

    Returns:
        None if nobody here can tell: the package `cryptography` is not installed.
    """
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return None
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(raw, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def ssh(signature: sshsig.Sshsig, armour: str, namespace: str, message: bytes) -> bool | None:
    """Tell whether an SSH signature holds for `message` under `namespace`, by the key it names.

    Returns:
        None if nobody here can tell: neither `cryptography` nor `ssh-keygen` is there for this kind of key.
    """
    if signature.namespace != namespace:
        return False
    if signature.public:
        held = ed25519(signature.public, sshsig.signed_bytes(namespace, message, signature.hash), signature.raw)
        if held is not None:
            return held and signature.algorithm == sshsig.ED25519
    if not tools.is_there():
        return None
    try:
        done = tools.run(
            ["-Y", "check-novalidate", "-n", namespace, "-s", "<signature>"], message, {"<signature>": armour.encode()}
        )
    except OSError:
        return None
    return done.returncode == 0
