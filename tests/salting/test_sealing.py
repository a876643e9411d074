"""`auditlog seal --redactable`: salts for a log that others write; the log keeps every byte."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli import AuditLog, verify
from auditlog_cli.cli import sealing
from auditlog_cli.cli.show import Notices
from auditlog_cli.errors import SealRefused
from auditlog_cli.salting.growing import SaltedGrowth
from auditlog_cli.sealing import notes
from auditlog_cli.signing import signer
from auditlog_cli.writer import disk
from auditlog_cli.writer.checkpoints import Sealer
from tests.conftest import Result
from tests.salting.foreign import LINES, beside, leaves, root, seal, write

Cli = Callable[..., Result]


def test_the_log_keeps_every_byte(path: Path, key: Path, cli: Cli) -> None:
    before = write(path).read_bytes()
    done = cli("seal", path, "--key", key, "--redactable")
    assert done.code == 0, done.err
    assert path.read_bytes() == before
    assert done.out.startswith(f"{path}: 6 records signed, root ")
    note = notes.parse(beside(path, "checkpoint").read_text())
    assert note.origin.endswith("#salts#raw")
    assert (note.size, note.root) == (6, root(path))
    assert sorted(each.name for each in path.parent.iterdir()) == [
        "old.jsonl", "old.jsonl.checkpoint", "old.jsonl.lock", "old.jsonl.salts",
    ]  # fmt: skip


def test_salts_are_the_owners_alone_and_keep_the_mode_they_are_given(old: Path, key: Path) -> None:
    salts = beside(old, "salts")
    assert salts.stat().st_mode & 0o777 == 0o600
    salts.chmod(0o640)
    with old.open("ab") as file:
        file.write(b'{"n":7}\n')
    seal(old, key)
    assert salts.stat().st_mode & 0o777 == 0o640


def test_lines_without_json_have_no_salts(old: Path) -> None:
    rows = beside(old, "salts").read_bytes().split(b"\n")
    assert rows[1] == rows[4] == b"[]"
    assert len(rows) == len(LINES) + 1


def test_salts_grow_with_the_log_and_stay(old: Path, key: Path, cli: Cli) -> None:
    before = beside(old, "salts").read_bytes()
    with old.open("ab") as file:
        file.write(b'{"n":7}\n{"torn":')
    assert cli("seal", old, "--key", key).code == 0
    after = beside(old, "salts").read_bytes()
    assert after.startswith(before)
    assert after.count(b"\n") == 7
    with old.open("ab") as file:
        file.write(b'"x"}\n')
    assert cli("seal", old, "--key", key, "--redactable").code == 0
    assert beside(old, "salts").read_bytes().startswith(after)
    assert notes.parse(beside(old, "checkpoint").read_text()).root == root(old)


def test_nothing_new_writes_no_salts(old: Path, key: Path) -> None:
    before = beside(old, "salts").stat()
    seal(old, key)
    after = beside(old, "salts").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_one_sealer_goes_on_where_it_stopped(path: Path, key: Path) -> None:
    """Read once, then only what is new; also after another sealer has made salts meanwhile."""
    write(path, ["{}"] * 3)
    sealer = Sealer(str(path), signer.load(str(key)), raw=True, growth=SaltedGrowth(str(path)))
    assert sealer.seal().size == 3
    assert sealer.behind() == 0
    for size in (4, 5, 6):
        with path.open("ab") as file:
            file.write(b'{"n":%d}\n' % size)
        if size == 5:
            seal(path, key)
        assert sealer.behind() == 1
        done = sealer.seal()
        assert (done.size, done.root, done.head) == (size, root(path), leaves(path)[-1])


def test_watch_seals_what_comes(old: Path, key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slept = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise KeyboardInterrupt
        with old.open("ab") as file:
            file.write(b'{"x":1}\n')

    monkeypatch.setattr(sealing.time, "sleep", sleep)
    with pytest.raises(KeyboardInterrupt), sealing.opened(str(old), signer.load(str(key)), None) as opened:
        sealing.watch(opened, 5, Notices(quiet=True))
    note = notes.parse(beside(old, "checkpoint").read_text())
    assert (note.size, note.root) == (8, root(old))


@pytest.mark.parametrize("change", ["edit", "cut", "replace"])
def test_what_does_not_extend_the_signed_state_is_refused(old: Path, key: Path, cli: Cli, change: str) -> None:
    data = old.read_bytes()
    old.write_bytes(
        {"edit": data.replace(b"u-17", b"u-18"), "cut": data[: data.index(b"\n") + 1], "replace": b'{"x":1}\n' * 9}[
            change
        ]
    )
    before = (beside(old, "salts").read_bytes(), beside(old, "checkpoint").read_bytes())
    done = cli("seal", old, "--key", key)
    assert done.code == 1
    assert "nothing was signed" in done.err
    assert "ann@" not in done.err
    assert (beside(old, "salts").read_bytes(), beside(old, "checkpoint").read_bytes()) == before


def test_lines_cut_that_had_salts_and_no_checkpoint_yet_are_refused(old: Path, key: Path, cli: Cli) -> None:
    """As after a crash between salts and checkpoint: the salts remember how many lines there were."""
    kept, size = beside(old, "checkpoint").read_bytes(), old.stat().st_size
    with old.open("ab") as file:
        file.write(b'{"n":7}\n')
    seal(old, key)
    beside(old, "checkpoint").write_bytes(kept)
    os.truncate(old, size)
    done = cli("seal", old, "--key", key)
    assert done.code == 1
    assert "has only 6 lines, and salts for more" in done.err


def test_a_log_that_was_rewritten_under_a_sealer_is_refused(old: Path, key: Path) -> None:
    sealer = Sealer(str(old), signer.load(str(key)), raw=True, growth=SaltedGrowth(str(old)))
    sealer.seal()
    data = old.read_bytes()
    os.replace(write(old.with_name("new"), []), old)
    old.write_bytes(data.replace(b"s-1", b"s-2"))
    with pytest.raises(SealRefused, match="its first 6"):
        sealer.behind()


@pytest.mark.parametrize("cut", [False, True])
def test_what_was_read_and_not_signed_yet_may_not_be_rewritten_either(old: Path, cut: bool) -> None:
    beside(old, "checkpoint").unlink()
    growth = SaltedGrowth(str(old))
    growth.grow()
    data = old.read_bytes().replace(b"s-1", b"s-2")
    write(old.with_name("new"), [])
    os.replace(old.with_name("new"), old)
    old.write_bytes(data)
    if cut:
        lines = data.splitlines(keepends=True)
        old.write_bytes(b"".join(lines[:3]))
        salts = beside(old, "salts").read_bytes().splitlines(keepends=True)
        beside(old, "salts").write_bytes(b"".join(salts[:3]))
    with pytest.raises(SealRefused, match="first 6 lines are no longer those that were read"):
        growth.grow()


def test_salts_without_a_checkpoint_are_no_guess(path: Path, key: Path, cli: Cli) -> None:
    """As after a crash between the two: --redactable goes on, anything else asks."""
    seal(write(path), key)
    salts = beside(path, "salts").read_bytes()
    beside(path, "checkpoint").unlink()
    done = cli("seal", path, "--key", key)
    assert done.code == 2
    assert "no checkpoint says whether it counts" in done.err
    assert cli("seal", path, "--key", key, "--redactable").code == 0
    assert beside(path, "salts").read_bytes() == salts


def test_what_was_signed_without_salts_stays_so(path: Path, key: Path, cli: Cli) -> None:
    write(path)
    assert cli("seal", path, "--key", key).code == 0
    before = beside(path, "checkpoint").read_bytes()
    done = cli("seal", path, "--key", key, "--redactable")
    assert done.code == 2
    assert "was signed without salts" in done.err
    assert beside(path, "checkpoint").read_bytes() == before
    assert not beside(path, "salts").exists()


def test_salts_and_a_checkpoint_elsewhere_do_not_go_together(path: Path, key: Path, tmp_path: Path, cli: Cli) -> None:
    write(path)
    done = cli("seal", path, "--key", key, "--redactable", "--checkpoint", tmp_path / "elsewhere")
    assert done.code == 2
    assert not beside(path, "salts").exists()


def test_our_own_logs_need_no_salts_beside_them(path: Path, key: Path, cli: Cli) -> None:
    with AuditLog(path, fsync="none", ballast_bytes=0) as log:
        log.append({"user": {"id": "u-1"}})
    done = cli("seal", path, "--key", key, "--redactable")
    assert done.code == 2
    assert "--redactable is for logs that others write" in done.err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('text {"_redacted":"' + "0" * 64 + '"}', "looks like a withheld value"),
        ("{" + ",".join(f'"m{n}":1' for n in range(10_001)) + "}", "more than 10,000 members"),
    ],
    ids=["hole", "members"],
)  # fmt: skip
def test_a_line_that_cannot_have_salts_is_named(path: Path, key: Path, cli: Cli, line: str, said: str) -> None:
    write(path, ["{}", line])
    done = cli("seal", path, "--key", key, "--redactable")
    assert done.code == 3
    assert "line 2" in done.err
    assert said in done.err
    assert not beside(path, "salts").exists()
    assert not beside(path, "checkpoint").exists()
    assert not list(path.parent.glob("*.tmp"))
    assert cli("seal", path, "--key", key).code == 0


def test_a_compressed_log_is_refused(tmp_path: Path, key: Path, cli: Cli) -> None:
    import gzip

    path = tmp_path / "old.jsonl"
    path.write_bytes(gzip.compress(b"{}\n"))
    done = cli("seal", path, "--key", key, "--redactable")
    assert done.code == 3, done.err


def test_a_full_disk_leaves_the_old_salts(old: Path, key: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    before = beside(old, "salts").read_bytes()
    with old.open("ab") as file:
        file.write(b'{"n":7}\n')

    def refuse(fd: int, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "write_all", refuse)
    done = cli("seal", old, "--key", key)
    assert done.code == 5
    assert "No space left" in done.err
    assert beside(old, "salts").read_bytes() == before
    assert not list(old.parent.glob("*.tmp"))


def test_sealers_and_readers_at_the_same_time(path: Path, key: Path) -> None:
    """Two sealers, a log that grows, a reader: never a false alarm, and in the end one root."""
    write(path, ["{}"])
    seal(path, key)
    stop = threading.Event()
    trouble: list[object] = []

    def sealer() -> None:
        while not stop.is_set():
            try:
                seal(path, key)
            except SealRefused as error:
                trouble.append(error)

    def reader() -> None:
        while not stop.is_set():
            verdict = verify(path)
            if verdict.exit_code:
                trouble.append(verdict.findings)

    threads = [threading.Thread(target=each) for each in (sealer, sealer, reader)]
    for each in threads:
        each.start()
    for number in range(150):
        with path.open("ab") as file:
            file.write(b'{"n":%d,"user":{"id":"u"}}\n' % number)
    stop.set()
    for each in threads:
        each.join()
    assert not trouble
    seal(path, key)
    assert notes.parse(beside(path, "checkpoint").read_text()).root == root(path)


# --- killed at every call ---------------------------------------------------------------------------

CHILD = """
import sys
from pathlib import Path
from tests.salting.foreign import seal
seal(Path(sys.argv[1]), Path(sys.argv[2]))
"""
STRACE = shutil.which("strace")
ROOT = Path(__file__).parents[2]
CALLS = ["write", "fsync", "fdatasync", "rename", "unlink", "openat", "flock", "close", "fchmod", "pread64"]


def traced(path: Path, key: Path, call: str, *faults: str) -> int:
    """Seal in a process of its own; return how often it made the call on files of the log."""
    assert STRACE is not None
    out = path.parent.with_suffix(".strace")
    names = [path.parent, path, *(beside(path, end) for end in ("salts", "salts.tmp", "checkpoint", "lock"))]
    watched = [word for each in names for word in ("-P", str(each))]
    inject = [word for fault in faults for word in ("-e", f"inject={fault}")]
    done = subprocess.run(
        [STRACE, "-f", "-qq", "-o", out, "-e", "signal=none", "-e", f"trace={call}", *watched, *inject,
         sys.executable, "-c", CHILD, path, key],
        capture_output=True, text=True, cwd=ROOT, timeout=120,
    )  # fmt: skip
    if "ptrace" in done.stderr.lower():
        pytest.skip(f"strace may not trace here: {done.stderr.strip()}")
    return out.read_text().count(f"{call}(")


@pytest.mark.skipif(STRACE is None, reason="strace is not there: nothing can be killed at each call")
@pytest.mark.parametrize("fault", ["signal=KILL", "error=EIO"])
@pytest.mark.parametrize("call", [pytest.param(each, marks=pytest.mark.slow) for each in CALLS])
def test_killed_or_refused_at_every_call(path: Path, key: Path, tmp_path: Path, call: str, fault: str) -> None:
    """No half file, what was signed still holds, and the next seal brings it to its end."""
    seal(write(path), key)
    with path.open("ab") as file:
        file.write(b'{"n":7}\n')
    kept = tmp_path / "kept"
    shutil.copytree(path.parent, kept)
    log, salts = path.read_bytes(), beside(path, "salts").read_bytes()
    total = traced(path, key, call)
    assert total
    for number in range(1, total + 1):
        shutil.rmtree(path.parent)
        shutil.copytree(kept, path.parent)
        traced(path, key, call, f"{call}:{fault}:when={number}")
        assert path.read_bytes() == log
        now = beside(path, "salts").read_bytes()
        assert now.startswith(salts)
        assert now.count(b"\n") in (6, 7)
        assert verify(path).exit_code == 0, (call, number)
        seal(path, key)
        assert notes.parse(beside(path, "checkpoint").read_text()).root == root(path)
        assert not beside(path, "salts.tmp").exists()
