"""ES256 (RFC 7518, 3.4) for formats that demand it: ECDSA over P-256, a key of its own beside the log's."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256

from auditlog_cli.errors import DefinitionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

_LARGEST = 64 * 1024
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256 (FIPS 186-4, D.1.2.3)
_HELP = "openssl ecparam -name prime256v1 -genkey -noout -out FILE"


class Key:
    """A private key.

    Attributes:
        kid: The thumbprint of its public half (RFC 7638).
    """

    def __init__(self, private: EllipticCurvePrivateKey) -> None:
        self._private = private
        numbers = private.public_key().public_numbers()
        x, y = (base64url(each.to_bytes(32, "big")) for each in (numbers.x, numbers.y))
        self.kid = base64url(sha256(f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'.encode()).digest())

    def sign(self, message: bytes) -> str:
        """Return the signature: r and s, 32 bytes each, base64url; s in the lower half, as careful verifiers demand."""
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
        from cryptography.hazmat.primitives.hashes import SHA256

        r, s = decode_dss_signature(self._private.sign(message, ECDSA(SHA256())))
        s = min(s, _ORDER - s)
        return base64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def load(path: str) -> Key:
    """Read a private key: PEM, P-256, without a passphrase.

    Raises:
        DefinitionError: If there is none, it is another kind of key, or nothing here can sign with it.
    """
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError as error:
        raise DefinitionError(
            f"{path}: nothing here signs with ECDSA", help="pip install 'auditlog-cli[export]'"
        ) from error
    try:
        with open(path, "rb") as file:
            private = load_pem_private_key(file.read(_LARGEST), password=None)
    except OSError as error:
        raise DefinitionError(f"{path}: no key can be read there ({error.strerror})", help=_HELP) from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise DefinitionError(f"{path}: no private key in PEM without a passphrase", help=_HELP) from error
    if not isinstance(private, EllipticCurvePrivateKey) or not isinstance(private.curve, SECP256R1):
        raise DefinitionError(f"{path}: a key of another kind than P-256", help=_HELP)
    return Key(private)


def base64url(data: bytes) -> str:
    """Return base64url without padding (RFC 4648, 5)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()
