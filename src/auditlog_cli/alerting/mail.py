"""Telling people by mail, over SMTP (compliance.md, 9.3)."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from auditlog_cli import posting
from auditlog_cli.alerting import messages
from auditlog_cli.alerting.webhooks import Answer
from auditlog_cli.errors import DefinitionError

_TIMEOUT_S = 15.0
_PORTS = {"smtp": 587, "smtps": 465}


class Mail:
    """One mail server and the people it is to reach.

    Args:
        server: `host`, `host:port`, `smtp://host:port` or `smtps://host:port`. Without `smtps`, STARTTLS is required
            unless the server is this machine.
        sender: One address.
        to: Addresses.
        user, password: For the server; both or none.

    Raises:
        DefinitionError: If the server or an address is none.
    """

    def __init__(self, server: str, sender: str, to: Sequence[str], user: str = "", password: str = "") -> None:
        parts = urlsplit(server if "://" in server else f"smtp://{server}")
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in _PORTS or not parts.hostname or port == -1 or parts.path.strip("/"):
            raise DefinitionError(
                "mail: a server such as smtp.example.com:587 or smtps://smtp.example.com is needed",
                help="in $AUDITLOG_SMTP beside --email, or as smtp in an entry of notify",
            )
        for address in (sender, *to):
            if not _is_address(address):
                raise DefinitionError(
                    "mail: an address is none", help='from: "auditlog@example.com", to: ["dpo@example.com"]'
                )
        if not to:
            raise DefinitionError("mail: to whom?", help="to: [dpo@example.com]")
        if bool(user) != bool(password):
            raise DefinitionError("mail: user and password go together", help="give both, or none of them")
        self._secure = parts.scheme == "smtps"
        self._host, self._port = parts.hostname, port or _PORTS[parts.scheme]
        self._sender, self._to = sender, tuple(to)
        self._user, self._password = user, password
        self.private = self._secure or self._host in posting.LOOPBACK
        """Whether nobody on the way reads along even without STARTTLS."""
        # Whom it reaches stays out of the name, which stands in the alerts log: addresses are those of people.
        reached = sha256("\n".join((sender, *to)).encode()).hexdigest()[:8]
        self.name = f"mail:{self._host}:{self._port}#{reached}"

    def send(self, identity: str, findings: Sequence[Mapping[str, Any]], now_s: int) -> Answer:
        """Send one letter about some findings; answer how it went, never raise.

        Args:
            identity: Of the letter: the id of an alert's record.
            findings: At least one.
            now_s: Now: seconds since the epoch.
        """
        from datetime import UTC, datetime

        letter = EmailMessage()
        letter["Subject"] = messages.subject(findings)
        letter["From"] = self._sender
        letter["To"] = ", ".join(self._to)
        letter["Date"] = format_datetime(datetime.fromtimestamp(now_s, UTC))
        letter["Message-ID"] = f"<{identity}@auditlog.invalid>"
        letter.set_content(messages.letter(findings))
        try:
            with self._connection() as server:
                if self._user:
                    server.login(self._user, self._password)
                refused = server.send_message(letter)
        except (OSError, smtplib.SMTPException) as error:
            code = getattr(error, "smtp_code", None)
            return Answer(False, False, type(error).__name__ if code is None else f"{type(error).__name__} {code}")
        return Answer(not refused, False, "sent" if not refused else f"{len(refused)} addresses refused")

    def _connection(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._secure:
            return smtplib.SMTP_SSL(self._host, self._port, timeout=_TIMEOUT_S, context=context)
        server = smtplib.SMTP(self._host, self._port, timeout=_TIMEOUT_S)
        try:
            if self._host not in posting.LOOPBACK:
                server.starttls(context=context)  # raises where the server does not offer it
        except BaseException:
            server.close()
            raise
        return server


def _is_address(text: str) -> bool:
    name, address = parseaddr(text)
    plain = all(char.isprintable() for char in text)
    return plain and not name and address == text and "@" in address[1:-1] and " " not in text
