"""Telling a web address, signed (Standard Webhooks 1.0; compliance.md, 9.3)."""

from __future__ import annotations

import hmac
import http.client
from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from auditlog_cli import posting
from auditlog_cli._version import __version__
from auditlog_cli.errors import DefinitionError

_PREFIX = "whsec_"
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
        try:
            self._to = posting.address(url)
        except ValueError as error:
            raise DefinitionError(
                f"webhook: {error}", help="an address such as https://hooks.example.com/auditlog"
            ) from None
        if not secrets:
            raise DefinitionError(
                "webhook: it needs a secret to sign with", help="secret_env: NAME, or secret_file: FILE"
            )
        self._keys = [_key(secret) for secret in secrets]
        # The path may be a secret, as many services make it; the name stands in the alerts log.
        self.name = f"webhook:{self._to.host}#{sha256(url.encode()).hexdigest()[:8]}"

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
        try:
            status = posting.post(self._to, body, headers).status
        except (OSError, http.client.HTTPException) as error:
            return Answer(False, False, type(error).__name__)
        return Answer(200 <= status < 300, status == _GONE, str(status))


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
        raise DefinitionError(
            f"webhook: a secret is {_PREFIX} and at least 16 bytes in base64",
            help=f"echo {_PREFIX}$(head -c 24 /dev/urandom | base64) makes one",
        )
    return key
