"""The index of a log: what it costs, and what an answer costs by it; beside ripgrep, jq and a bare interpreter.

python bench/index.py [RECORDS] [ROUNDS] [--jq]

The log is linked into a folder of its own, so that the index of these measurements lies beside the link. `--jq` runs
jq once (it takes half a minute for a gigabyte).
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from pathlib import Path

import orjson
from measure import BIN, WORK, Row, commands, data, markdown, ripgrep

from auditlog_cli import segments
from auditlog_cli.index import building


def tables(records: int = 1_000_000, rounds: int = 11, *, jq: bool = False) -> list[str]:
    """The tables as Markdown."""
    source = data(records)
    facts = json.loads(Path(f"{source}.facts.json").read_text())
    home = WORK / f"index-{records}"
    home.mkdir(parents=True, exist_ok=True)
    log = home / "audit.jsonl"
    if not log.exists():
        log.symlink_to(source.resolve())
    return [made(log, max(rounds // 4, 1)), *asked(log, facts, rounds, jq=jq), grown(home, source)]


def made(log: Path, rounds: int) -> str:
    """What it costs to make: processor time, for the work is shared by all cores."""
    cases = {
        "orjson.loads": lambda: _decoded(log),
        "orjson.loads, and written again to compare": lambda: _decoded(log, again=True),
        "auditlog index build": lambda: _built(log, anew=True),
    }
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, work in cases.items():
            begin = time.process_time()
            work()
            seconds[name].append(time.process_time() - begin)
    share = Path(f"{log}.index").stat().st_size / log.stat().st_size
    rows = {name: Row(name, statistics.median(each), 0) for name, each in seconds.items()}
    note = f"{log.stat().st_size / 1e6:,.0f} MB; the index has {100 * share:.2f} % of that."
    return markdown("The index made, processor time", rows, "orjson.loads", note=note)


def asked(log: Path, facts: dict[str, list[object]], rounds: int, *, jq: bool) -> list[str]:
    """What answers cost."""
    auditlog, rg, python = str(BIN / "auditlog"), ripgrep(), str(BIN / "python")
    found = []
    for kind in ("session", "user", "agent", "trace"):
        value, hits = facts[f"q_{kind}"]
        words = ["trace", str(value), str(log)] if kind == "trace" else ["filter", str(log), f"--{kind}", str(value)]
        cases = {
            "rg -F": [rg, "-F", str(value), str(log)],
            f"auditlog {words[0]}, indexed": [auditlog, *words],
            f"auditlog {words[0]} --no-index": [auditlog, *words, "--no-index"],
            "python -c pass": [python, "-c", "pass"],
        }
        found.append(markdown(f"One {kind}: {hits:,} records", commands(cases, rounds), "rg -F"))
    value, _ = facts["q_session"]
    words = ["--session", str(value)]
    cases = {
        "auditlog stats --session, indexed": [auditlog, "stats", str(log), *words],
        "auditlog traces --session, indexed": [auditlog, "traces", str(log), *words],
        "auditlog traces --session --no-index": [auditlog, "traces", str(log), *words, "--no-index"],
        "python -c pass": [python, "-c", "pass"],
    }
    found.append(markdown("Other questions about one session", commands(cases, 3), "python -c pass"))
    if jq:
        cases = {
            "jq select(.session_id==…)": ["jq", "-c", f'select(.session_id=="{value}")', str(log)],
            "auditlog filter --session, indexed": [auditlog, "filter", str(log), *words],
        }
        found.append(markdown("One session, beside jq", commands(cases, 1), "auditlog filter --session, indexed"))
    return found


def grown(home: Path, source: Path) -> str:
    """What it costs to extend an index by one per cent."""
    log = home / "grown.jsonl"
    with source.open("rb") as file, log.open("wb") as copy:
        while block := file.read(1 << 24):
            copy.write(block)
    lines = log.stat().st_size // 100
    with source.open("rb") as file:
        more = file.read(lines)
    more = more[: more.rindex(b"\n") + 1]
    begin = time.perf_counter()
    _built(log)
    whole = time.perf_counter() - begin
    with log.open("ab") as copy:
        copy.write(more)
    begin = time.perf_counter()
    _built(log)
    rows = {
        "all of it": Row("all of it", whole, 0),
        "auditlog: 1 % more": Row("auditlog: 1 % more", time.perf_counter() - begin, 0),
    }
    for name in (log, Path(f"{log}.index")):
        name.unlink()
    return markdown("An index extended, 1 core", rows, "all of it")


def _built(log: Path, *, anew: bool = False) -> None:
    if anew:
        Path(f"{log}.index").unlink(missing_ok=True)
    taken = segments.snapshot(str(log))
    try:
        building.build(str(log), taken)
    finally:
        for _, fd, _ in taken:
            os.close(fd)


def _decoded(log: Path, *, again: bool = False) -> None:
    with log.open("rb") as file:
        for line in file:
            found = orjson.loads(line)
            if again:
                orjson.dumps(found)


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    sys.stdout.write("\n".join(tables(*numbers, jq="--jq" in sys.argv)))
