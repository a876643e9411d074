"""Messages arrive whole and in order over UDP, TCP and TLS; a receiver that goes away is said."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import syslogging
from auditlog_cli.credentials import Credentials
from auditlog_cli.errors import AuditWriteError, DefinitionError, UsageError
from tests import logs
from tests.exporters import siem

_LIMIT = 60.0


class Received:
    """A receiver in a thread: what came, in bytes."""

    def __init__(self, kind: str, context: ssl.SSLContext | None = None, *, stop_after: int | None = None) -> None:
        self.data = b""
        self.datagrams: list[bytes] = []
        self._context = context
        self._stop_after = stop_after
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
        self._socket.settimeout(_LIMIT)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        if kind != "udp":
            self._socket.listen()
        self._thread = threading.Thread(target=self._datagrams if kind == "udp" else self._stream)
        self._thread.start()

    def _datagrams(self) -> None:
        while (data := self._socket.recv(65536)) != b"end":
            self.datagrams.append(data)

    def _stream(self) -> None:
        connection, _ = self._socket.accept()
        connection.settimeout(_LIMIT)
        try:
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            while data := connection.recv(65536 if self._stop_after is None else 1):
                self.data += data
                if self._stop_after is not None and len(self.data) >= self._stop_after:
                    break
            if isinstance(connection, ssl.SSLSocket):
                connection = connection.unwrap()
        except OSError:
            pass  # a client that does not trust us, for example
        finally:
            connection.close()

    def end(self) -> None:
        if self._socket.type == socket.SOCK_DGRAM:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
                own.sendto(b"end", ("127.0.0.1", self.port))
        self._thread.join(_LIMIT)
        self._socket.close()
        assert not self._thread.is_alive()


@contextmanager
def receiver(*args: Any, **named: Any) -> Iterator[Received]:
    found = Received(*args, **named)
    try:
        yield found
    finally:
        found.end()


def octets(data: bytes) -> list[bytes]:
    """Messages out of a stream with octet counting (RFC 6587, 3.4.1)."""
    found, at = [], 0
    while at < len(data):
        blank = data.index(b" ", at)
        end = blank + 1 + int(data[at:blank])
        assert end <= len(data)
        found.append(data[blank + 1 : end])
        at = end
    return found


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that signs itself, with its key."""
    pytest.importorskip("cryptography")
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "receiver")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def server(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.mark.parametrize(
    ("url", "expected"),
    [("udp://siem", "udp://siem:514"), ("tcp://h:1/", "tcp://h:1"), ("tls://[::1]", "tls://[::1]:6514")],
)
def test_an_address_has_a_scheme_a_host_and_a_port(url: str, expected: str) -> None:
    assert str(syslogging.address(url)) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "siem:514",
        "http://h",
        "udp://",
        "tcp://h/x",
        "tcp://h:0",
        "tcp://h:99999",
        "tcp://u:p@h",
        "tcp://[h",
        "tcp://h?x=1",
    ],
)
def test_anything_else_is_none(url: str) -> None:
    with pytest.raises(UsageError, match="no address"):
        syslogging.address(url)


@pytest.mark.parametrize("kind", ["udp", "tcp", "tls"])
@pytest.mark.parametrize("form", ["syslog", "cef"])
def test_a_log_arrives_as_it_would_stand_in_a_file(
    kind: str, form: str, tmp_path: Path, cli: Callable[..., Any], request: pytest.FixtureRequest
) -> None:
    log = siem.write(tmp_path)
    trusted: tuple[str, ...] = ()
    context = None
    if kind == "tls":
        certificate = request.getfixturevalue("certificate")
        context, trusted = server(certificate), ("--ca", str(certificate))
    with receiver(kind, context) as received:
        done = cli("export", log, "--to", form, "--endpoint", f"{kind}://127.0.0.1:{received.port}", *trusted)
    assert done.code == 6, done  # a bad line
    assert "7 read = 6 exported + 0 skipped + 1 bad" in done.err
    assert f"{kind}://127.0.0.1:{received.port}: 6 messages" in done.err
    assert ("UDP confirms nothing" in done.err) == (kind == "udp")
    messages = received.datagrams if kind == "udp" else octets(received.data)
    lines = cli("export", log, "--to", form, "-o", "-").raw.splitlines()
    assert len(messages) == len(lines) == 6
    if form == "syslog":
        assert messages == lines
    else:
        assert all(
            message.startswith(b"<") and message.endswith(b" - " + line)
            for message, line in zip(messages, lines, strict=True)
        )


