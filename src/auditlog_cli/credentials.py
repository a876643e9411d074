"""Whom a TLS connection trusts, and the certificate by which it says who we are: files in PEM."""

from __future__ import annotations

import os
import ssl
import stat
from typing import NamedTuple

from auditlog_cli.errors import DefinitionError, UsageError, remedy

REFUSED = "--cert FILE is the certificate that it wants; why it takes none, or not this one, stands in its own log"
_REFUSALS = frozenset({
    "TLSV13_ALERT_CERTIFICATE_REQUIRED", "SSLV3_ALERT_HANDSHAKE_FAILURE", "SSLV3_ALERT_BAD_CERTIFICATE",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED", "SSLV3_ALERT_CERTIFICATE_REVOKED", "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE", "TLSV1_ALERT_UNKNOWN_CA", "TLSV1_ALERT_ACCESS_DENIED",
})  # fmt: skip
"""Alerts about a certificate (RFC 8446, 6.2), as OpenSSL calls them. By TLS 1.2 one who sent none gets a handshake
failure (RFC 5246, 7.4.6)."""
_MISMATCH = ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED")
"""The last one is said of a key of another kind (RSA, with a certificate of an elliptic curve)."""
_CERTIFICATE, _KEY = b"-----BEGIN CERTIFICATE-----", b"PRIVATE KEY-----"
_LARGEST = 1 << 20


class Credentials(NamedTuple):
    """Files in PEM, read anew for each connection: certificates are renewed while a log is followed.

    Attributes:
        ca: The authorities that are trusted; None: those of the system.
        certificate: Ours, with those that vouch for it below it; None: none is shown.
        key: Its private key; None: it stands in the file of the certificate.
    """

    ca: str | None = None
    certificate: str | None = None
    key: str | None = None

    def refuse_unfit(self, *, secure: bool, scheme: str) -> None:
        """Refuse files that cannot be used, before anything is sent.

        Args:
            secure: Whether there is TLS on the way.
            scheme: What an address begins with that has it, such as `tls://`.

        Raises:
            UsageError: If there is no TLS, or a key without its certificate.
            DefinitionError: If a file cannot be used.
        """
        options = {"--ca": self.ca, "--cert": self.certificate, "--cert-key": self.key}
        given = [option for option, path in options.items() if path is not None]
        if given and not secure:
            raise UsageError(f"{given[0]}: is for {scheme} only", help=f"leave it out, or send to {scheme}HOST")
        if self.key is not None and self.certificate is None:
            raise UsageError("--cert-key: a key without its certificate", help="--cert FILE is needed, too")
        if given:
            self.context()

    def context(self) -> ssl.SSLContext:
        """Return what a connection is made with.

        Raises:
            DefinitionError: If a file cannot be read, holds nothing of the kind, or the key is that of another
                certificate.
        """
        if self.ca is not None:
            _start(self.ca)
        try:
            context = ssl.create_default_context(cafile=self.ca)
        except OSError as error:  # ssl.SSLError is one
            raise _no_certificate(self.ca or "the certificates of the system", error) from error
        if self.certificate is not None:
            self._present(context, self.certificate, self.key or self.certificate)
        return context

    def _present(self, context: ssl.SSLContext, certificate: str, key: str) -> None:
        if _CERTIFICATE not in _start(certificate):
            raise _no_certificate(certificate)
        if _KEY not in _start(key):
            raise DefinitionError(
                f"{key}: holds no private key in PEM",
                help="--cert-key FILE names the file with -----BEGIN PRIVATE KEY-----",
            )

        def passphrase() -> str:
            raise DefinitionError(
                f"{key}: is protected by a passphrase",
                help=f"openssl pkey -in {key} -out plain.pem; chmod 600 plain.pem",
            )

        try:
            context.load_cert_chain(certificate, key, passphrase)
        except ssl.SSLError as error:
            if error.reason in _MISMATCH:
                raise DefinitionError(
                    f"{key}: is not the key of the certificate in {certificate}",
                    help="the certificate that was made for this key stands first in its file",
                ) from error
            both = certificate if key == certificate else f"{certificate}, {key}"
            raise DefinitionError(
                f"{both}: cannot be used ({reason(error)})", help=f"openssl x509 -in {certificate} -noout -text"
            ) from error
        except OSError as error:
            raise _no_certificate(certificate, error) from error


OF_THE_SYSTEM = Credentials()
"""Its authorities are trusted, and nobody is shown who we are."""


def is_refusal(error: BaseException | None) -> bool:
    """Tell whether the other side refused us for our certificate, or for having none."""
    return isinstance(error, ssl.SSLError) and error.reason in _REFUSALS


def reason(error: OSError) -> str:
    """Return the system's or OpenSSL's own words, without the path that Python adds."""
    return error.strerror or str(error) or type(error).__name__


def _start(path: str) -> bytes:
    """The beginning of a file. A pipe gives what it has once, and each connection reads anew."""
    try:
        mode = os.stat(path).st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise DefinitionError(
                f"{path}: is no file, and would have to be read for each connection",
                help="name a file in PEM, in place of a pipe or device",
            )
        with open(path, "rb") as file:
            return file.read(_LARGEST)
    except OSError as error:
        raise DefinitionError(f"{path}: cannot be read ({reason(error)})", help=remedy(error)) from error


def _no_certificate(path: str, error: OSError | None = None) -> DefinitionError:
    why = f" ({reason(error)})" if error is not None else ""
    return DefinitionError(
        f"{path}: is no file of certificates in PEM{why}", help="a text with -----BEGIN CERTIFICATE-----"
    )
