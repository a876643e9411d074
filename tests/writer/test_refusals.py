"""The disk says no: the append raises, the file is byte-identical to before, and later all goes on (6.3, 10.2)."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli.errors import AuditWriteError
from auditlog_cli.writer import ballast, mounts
from auditlog_cli.writer.log import AuditLog
from tests.writer.chain import walk
from tests.writer.records import small

Open = Callable[..., AuditLog]
ROOT = Path(__file__).parents[2]


def failing(code: int, times: int = 1, part: int | None = None) -> Callable[[int, bytes], int]:
    """A `write` that fails `times` times: with an error, or after `part` bytes."""
    real = os.write
    left = [times]

    def write(fd: int, data: bytes) -> int:
        if left[0] and os.readlink(f"/proc/self/fd/{fd}").endswith("audit.jsonl"):
            left[0] -= 1
            if part is not None:
                return real(fd, data[:part])
            raise OSError(code, os.strerror(code))
        return real(fd, data)

    return write


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EBADF])
def test_an_error_of_write(path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """AuditWriteError with the system's words, exit code 5; the next append works and records the refusal."""
    log = opened()
    receipts = [log.append(small(0))]
    before = path.read_bytes()
    monkeypatch.setattr(os, "write", failing(code))
    with pytest.raises(AuditWriteError, match="nothing was written") as caught:
        log.append(small(1))
    assert os.strerror(code) in str(caught.value)
    assert (caught.value.exit_code, caught.value.written) == (5, 0)
    assert path.read_bytes() == before
    receipts.append(log.append(small(2)))
    found = walk(path)
    assert all(found.has(r) for r in receipts)
    assert (found.own("lost")[0]["count"], found.own("lost")[0]["reason"]) == (1, errno.errorcode[code])


