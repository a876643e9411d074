"""What the tests of salted logs share: keys of the vectors' seeds, a sealed log."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.salting.foreign import seal, write
from tests.withholding.conftest import REDACTOR, STRANGER, write_key

SEALER = bytes(range(0x20))


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """What signs checkpoints."""
    return write_key(tmp_path / "seal.key", SEALER)


@pytest.fixture
def dpo(tmp_path: Path) -> Path:
    """What signs redactions."""
    return write_key(tmp_path / "dpo.key", REDACTOR)


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    """Somebody else's key."""
    return write_key(tmp_path / "stranger.key", STRANGER)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the log of a test lies."""
    return tmp_path / "logs" / "old.jsonl"


@pytest.fixture
def old(path: Path, key: Path) -> Path:
    """A log of others, sealed with salts beside it."""
    seal(write(path), key)
    return path


@pytest.fixture
def signers(tmp_path: Path, key: Path, dpo: Path) -> Path:
    """Whom the auditor trusts."""
    seal_key, dpo_key = (Path(f"{each}.pub").read_text().rsplit(" ", 1)[0] for each in (key, dpo))
    file = tmp_path / "signers"
    file.write_text(
        f'* namespaces="auditlog-checkpoint" {seal_key}\n'
        f'dpo@example.org namespaces="auditlog-redaction,auditlog-export" {dpo_key}\n'
    )
    return file
