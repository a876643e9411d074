"""Messages to a syslog receiver: UDP (RFC 5426), TCP with octet counting (RFC 6587, 3.4.1), TLS (RFC 5425).

None of them confirms a message. Over TCP and TLS the receiver's end of the connection is waited for, so that one that
went away while it was written to is told from one that read to the end.
"""

from __future__ import annotations

import socket
import ssl
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from auditlog_cli import credentials
from auditlog_cli.counts import many
from auditlog_cli.credentials import OF_THE_SYSTEM, Credentials, reason
from auditlog_cli.errors import AuditWriteError, UsageError
from auditlog_cli.tlsstream import TlsStream

PORTS = {"udp": 514, "tcp": 514, "tls": 6514}
_LONGEST_DATAGRAM = 65_507  # of IPv4, less its header and that of UDP
_ENOUGH = 1 << 16
_PATIENCE = 30.0  # seconds for a connection, for a write, and for the other side to read to the end


class Address(NamedTuple):
    """Where a receiver is.

    Attributes:
        scheme: `udp`, `tcp` or `tls`.
    """

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def address(url: str) -> Address:
    """Return where `udp://host:514`, `tcp://host:514` or `tls://host:6514` leads; the port may be left out.

    Raises:
        UsageError: If it is none of them.
    """
    wrong = UsageError("--endpoint: is no address of a syslog receiver", help="udp://HOST, tcp://HOST or tls://HOST")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise wrong from None
    said = parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password
    if parts.scheme not in PORTS or not parts.hostname or said or port == 0:
        raise wrong
    return Address(parts.scheme, parts.hostname, port or PORTS[parts.scheme])


def refuse_unfit(to: Address, shown: Credentials) -> None:
    """Refuse credentials where there is no TLS, and files that cannot be used.

    Raises:
        UsageError, DefinitionError: See `Credentials.refuse_unfit`.
    """
    shown.refuse_unfit(secure=to.scheme == "tls", scheme="tls://")


class Receiver:
    """A connection on which messages are sent; a context manager, whose end is where losses are told.

    Args:
        to: Where.
        shown: For `tls`: whom to trust, and who we are.
        patience: Seconds to wait for the other side.

    Attributes:
        sent: How many messages were handed over.
        too_long: How many were not, for no datagram holds them.

    Raises:
        UsageError: If there are credentials for another scheme than `tls`.
        DefinitionError: If one of their files cannot be used.
        AuditWriteError: If nobody answers there.
    """

    def __init__(self, to: Address, shown: Credentials = OF_THE_SYSTEM, patience: float = _PATIENCE) -> None:
        refuse_unfit(to, shown)
        self.to = to
        self.sent = 0
        self.too_long = 0
        self._buffer = bytearray()
        self._socket = self._connected(shown, patience)

    def _connected(self, shown: Credentials, patience: float) -> socket.socket | TlsStream:
        context = shown.context() if self.to.scheme == "tls" else None
        try:
            if self.to.scheme == "udp":
                return _datagrams(self.to)
            plain = socket.create_connection((self.to.host, self.to.port), timeout=patience)
            if context is None:
                return plain
            try:
                return TlsStream(plain, context, self.to.host)
            except BaseException:
                plain.close()
                raise
        except ssl.SSLCertVerificationError as error:
            raise AuditWriteError(
                f"{self.to}: its certificate is not trusted ({error.verify_message})", help="--ca FILE names others"
            ) from error
        except OSError as error:
            if credentials.is_refusal(error):
                raise self._refused(error) from error
            raise AuditWriteError(
                f"{self.to}: cannot be reached ({reason(error)})", help="is it running, and is the port right?"
            ) from error

    def send(self, message: bytes) -> None:
        """Send one message, without LF.

        Raises:
            AuditWriteError: If the receiver went away.
        """
        try:
            if self.to.scheme != "udp":
                self._buffer += b"%d %b" % (len(message), message)
                if len(self._buffer) >= _ENOUGH:
                    self._flush()
            elif len(message) > _LONGEST_DATAGRAM:
                self.too_long += 1
                return
            else:
                self._socket.sendall(message)
        except OSError as error:
            raise self._lost(error) from error
        self.sent += 1

    def finish(self) -> None:
        """Send what is left, and wait until the receiver has read to the end.

        Raises:
            AuditWriteError: If it went away, or messages were too long for a datagram.
        """
        try:
            self._flush()
            _ended(self._socket)
        except OSError as error:
            raise self._lost(error) from error
        if self.too_long:
            raise AuditWriteError(
                f"{self.to}: {self.too_long:,} of {many(self.sent + self.too_long, 'message')} "
                f"{'is' if self.too_long == 1 else 'are'} longer than a datagram ({_LONGEST_DATAGRAM:,} bytes), "
                "and not sent",
                help="tcp:// or tls:// take messages of any length",
            )

    def _flush(self) -> None:
        if self._buffer:
            self._socket.sendall(self._buffer)
            self._buffer.clear()

    def _lost(self, error: OSError) -> AuditWriteError:
        if credentials.is_refusal(error):
            return self._refused(error)
        return AuditWriteError(
            f"{self.to}: the receiver went away ({reason(error)}) after up to {many(self.sent, 'message')}",
            help="which of them arrived only the receiver knows; a record is known there by its record_id",
        )

    def _refused(self, error: OSError) -> AuditWriteError:
        return AuditWriteError(f"{self.to}: refuses us ({reason(error)})", help=credentials.REFUSED)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()


def is_lasting(error: AuditWriteError) -> bool:
    """Tell whether trying again is of no use: a certificate does not become trusted by waiting."""
    return isinstance(error.__cause__, ssl.SSLCertVerificationError) or credentials.is_refusal(error.__cause__)


def _ended(connection: socket.socket | TlsStream) -> None:
    """Wait until the other side has read to the end, or for what is known of datagrams by now."""
    if isinstance(connection, TlsStream):
        connection.end()
    elif connection.type == socket.SOCK_DGRAM:
        connection.setblocking(False)
        try:
            connection.recv(1)  # fails if the host answered that nobody listens there
        except BlockingIOError:
            pass
    else:
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            pass


def _datagrams(to: Address) -> socket.socket:
    family, kind, protocol, _, where = socket.getaddrinfo(to.host, to.port, type=socket.SOCK_DGRAM)[0]
    made = socket.socket(family, kind, protocol)
    try:
        made.connect(where)
    except BaseException:
        made.close()
        raise
    return made
