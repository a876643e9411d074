"""A receiver that asks who we are (RFC 5425, 4.2.1) is shown a certificate; files that cannot be used are named at once."""

from __future__ import annotations

import os
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import Result
from tests.otlpreceiver import serving
from tests.shipping.test_messages import append, numbers
from tests.shipping.test_tls import Authority, receiver

pytest.importorskip("cryptography", reason="cryptography makes the certificates: pip install -e '.[seal]'")

Cli = Callable[..., Result]
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


class Ours(NamedTuple):
    """What we have to show."""

    both: Path
    certificate: Path
    key: Path


def split(both: Path, name: str) -> Ours:
    key, begin, certificate = both.read_text().partition("-----BEGIN CERTIFICATE-----")
    paths = both.with_name(f"{name}.crt"), both.with_name(f"{name}.key")
    paths[0].write_text(begin + certificate)
    paths[1].write_text(key)
    return Ours(both, *paths)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "ours")


@pytest.fixture
def ours(authority: Authority) -> Ours:
    return split(authority.server("shipper.example.org"), "shipper")


@pytest.fixture
def words(tmp_path: Path) -> Callable[..., list[object]]:
    """What is typed before the options that are tried out."""
    log = tmp_path / "audit.jsonl"
    append(log, 3)

    def typed(command: str, port: int, *more: object) -> list[object]:
        cursor = ["--cursor", tmp_path / "c"] if command == "ship" else []
        return [command, log, "--to", "syslog", "--endpoint", f"tls://127.0.0.1:{port}", *cursor, *more]

    return typed