@pytest.mark.parametrize("part", [0, 1, 100, -1])
def test_a_write_cut_short(path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    """Some bytes got in, even all but the LF: they are taken back."""
    log = opened()
    log.append(small(0))
    before = path.read_bytes()
    monkeypatch.setattr(os, "write", failing(0, part=part))
    with pytest.raises(AuditWriteError, match="bytes could be written"):
        log.append(small(1))
    assert path.read_bytes() == before
    log.append(small(2))
    assert [r["i"] for r in walk(path).callers] == [0, 2]


def test_a_batch_cut_short_is_taken_back_whole(path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """All or nothing, also when half of the lines are in the file already."""
    log = opened()
    before = path.read_bytes()
    monkeypatch.setattr(os, "write", failing(0, part=2000))
    with pytest.raises(AuditWriteError):
        log.write_many([small(i) for i in range(20)])
    assert path.read_bytes() == before


def test_what_cannot_be_taken_back_is_said(path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cutting back fails, too: the error counts the records that are in the log, the next append repairs."""
    log = opened()
    log.append(small(0))
    size = path.stat().st_size
    log.append(small(1))
    line = path.stat().st_size - size

    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", failing(0, part=3 * line + 50))
        patch.setattr(os, "ftruncate", fail)
        with pytest.raises(AuditWriteError, match="could not be taken back") as caught:
            log.write_many([small(i) for i in range(2, 8)])
    assert caught.value.written == 3
    receipt = log.append(small(99))
    found = walk(path)
    assert found.has(receipt)
    assert [r["i"] for r in found.callers] == [0, 1, 2, 3, 4, 99]
    assert found.own("recovered")[0]["kind"] == "cut"


def test_a_limit_on_file_size(path: Path) -> None:
    """RLIMIT_FSIZE (`ulimit -f`) in the middle of a line: raised, taken back, and with a higher limit it goes on."""
    code = textwrap.dedent(f"""
        import resource, sys
        from auditlog_cli.errors import AuditWriteError
        from auditlog_cli.writer.log import AuditLog
        log = AuditLog({str(path)!r}, fsync="none")
        log.append({{"i": 0}})
        before = open({str(path)!r}, "rb").read()
        soft = len(before) + 50
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, resource.RLIM_INFINITY))
        for i in range(3):
            try:
                log.append({{"i": 1}})
            except AuditWriteError as error:
                print(type(error).__name__, error.written)
            assert open({str(path)!r}, "rb").read() == before
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print(log.append({{"i": 2}}).seq)
    """)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.split() == ["AuditWriteError", "0"] * 3 + ["3"], done.stderr
    found = walk(path)
    assert [r["i"] for r in found.callers] == [0, 2]
    assert found.own("lost")[0]["count"] == 3
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_full_device(path: Path, opened: Open) -> None:
    """/dev/full in place of the file: ENOSPC from the real system; then the descriptor is looked at anew."""
    log = opened()
    log.append(small(0))
    before = path.read_bytes()
    full = os.open("/dev/full", os.O_RDWR)
    os.dup2(full, log._pen.active.fd)
    os.close(full)
    with pytest.raises(AuditWriteError, match="No space left on device"):
        log.append(small(1))
    assert path.read_bytes() == before


def test_a_folder_that_may_not_be_written(tmp_path: Path, opened: Open) -> None:
    """Permission refused, before anything is there: AuditWriteError, in words."""
    folder = tmp_path / "ro"
    folder.mkdir(mode=0o500)
    code = f"""
import os
from auditlog_cli.errors import AuditWriteError
from auditlog_cli.writer.log import AuditLog
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
for path in ({str(folder / "audit.jsonl")!r}, {str(folder / "deeper" / "audit.jsonl")!r}, "/proc/nothing/audit.jsonl"):
    try:
        AuditLog(path)
    except AuditWriteError as error:
        print(error.help or "no help")
"""
    for parent in (tmp_path, *tmp_path.parents):
        if parent.name.startswith(("pytest-", tmp_path.name)):
            parent.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 3
    assert "check owner and mode" in done.stdout
    assert list(folder.iterdir()) == []


def test_what_fails_on_the_way_is_always_ours(path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call of the write path fails once, with several errors: nothing but AuditWriteError comes out,
    nothing is written, and the next append works.
    """
    import fcntl

    log = opened()
    log.append(small(0))
    calls = [(os, "stat"), (os, "fstat"), (os, "write"), (fcntl, "flock"), (os, "pread"), (os, "open"), (os, "listdir")]
    count = 0
    for module, name in calls:
        for code in (errno.EIO, errno.ENOSPC, errno.EACCES, errno.ENOLCK, errno.ESTALE, errno.EMFILE):
            for dirty in (False, True):
                if dirty:
                    with opened() as other:
                        other.append(small(1))
                before = path.read_bytes()

                def fail(*_: object, code: int = code, **__: object) -> None:
                    raise OSError(code, os.strerror(code))

                with monkeypatch.context() as patch:
                    patch.setattr(module, name, fail)
                    try:
                        log.append(small(2))
                    except AuditWriteError:
                        count += 1
                        assert path.read_bytes() == before, name
    assert count >= 40
    receipt = log.append(small(3))
    found = walk(path)
    assert found.has(receipt)
    assert sum(said["count"] for said in found.own("lost")) == count


# --- fallback -----------------------------------------------------------------------------------


def test_the_fallback_takes_what_the_log_cannot(
    path: Path, opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The receipt says fallback and where; the main log later gets `lost` with origin, size and head of the other."""
    second = tmp_path / "second" / "audit.jsonl"
    log = opened(fallback=second)
    log.append(small(0))
    with monkeypatch.context() as patch:
        real = os.write

        def write(fd: int, data: bytes) -> int:
            if os.readlink(f"/proc/self/fd/{fd}") == str(path):
                raise OSError(28, "No space left on device")
            return real(fd, data)

        patch.setattr(os, "write", write)
        receipts = [log.append(small(1)), *log.write_many([small(2), small(3)])]
        durable = log.append(small(4), durable=True)
    assert {r.status for r in [*receipts, durable]} == {"fallback"}
    assert {r.path for r in receipts} == {str(second)}
    assert log.status["not_written"] == 4
    assert log.append(small(5)).status == "written"
    main, other = walk(path), walk(second)
    assert [r["i"] for r in main.callers] == [0, 5]
    assert [r["i"] for r in other.callers] == [1, 2, 3, 4]
    assert all(other.has(r) for r in receipts)
    (lost,) = main.own("lost")
    assert (lost["count"], lost["reason"]) == (4, "ENOSPC")
    assert lost["fallback"] == {
        "origin": other.own("genesis")[0]["origin"], "size": 5, "head": other.seals[-1].leaf,
    }  # fmt: skip


def test_both_fail(path: Path, opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never silent: the error names both, and the main log counts them."""
    log = opened(fallback=tmp_path / "second.jsonl")

    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", fail)
        with pytest.raises(AuditWriteError, match="nor could the fallback take it"):
            log.append(small(1))
    log.append(small(2))
    (lost,) = walk(path).own("lost")
    assert lost["count"] == 1
    assert "fallback" not in lost


def test_a_log_that_cannot_be_opened_begins_with_its_fallback(opened: Open, tmp_path: Path) -> None:
    """Started on a broken disk: `failed` says so at once, records go to the fallback, and later to the log."""
    place = tmp_path / "place"
    place.write_text("a file where the folder should be")
    log = opened(place / "audit.jsonl", fallback=tmp_path / "second.jsonl")
    assert "cannot be made" in str(log.failed)
    assert log.append(small(1)).status == "fallback"
    place.unlink()
    place.mkdir()
    assert log.append(small(2)).status == "written"
    main = walk(place / "audit.jsonl")
    assert [r["i"] for r in main.callers] == [2]
    assert main.own("lost")[0]["fallback"]["size"] == 2


def test_a_large_value_goes_to_the_fallback_with_its_record(
    path: Path, opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The blob cannot be kept beside the log: it is kept beside the fallback."""
    second = tmp_path / "second" / "audit.jsonl"
    log = opened(fallback=second)
    (path.parent / "audit.blobs").write_text("in the way")
    receipt = log.append({"big": "x" * (1 << 20)})
    assert receipt.status == "fallback"
    name = walk(second).callers[0]["big"]["sha256"]
    assert (second.parent / "audit.blobs" / name).stat().st_size == (1 << 20) + 2


# --- last words, ballast, mounts ------------------------------------------------------------------


def test_closing_tells_what_was_lost(path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ballast goes, so that the last words fit; if they do not, close raises."""
    log = opened(ballast_bytes=8192)
    weight = path.parent / "audit.jsonl.ballast"
    assert weight.stat().st_size == 8192
    assert weight.stat().st_blocks * 512 >= 8192
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", failing(28))
        with pytest.raises(AuditWriteError):
            log.append(small())
    log.close()
    assert not weight.exists()
    assert walk(path).own("lost")[0]["count"] == 1
    again = opened(ballast_bytes=8192)
    assert weight.exists()
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", failing(28, times=2))
        with pytest.raises(AuditWriteError):
            again.append(small())
        with pytest.raises(AuditWriteError):
            again.close()
    again.close()


def test_the_ballast_never_stands_in_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No room for it, no right to make or drop it: no error."""
    path = str(tmp_path / "audit.jsonl")
    ballast.lay(path, 4096)
    ballast.lay(path, 4096)
    ballast.drop(path)
    ballast.drop(path)
    ballast.lay(path, 0)
    assert list(tmp_path.iterdir()) == []

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", fail)
    ballast.lay(path, 4096)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(os, "open", fail)
    ballast.lay(path, 4096)


TABLE = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:40 / /mnt/nfs rw - nfs4 server:/x rw
31 22 0:41 / /mnt/with\\040space rw shared:1 - cifs //server/x rw
32 22 0:42 / /mnt/sshfs rw - fuse.sshfs host: rw
33 22 0:43 / /mnt/ntfs rw - fuseblk /dev/sdb1 rw
34 30 0:44 / /mnt/nfs/local rw - tmpfs tmpfs rw
garbage
35 22 - x
"""


@pytest.mark.parametrize(
    ("place", "kind"),
    [("/mnt/nfs/logs/audit.jsonl", "nfs4"), ("/mnt/with space/audit.jsonl", "cifs"), ("/mnt/sshfs/a.jsonl", "fuse.sshfs"),
     ("/mnt/ntfs/a.jsonl", "fuseblk"), ("/mnt/nfs/local/a.jsonl", None), ("/mnt/nfsx/a.jsonl", None), ("/var/a.jsonl", None)],
)  # fmt: skip
def test_shared_file_systems_are_told_by_the_mount_table(tmp_path: Path, place: str, kind: str | None) -> None:
    """The innermost mount decides; escapes in its name are undone; lines that make no sense are passed over."""
    table = tmp_path / "mountinfo"
    table.write_text(TABLE)
    assert mounts.shared_filesystem(place, str(table)) == kind


def test_without_a_mount_table_nothing_is_known() -> None:
    """Other systems than Linux: no refusal."""
    assert mounts.shared_filesystem("/x", "/nonexistent/table") is None


def test_a_shared_file_system_is_refused_unless_forced(
    path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hosts could overwrite each other's records: refused, and with the consent of the caller a warning."""
    monkeypatch.setattr(mounts, "shared_filesystem", lambda _: "nfs4")
    with pytest.raises(AuditWriteError, match="lies on nfs4") as caught:
        opened()
    assert "allow_shared_filesystem=True" in caught.value.help
    assert not path.exists()
    with pytest.warns(UserWarning, match="only one host may write to it"):
        log = opened(allow_shared_filesystem=True)
    log.append(small())


def test_settled_a_log_says_at_once_what_it_refused(path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without another append; while it still cannot be written that raises, and a whole log gets no record by it."""
    log = opened()
    log.append(small(0))
    assert log.settle() == 2
    before = path.read_bytes()
    monkeypatch.setattr(os, "write", failing(errno.ENOSPC, times=2))
    with pytest.raises(AuditWriteError):
        log.append(small(1))
    with pytest.raises(AuditWriteError):
        log.settle()
    assert path.read_bytes() == before
    assert log.settle() == 3
    assert walk(path).own("lost")[0]["count"] == 1
