"""A time-stamping authority of our own, made and run with OpenSSL; and sealed logs to be anchored."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from auditlog_cli.signing import keygen
from auditlog_cli.writer.checkpoints import Sealer
from auditlog_cli.writer.log import AuditLog

CONFIG = """
[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[tsa_cert]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[tsa]
default_tsa = here
[here]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class Authority(NamedTuple):
    """A time-stamping authority: its folder, and the certificate that is trusted."""

    folder: Path
    ca: str

    def answer(self, query: bytes) -> bytes:
        """What it answers."""
        (self.folder / "query").write_bytes(query)
        run(self.folder, "ts", "-reply", "-config", "tsa.conf", "-queryfile", "query", "-out", "answer")
        return (self.folder / "answer").read_bytes()


def run(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not there")
    return made(tmp_path_factory.mktemp("tsa"))


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Authority:
    """Another authority, whom nobody trusts."""
    return made(tmp_path_factory.mktemp("stranger"))


def made(folder: Path) -> Authority:
    (folder / "tsa.conf").write_text(CONFIG)
    (folder / "serial").write_text("01\n")
    new = ("req", "-config", "tsa.conf", "-newkey", "rsa:2048", "-nodes")
    run(folder, *new, "-x509", "-days", "2", "-subj", "/CN=Test CA", "-extensions", "ca", "-keyout", "ca.key", "-out", "ca.pem")  # fmt: skip
    run(folder, *new, "-subj", "/CN=Test TSA", "-keyout", "tsa.key", "-out", "tsa.csr")
    run(folder, "x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2", "-extfile", "tsa.conf",
        "-extensions", "tsa_cert", "-CAcreateserial", "-out", "tsa.pem")  # fmt: skip
    return Authority(folder, str(folder / "ca.pem"))


@pytest.fixture
def served(authority: Authority) -> Iterator[str]:
    """The address at which the authority answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/timestamp-query"
            answer = authority.answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A sealed log of twelve records and a checkpoint."""
    folder = tmp_path / "log"
    key = keygen.make(str(folder / "key"), "test")
    path = folder / "audit.jsonl"
    with AuditLog(path, origin="test/log", ballast_bytes=0) as opened:
        for n in range(11):
            opened.append({"record_id": f"id-{n}"})
        Sealer(str(path), key).seal(opened.durable, opened.append_own)
    return path


@pytest.fixture
def repository(tmp_path: Path) -> str:
    if not shutil.which("git"):
        pytest.skip("git is not there")
    path = tmp_path / "heads"
    subprocess.run(["git", "init", "-q", path], check=True)
    for name, value in (("user.name", "Test"), ("user.email", "test@example.org"), ("commit.gpgsign", "false")):
        subprocess.run(["git", "-C", path, "config", name, value], check=True)
    return str(path)
