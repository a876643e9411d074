"""What the tests of withholding share: keys made from the seeds of the vectors, logs, a clock that stands still."""

from __future__ import annotations

import itertools
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli.sealing import sshsig
from auditlog_cli.writer.log import AuditLog

REDACTOR = bytes(range(0x20, 0x40))
STRANGER = bytes(range(0x40, 0x60))


def write_key(path: Path, seed: bytes) -> Path:
    """An OpenSSH private key file without a passphrase (PROTOCOL.key), and its public half beside it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    private = Ed25519PrivateKey.from_private_bytes(seed)
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    path.chmod(0o600)
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    words = b64encode(sshsig.ed25519_key(public)).decode()
    Path(f"{path}.pub").write_text(f"ssh-ed25519 {words} test\n")
    return path


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """The redactor's key of the vectors."""
    return write_key(tmp_path / "dpo.key", REDACTOR)


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    """Somebody else's key."""
    return write_key(tmp_path / "stranger.key", STRANGER)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the log of a test lies."""
    return tmp_path / "logs" / "audit.jsonl"


@pytest.fixture
def vectors(shared: Path) -> Path:
    """The vectors of the standard."""
    return shared / "spec" / "vectors"


@pytest.fixture
def opened(path: Path) -> Iterator[Callable[..., AuditLog]]:
    """Open the log of the test; what is left open is closed at the end."""
    logs: list[AuditLog] = []

    def open_log(**options: Any) -> AuditLog:
        log = AuditLog(path, **{"fsync": "none", "ballast_bytes": 0, "origin": "example.org/test", **options})
        logs.append(log)
        return log

    yield open_log
    for log in logs:
        log.close()


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Salts, ids and times that are the same in each run."""
    counter = itertools.count()
    ids = itertools.count(1)
    monkeypatch.setattr(
        "auditlog_cli.writer.ids.salts",
        lambda count: [urlsafe_b64encode(next(counter).to_bytes(16, "big")).rstrip(b"=") for _ in range(count)],
    )
    monkeypatch.setattr("auditlog_cli.writer.ids.record_id", lambda: f"00000000-0000-4000-8000-{next(ids):012}")
    monkeypatch.setattr("auditlog_cli.times.now", lambda: "2026-11-21T09:00:00.000000Z")
