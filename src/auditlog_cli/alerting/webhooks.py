"""Telling a web address, signed (Standard Webhooks 1.0; compliance.md, 9.3)."""

from __future__ import annotations

import hmac
import http.client
import ssl
from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import urlsplit

from auditlog_cli._version import __version__
from auditlog_cli.errors import DefinitionError

_TIMEOUT_S = 15.0
_PREFIX = "whsec_"
LOOPBACK = ("127.0.0.1", "::1", "localhost")
_GONE = 410


class Answer(NamedTuple):
    """How an attempt went.

    Attributes:
        ok: It was taken.
        final: There is no point in trying again.
        status: What was answered: a status code, or what went wrong in words. No secret.
    """

    ok: bool
    final: bool
    status: str


class Webhook:
    """One address.

    Args:
        url: `https://…`; `http://` only to this machine.
        secrets: `whsec_` and a key in base64, each; while a secret is changed, both sign.

    Raises:
        DefinitionError: If the address or a secret is none.
    """

    def __init__(self, url: str, secrets: Sequence[str]) -> None:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme not in ("https", "http") or not host or parts.username is not None:
            raise DefinitionError("webhook: an address that begins with https:// is needed, without a password in it")
        if parts.scheme == "http" and host not in LOOPBACK:
            raise DefinitionError("webhook: http:// only to this machine; use https://")
        try:
            port = parts.port
        except ValueError:
            raise DefinitionError("webhook: the port is no number") from None
        if not secrets:
            raise DefinitionError(
                "webhook: it needs a secret to sign with", help="secret_env: NAME, or secret_file: FILE"
            )
        self._keys = [_key(secret) for secret in secrets]
        self._secure = parts.scheme == "https"
        self._host, self._port = host, port
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        # The path may be a secret, as many services make it; the name stands in the alerts log.
        self.name = f"webhook:{host}#{sha256(url.encode()).hexdigest()[:8]}"

    def send(self, identity: str, body: bytes, now_s: int) -> Answer:
        """Send one message; answer how it went, never raise.

        Args:
            identity: The same for every attempt: `msg_` and the id of the alert's record.
            body: The message.
            now_s: Now: seconds since the epoch.
        """
        headers = {
            "content-type": "application/json",
            "user-agent": f"auditlog/{__version__}",
            "webhook-id": identity,
            "webhook-timestamp": str(now_s),
            "webhook-signature": " ".join(signature(key, identity, now_s, body) for key in self._keys),
        }
        connection = self._connection()
        try:
            connection.request("POST", self._path, body, headers)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            return Answer(False, False, type(error).__name__)
        finally:
            connection.close()
        return Answer(200 <= status < 300, status == _GONE, str(status))

    def _connection(self) -> http.client.HTTPConnection:
        if self._secure:
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(self._host, self._port, timeout=_TIMEOUT_S, context=context)
        return http.client.HTTPConnection(self._host, self._port, timeout=_TIMEOUT_S)


def signature(key: bytes, identity: str, now_s: int, body: bytes) -> str:
    """Return the signature of a message.

    >>> key = b64decode("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    >>> said = b'{"type":"finding.opened","timestamp":"2026-11-21T00:00:00Z","data":{"id":"sha256:00"}}'
    >>> signature(key, "msg_0001", 1795219200, said)
    'v1,/2VS4mlD98aEDI4cl/Qvs98J5op/WdsqlHM2FkL34+s='
    """
    signed = f"{identity}.{now_s}.".encode() + body
    return "v1," + b64encode(hmac.digest(key, signed, "sha256")).decode()


def _key(secret: str) -> bytes:
    try:
        key = b64decode(secret.strip().removeprefix(_PREFIX), validate=True)
    except (NoBase64, ValueError):
        key = b""
    if not secret.strip().startswith(_PREFIX) or len(key) < 16:
        raise DefinitionError(f"webhook: a secret is {_PREFIX} and at least 16 bytes in base64")
    return key
