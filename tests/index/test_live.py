"""Indexes of logs that live: written, rotated, compressed, pruned, redacted meanwhile."""

from __future__ import annotations

import mmap
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli import pipeline
from auditlog_cli.counts import Counts
from auditlog_cli.index import opening
from auditlog_cli.record import Record
from auditlog_cli.selection import select_by
from auditlog_cli.writer.log import AuditLog
from tests.conftest import Result
from tests.index.asking import alike, ask, build
from tests.logs import line, record, write

Cli = Callable[..., Result]
STRACE = shutil.which("strace")


def sealed(path: Path, count: int = 120, **options: object) -> Path:
    """A sealed log of several segments."""
    with AuditLog(str(path), fsync="none", ballast_bytes=0, max_bytes=20_000, **options) as log:  # type: ignore[arg-type]
        for n in range(count):
            log.append(record(record_id=f"r-{n}", session_id=f"sess_{n % 5}", user__email=f"u{n % 3}@example.org"))
    return path


@pytest.mark.slow
def test_while_three_writers_rotate_nothing_is_missing_or_twice(eager: None, tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    acknowledged = mmap.mmap(-1, 24)
    writers = []
    for writer in range(3):
        pid = os.fork()
        if pid == 0:
            try:
                with AuditLog(str(path), fsync="none", ballast_bytes=0, max_bytes=15_000) as log:
                    for n in range(400):
                        log.append(record(record_id=f"{writer}-{n}", session_id=f"sess_{writer}"))
                        acknowledged[writer * 8 : writer * 8 + 8] = (n + 1).to_bytes(8, "little")
                        time.sleep(0.001)
                os._exit(0)
            except BaseException:
                os._exit(1)
        writers.append(pid)
    asked = 0
    said: list[str] = []
    codes = []
    limit = time.monotonic() + 60
    while writers and time.monotonic() < limit:
        if not path.exists():
            continue
        for writer in range(3):
            before = int.from_bytes(acknowledged[writer * 8 : writer * 8 + 8], "little")
            chosen = select_by(session=[f"sess_{writer}"])
            found = pipeline.judged([str(path)], chosen, counts=Counts(), index=said.append)
            ids = [item.content["record_id"] for item, wanted in found if wanted and isinstance(item, Record)]
            assert ids == [f"{writer}-{n}" for n in range(len(ids))]
            assert len(ids) >= before
            asked += 1
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid:
            writers.remove(pid)
            codes.append(os.waitstatus_to_exitcode(status))
    assert codes == [0, 0, 0]
    assert asked > 10
    assert any("indexed" in each for each in said)
    for writer in range(3):
        found_by_index = alike(path, session=[f"sess_{writer}"])[0]
        assert len(found_by_index.wanted) == 400


def test_rotation_does_not_make_an_index_stale(small: None, tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with AuditLog(str(path), fsync="none", ballast_bytes=0, max_bytes=20_000) as log:
        for n in range(60):
            log.append(record(session_id=f"sess_{n % 5}"))
            if n == 10:
                before = build(path)
    assert before is not None
    after = build(path)
    assert after is not None and after.read <= after.covered - before.covered + 2000
    found, said = alike(path, session=["sess_3"])
    assert len(found.wanted) == 12 and not said


def test_compressed_segments_are_indexed_by_their_unpacked_bytes(small: None, tmp_path: Path, cli: Cli) -> None:
    path = sealed(tmp_path / "audit.jsonl")
    build(path)
    assert cli("compress", path).code == 0
    found, said = alike(path, session=["sess_3"])  # what was plain is gone; it is scanned
    assert len(found.wanted) == 24
    built = build(path)
    assert built is not None and built.missing == 0
    found, said = alike(path, session=["sess_3"], user=["u0@example.org"])
    assert len(found.wanted) == 8 and not said
    assert "complete" in cli("index", "status", path, "--check").out


def test_a_packed_file_whose_table_hides_a_frame_is_not_indexed(small: None, tmp_path: Path) -> None:
    import struct

    import zstandard

    packer = zstandard.ZstdCompressor(write_content_size=True)
    shown = b"".join(line(record(session_id="sess_1")) + b"\n" for _ in range(5))
    hidden = line(record(session_id="sess_3")) + b"\n"
    one, two = packer.compress(shown), packer.compress(hidden)
    table = struct.pack("<II", len(one) + len(two), len(shown))
    footer = struct.pack("<IBI", 1, 0, 0x8F92EAB1)
    skippable = struct.pack("<II", 0x184D2A5E, len(table) + len(footer)) + table + footer
    path = tmp_path / "log.jsonl"
    path.write_bytes(one + two + skippable)
    build(path)
    assert len(alike(path, session=["sess_3"])[0].wanted) == 1


def test_gzip_and_foreign_files_are_scanned(small: None, tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "log.jsonl"
    path.write_bytes(gzip.compress(b"".join(line(record(session_id="sess_3")) + b"\n" for _ in range(5))))
    build(path)
    assert len(alike(path, session=["sess_3"])[0].wanted) == 5
    assert len(alike(path, since="2026-06-01")[0].wanted) == 5


def test_a_redaction_takes_the_index_away(small: None, tmp_path: Path, cli: Cli) -> None:
    path = sealed(tmp_path / "audit.jsonl")
    build(path)
    Path(f"{path}.index.tmp").write_bytes(b"unfinished")
    words = ["--record", "r-3", "--fields", "user.email", "--by", "me", "--reason", "asked", "--unsigned", "--yes"]
    assert cli("redact", path, *words).code == 0
    assert not Path(f"{path}.index").exists()
    assert not Path(f"{path}.index.tmp").exists()
    assert not any(b"u0@example.org" in each.read_bytes() for each in tmp_path.glob("*.index*"))
    build(path)
    found, said = alike(path, user=["u0@example.org"])
    assert len(found.wanted) == 39 and not said


def test_pruned_segments_are_gone_from_the_answer(small: None, tmp_path: Path) -> None:
    path = sealed(tmp_path / "audit.jsonl")
    build(path)
    first = min(tmp_path.glob("audit.0*.jsonl"))
    lost = first.read_bytes().count(b'"sess_3"')
    first.unlink()
    assert len(alike(path, session=["sess_3"])[0].wanted) == 24 - lost


def test_the_commands_say_what_they_did(small: None, tmp_path: Path, cli: Cli) -> None:
    path = write(tmp_path / "log.jsonl", *(record(session_id=f"sess_{n}") for n in range(30)))
    size = path.stat().st_size
    assert re.search(rf"none +{size} +0 +0 +0", cli("index", "status", path).out.replace(",", ""))
    built = cli("index", "build", path)
    assert built.code == 0 and f"{size:,} bytes of the log were read" in built.err
    assert "complete" in cli("index", "status", path).out
    assert cli("index", "status", path, "--check").code == 0
    with open(path, "ab") as file:
        file.write(line(record()) + b"\n")
    assert "behind" in cli("index", "status", path).out
    Path(f"{path}.index").write_bytes(b"x")
    assert "unusable" in cli("index", "status", path).out
    assert "deleted" in cli("index", "drop", path).err
    assert not Path(f"{path}.index").exists()
    assert "has no index" in cli("index", "drop", path).err
    assert cli("index", "build", tmp_path / "missing.jsonl").code == 3
    assert cli("index", "build", "-").code == 3


def test_a_wrong_index_is_told_by_comparing(small: None, tmp_path: Path, cli: Cli) -> None:
    path = write(tmp_path / "log.jsonl", *(record(session_id=f"sess_{n}") for n in range(30)))
    build(path)
    before = path.stat()
    data = path.read_bytes().replace(b"sess_13", b"sess_14")
    with open(path, "r+b") as file:  # and the file grew, so that its times say nothing
        file.write(data + line(record()) + b"\n")
    assert path.stat().st_ino == before.st_ino
    assert cli("index", "status", path, "--check").code == 1


CHILD = """
import os, sys
from auditlog_cli import segments
from auditlog_cli.index import building
building.STRETCH = 4000
taken = segments.snapshot(sys.argv[1])
building.build(sys.argv[1], taken)
"""


@pytest.mark.slow
@pytest.mark.skipif(STRACE is None, reason="strace is not there: nothing can be killed at a system call")
@pytest.mark.parametrize("call", ["pwrite64", "rename", "fchmod", "ftruncate", "flock", "unlink"])
def test_killed_at_any_system_call_of_its_kind(tmp_path: Path, call: str) -> None:
    path = write(tmp_path / "log.jsonl", *(record(session_id=f"sess_{n % 5}") for n in range(40)))
    for number in range(1, 30):
        done = subprocess.run(
            [str(STRACE), "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}",
             sys.executable, "-c", CHILD, str(path)], check=False, capture_output=True,
        )  # fmt: skip
        assert len(alike(path, session=["sess_3"])[0].wanted) == 8
        assert build(path) is not None
        found, said = alike(path, session=["sess_3"])
        assert len(found.wanted) == 8 and not said
        Path(f"{path}.index").unlink()
        if done.returncode == 0:
            return
    raise AssertionError("it never came to an end")


@pytest.mark.slow
def test_a_redaction_among_readers_who_build_leaves_no_number_of_what_it_withheld(
    small: None, tmp_path: Path, cli: Cli
) -> None:
    path = sealed(tmp_path / "audit.jsonl", 300)
    pid = os.fork()
    if pid == 0:
        try:
            while True:
                build(path)
                assert len(ask([path], select_by(session=["sess_3"]), index=[]).wanted) == 60
        except BaseException as error:
            (tmp_path / "failed").write_text(repr(error))
            os._exit(1)
    try:
        for number in (3, 13, 23, 33, 203):
            words = ["--record", f"r-{number}", "--fields", "user.email", "--by", "me", "--reason", "asked"]
            assert cli("redact", path, *words, "--unsigned", "--yes").code == 0
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    assert not (tmp_path / "failed").exists(), (tmp_path / "failed").read_text()
    index = opening.present(str(path))
    if index is not None:  # what lies there now was made of what is there now
        here = {each.stat().st_ino for each in tmp_path.glob("audit*.jsonl")}
        assert set(index.segments) <= here
        index.close()
    build(path)
    found, said = alike(path, user=["u0@example.org"])
    assert len(found.wanted) == 98 and not said  # of those five records two were u0's
