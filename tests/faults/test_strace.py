"""A fault at every system call of the write path (integrity.md, 10.1): errors, short writes, sudden death.

strace lets the n-th call of each kind fail, or kills the process there. Whatever happens: no acknowledged
record is lost, no refused one is there in silence, nothing but our own errors comes out, the log verifies
afterwards, and the next append works.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from auditlog_cli.writer.log import AuditLog
from tests.writer.chain import walk

ROOT = Path(__file__).parents[2]
STRACE = shutil.which("strace")
pytestmark = pytest.mark.skipif(STRACE is None, reason="strace is not there: no faults can be injected")

# Two writers of one process, rotation, a large value, closing; each step says how it went.
CHILD = """
import json, sys
from auditlog_cli.errors import AuditWriteError
from auditlog_cli.writer.log import AuditLog

path = sys.argv[1]

def say(**words):
    print(json.dumps(words), flush=True)

def step(ids, work):
    try:
        done = work()
    except AuditWriteError as error:
        say(kind="refused", ids=ids, error=type(error).__name__, written=error.written, text=str(error))
    except BaseException as error:
        say(kind="foreign", error=repr(error))
    else:
        for receipt in done if isinstance(done, list) else [done] if hasattr(done, "leaf") else []:
            say(kind="acknowledged", id=receipt.record_id, seq=receipt.seq, leaf=receipt.leaf)
        return done

def record(i, **more):
    return {"record_id": str(i), "user": {"email": "ann@example.org"}, **more}

options = {"ballast_bytes": 0, "lock_timeout_s": 2}
one = step([], lambda: AuditLog(path, fsync="always", **options))
if one:
    step([1], lambda: one.append(record(1)))
    two = step([], lambda: AuditLog(path, fsync="none", **options))
    if two:
        step([2], lambda: two.append(record(2)))
        step([3, 4, 5], lambda: two.write_many([record(3), record(4), record(5)], durable=True))
    step([6], lambda: one.append(record(6)))
    step([], lambda: one.rotate())
    if two:
        step([7], lambda: two.append(record(7)))
    step([8], lambda: one.append(record(8, big="x" * (1 << 20))))
    step([9], lambda: one.append(record(9)))
    if two:
        step([], two.close)
    step([], one.close)
