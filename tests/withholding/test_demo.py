"""The worked example of the standard: demo-before.jsonl becomes demo-after.jsonl, byte for byte."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from auditlog_cli.sealing.line import unseal
from auditlog_cli.withholding import declaring
from auditlog_cli.withholding.anatomy import dissect
from auditlog_cli.withholding.api import redact
from auditlog_cli.withholding.lines import bury, withhold
from tests.writer.chain import files, stock

SSH_KEYGEN = shutil.which("ssh-keygen")
FIELDS = ["user.email", "action.arguments.to"]


@pytest.fixture
def demo(vectors: Path, path: Path, key: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log of the example, redacted, with the clock and the ids of the example."""
    path.parent.mkdir()
    path.write_bytes((vectors / "demo-before.jsonl").read_bytes())
    at = itertools.count(5)
    now = itertools.count(5)
    monkeypatch.setattr("auditlog_cli.writer.ids.record_id", lambda: f"00000000-0000-4000-8000-{next(at):012}")
    monkeypatch.setattr("auditlog_cli.writer.own.times.now", lambda: f"2026-11-21T09:00:{next(now):02}.000000Z")
    # The clock is asked once more when a segment begins, for its age: not for a record.
    monkeypatch.setattr(
        "auditlog_cli.writer.takeover.times", type("Still", (), {"now": lambda: None, "parse": lambda text: 0})
    )
    done = redact(path, fields=FIELDS, records=[1], by="dpo@example.org", reason="erasure request 17", key=key)
    assert (done.values, done.records, done.left, done.declared_at) == (2, 1, [], [5])
    return path


def test_every_byte_is_that_of_the_example(demo: Path, vectors: Path) -> None:
    wanted = (vectors / "demo-after.jsonl").read_bytes().split(b"\n")
    closed, active = files(demo)
    assert closed.name == "audit.000000000000.jsonl"
    assert closed.read_bytes().split(b"\n")[:-1] == wanted[:6]
    assert active.read_bytes().split(b"\n")[:-1] == wanted[6:8]


def test_leaves_and_skeletons_are_those_before(demo: Path, vectors: Path) -> None:
    import hashlib

    skeletons = (vectors / "demo-skeletons.jsonl").read_bytes().split(b"\n")
    lines = b"".join(file.read_bytes() for file in files(demo)).split(b"\n")[:-1]
    assert [unseal(line).leaf for line in lines] == [
        hashlib.sha256(b"\x00" + each).hexdigest() for each in skeletons[: len(lines)]
    ]


@pytest.mark.parametrize("checker", ["check.py", "check.pl"])
def test_the_stock_checkers_agree(demo: Path, shared: Path, checker: str) -> None:
    done = stock(demo, shared, checker)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("withheld field in record 1") == 2
    assert "8 records" in done.stdout


def test_what_is_signed_is_the_example(demo: Path, vectors: Path) -> None:
    said = json.loads(files(demo)[0].read_bytes().split(b"\n")[5])["auditlog"]
    message = declaring.message("example.org/auditlog/demo", said["reason"], declaring.targets_of(said))
    assert message == (vectors / "demo-redact-message.txt").read_bytes()
    assert said["sshsig"] == (vectors / "demo-redact-message.txt.sig").read_text()


@pytest.mark.skipif(SSH_KEYGEN is None, reason="ssh-keygen is not there: the signature is not checked by others")
def test_ssh_keygen_accepts_the_declaration(demo: Path, vectors: Path, tmp_path: Path) -> None:
    said = json.loads(files(demo)[0].read_bytes().split(b"\n")[5])["auditlog"]
    (tmp_path / "decl.sig").write_text(said["sshsig"])
    message = declaring.message("example.org/auditlog/demo", said["reason"], declaring.targets_of(said))
    done = subprocess.run(
        [str(SSH_KEYGEN), "-Y", "verify", "-f", str(vectors / "signers"), "-I", "dpo@example.org",
         "-n", "auditlog-redaction", "-s", str(tmp_path / "decl.sig")],
        input=message, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_same_line_and_the_same_tombstone(vectors: Path) -> None:
    """Line 2 alone: as in demo-after.jsonl, and as in demo-tombstone.jsonl."""
    line = dissect((vectors / "demo-before.jsonl").read_bytes().split(b"\n")[1])
    assert line is not None
    after = (vectors / "demo-after.jsonl").read_bytes().split(b"\n")[1]
    assert withhold(line, {"/user/email", "/action/arguments/to"}) == after
    assert bury(line) == (vectors / "demo-tombstone.jsonl").read_bytes().split(b"\n")[1]


def test_twice_is_once(demo: Path, key: Path) -> None:
    before = [file.read_bytes() for file in files(demo)]
    done = redact(demo, fields=FIELDS, by="dpo@example.org", reason="once more", key=key, records=[1])
    assert (done.values, done.declared_at, done.unfinished) == (0, [], False)
    assert [file.read_bytes() for file in files(demo)] == before