@pytest.mark.parametrize("files", ["two files", "one file"])
@pytest.mark.parametrize("command", ["ship", "export"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_receiver_that_asks_who_we_are_takes_every_record(
    tmp_path: Path, cli: Cli, authority: Authority, ours: Ours, words: Callable[..., list[object]],
    version: ssl.TLSVersion, command: str, files: str,
) -> None:  # fmt: skip
    shown = ["--cert", ours.both] if files == "one file" else ["--cert", ours.certificate, "--cert-key", ours.key]
    with receiver(authority.server("127.0.0.1"), clients=authority.pem, version=version) as to:
        told = cli(*words(command, to.port, "--ca", authority.pem, *shown))
        assert told.code == 0, told
    first = 1 if command == "export" else 0  # the log's own record at the beginning is shipped only
    assert to.seqs() == numbers(tmp_path / "audit.jsonl")[first:]
    assert to.versions == {version.name.replace("_", ".")}


@pytest.mark.parametrize("case", ["none", "of others", "expired"])
@pytest.mark.parametrize("command", ["ship", "export"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_receiver_that_refuses_our_certificate_has_taken_nothing_and_is_not_asked_again(
    tmp_path: Path, cli: Cli, authority: Authority, words: Callable[..., list[object]],
    version: ssl.TLSVersion, command: str, case: str,
) -> None:  # fmt: skip
    shown: list[object] = []
    if case != "none":
        made = Authority(tmp_path, "others") if case == "of others" else authority
        shown = ["--cert", made.server("shipper.example.org", days_ago=30 if case == "expired" else 0)]
    with receiver(authority.server("127.0.0.1"), clients=authority.pem, version=version) as to:
        told = cli(*words(command, to.port, "--ca", authority.pem, *shown))
    assert told.code == 5, told
    assert "refuses us" in told.err and "\n  help: --cert FILE" in told.err
    assert "trying again" not in told.err
    assert to.messages == []


def test_a_certificate_that_is_renewed_is_used_from_the_next_connection_on(
    tmp_path: Path, authority: Authority, ours: Ours
) -> None:
    from auditlog_cli import syslogging
    from auditlog_cli.credentials import Credentials

    shown = Credentials(str(authority.pem), str(ours.both))
    with receiver(authority.server("127.0.0.1"), clients=authority.pem) as to:
        for message in (b"before", b"after"):
            with syslogging.Receiver(syslogging.Address("tls", "127.0.0.1", to.port), shown) as sent:
                sent.send(message)
                sent.finish()
            ours.both.write_bytes(authority.server("renewed.example.org").read_bytes())
    assert to.messages == [b"before", b"after"]
    assert to.known == ["shipper.example.org", "renewed.example.org"]


@pytest.mark.parametrize(
    ("shown", "code", "what"),
    [
        (["--cert", "none.crt"], 4, "none.crt: cannot be read"),
        (["--cert", "."], 4, ".: cannot be read"),
        (["--cert", "text"], 4, "text: is no file of certificates in PEM"),
        (["--cert", "shipper.key"], 4, "shipper.key: is no file of certificates in PEM"),
        (["--cert", "shipper.crt"], 4, "shipper.crt: holds no private key in PEM"),
        (["--cert", "shipper.crt", "--cert-key", "none.key"], 4, "none.key: cannot be read"),
        (["--cert", "shipper.crt", "--cert-key", "shipper.crt"], 4, "shipper.crt: holds no private key in PEM"),
        (["--cert", "shipper.crt", "--cert-key", "other.key"], 4, "other.key: is not the key of the certificate in shipper.crt"),
        (["--cert", "shipper.crt", "--cert-key", "rsa.key"], 4, "rsa.key: is not the key of the certificate in shipper.crt"),
        (["--cert", "shipper.crt", "--cert-key", "locked.key"], 4, "locked.key: is protected by a passphrase"),
        (["--cert", "broken.crt", "--cert-key", "shipper.key"], 4, "broken.crt, shipper.key: cannot be used"),
        (["--cert-key", "shipper.key"], 2, "--cert-key: a key without its certificate"),
        (["--ca", "text"], 4, "text: is no file of certificates in PEM"),
        (["--ca", "none.pem"], 4, "none.pem: cannot be read"),
        (["--ca", "pipe"], 4, "pipe: is no file"),
        (["--cert", "pipe"], 4, "pipe: is no file"),
        (["--cert", "shipper.crt", "--cert-key", "pipe"], 4, "pipe: is no file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)  # fmt: skip
@pytest.mark.parametrize("command", ["ship", "export", "otlp"])
def test_files_that_cannot_be_used_are_named_before_anything_is_sent(
    tmp_path: Path, cli: Cli, authority: Authority, ours: Ours, words: Callable[..., list[object]],
    monkeypatch: pytest.MonkeyPatch, command: str, shown: list[str], code: int, what: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    split(authority.server("other.example.org"), "other")
    Path("text").write_text("no PEM")
    os.mkfifo("pipe")
    Path("broken.crt").write_text(ours.certificate.read_text().replace("M", "!"))
    for made in (["genrsa", "-out", "rsa.key"], ["pkey", "-in", str(ours.key), "-aes256", "-passout", "pass:x", "-out", "locked.key"]):  # fmt: skip
        subprocess.run(["openssl", *made], check=True, capture_output=True)
    typed = words("ship" if command == "otlp" else command, 1, *shown)  # nobody listens there
    if command == "otlp":
        typed[3], typed[5] = "otlp-logs", "https://127.0.0.1:1"
    told = cli(*typed)
    assert told.code == code, told
    assert f": {what}" in told.err and "\n  help: " in told.err
    assert told.err.count("\n") <= 3, "one error"


@pytest.mark.parametrize("option", ["--ca", "--cert", "--cert-key"])
@pytest.mark.parametrize(("to", "endpoint"), [("syslog", "tcp://127.0.0.1:1"), ("otlp-logs", "http://127.0.0.1:1")])
def test_credentials_say_nothing_without_tls_and_are_refused(
    tmp_path: Path, cli: Cli, words: Callable[..., list[object]], to: str, endpoint: str, option: str
) -> None:
    typed = words("ship", 1, option, "x.pem")
    typed[3], typed[5] = to, endpoint
    told = cli(*typed)
    assert told.code == 2 and f"{option}: is for {'tls' if to == 'syslog' else 'https'}:// only" in told.err


def test_otlp_over_https_is_sent_with_the_same_credentials(
    tmp_path: Path, cli: Cli, authority: Authority, ours: Ours, words: Callable[..., list[object]]
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server("127.0.0.1"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.pem)
    with serving(context) as to:
        typed = words("ship", 1, "--ca", authority.pem)
        typed[3], typed[5] = "otlp-logs", to.url.replace("http://", "https://")
        refused = cli(*typed)
        assert refused.code == 5 and "refuses us" in refused.err and "help: --cert FILE" in refused.err, refused
        assert "trying again" not in refused.err
        assert to.came == []
        assert cli(*typed, "--cert", ours.certificate, "--cert-key", ours.key).code == 0
        assert len(to.came) == 1
