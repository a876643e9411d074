"""`auditlog verify` beside `sha256sum` over the same bytes, in one run: bytes a second, ratios, peak memory.

    python bench/verify.py LOG [ROUNDS]

LOG is a sealed log of about 1 GB (`AuditLog(…, max_bytes=64 << 20)` fed by the shared generator). `sha256sum` reads
once and hashes once; verifying parses every line strictly and hashes every redactable value, the line and the tree.
Per core means: processor time of all processes. Medians.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 3
ONE = "import sys; from auditlog_cli import verify; sys.exit(verify(sys.argv[1], processes=int(sys.argv[2])).exit_code)"


def files(log: Path) -> list[str]:
    """The segments in order."""
    return [*map(str, sorted(log.parent.glob(f"{log.stem}.[0-9]*.jsonl"))), str(log)]


def once(words: list[str]) -> tuple[float, float]:
    """Seconds on the wall, and of the processors."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(words, stdout=subprocess.DEVNULL)
    took, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"exit code {done.returncode}: {words}")
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def table(log: Path, rounds: int = ROUNDS) -> str:
    """The table as Markdown."""
    size = sum(os.path.getsize(name) for name in files(log))
    cases = {
        "sha256sum": ["sha256sum", *files(log)],
        "openssl dgst -sha256": ["openssl", "dgst", "-sha256", *files(log)],
        "auditlog verify, one process": [sys.executable, "-c", ONE, str(log), "1"],
        f"auditlog verify, {os.cpu_count()} processes": [sys.executable, "-c", ONE, str(log), str(os.cpu_count())],
    }
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, words in cases.items():
            seconds[name].append(once(words))
    base = statistics.median(each[1] for each in seconds["sha256sum"])
    lines = [
        f"### Verifying a log of {size / 1e9:.1f} GB",
        "",
        "| | MB/s | processor time of sha256sum |",
        "|---|---:|---:|",
    ]
    for name, took in seconds.items():
        wall, cpu = (statistics.median(column) for column in zip(*took, strict=True))
        lines.append(f"| {name} | {size / wall / 1e6:.0f} | {cpu / base:.1f}x |")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    lines += ["", f"Largest process: {peak} MiB; {rounds} rounds, medians; {os.cpu_count()} cores.", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table(Path(sys.argv[1]), *(int(word) for word in sys.argv[2:])))