say(kind="end")
"""

CALLS = [
    "write", "pwrite64", "fsync", "fdatasync", "ftruncate", "rename", "openat", "flock", "pread64", "newfstatat", "close",
    "mkdir", "unlink", "getdents64", "lseek",
]  # fmt: skip


def prepare(folder: Path, state: str) -> Path:
    """Put a log into `folder`: none yet, a sound one, or one with a torn end."""
    folder.mkdir()
    path = folder / "audit.jsonl"
    if state != "fresh":
        with AuditLog(path, fsync="none", ballast_bytes=0) as log:
            log.append({"record_id": "0"})
        if state == "torn":
            with path.open("ab") as file:
                file.write(b'{"torn":"' + b"t" * 6000)
    return path


def run(path: Path, *faults: str) -> tuple[int, list[dict[str, Any]], list[str]]:
    """Run the child under strace; return its exit code, its words, and the calls that strace saw."""
    assert STRACE is not None
    folder = path.parent
    seen = [folder, folder / "audit.blobs"]
    seen += [folder / f"audit.jsonl{end}" for end in ("", ".lock", ".resync")]
    seen += [folder / f"audit.{seq:012d}.jsonl" for seq in range(12)]
    seen += [folder / "audit.torn.2.bin"]
    paths = [word for place in seen for word in ("-P", str(place))]
    inject = [word for fault in faults for word in ("-e", f"inject={fault}")]
    trace = folder.with_suffix(".strace")
    done = subprocess.run(
        [STRACE, "-f", "-qq", "-o", str(trace), "-e", "signal=none", "-e", f"trace={','.join(CALLS)}", *paths, *inject,
         sys.executable, "-c", CHILD, str(path)],
        capture_output=True, text=True, cwd=ROOT, timeout=60,
    )  # fmt: skip
    calls = re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.MULTILINE)
    if not calls and "ptrace" in done.stderr.lower():
        pytest.skip(f"strace may not trace here: {done.stderr.strip()}")
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], calls


def check(path: Path, code: int, words: list[dict[str, Any]], *, killed: bool) -> None:
    """What must hold after any fault."""
    assert not [said for said in words if said["kind"] == "foreign"], words
    assert not [said for said in words if "ann@" in said.get("text", "")], "a value in a message"
    assert killed or (code == 0 and words[-1] == {"kind": "end"}), (code, words)
    with AuditLog(path, fsync="none", ballast_bytes=0) as log:
        after = log.append({"record_id": "after"})
    found = walk(path)
    assert found.has(after)
    places = {
        seal.seq: (record["record_id"], seal.leaf) for seal, record in zip(found.seals, found.records, strict=True)
    }
    written = Counter(record["record_id"] for record in found.callers)
    for said in words:
        if said["kind"] == "acknowledged":
            assert places.get(said["seq"]) == (said["id"], said["leaf"]), f"not where its receipt says: {said}"
        if said["kind"] == "refused" and said["error"] != "DurabilityError" and not said["written"]:
            assert not [i for i in said["ids"] if written[str(i)]], f"refused, and in the log: {said}"
    assert set(written.values()) <= {1}, f"a record is there twice: {written}"


class Fault(NamedTuple):
    """One kind of fault at one kind of call."""

    call: str
    what: str

    @property
    def kills(self) -> bool:
        return "KILL" in self.what


ERRORS = {
    "write": ["error=ENOSPC", "error=EIO", "error=EINTR", "error=EFBIG", "retval=7", "signal=KILL"],
    "pwrite64": ["error=ENOSPC", "error=EINTR", "retval=7", "signal=KILL"],
    "fsync": ["error=EIO", "error=EINTR", "signal=KILL"],
    "fdatasync": ["error=EIO", "error=EINTR", "signal=KILL"],
    "ftruncate": ["error=EIO", "signal=KILL"],
    "rename": ["error=ENOSPC", "error=EIO", "signal=KILL"],
    "openat": ["error=EMFILE", "error=EACCES", "error=EINTR", "signal=KILL"],
    "flock": ["error=ENOLCK", "error=EINTR", "error=EIO", "signal=KILL"],
    "pread64": ["error=EIO", "error=EINTR", "retval=0", "signal=KILL"],
    "newfstatat": ["error=EIO", "error=EACCES", "signal=KILL"],
    "close": ["error=EIO", "error=EINTR", "signal=KILL"],
    "getdents64": ["error=EIO", "signal=KILL"],
    "mkdir": ["error=ENOSPC", "signal=KILL"],
}
ALL = [Fault(call, what) for call, whats in ERRORS.items() for what in whats]


@pytest.fixture(scope="module")
def counts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Counter[str]]:
    """How often each call is made without any fault, for each state of the log."""
    found = {}
    for state in ("fresh", "sound", "torn"):
        path = prepare(tmp_path_factory.mktemp("count") / "logs", state)
        code, words, calls = run(path)
        check(path, code, words, killed=False)
        assert len([said for said in words if said["kind"] == "acknowledged"]) == 9, words
        found[state] = Counter(calls)
    return found


def inject(tmp_path: Path, counts: dict[str, Counter[str]], state: str, fault: Fault, step: int) -> None:
    """Let every `step`-th call of this kind fail, each in a run of its own."""
    total = counts[state][fault.call]
    for n in range(1, total + 1, step):
        path = prepare(tmp_path / f"{state}-{n}", state)
        code, words, _ = run(path, f"{fault.call}:{fault.what}:when={n}")
        check(path, code, words, killed=fault.kills)


def test_the_battery_reaches_every_call(counts: dict[str, Counter[str]]) -> None:
    """The dry runs make each of the calls that are to fail; otherwise the battery would prove nothing."""
    together = sum(counts.values(), Counter())
    missing = {fault.call for fault in ALL} - set(together) - {"ftruncate"}
    assert not missing, f"never called: {missing}"


@pytest.mark.parametrize("fault", ALL, ids=lambda f: f"{f.call}-{f.what}")
def test_a_fault_at_some_calls(tmp_path: Path, counts: dict[str, Counter[str]], fault: Fault) -> None:
    """Every kind of fault at a few places; `make test-all` tries every place."""
    state = "torn" if fault.call in ("pwrite64", "pread64") else "fresh"
    inject(tmp_path, counts, state, fault, max(1, -(-counts[state][fault.call] // 4)))


@pytest.mark.slow
@pytest.mark.parametrize("state", ["fresh", "sound", "torn"])
@pytest.mark.parametrize("fault", ALL, ids=lambda f: f"{f.call}-{f.what}")
def test_a_fault_at_every_call(tmp_path: Path, counts: dict[str, Counter[str]], fault: Fault, state: str) -> None:
    """Every kind of fault at every place, for a new log, a sound one, and one with a torn end."""
    inject(tmp_path, counts, state, fault, 1)


@pytest.mark.parametrize("n", [2, 3, 4, 6])
@pytest.mark.parametrize("write", ["retval=7", "error=ENOSPC"])
@pytest.mark.parametrize("undo", ["error=EIO:when=1", "error=EPERM:when=1+", "signal=KILL:when=1"])
def test_a_write_that_cannot_be_taken_back(tmp_path: Path, n: int, write: str, undo: str) -> None:
    """The write fails, and so does cutting it back: the next append looks again."""
    path = prepare(tmp_path / "logs", "sound")
    code, words, _ = run(path, f"write:{write}:when={n}", f"ftruncate:{undo}")
    check(path, code, words, killed="KILL" in undo)


@pytest.mark.parametrize(
    "fault", ["fdatasync:error=EIO:when=1+", "fsync:error=EIO:when=3+", "rename:error=EIO:when=1+"]
)
def test_a_disk_that_stays_broken(tmp_path: Path, fault: str) -> None:
    """From some moment on every sync or rename fails: each step is refused or acknowledged, none in silence."""
    path = prepare(tmp_path / "logs", "sound")
    code, words, _ = run(path, fault)
    check(path, code, words, killed=False)
    assert any(said["kind"] == "refused" for said in words)
