"""Compressed segments: nothing that verifies, is searched, proved, sealed, redacted or pruned changes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from auditlog_cli import proofs, segments, times, verify
from auditlog_cli.errors import AuditWriteError, InputError, SealRefused, TamperError, UsageError
from auditlog_cli.retention import compressing, pruning
from auditlog_cli.signing.signer import Signer
from auditlog_cli.sources.follow import Follower
from auditlog_cli.withholding.api import redact
from auditlog_cli.writer import closedfile
from auditlog_cli.writer.checkpoints import Sealer
from auditlog_cli.writer.log import AuditLog
from tests.conftest import Result
from tests.retention.conftest import record

ROOT = Path(__file__).parents[2]
STRACE = shutil.which("strace")
SAID = {"by": "dpo", "reason": "x", "unsigned": True}


def compress(path: Path, step: Callable[[str], None] = lambda name: None) -> list[compressing.Packed]:
    return compressing.carry_out(compressing.plan(str(path)), step=step)


def names(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir() if "lock" not in each.name)


def plain(path: Path) -> dict[int, bytes]:
    """What each closed segment holds, unpacked by the stock library."""
    found = {}
    for first, name in segments.closed(str(path)):
        data = Path(name).read_bytes()
        if name.endswith(".zst"):
            data = zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True).read()
        found[first] = data
    return found


def facts(path: Path, cli: Callable[..., Result]) -> list[object]:
    """What the commands say of the log."""
    verdict = verify(path)
    asked = [
        ("tail", path, "-n", "100", "--format", "raw"), ("filter", path, "--session", "s-2", "--format", "raw"),
        ("trace", "t-3", path), ("stats", path), ("validate", path, "--profile", "record"), ("head", path),
    ]  # fmt: skip
    said = [re.sub(r"[\d.]+ (s|ms|MB|KB|B)\b|\.zst", "", cli(*words).out) for words in asked]
    return [verdict.records, verdict.head, verdict.root, [each.code for each in verdict.findings], *said]


def test_everything_says_the_same(path: Path, cli: Callable[..., Result]) -> None:
    before, held = facts(path, cli), plain(path)
    done = compress(path)
    assert [(Path(each.path).name, each.before) for each in done] == [
        (f"{segments.closed_name('audit.jsonl', first)}.zst", len(data)) for first, data in held.items()
    ]
    assert names(path) == sorted([*(Path(each.path).name for each in done), "audit.jsonl"])
    assert facts(path, cli) == before
    assert plain(path) == held


def test_a_mix_says_the_same(path: Path, cli: Callable[..., Result]) -> None:
    before = facts(path, cli)
    compress(path)
    for _, name in segments.closed(str(path))[1::2]:
        subprocess.run([sys.executable, "-c", UNPACK, name], check=True)
    assert facts(path, cli) == before
    assert [each.endswith(".zst") for each in names(path)].count(True) == 2
    compress(path)
    assert facts(path, cli) == before


UNPACK = """
import os, sys, zstandard
name = sys.argv[1]
data = zstandard.ZstdDecompressor().stream_reader(open(name, "rb"), read_across_frames=True).read()
open(name.removesuffix(".zst"), "wb").write(data)
os.unlink(name)
"""


def test_owner_mode_and_time_stay(path: Path) -> None:
    name = segments.closed(str(path))[0][1]
    os.chmod(name, 0o640)
    os.utime(name, (1_700_000_000, 1_700_000_000))
    compress(path)
    found = os.stat(f"{name}.zst")
    assert (found.st_mode & 0o777, found.st_mtime) == (0o640, 1_700_000_000)


def test_the_active_segment_is_never_touched(path: Path) -> None:
    with AuditLog(path, fsync="none", ballast_bytes=0) as log:
        log.append(record(5))
        before = path.read_bytes()
        compress(path)
        assert path.read_bytes() == before
        log.append(record(5))
        log.rotate()
        log.append(record(6))
    assert not verify(path).findings


def test_writers_go_on_from_compressed_segments(path: Path) -> None:
    """The active one is gone, as after a crash in rotation: place, name and sum come out of the packed one."""
    closed = plain(path)
    compress(path)
    origin = verify(path).origin
    path.unlink()
    with AuditLog(path, fsync="none", ballast_bytes=0) as log:
        log.append(record(5))
        assert log.origin == origin
    assert not verify(path).findings
    import hashlib
    import json

    said = json.loads(path.read_bytes().split(b"\n")[0])["auditlog"]
    assert said["sha256"] == hashlib.sha256(closed[12]).hexdigest()
    assert said["bytes"] == len(closed[12])


def test_a_writer_whose_segments_are_compressed_meanwhile_goes_on(path: Path) -> None:
    """Another writer rotates, twice; what this one had open is packed, and nothing is called a loss."""
    with AuditLog(path, fsync="none", ballast_bytes=0) as one, AuditLog(path, fsync="none", ballast_bytes=0) as two:
        one.append(record(5))
        for month in (6, 7):
            two.append(record(month))
            two.rotate()
        compress(path)
        one.append(record(8))
    assert not verify(path).findings
    assert verify(path).listed == []


def test_a_packed_segment_is_in_the_way_of_a_closed_one(path: Path) -> None:
    with AuditLog(path, fsync="none", ballast_bytes=0) as log:
        log.append(record(5))
        Path(f"{segments.closed_name(str(path), 16)}.zst").write_bytes(b"?")
        with pytest.raises(TamperError, match="in the way"):
            log.rotate()


def test_seal_and_prove_read_them(path: Path, key: Signer) -> None:
    sealer = Sealer(str(path), key)
    sealer.seal()
    compress(path)
    with AuditLog(path, fsync="none", ballast_bytes=0) as log:
        log.append(record(5))
        assert sealer.seal(log.durable, log.append_own).size == 18
        assert Sealer(str(path), key).seal(log.durable, log.append_own).size == 19
    assert proofs.prove(str(path), "5")
    assert not verify(path, signers=f"{key.path}.pub").findings


def test_a_person_is_withheld_from_them(path: Path) -> None:
    compress(path)
    done = redact(path, subject=["u-2"], request="17", **SAID)
    assert done.segments == ["audit.000000000004.jsonl.zst"]
    assert b"u-2" not in b"".join(plain(path).values())
    verdict = verify(path)
    assert (verdict.findings, verdict.withheld_total) == ([], 3)
    redact(path, fields=["user.email"], **SAID)
    assert not verify(path).findings
    assert {each for each in names(path) if each.endswith(".tmp")} == set()


def test_they_are_pruned(path: Path) -> None:
    root = verify(path).root
    compress(path)
    pruning.carry_out(pruning.plan(str(path), times.moment("2026-03-15T00:00:00Z") or 0), "x")
    assert [first for first, _ in segments.closed(str(path))] == [12]
    assert not verify(path, known=f"17:{root}").findings


def test_they_are_followed(path: Path) -> None:
    """Between two looks the segment was closed and packed, and so was the one after it."""
    follower = Follower(str(path))
    list(follower.open_at_end())
    with AuditLog(path, fsync="none", ballast_bytes=0) as log:
        log.append(record(5))
        log.rotate()
        log.append(record(6))
        log.rotate()
        log.append(record(7))
        compress(path)
        lines = follower.poll()
    follower.close()
    assert [word for line in lines for word in re.findall(rb'"session_id":"(s-\d)"', line.raw)] == [
        b"s-5",
        b"s-6",
        b"s-7",
    ]
    assert follower.events == []


def test_a_file_that_was_listed_before_is_found(path: Path) -> None:
    from auditlog_cli.sources import files
    from auditlog_cli.sources.backwards import backwards
    from auditlog_cli.sources.lines import read_lines

    log = files.find([str(path)])[0]
    before = [line.raw for file in log.files for line in read_lines(file)]  # type: ignore[union-attr]
    compress(path)
    assert [line.raw for file in log.files for line in read_lines(file)] == before  # type: ignore[union-attr]
    assert [line.raw for line in backwards(log)] == before[::-1]  # type: ignore[union-attr]


# --- what is refused -------------------------------------------------------------------------------------


def test_a_log_that_does_not_verify_stays_as_it_was_found(path: Path) -> None:
    first = Path(segments.closed(str(path))[0][1])
    first.write_bytes(first.read_bytes().replace(b'"x"', b'"y"', 1))
    before = names(path)
    with pytest.raises(SealRefused, match="does not verify"):
        compress(path)
    assert names(path) == before


def test_a_torn_end_is_none_of_its_business(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b'{"torn":')
    assert len(compress(path)) == 4


def test_what_is_no_sealed_log_is_refused(path: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.jsonl"
    foreign.write_text('{"a":1}\n')
    for wrong, error in ((foreign, InputError), (tmp_path / "none.jsonl", InputError), (tmp_path, InputError)):
        with pytest.raises(error):
            compressing.plan(str(wrong))
    with pytest.raises(UsageError, match="closed segment"):
        compressing.plan(segments.closed(str(path))[0][1])


def test_something_else_under_the_name_is_not_overwritten(path: Path) -> None:
    name = segments.closed(str(path))[0][1]
    for other in (b"?", zstandard.compress(b"something else\n")):
        Path(f"{name}.zst").write_bytes(other)
        with pytest.raises(AuditWriteError, match="does not hold what"):
            compress(path)
        assert (Path(name).exists(), Path(f"{name}.zst").read_bytes()) == (True, other)
    assert not verify(path).findings


def test_what_was_packed_wrongly_is_never_put_in_place(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = plain(path)
    monkeypatch.setattr(closedfile.frames, "pack", lambda data: zstandard.compress(data[:-1]))
    with pytest.raises(AuditWriteError, match="nothing was removed"):
        compress(path)
    assert plain(path) == before
    assert not [each for each in names(path) if "zst" in each]


def test_too_large_a_segment_stays_and_is_said(
    path: Path, monkeypatch: pytest.MonkeyPatch, cli: Callable[..., Result]
) -> None:
    monkeypatch.setattr("auditlog_cli.frames.LARGEST", 1500)
    done = cli("compress", path)
    assert (done.code, "too large" in done.err) == (6, True)
    assert len([each for each in names(path) if each.endswith(".zst")]) < 4


# --- killed ------------------------------------------------------------------------------------------------


class Crash(Exception):
    pass


@pytest.mark.parametrize("where", ["written", "compared", "renamed", "removed"])
@pytest.mark.parametrize("number", [1, 2])
def test_stopped_at_every_step_one_whole_copy_is_there(
    path: Path, cli: Callable[..., Result], where: str, number: int
) -> None:
    before, held = facts(path, cli), plain(path)
    count = iter(range(1, 100))

    def step(name: str) -> None:
        if name == where and next(count) == number:
            raise Crash

    with pytest.raises(Crash):
        compress(path, step)
    assert plain(path) == held
    assert facts(path, cli) == before
    assert cli("filter", path.parent, "--session", "s-2", "--format", "raw").out == before[5], "twice in a folder"
    compress(path)
    assert plain(path) == held
    assert facts(path, cli) == before
    assert not [each for each in names(path) if each.endswith((".tmp", "0.jsonl"))]


@pytest.mark.parametrize("where", ["written", "renamed"])
def test_what_a_stopped_compression_left_does_not_keep_what_is_withheld(path: Path, where: str) -> None:
    def step(name: str) -> None:
        if name == where:
            os._exit(7)

    child = os.fork()
    if not child:
        compress(path, step)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert len([each for each in names(path) if "zst" in each]) == 1
    redact(path, subject=["u-1"], request="17", **SAID)
    assert not [each for each in names(path) if "zst" in each]
    assert not verify(path).findings


def test_pruning_deletes_both(path: Path) -> None:
    name = segments.closed(str(path))[0][1]
    Path(f"{name}.zst").write_bytes(zstandard.compress(Path(name).read_bytes()))
    Path(f"{name}.zst.tmp").write_bytes(b"")
    pruning.carry_out(pruning.plan(str(path), times.moment("2027-01-01T00:00:00Z") or 0), "x")
    assert names(path) == ["audit.jsonl", "audit.pruned.json"]


CHILD = """
import sys
from auditlog_cli.retention import compressing
compressing.carry_out(compressing.plan(sys.argv[1]))
"""
CALLS = ["write", "fsync", "rename", "unlink", "openat", "flock", "utimensat", "pread64", "close"]
FAULTS = [
    (call, what) for call in CALLS for what in ("signal=KILL", "error=EIO") if (call, what) != ("close", "error=EIO")
]


def run(path: Path, *faults: str) -> tuple[int, str, list[str]]:
    assert STRACE is not None
    trace = path.parent.with_suffix(".strace")
    watched = [path.parent, path, f"{path}.lock"]
    watched += [f"{name}{end}" for _, name in segments.closed(str(path)) for end in ("", ".zst", ".zst.tmp")]
    paths = [word for each in dict.fromkeys(map(str, watched)) for word in ("-P", each)]
    inject = [word for fault in faults for word in ("-e", f"inject={fault}")]
    done = subprocess.run(
        [STRACE, "-f", "-qq", "-o", str(trace), "-e", "signal=none", "-e", f"trace={','.join(CALLS)}", *paths, *inject,
         sys.executable, "-c", CHILD, str(path)],
        capture_output=True, text=True, cwd=ROOT, timeout=120,
    )  # fmt: skip
    if "ptrace" in done.stderr.lower():
        pytest.skip(f"strace may not trace here: {done.stderr.strip()}")
    return done.returncode, done.stderr, re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.MULTILINE)


@pytest.fixture
def short(tmp_path: Path) -> Path:
    """One closed segment."""
    path = tmp_path / "short" / "audit.jsonl"
    with AuditLog(path, origin="test/log", fsync="none", ballast_bytes=0) as log:
        log.append(record(1))
        log.rotate()
    return path


@pytest.mark.skipif(STRACE is None, reason="strace is not there: nothing can be killed at each call")
@pytest.mark.parametrize(("call", "what"), [pytest.param(*each, marks=pytest.mark.slow) for each in FAULTS])
def test_a_fault_at_every_call(short: Path, tmp_path: Path, call: str, what: str) -> None:
    """Killed, or refused by the system: the segment is there, whole, and the next run finishes."""
    path = short
    held = plain(path)
    shutil.copytree(path.parent, tmp_path / "kept")
    code, _, calls = run(path)
    assert code == 0
    total = calls.count(call)
    assert total, call
    for number in range(1, total + 1):
        shutil.rmtree(path.parent)
        shutil.copytree(tmp_path / "kept", path.parent)
        _, errors, _ = run(path, f"{call}:{what}:when={number}")
        assert plain(path) == held, (call, number)
        for line in errors.splitlines()[-1:]:
            assert re.match(r"(auditlog_cli\.errors\.\w+|help): ", line), errors
        assert not verify(path).findings
        compress(path)
        assert plain(path) == held
        assert not [each for each in names(path) if each.endswith((".tmp", "0.jsonl"))]
