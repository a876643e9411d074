"""docs/log-format.md: its script, which has nothing of ours, comes to the root that was signed, and sees what was changed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from auditlog_cli import redact
from auditlog_cli.signing import keygen
from auditlog_cli.writer.checkpoints import Sealer
from auditlog_cli.writer.log import AuditLog
from tests.docs.terminal import checker
from tests.logs import record


@pytest.fixture
def signed(tmp_path: Path) -> list[Path]:
    """A log of two segments, both signed, of which a value and a whole record were withheld."""
    key = keygen.make(str(tmp_path / "seal.key"), "test")
    path = tmp_path / "audit.jsonl"
    with AuditLog(path, ballast_bytes=0) as log:
        for n in range(9):
            log.append(
                record(record_id=None, timestamp=None, user__email="ann@example.org", action__arguments={"n": n})
            )
            if n == 4:
                log.rotate()
        Sealer(str(path), key).seal(log.durable, log.append_own)
    said = {"by": "dpo@example.org", "reason": "case 17", "unsigned": True}
    redact(path, fields=["user.email"], records=[2], **said)
    redact(path, whole=True, records=[3], **said)
    return [*sorted(tmp_path.glob("audit.0*.jsonl")), path]


def look(files: list[Path], size: str) -> subprocess.CompletedProcess[str]:
    lines = b"".join(each.read_bytes() for each in files)
    done = subprocess.run(
        [sys.executable, "-c", checker()], input=lines, capture_output=True, check=False, env={"SIZE": size}
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def test_it_comes_to_the_root_that_was_signed(signed: list[Path]) -> None:
    size, root = Path(f"{signed[-1]}.checkpoint").read_text().split("\n")[1:3]
    assert b'"_leaf"' in signed[0].read_bytes() and b'"_redacted"' in signed[0].read_bytes()
    done = look(signed, size)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{size} records, head ") and done.stdout.endswith(f", root {root}\n")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b'"n":4', b'"n":5', "record 6 does not follow the one before"),
        (b'"_leaf":"', b'"_leaf":"0', "record 3 does not follow the one before"),
    ],
)
def test_it_sees_what_was_changed(signed: list[Path], old: bytes, new: bytes, said: str) -> None:
    size = Path(f"{signed[-1]}.checkpoint").read_text().split("\n")[1]
    before = signed[0].read_bytes()
    signed[0].write_bytes(before.replace(old, new, 1))
    assert signed[0].read_bytes() != before
    assert look(signed, size).stderr == f"{said}\n"


def test_it_sees_what_is_gone(signed: list[Path]) -> None:
    size = Path(f"{signed[-1]}.checkpoint").read_text().split("\n")[1]
    assert "does not follow" in look(signed[1:], size).stderr
    assert "only " in look(signed[:1], size).stderr
    assert look([], "0").returncode == 1
