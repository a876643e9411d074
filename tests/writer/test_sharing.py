"""Threads, processes, forks and signal handlers on one log (integrity.md, 6.1)."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli.errors import AuditWriteError, LockTimeout
from auditlog_cli.writer.log import AuditLog
from tests.writer.chain import walk
from tests.writer.records import small

Open = Callable[..., AuditLog]
ROOT = Path(__file__).parents[2]

# A writer of its own: ARGS are path, name, count, options as Python. It prints the seq of every receipt.
WRITER = """
import sys
from auditlog_cli.writer.log import AuditLog
path, who, count, options = sys.argv[1], sys.argv[2], int(sys.argv[3]), eval(sys.argv[4])
print("ready", flush=True)
sys.stdin.readline()
log = AuditLog(path, **options)
for i in range(count):
    receipt = log.append({"who": who, "i": i})
    print(receipt.seq, receipt.leaf, flush=True)
log.close()
"""


def start(path: Path, who: str, count: int, **options: object) -> subprocess.Popen[str]:
    """Start a writer process; it begins when a line is sent to it."""
    options = {"fsync": "none", "ballast_bytes": 0, "lock_timeout_s": 60} | options
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), who, str(count), repr(options)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip


def run_together(path: Path, writers: int, count: int, **options: object) -> dict[str, list[str]]:
    """Let so many processes write from a common start; return the receipts of each."""
    running = {f"p{n}": start(path, f"p{n}", count, **options) for n in range(writers)}
    for process in running.values():
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in running.values():
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    receipts = {}
    for who, process in running.items():
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        receipts[who] = out.splitlines()
    return receipts


def check_order(path: Path, receipts: dict[str, list[str]], count: int) -> None:
    """All records are there, the numbers dense, each writer's order kept, every receipt true."""
    found = walk(path)
    leaves = {f"{seal.seq} {seal.leaf}" for seal in found.seals}
    for who, lines in receipts.items():
        assert [r["i"] for r in found.callers if r["who"] == who] == list(range(count))
        assert set(lines) <= leaves
        assert len(lines) == count
    assert len(found.callers) == count * len(receipts)


@pytest.mark.parametrize(
    ("writers", "count", "max_bytes"),
    [(2, 300, 20_000), (8, 60, 20_000), pytest.param(8, 1000, 40_000, marks=pytest.mark.slow)],
)
def test_processes_with_rotation(path: Path, writers: int, count: int, max_bytes: int) -> None:
    """Two and eight writers from a common start, rotating about every 50 records: none lost, none reordered."""
    receipts = run_together(path, writers, count, max_bytes=max_bytes)
    check_order(path, receipts, count)
    assert len(walk(path).own("rotate")) >= 3


def test_processes_from_nothing(tmp_path: Path) -> None:
    """Whoever comes first begins the log: one genesis, however often it is tried."""
    for attempt in range(3):
        path = tmp_path / str(attempt) / "audit.jsonl"
        check_order(path, run_together(path, 4, 1), 1)
        assert len(walk(path).own("genesis")) == 1


