"""Round-robin timing of whole processes and of functions, and the logs they read. Standard library only."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path

from peers import WORK
from tables import Absent, NotRun, Runs

ROOT = Path(__file__).absolute().parent.parent
BIN = Path(sys.executable).parent
AUDITLOG = str(BIN / "auditlog")

Words = Sequence[str | Absent]


def environment() -> dict[str, str]:
    """The environment for measured processes: byte code is kept, nothing of the shell decides."""
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "LANG", "TMPDIR")}
    return kept | {"LANG": kept.get("LANG", "C.UTF-8"), "LC_ALL": "C.UTF-8"}


def commands(
    cases: Mapping[str, Words],
    rounds: int,
    *,
    warm: int = 1,
    counts: Mapping[str, int] | None = None,
    lines: int | None = None,
) -> Runs:  # fmt: skip
    """Run each command `rounds` times, in turn, its output thrown away.

    Figures: `seconds`, `cpu` (processor time with that of its children), `peak` (MiB of the largest process), `each`
    (seconds by `counts`). A command with an absent word is absent, and so is a peer that fails (exit code above 1,
    which grep and jq use for "nothing found") or, where `lines` says how many an answer has, prints another number;
    a search for bytes may find more lines than have the value at its place, and a bare interpreter answers nothing.

    Raises:
        NotRun: A command of ours failed, or gave another answer.
    """
    runs = Runs(cases, rounds)
    gone = {name: next((word for word in words if isinstance(word, Absent)), None) for name, words in cases.items()}
    for turn in range(rounds + warm):
        for name, words in cases.items():
            if gone[name] is None:
                try:
                    figures = once([str(word) for word in words])
                    if lines is not None and not turn:
                        _answers([str(word) for word in words], lines)
                except NotRun as error:
                    if name.startswith("auditlog"):
                        raise
                    gone[name] = Absent(str(error))
                    continue
                if turn >= warm:
                    runs.add(name, **figures, each=figures["seconds"] / (counts or {}).get(name, 1))
    for name, why in gone.items():
        if why is not None:
            runs.absent(name, why.why)
    return runs


_BYTES = ("rg", "grep")


def _answers(words: list[str], lines: int) -> None:
    """Raise NotRun when a command does not print so many lines: who gives another answer is not faster at this one."""
    name = Path(words[0]).name
    if name.startswith("python"):
        return
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment()) as process:
        assert process.stdout is not None
        count = sum(block.count(b"\n") for block in iter(lambda: process.stdout.read(1 << 20), b""))
    if count < lines or (count > lines and name not in _BYTES):
        raise NotRun(f"{name} printed {count:,} lines, not {lines:,}")


# A process inherits the peak of the one that starts it, so a small one does that; and it looks at the clock. What is
# written goes to /dev/zero, which forgets it too: GNU grep stops at the first match when it sees /dev/null.
_STARTER = """
import os, sys, time
null = os.open('/dev/zero', os.O_WRONLY)
begin = time.perf_counter()
pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, null, 1)])
_, status, usage = os.wait4(pid, 0)
took = time.perf_counter() - begin
print(took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status))
"""


def once(words: list[str]) -> dict[str, float]:
    """Run a command; return `seconds`, `cpu` and `peak`. Raises NotRun when its exit code is neither 0 nor 1."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _STARTER, *words], capture_output=True, text=True, env=environment()
    )
    if done.returncode:
        raise NotRun(f"{words[0]} could not be started")
    took, cpu, peak, code = done.stdout.split()
    if int(code) not in (0, 1):
        said = (done.stderr.strip().splitlines() or ["nothing said"])[-1][:200]
        raise NotRun(f"{Path(words[0]).name}: exit code {code} ({said})")
    return {"seconds": float(took), "cpu": float(cpu), "peak": float(peak)}


def on_cores(count: int) -> list[str | Absent]:
    """Return the words before a command that keep it on so many cores."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < count:
        return [Absent(f"{len(allowed)} cores only")]
    return ["taskset", "-c", ",".join(map(str, allowed[:count]))]


def functions(
    cases: Mapping[str, Callable[[], object] | Absent], rounds: int, *, counts: Mapping[str, int] | None = None
) -> Runs:  # fmt: skip
    """Call each function `rounds` times, in turn. Figures: `seconds`, `cpu` (of this process), both by `counts`."""
    runs = Runs(cases, rounds)
    for name, call in cases.items():
        if isinstance(call, Absent):
            runs.absent(name, call.why)
    for _ in range(rounds):
        for name, call in cases.items():
            if not isinstance(call, Absent):
                many = (counts or {}).get(name, 1)
                begin, cpu = time.perf_counter(), time.process_time()
                call()
                used = time.process_time() - cpu
                runs.add(name, seconds=(time.perf_counter() - begin) / many, cpu=used / many)
    return runs


def data(records: int) -> Path:
    """Return the log of that many records, made by the shared generator (seed 7) if it is not there yet.

    Raises:
        NotRun: There is no generator.
    """
    given = os.environ.get("AUDITLOG_BENCH_LOG")
    if given and records == 1_000_000:
        return Path(given)
    WORK.mkdir(parents=True, exist_ok=True)
    path = WORK / f"gen-{records}.jsonl"
    if not path.exists():
        generator = Path(os.environ.get("AUDITLOG_DATA", ROOT / ".." / "shared")) / "bench" / "gen.py"
        if not generator.exists():
            raise NotRun(f"no generator at {generator}: set AUDITLOG_DATA to the shared folder")
        beside = WORK / f"making-{os.getpid()}.jsonl"
        subprocess.run(
            [sys.executable, str(generator), str(beside), str(records)], check=True, stdout=subprocess.DEVNULL
        )
        for more in (".facts.json", ".truth.tsv"):
            os.replace(f"{beside}{more}", f"{path}{more}")
        os.replace(beside, path)
    return path


def head(records: int, source: Path) -> Path:
    """Return the first records of a log as a log of its own."""
    path = WORK / f"head-{records}-of-{source.stem}-{source.stat().st_size}.jsonl"
    if not path.exists():
        beside = WORK / f"making-{os.getpid()}.jsonl"
        with source.open("rb") as file:
            beside.write_bytes(b"".join(islice(file, records)))
        os.replace(beside, path)
    return path
