"""`check --pack gdpr --pack baseline` beside `jq .` over the same log, and what its time goes into.

    python bench/check.py [--quick | RECORDS]

Whole processes are compared by processor time (their own and their children's) and by the clock, on one core and on
two, each round in turn: the machine that measures is shared, so ratios inside a round are what is written down.
The stages are processor time of one process: each does all that the one above it does, and more.
"""

from __future__ import annotations

import gc
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from measure import BIN, _one, data, environment

PACKS = ["--pack", "gdpr", "--pack", "baseline", "--no-policy", "--as-of", "2026-11-21T00:00:00Z"]


def whole(words: list[str], cores: int) -> tuple[float, float]:
    """Return processor time and time on the clock of a command that may use so many cores."""
    allowed = set(sorted(os.sched_getaffinity(0))[:cores])
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment(),
        preexec_fn=lambda: os.sched_setaffinity(0, allowed), check=False,
    )  # fmt: skip
    took, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode > 1:
        raise SystemExit(f"{words}: exit code {done.returncode}\n{done.stderr[-500:]!r}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, took


def stages(log: Path) -> dict[str, Callable[[], None]]:
    """Return the stages of a check, each over the whole log."""
    import orjson

    from auditlog_cli.judgement import reading
    from auditlog_cli.judgement.asking import asked
    from auditlog_cli.record import Line
    from auditlog_cli.rules.engine import Engine
    from auditlog_cli.rules.facts import Spot

    question = asked(pack=["gdpr", "baseline"], no_policy=True, as_of="2026-11-21T00:00:00Z")
    assert question.scanner is not None
    question.scanner.expect(1 << 30)

    def engine(scanner: object) -> Engine:
        return Engine(question.bound, question.policy, as_of=question.as_of, scanner=scanner)

    def over(take: Callable[[Line, dict[str, object]], object] | None) -> None:
        for line in reading.lines(reading.Counted(str(log))):
            assert isinstance(line, Line)
            if take is not None:
                content = orjson.loads(line.raw)
                assert orjson.dumps(content) == line.raw
                take(line, content)

    def judging(scanner: object) -> Callable[[Line, dict[str, object]], object]:
        judge = engine(scanner)._judge
        return lambda _, content: judge(content)

    def everything() -> Callable[[Line, dict[str, object]], object]:
        record = engine(question.scanner).record
        return lambda line, content: record(content, Spot(line, content, str(log)))

    return {
        "read, SHA-256": lambda: over(None),
        "+ decode, strictly": lambda: over(lambda _, content: content),
        "+ rules about records": lambda: over(judging(None)),
        "+ detectors": lambda: over(judging(question.scanner)),
        "+ checks, correlations, facts": lambda: over(everything()),
    }


def table(records: int, rounds: int) -> str:
    """Measure, and return the table."""
    log = data(records)
    check = [str(BIN / "auditlog"), "check", str(log), *PACKS]
    cases = {
        "jq .": (["jq", ".", str(log)], 1),
        "auditlog check, one core": (check, 1),
        "auditlog check, two cores": (check, 2),
    }
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
    inner: dict[str, list[float]] = {}
    parts = stages(log)
    gc.set_threshold(100_000, 10, 10)
    for _ in range(rounds):
        for name, (words, cores) in cases.items():
            taken[name].append(whole(words, cores))
        for name, stage in parts.items():
            begin = time.process_time()
            stage()
            inner.setdefault(name, []).append((time.process_time() - begin) / records * 1e6)
    lines = [
        f"### Check: {records:,} records, packs gdpr and baseline, detectors",
        "",
        "| | µs a record, processor | µs a record, clock | faster than jq, processor | faster than jq, clock |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, each in taken.items():
        ratios = [
            statistics.median(jq[at] / own[at] for jq, own in zip(taken["jq ."], each, strict=True)) for at in (0, 1)
        ]
        micros = [statistics.median(one[at] for one in each) / records * 1e6 for at in (0, 1)]
        mark = "**" if name.startswith("auditlog") else ""
        lines.append(
            f"| {mark}{name}{mark} | {micros[0]:.1f} | {micros[1]:.1f} | {ratios[0]:.2f}x | {ratios[1]:.2f}x |"
        )
    lines += ["", "| what the time of one process goes into | µs a record |", "|---|---:|"]
    lines += [f"| {name} | {statistics.median(each):.1f} |" for name, each in inner.items()]
    small = log.with_name("check-60.jsonl")
    with open(log, "rb") as file:
        small.write_bytes(b"".join(line for line, _ in zip(file, range(60), strict=False)))
    few = [_one("small", [check[0], "check", str(small), *PACKS]) for _ in range(5)]
    peak = _one("large", check)[1]
    lines += ["", f"A log of 60 records: {statistics.median(one[0] for one in few):.2f} s. "
              f"Peak of this log: {peak:.0f} MiB (one process); {rounds} rounds, medians."]  # fmt: skip
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    quick = "--quick" in sys.argv
    asked_for = [int(word) for word in sys.argv[1:] if word.isdecimal()]
    sys.stdout.write(table(asked_for[0] if asked_for else 50_000 if quick else 1_000_000, 1 if quick else 3))