def test_threads(path: Path, opened: Open) -> None:
    """Eight threads on one object, four on another of the same file, with rotation."""
    one, other = opened(max_bytes=30_000), opened(max_bytes=30_000, lock_timeout_s=60)
    receipts: dict[str, list[str]] = {f"t{n}": [] for n in range(12)}

    def work(log: AuditLog, who: str) -> None:
        for i in range(50):
            receipt = log.append({"who": who, "i": i})
            receipts[who].append(f"{receipt.seq} {receipt.leaf}")

    threads = [threading.Thread(target=work, args=(one if n < 8 else other, f"t{n}")) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check_order(path, receipts, 50)


def test_forked_children(path: Path, opened: Open) -> None:
    """Children and parent go on with the same object: each has its own lock, its own salts, its own turn."""
    log = opened(fsync="interval", interval_s=0.01, max_bytes=20_000)
    log.append({"who": "parent", "i": -1})
    pids = []
    for child in range(4):
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                for i in range(40):
                    log.append({"who": f"child{child}", "i": i})
                log.close()
                code = 0
            finally:
                os._exit(code)
        pids.append(pid)
    for i in range(40):
        log.append({"who": "parent", "i": i})
    for pid in pids:
        assert os.waitpid(pid, 0)[1] == 0
    log.close()
    found = walk(path)
    for who in ("parent", "child0", "child1", "child2", "child3"):
        assert [r["i"] for r in found.callers if r["who"] == who and r["i"] >= 0] == list(range(40))
    salts = [salt for seal in found.seals for salt, _, _ in seal.spans]
    assert len(salts) == len(set(salts)), "no salt is ever used twice"
    ids = [r["record_id"] for r in found.records]
    assert len(ids) == len(set(ids))


def test_forks_while_threads_append(path: Path, opened: Open) -> None:
    """A fork in the middle of another thread's append: neither process waits for a lock that nobody holds."""
    log = opened(fsync="always", lock_timeout_s=30)
    stop = threading.Event()
    written = [0, 0, 0]

    def work(n: int) -> None:
        while not stop.is_set():
            log.append({"who": f"t{n}"})
            written[n] += 1

    threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    try:
        for child in range(15):
            pid = os.fork()
            if pid == 0:
                code = 1
                try:
                    for i in range(3):
                        log.append({"who": f"child{child}", "i": i})
                    code = 0
                finally:
                    os._exit(code)
            assert os.waitpid(pid, 0)[1] == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    found = walk(path)
    assert len(found.callers) == sum(written) + 15 * 3


def test_a_child_tells_no_losses_of_its_parent(path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the parent could not write is the parent's to tell: once."""
    log = opened()

    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", fail)
        with pytest.raises(AuditWriteError):
            log.append(small())
    pid = os.fork()
    if pid == 0:
        try:
            log.append({"who": "child"})
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    log.append({"who": "parent"})
    found = walk(path)
    assert [said["count"] for said in found.own("lost")] == [1]
    assert [r["who"] for r in found.callers] == ["child", "parent"]


def test_a_handler_that_comes_while_the_queue_is_looked_at(
    path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two signals: one while a record is written, the next when the outer call takes up what the first has queued."""
    log = opened()
    coming = ["first", "second"]

    def handler(*_: object) -> None:
        if coming:
            log.append({"who": coming.pop(0)})

    class Queue(list[Any]):
        def __iter__(self) -> Iterator[Any]:
            yield from super().__iter__()
            handler()

    real = log._pen.active.write
    monkeypatch.setattr(log._pen.active, "write", lambda *args: (real(*args), coming[1:] and handler()))
    log._pen._queued = Queue()
    log.append({"who": "program"})
    assert sorted(record["who"] for record in walk(path).callers) == ["first", "program", "second"]


def test_a_signal_handler_may_append(path: Path, opened: Open) -> None:
    """Thousands of signals while appending: every record of handler and program is there, every receipt filled in."""
    log = opened(max_bytes=60_000)
    receipts = []
    fired = 0

    def handler(*_: object) -> None:
        nonlocal fired
        fired += 1
        receipts.append(log.append({"who": "handler", "i": fired}))
        signal.setitimer(signal.ITIMER_REAL, 0.0002)

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0002)
    try:
        for i in range(1500):
            receipts.append(log.append({"who": "program", "i": i}))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    found = walk(path)
    assert fired > 20
    assert [r["i"] for r in found.callers if r["who"] == "program"] == list(range(1500))
    # A handler may be interrupted by the next one, so their order is not fixed.
    assert sorted(r["i"] for r in found.callers if r["who"] == "handler") == list(range(1, fired + 1))
    assert {r.status for r in receipts} == {"written"}
    assert all(found.has(r) for r in receipts)


def during_write(monkeypatch: pytest.MonkeyPatch, do: Callable[[], object]) -> None:
    """Let `do` happen inside the next call of write, as a signal handler would."""
    real = os.write
    done = []

    def write(fd: int, data: bytes) -> int:
        if not done:
            done.append(1)
            do()
        return real(fd, data)

    monkeypatch.setattr(os, "write", write)


def test_a_queued_record_is_written_before_the_outer_call_returns(
    path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its receipt says queued at first, and where it stands later."""
    log = opened()
    seen = []

    def handler() -> None:
        receipt = log.append(small(2))
        seen.append((receipt.status, receipt.seq, receipt))

    during_write(monkeypatch, handler)
    log.append(small(1))
    ((status, seq, receipt),) = seen
    assert (status, seq) == ("queued", None)
    assert (receipt.status, receipt.seq) == ("written", 2)
    assert walk(path).has(receipt)


def test_a_queued_record_survives_the_failure_of_the_outer_call(
    path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The outer append raises; what the handler was promised is written all the same."""
    log = opened()
    receipts = []
    real = os.write
    calls = []

    def write(fd: int, data: bytes) -> int:
        calls.append(1)
        if len(calls) == 1:
            receipts.append(log.append(small(2)))
            raise OSError(28, "No space left on device")
        return real(fd, data)

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(AuditWriteError, match="No space"):
        log.append(small(1))
    assert receipts[0].status == "written"
    log.append(small(3))
    found = walk(path)
    assert found.has(receipts[0])
    assert [said["count"] for said in found.own("lost")] == [1]


def test_a_queued_record_that_cannot_be_written_is_lost_aloud(
    path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its receipt says lost, `failed` says why, and the log tells it once it can."""
    log = opened()
    receipts = []
    real = os.write
    calls = []

    def write(fd: int, data: bytes) -> int:
        calls.append(1)
        if len(calls) == 1:
            receipts.append(log.append(small(2)))
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return real(fd, data)

    monkeypatch.setattr(os, "write", write)
    assert log.append(small(1)).status == "written"
    assert receipts[0].status == "lost"
    assert "No space" in str(log.failed)
    log.append(small(3))
    found = walk(path)
    assert [said["count"] for said in found.own("lost")] == [1]
    assert [r["i"] for r in found.callers] == [1, 3]


def test_a_signal_handler_may_close(path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGTERM in the middle of an append: the append is finished, then the log is closed."""
    log = opened(fsync="always")
    during_write(monkeypatch, log.close)
    assert log.append(small(1)).status == "durable"
    with pytest.raises(AuditWriteError, match="was closed"):
        log.append(small(2))
    assert len(walk(path).callers) == 1


def test_an_interrupted_append_leaves_no_lock_behind(path: Path, opened: Open) -> None:
    """Ctrl-C anywhere inside: the next append works, other writers are not locked out, the log verifies."""
    log = opened(lock_timeout_s=5)
    other = opened(lock_timeout_s=5)

    class Stop(BaseException):
        pass

    def handler(*_: object) -> None:
        raise Stop

    before = signal.signal(signal.SIGALRM, handler)
    interrupted = 0
    try:
        for i in range(300):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.00002 + (i % 30) * 0.00001)
                while True:
                    log.append(small(i))
            except Stop:
                interrupted += 1
            signal.setitimer(signal.ITIMER_REAL, 0)
            other.append(small(i, "other"))
    finally:
        signal.signal(signal.SIGALRM, signal.SIG_IGN)  # one that is on its way must not end the tests
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert interrupted == 300
    found = walk(path)
    assert [r["i"] for r in found.callers if r["who"] == "other"] == list(range(300))


def test_a_lock_held_by_another_times_out(path: Path, opened: Open) -> None:
    """A hung writer: LockTimeout after `lock_timeout_s`, nothing written; let go, it works again."""
    log = opened(lock_timeout_s=0.2)
    before = path.read_bytes()
    with (path.parent / "audit.jsonl.lock").open("r+") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        begin = time.monotonic()
        with pytest.raises(LockTimeout, match=r"held the lock for 0\.2 s; nothing was written"):
            log.append(small())
        assert time.monotonic() - begin >= 0.2
        with pytest.raises(LockTimeout):
            opened(lock_timeout_s=0)
        assert path.read_bytes() == before
    log.append(small())
    assert walk(path).own("lost")[0]["reason"] == "lock"


def test_a_thread_that_holds_the_log_times_out_too(path: Path, opened: Open) -> None:
    """Threads wait no longer than processes."""
    log = opened(lock_timeout_s=0.1)
    log._pen._mutex.acquire()
    failed = []

    def work() -> None:
        try:
            log.append(small())
        except LockTimeout as error:
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    log._pen._mutex.release()
    assert "another thread" in str(failed[0])
    log.append(small())
    assert walk(path).own("lost")[0]["count"] == 1


def test_a_killed_holder_blocks_nobody(path: Path, opened: Open) -> None:
    """flock dies with its process: the next append works at once (10.2)."""
    opened().append(small())
    lock = path.parent / "audit.jsonl.lock"
    code = f"import fcntl; f=open({str(lock)!r}); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); input()"
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    holder.kill()
    holder.wait()
    opened(lock_timeout_s=0).append(small())
    assert holder.stdin is not None
    holder.stdin.close()
    holder.stdout.close()


def test_readers_see_the_whole_log_at_one_moment(path: Path, opened: Open) -> None:
    """segments.snapshot against a rotating writer: never a gap, never a segment twice (integrity.md, 7)."""
    from auditlog_cli import segments
    from auditlog_cli.sealing.line import unseal

    log = opened(max_bytes=1500)
    stop = threading.Event()

    def work() -> None:
        i = 0
        while not stop.is_set():
            log.append(small(i))
            i += 1

    thread = threading.Thread(target=work)
    thread.start()
    try:
        taken: list[tuple[str, int, int]] = []
        while len(taken) < 40:
            taken = segments.snapshot(str(path))
            data = b""
            for _, fd, size in taken:
                data += os.pread(fd, size, 0)
                os.close(fd)
            numbers = [unseal(line).seq for line in data.splitlines()]
            assert numbers == list(range(len(numbers)))
    finally:
        stop.set()
        thread.join()


def test_a_snapshot_needs_no_lock_file_and_waits_for_no_hung_writer(path: Path, opened: Open) -> None:
    """A copy of a log has no lock; a writer that hangs keeps readers out for so long only; nothing is created."""
    from auditlog_cli import segments

    opened().append(small())
    with (path.parent / "audit.jsonl.lock").open("r+") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        taken = segments.snapshot(str(path), timeout_s=0.05)
        os.close(taken[0][1])
    (path.parent / "audit.jsonl.lock").unlink()
    ((name, fd, size),) = segments.snapshot(str(path))
    os.close(fd)
    assert (name, size) == (str(path), path.stat().st_size)
    assert not (path.parent / "audit.jsonl.lock").exists()
    with pytest.raises(FileNotFoundError):
        segments.snapshot(str(path.parent / "nowhere" / "audit.jsonl"))


def test_a_deleted_lock_file_is_made_anew(path: Path, opened: Open) -> None:
    """A writer that holds a lock on a deleted file protects nothing: it moves to the new one."""
    one, other = opened(), opened()
    one.append(small(0))
    (path.parent / "audit.jsonl.lock").unlink()
    other.append(small(1))
    one.append(small(2))
    assert (path.parent / "audit.jsonl.lock").stat().st_ino == os.fstat(one._pen._lock._fd).st_ino
    assert os.fstat(one._pen._lock._fd).st_ino == os.fstat(other._pen._lock._fd).st_ino
    assert len(walk(path).callers) == 3


def test_what_is_open_at_exit_is_closed(path: Path) -> None:
    """atexit: the last records are synced; what cannot be done is said on stderr."""
    code = textwrap.dedent(f"""
        import os
        from auditlog_cli.writer.log import AuditLog
        log = AuditLog({str(path)!r}, interval_s=60)
        log.append({{"a": 1}})
        synced = []
        real = os.fdatasync
        os.fdatasync = lambda fd: print("synced", flush=True)
        other = AuditLog({str(path.with_name("other.jsonl"))!r}, interval_s=60)
        other.append({{"a": 1}})
    """)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "synced\nsynced\n", "")
    broken = code + textwrap.dedent("""
        def refuse(fd): raise OSError(5, "Input/output error")
        os.fdatasync = refuse
    """)
    done = subprocess.run([sys.executable, "-c", broken], capture_output=True, text=True, cwd=ROOT)
    assert done.stderr.count("auditlog: error[durability]:") == 2
    assert "Traceback" not in done.stderr
