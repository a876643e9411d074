"""Syslog shipped over TLS (RFC 5425): who is trusted, what is refused, and that nothing of it is lost or sent in the clear."""

from __future__ import annotations

import datetime
import ipaddress
import json
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Result
from tests.shipping.test_messages import append, numbers

pytest.importorskip("cryptography", reason="cryptography makes the certificates: pip install -e '.[seal]'")

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

Cli = Callable[..., Result]
LIMIT_S = 60.0
DAY = datetime.timedelta(days=1)


class Authority:
    """Signs certificates; `pem` is what `--ca` takes."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.pem = folder / f"{name}.pem"
        made = self._builder(self._name, self._key, 0).add_extension(x509.BasicConstraints(True, 0), True)
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), False)
        no = dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False)
        no |= dict.fromkeys(("encipher_only", "decipher_only"), False)
        usage = x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, **no)
        made = made.add_extension(usage, True)  # Python 3.13 asks for it (VERIFY_X509_STRICT)
        self.pem.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, days_ago: int) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC) - days_ago * DAY
        return (
            x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - DAY).not_valid_after(now + DAY)
        )  # fmt: skip

    def server(self, name: str, *, days_ago: int = 0) -> Path:
        """A certificate for one host with its key, in one file."""
        key = ec.generate_private_key(ec.SECP256R1())
        try:
            where: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            where = x509.DNSName(name)
        made = self._builder(x509.Name([]), key, days_ago).add_extension(x509.SubjectAlternativeName([where]), True)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        signed = made.add_extension(issuer, False).sign(self._key, hashes.SHA256())
        path = self._folder / f"server-{name}-{days_ago}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + signed.public_bytes(serialization.Encoding.PEM)
        )
        return path


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"), "ours")


class Receiver:
    """A receiver of syslog over TLS. The first `resets` connections are reset after a few bytes."""

    def __init__(
        self,
        certificate: Path,
        *,
        resets: int = 0,
        clients: Path | None = None,
        farewell: bool = True,
        version: ssl.TLSVersion | None = None,
    ) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        if version is not None:
            self._context.minimum_version = self._context.maximum_version = version
        if clients is not None:
            self._context.verify_mode = ssl.CERT_REQUIRED
            self._context.load_verify_locations(clients)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._resets = resets
        self._farewell = farewell
        self.connections = 0
        self.versions: set[str | None] = set()
        self.known: list[str] = []
        self.messages: list[bytes] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._listening.accept()
            except OSError:
                return
            plain.settimeout(LIMIT_S)
            try:
                with self._context.wrap_socket(plain, server_side=True) as connection:
                    self._take(connection)
            except OSError:
                pass  # a client that does not trust us, or that we do not trust
            finally:
                plain.close()

    def _take(self, connection: ssl.SSLSocket) -> None:
        self.connections += 1
        self.versions.add(connection.version())
        for kind, name in (connection.getpeercert() or {}).get("subjectAltName", ()):
            self.known += [name] if kind == "DNS" else []
        if self._resets:
            self._resets -= 1
            connection.recv(10)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        data = b""
        while block := connection.recv(1 << 16):
            data += block
        self.messages += octets(data)
        if self._farewell:
            connection.unwrap()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(LIMIT_S)
        assert not self._thread.is_alive()

    def seqs(self) -> list[int]:
        return [json.loads(message[message.index(b"] {") + 2 :])["seq"] for message in self.messages]


def octets(data: bytes) -> list[bytes]:
    """Messages out of a stream with octet counting (RFC 6587, 3.4.1)."""
    found = []
    while data:
        size, _, rest = data.partition(b" ")
        found.append(rest[: int(size)])
        data = rest[int(size) :]
    return found


@contextmanager
def receiver(certificate: Path, **how: Any) -> Iterator[Receiver]:
    made = Receiver(certificate, **how)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def ship(tmp_path: Path, cli: Cli) -> Callable[..., Result]:
    def run(to: Receiver, *words: object, host: str = "127.0.0.1", form: str = "syslog") -> Result:
        return cli(
            "ship", tmp_path / "audit.jsonl", "--to", form, "--endpoint", f"tls://{host}:{to.port}", "--cursor", tmp_path / "c", *words
        )  # fmt: skip

    return run


@pytest.mark.parametrize("farewell", [True, False])
def test_every_record_arrives_once_and_the_cursor_goes_on(
    tmp_path: Path, authority: Authority, ship: Callable[..., Result], farewell: bool
) -> None:
    """Also where the receiver closes without a farewell of TLS, as rsyslog does."""
    append(tmp_path / "audit.jsonl", 20)
    with receiver(authority.server("127.0.0.1"), farewell=farewell) as to:
        assert ship(to, "--ca", authority.pem, "--batch", "7").code == 0
        assert to.connections > 3
        append(tmp_path / "audit.jsonl", 5)
        assert ship(to, "--ca", authority.pem).code == 0
        assert ship(to, "--ca", authority.pem).code == 0
    assert to.seqs() == numbers(tmp_path / "audit.jsonl")
    assert to.versions <= {"TLSv1.2", "TLSv1.3"}


def test_cef_goes_the_same_way(tmp_path: Path, authority: Authority, ship: Callable[..., Result]) -> None:
    append(tmp_path / "audit.jsonl", 5)
    with receiver(authority.server("127.0.0.1")) as to:
        assert ship(to, "--ca", authority.pem, form="cef").code == 0
    assert len(to.messages) == len(numbers(tmp_path / "audit.jsonl"))
    assert all(b"CEF:0|auditlog|" in message for message in to.messages)


def test_a_connection_that_was_reset_is_tried_again(
    tmp_path: Path, authority: Authority, ship: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auditlog_cli.shipping.freight.pause_after", lambda _: 0.0)
    append(tmp_path / "audit.jsonl", 20)
    with receiver(authority.server("127.0.0.1"), resets=2) as to:
        told = ship(to, "--ca", authority.pem)
    assert told.code == 0 and told.err.count("trying again") == 2
    assert to.seqs() == numbers(tmp_path / "audit.jsonl")


@pytest.mark.parametrize("case", ["nobody vouches", "another vouches", "another host", "expired"])
def test_a_receiver_that_is_not_trusted_gets_nothing(
    tmp_path: Path, authority: Authority, ship: Callable[..., Result], case: str
) -> None:
    """No record leaves the machine, the cursor stays, and trying again is of no use."""
    append(tmp_path / "audit.jsonl", 3)
    days_ago = 30 if case == "expired" else 0
    certificate = authority.server("siem.example.org" if case == "another host" else "127.0.0.1", days_ago=days_ago)
    ca = Authority(tmp_path, "others").pem if case == "another vouches" else authority.pem
    words = () if case == "nobody vouches" else ("--ca", ca)
    with receiver(certificate) as to:
        told = ship(to, *words)
        assert told.code == 5
        assert "certificate is not trusted" in told.err and "help:" in told.err
        assert "trying again" not in told.err
        assert (to.connections, to.messages) == (0, [])
        with receiver(authority.server("127.0.0.1")) as good:
            assert ship(good, "--ca", authority.pem).code == 0
    assert good.seqs() == numbers(tmp_path / "audit.jsonl")


def test_a_receiver_that_wants_to_know_us_takes_nothing_and_that_is_said(
    tmp_path: Path, authority: Authority, ship: Callable[..., Result]
) -> None:
    """With TLS 1.3 it says so only after our first bytes: none of them counts as taken."""
    append(tmp_path / "audit.jsonl", 3)
    with receiver(authority.server("127.0.0.1"), clients=authority.pem) as to:
        told = ship(to, "--ca", authority.pem)
        assert told.code == 5, told
        assert "trying again" not in told.err, "it will not like us better later"
        assert "refuses us" in told.err and "help: --cert FILE" in told.err and to.messages == []
    with receiver(authority.server("127.0.0.1")) as good:
        assert ship(good, "--ca", authority.pem).code == 0
    assert good.seqs() == numbers(tmp_path / "audit.jsonl")


def test_a_receiver_without_tls_is_no_receiver(tmp_path: Path, ship: Callable[..., Result]) -> None:
    append(tmp_path / "audit.jsonl", 1)
    with socket.create_server(("127.0.0.1", 0)) as plain:
        heard: list[bytes] = []

        def answer() -> None:
            connection, _ = plain.accept()
            with connection:
                heard.append(connection.recv(1 << 16))
                connection.sendall(b"220 hello\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        to = type("To", (), {"port": plain.getsockname()[1]})
        told = ship(to, "--retries", "0")  # type: ignore[arg-type]
        thread.join(LIMIT_S)
    assert told.code == 5 and "help:" in told.err
    assert b"auditlog" not in heard[0], "nothing goes in the clear"


def test_openssl_receives_it(tmp_path: Path, authority: Authority, ship: Callable[..., Result]) -> None:
    """Another implementation at the other end, and a name in place of an address."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not there")
    append(tmp_path / "audit.jsonl", 20)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [
        "s_server",
        "-accept",
        str(port),
        "-cert",
        str(authority.server("localhost")),
        "-quiet",
        "-naccept",
        "2",
        "-4",
    ]
    with (
        (tmp_path / "out").open("wb") as out,
        subprocess.Popen([openssl, *words], stdout=out, stderr=subprocess.DEVNULL, stdin=subprocess.PIPE) as server,
    ):
        until = time.monotonic() + LIMIT_S
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()  # the first of the two
                break
            except OSError:
                time.sleep(0.05)
        to = type("To", (), {"port": port})
        told = ship(to, "--ca", authority.pem, "--retries", "0", host="localhost")  # type: ignore[arg-type]
        assert told.code == 0, told
        server.wait(LIMIT_S)
    messages = octets((tmp_path / "out").read_bytes())
    assert len(messages) == len(numbers(tmp_path / "audit.jsonl"))
