"""TLS over a connection on which only one side speaks, with an end that tells a farewell from a refusal.

With TLS 1.3 a receiver refuses a client (one without a certificate, say) only after the client's first bytes, by an
alert (RFC 8446, 6.2). `ssl.SSLSocket.unwrap` takes that alert for the farewell (`close_notify`) that it waits for, so
that nobody hears of it. Here the farewell is sent, and then what comes is *read*: an alert is an error.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import TypeVar

_AT_ONCE = 1 << 16
_Answer = TypeVar("_Answer")


class TlsStream:
    """The client's side of a TLS connection.

    Args:
        plain: A connected TCP socket. It belongs to the stream; its timeout counts for each wait.
        context: What is trusted.
        host: The name that the certificate has to bear.

    Raises:
        OSError: If no TLS connection comes about; `ssl.SSLCertVerificationError` if the certificate is not trusted.
    """

    def __init__(self, plain: socket.socket, context: ssl.SSLContext, host: str) -> None:
        self._plain = plain
        self._coming, self._going = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._coming, self._going, server_hostname=host)
        self._until_done(self._tls.do_handshake)

    def sendall(self, data: bytes | bytearray) -> None:
        """Send all of `data`.

        Raises:
            OSError: If it cannot be sent.
        """
        left = memoryview(data)
        while left:
            part = left[:_AT_ONCE]
            left = left[self._until_done(lambda part=part: self._tls.write(part)) :]  # type: ignore[misc]

    def end(self) -> None:
        """Say that nothing more comes, and wait until the other side has read all and closes, too.

        Raises:
            OSError: If it refuses what was sent, or goes away without reading it.
        """
        self._pending()
        try:
            self._tls.unwrap()
        except ssl.SSLWantReadError:
            pass  # its own farewell is what is read next
        self._flush()
        try:
            while self._until_done(lambda: self._tls.read(_AT_ONCE)):
                pass
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            pass  # it closed without a word of farewell, but behind all that was sent: else it would be a reset

    def close(self) -> None:
        """Close the connection."""
        self._plain.close()

    def _pending(self) -> None:
        """Read what has come already: an alert among it would be swallowed by `unwrap`."""
        if self._coming.pending:
            try:
                self._tls.read(_AT_ONCE)
            except ssl.SSLWantReadError:
                pass

    def _until_done(self, act: Callable[[], _Answer]) -> _Answer:
        while True:
            try:
                answer = act()
            except ssl.SSLWantReadError:
                self._flush()
                data = self._plain.recv(_AT_ONCE)
                if data:
                    self._coming.write(data)
                else:
                    self._coming.write_eof()
            except ssl.SSLError as error:
                self._tell(error)
                raise
            else:
                self._flush()
                return answer

    def _flush(self) -> None:
        if self._going.pending:
            try:
                self._plain.sendall(self._going.read())
            except ConnectionError:
                self._hear_why()
                raise

    def _hear_why(self) -> None:
        """Read what came before the connection broke: who refuses us says so, and goes away while we still send.

        Raises:
            ssl.SSLError: The alert, if there is one.
        """
        try:
            while data := self._plain.recv(_AT_ONCE):
                self._coming.write(data)
        except OSError:
            pass  # behind all that came
        self._coming.write_eof()
        try:
            while self._tls.read(_AT_ONCE):
                pass
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLWantReadError):
            pass  # no alert

    def _tell(self, error: ssl.SSLError) -> None:
        """Let the other side know why, if it still listens; what is raised is `error`."""
        try:
            self._flush()
        except OSError as also:
            error.add_note(str(also))
