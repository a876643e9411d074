"""One POST of bytes to a web address, by the standard library: no redirects, no proxies, certificates checked."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

TYPE_CHECKING = False
if TYPE_CHECKING:
    import http.client
    from collections.abc import Mapping

    from auditlog_cli.credentials import Credentials

LOOPBACK = ("127.0.0.1", "::1", "localhost")
TIMEOUT_S = 15.0


class Address(NamedTuple):
    """Where to.

    Attributes:
        secure: By https.
        host, port: The machine; None for the usual port.
        path: With what follows it. It may be a secret, as many services make it.
    """

    secure: bool
    host: str
    port: int | None
    path: str

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http{'s' * self.secure}://{host}" + (f":{self.port}" if self.port is not None else "")


class Reply(NamedTuple):
    """What came back.

    Attributes:
        status: The status code.
        headers: By lower-case names.
        body: As much of it as was wanted.
    """

    status: int
    headers: dict[str, str]
    body: bytes


def address(url: str, *, plain: bool = False) -> Address:
    """Return the parts of an address that messages are sent to.

    Args:
        url: `https://…`; `http://` only to this machine.
        plain: `http://` to other machines, too.

    Raises:
        ValueError: If it is none; says why, in words that hold nothing of it.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("the host or the port cannot be understood") from None
    host = parts.hostname or ""
    if parts.scheme not in ("https", "http") or not host or parts.username is not None:
        raise ValueError("an address that begins with https:// is needed, without a password in it")
    if parts.scheme == "http" and host not in LOOPBACK and not plain:
        raise ValueError("http:// only to this machine; use https://")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not (url.isascii() and url.isprintable()) or " " in url:
        raise ValueError("the address holds a character that has to be written as %XX")
    return Address(parts.scheme == "https", host, port, path)


def post(
    to: Address,
    body: bytes,
    headers: Mapping[str, str],
    *,
    timeout_s: float = TIMEOUT_S,
    most: int = 0,
    shown: Credentials | None = None,
) -> Reply:
    """Send `body`; return what was answered, whatever the status. A redirect is an answer like any other.

    Args:
        to: Where to.
        body: What is sent.
        headers: What is said about it.
        timeout_s: How long to wait for the connection, and for each piece of the answer.
        most: So many bytes of the answer are read; by default none.
        shown: For https: whom to trust, and who we are. None: the system's authorities, and nobody.

    Raises:
        OSError, http.client.HTTPException: If there is no answer.
        DefinitionError: If a file of `shown` cannot be used.
    """
    connection = _connection(to, timeout_s, shown)
    try:
        connection.request("POST", to.path, body, dict(headers))
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, told, answer.read(most) if most else b"")
    except OSError as error:
        raise (_alert(connection, error) if to.secure else None) or error from None
    finally:
        connection.close()


def _alert(connection: http.client.HTTPConnection, error: OSError) -> OSError | None:
    """What TLS says of a connection that broke while we sent: who refuses us says why, and does not wait for more."""
    import ssl

    if connection.sock is not None and isinstance(error, (ssl.SSLEOFError, ConnectionError)):
        try:
            connection.sock.recv(1)
        except ssl.SSLError as alert:
            return alert
        except OSError:
            pass
    return None


def _connection(to: Address, timeout_s: float, shown: Credentials | None) -> http.client.HTTPConnection:
    import http.client

    if to.secure:
        import ssl

        context = ssl.create_default_context() if shown is None else shown.context()
        return http.client.HTTPSConnection(to.host, to.port, timeout=timeout_s, context=context)
    return http.client.HTTPConnection(to.host, to.port, timeout=timeout_s)