def test_long_messages_arrive_whole_over_tcp() -> None:
    messages = [bytes([65 + n % 26]) * (n * 997) for n in range(1, 60)]
    with receiver("tcp") as received, syslogging.Receiver(syslogging.Address("tcp", "127.0.0.1", received.port)) as to:
        for message in messages:
            to.send(message)
        to.finish()
    assert octets(received.data) == messages


def test_what_no_datagram_holds_is_said_and_the_rest_is_sent(tmp_path: Path, cli: Callable[..., Any]) -> None:
    log = logs.write(tmp_path / "audit.jsonl", logs.record(), logs.record(prompt={"text": "x" * 70_000}), logs.record())
    with receiver("udp") as received:
        done = cli("export", log, "--to", "syslog", "--endpoint", f"udp://127.0.0.1:{received.port}")
    assert done.code == 5
    assert "1 of 3 messages is longer than a datagram" in done.err
    assert len(received.datagrams) == 2


def test_a_receiver_that_goes_away_is_told(tmp_path: Path, cli: Callable[..., Any]) -> None:
    log = logs.write(tmp_path / "audit.jsonl", *[logs.record(prompt={"text": "x" * 20_000})] * 500)
    with receiver("tcp", stop_after=1000) as received:
        done = cli("export", log, "--to", "syslog", "--endpoint", f"tcp://127.0.0.1:{received.port}")
    assert done.code == 5
    assert "the receiver went away" in done.err
    assert "x" * 100 not in done.err


def test_a_receiver_that_did_not_read_to_the_end_is_told() -> None:
    """All of it fits into the buffers of the system, so that no write fails."""
    with (
        receiver("tcp", stop_after=1) as received,
        syslogging.Receiver(syslogging.Address("tcp", "127.0.0.1", received.port)) as to,
    ):
        to.send(b"x" * 20_000)
        with pytest.raises(AuditWriteError, match="went away"):
            to.finish()


@pytest.mark.parametrize("kind", ["udp", "tcp"])
def test_nobody_there_is_told(kind: str, tmp_path: Path, cli: Callable[..., Any]) -> None:
    log = logs.write(tmp_path / "audit.jsonl", logs.record())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        port = taken.getsockname()[1]
        if kind == "udp":
            taken.close()
        done = cli("export", log, "--to", "syslog", "--endpoint", f"{kind}://127.0.0.1:{port}")
    assert done.code == 5, done
    assert done.err.count("error[write]") == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    with receiver("tls", server(certificate)) as received, pytest.raises(AuditWriteError, match="not trusted"):
        syslogging.Receiver(syslogging.Address("tls", "127.0.0.1", received.port))


def test_a_certificate_for_another_host_is_refused(certificate: Path) -> None:
    with receiver("tls", server(certificate)) as received, pytest.raises(AuditWriteError, match="not trusted"):
        syslogging.Receiver(syslogging.Address("tls", "localhost", received.port), Credentials(str(certificate)))


def test_authorities_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_bytes(b"no certificate")
    for name in ("empty.pem", "missing.pem"):
        with pytest.raises(DefinitionError, match=name):
            syslogging.Receiver(syslogging.Address("tls", "127.0.0.1", 1), Credentials(str(tmp_path / name)))
    with pytest.raises(UsageError, match="tls:// only"):
        syslogging.Receiver(syslogging.Address("tcp", "127.0.0.1", 1), Credentials("x"))


@pytest.mark.parametrize(
    "words",
    [["--to", "csv", "--endpoint", "tcp://127.0.0.1:1"], ["--to", "syslog", "--endpoint", "tcp://127.0.0.1:1", "-o", "x"],
     ["--to", "syslog"], ["--to", "syslog", "--ca", "x", "-o", "-"], ["--to", "csv", "--bulk", "-o", "-"],
     ["--to", "syslog", "--endpoint", "ftp://h"], ["--to", "tlog-tiles", "--endpoint", "tcp://127.0.0.1:1"],
     ["--to", "sqlite", "-o", "-"]],
)  # fmt: skip
def test_a_command_line_that_cannot_be_meant_is_refused(
    words: list[str], tmp_path: Path, cli: Callable[..., Any]
) -> None:
    log = logs.write(tmp_path / "audit.jsonl", logs.record())
    done = cli("export", log, *words)
    assert done.code == 2, done
    assert done.raw == b""
    assert [each.name for each in tmp_path.iterdir()] == ["audit.jsonl"]
