"""A bundle convinces somebody who has Python, OpenSSL and the key, and nobody else's word."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from auditlog_cli import segments
from auditlog_cli.errors import InputError
from auditlog_cli.evidence import bundle
from auditlog_cli.index import building, readying
from auditlog_cli.signing import keygen
from auditlog_cli.writer.checkpoints import Sealer
from auditlog_cli.writer.log import AuditLog


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five sessions of eight records, three of them mixed into one another, over several segments; one record late."""
    folder = tmp_path_factory.mktemp("bundle")
    key = keygen.make(str(folder / "key"), "test")
    path = folder / "audit.jsonl"
    with AuditLog(path, origin="test/log", ballast_bytes=0, max_bytes=3000) as log:
        for n in range(40):
            log.append({"session_id": f"s-{n % 5}", "trace_id": f"t-{n // 8}", "user": {"id": f"user-{n}"}})
        Sealer(str(path), key).seal(log.durable, log.append_own)
        log.append({"session_id": "s-1"})
        log.append({"session_id": "late"})
    return path


def build(path: object, wanted: str, **words: object) -> tuple[bundle.Bundle, bytes]:
    out = io.BytesIO()
    return bundle.build(str(path), wanted, out, **words), out.getvalue()  # type: ignore[arg-type]


def unpacked(data: bytes, folder: Path) -> Path:
    zipfile.ZipFile(io.BytesIO(data)).extractall(folder)
    return folder / "evidence"


def checked(folder: Path) -> subprocess.CompletedProcess[str]:
    """Without site packages, in an empty environment: nothing of ours can help."""
    return subprocess.run(
        [sys.executable, "-I", "-S", "check.py"], cwd=folder, capture_output=True, text=True, check=False, env={}
    )


@pytest.mark.parametrize(("wanted", "count", "left"), [("s-1", 8, 1), ("t-2", 8, 0)])
def test_a_bundle_checks_itself(sealed: Path, tmp_path: Path, wanted: str, count: int, left: int) -> None:
    made, data = build(sealed, wanted)
    assert (made.records, made.left_out) == (count, left)
    folder = unpacked(data, tmp_path)
    done = checked(folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{count} records stand as they did")
    assert "is not shown" in done.stdout
    assert wanted in (folder / "README.txt").read_text()


def test_any_change_is_noticed(sealed: Path, tmp_path: Path) -> None:
    """A value, a line more or less, another proof, another root."""
    data = build(sealed, "s-1")[1]

    def changed(name: str, old: bytes, new: bytes) -> str:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        file = unpacked(data, folder) / name
        content = file.read_bytes()
        assert old in content
        file.write_bytes(content.replace(old, new, 1))
        done = checked(folder / "evidence")
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        return done.stderr

    assert "was changed" in changed("records.jsonl", b"user-6", b"user-7")
    first = (unpacked(data, tmp_path / "first") / "records.jsonl").read_bytes().split(b"\n")[0] + b"\n"
    assert "a proof has no record" in changed("records.jsonl", first, b"")
    assert "has no proof" in changed("records.jsonl", first, first + first)
    assert "another checkpoint" in changed("checkpoint.note", b"test/log\n", b"test/lag\n")
    number = sorted((tmp_path / "first" / "evidence" / "proofs").iterdir())[0].name
    proof = (tmp_path / "first" / "evidence" / "proofs" / number).read_bytes().split(b"\n")[2]
    assert "was changed" in changed(f"proofs/{number}", proof, b"A" * 43 + b"=")
    assert "too short" in changed(f"proofs/{number}", proof + b"\n", b"")


def test_the_page_says_how_openssl_checks_the_key(sealed: Path, tmp_path: Path) -> None:
    """The commands of README.txt, as they stand there."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not there")
    folder = unpacked(build(sealed, "t-0")[1], tmp_path)
    shutil.copy(sealed.parent / "key.pub", folder / "KEY.pub")
    text = (folder / "README.txt").read_text()
    commands = text[text.index("    sed") : text.index("   or, with auditlog")]
    done = subprocess.run(
        ["bash", "-e", "-c", commands], cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert "Verified Successfully" in done.stdout, done.stderr


def test_what_cannot_be_bundled(sealed: Path) -> None:
    with pytest.raises(InputError, match="no session or trace is 'nobody'"):
        build(sealed, "nobody")
    with pytest.raises(InputError, match="the newest checkpoint covers none of its records yet \\(1\\)"):
        build(sealed, "late")


def test_the_command_line(sealed: Path, tmp_path: Path) -> None:
    def auditlog(*words: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "auditlog_cli", "bundle", *map(str, words)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)

    done = auditlog("s-1", sealed)
    assert done.returncode == 0
    assert "evidence.zip: 8 records" in done.stderr
    assert "1 more is not in it" in done.stderr
    assert zipfile.is_zipfile(tmp_path / "evidence.zip")
    assert auditlog("s-1", sealed).returncode == 2
    assert auditlog("nobody", sealed, "-o", "x.zip").returncode == 3
    assert not (tmp_path / "x.zip").exists()


def test_the_records_found_by_an_index_are_those_of_reading_all(sealed: Path, tmp_path: Path) -> None:
    """With an index that is behind, with one of all segments, and without one."""
    copy = Path(shutil.copytree(sealed.parent, tmp_path / "copy")) / sealed.name
    said: list[str] = []
    for wanted in ("s-1", "t-2"):
        plain = build(copy, wanted)
        assert build(copy, wanted, index=said.append) == plain
        for most in (500, None):
            taken = segments.snapshot(str(copy))
            building.build(str(copy), taken, most=most)
            readying.close(taken)
            assert build(copy, wanted, index=said.append) == plain
    assert not said
