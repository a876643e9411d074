"""The index of a log: what it costs, and what an answer costs by it; beside ripgrep, jq and a bare interpreter.

The log is linked into a folder of its own, so that the index of these measurements lies beside the link.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import orjson
from measure import AUDITLOG, BIN, WORK, commands, data, functions
from peers import program
from tables import Bench, Runs, Table, shown, timed

from auditlog_cli import segments
from auditlog_cli.index import building


def tables(quick: bool) -> list[Table]:
    """Measure, and return the tables."""
    records, rounds = (100_000, 3) if quick else (1_000_000, 11)
    source = data(records)
    facts = json.loads(Path(f"{source}.facts.json").read_text())
    home = WORK / f"index-{records}"
    home.mkdir(parents=True, exist_ok=True)
    log = home / "audit.jsonl"
    if not log.exists():
        log.symlink_to(source.resolve())
    return [made(log, max(rounds // 4, 1)), *asked(log, facts, rounds), grown(home, source, max(rounds // 4, 1))]


def made(log: Path, rounds: int) -> Table:
    """What it costs to make, in one process."""
    reference = "orjson.loads"
    cases = {
        reference: lambda: _decoded(log),
        "orjson.loads, and written again to compare": lambda: _decoded(log, again=True),
        "auditlog index build": lambda: built(log, anew=True),
    }
    runs = functions(cases, rounds)
    share = Path(f"{log}.index").stat().st_size / log.stat().st_size

    def cells(row: str) -> list[str]:
        return [shown(runs.median(row, "cpu")), shown(runs.ratio(row, reference, "cpu"))]

    note = f"{log.stat().st_size / 1e6:,.0f} MB; the index has {100 * share:.2f} % of that. Rounds: {rounds}."
    return Table("The index made", ("seconds, processor", f"x {reference}"), runs, cells, (note,))


def asked(log: Path, facts: dict[str, list[Any]], rounds: int) -> list[Table]:
    """What answers cost."""
    python = [str(BIN / "python"), "-c", "pass"]
    found = []
    for kind in ("session", "user", "agent", "trace"):
        value, hits = str(facts[f"q_{kind}"][0]), int(facts[f"q_{kind}"][1])
        words = ["trace", value, str(log)] if kind == "trace" else ["filter", str(log), f"--{kind}", value]
        lines = None if kind == "trace" else hits  # a tree has lines of its own
        cases = {
            "rg -F": [program("rg"), "-F", value, str(log)],
            f"auditlog {words[0]}, indexed": [AUDITLOG, *words],
            f"auditlog {words[0]} --no-index": [AUDITLOG, *words, "--no-index"],
            "python -c pass": python,
        }
        found.append(
            timed(f"By the index, one {kind}: {hits:,} records", commands(cases, rounds, lines=lines), "rg -F")
        )
    words = ["--session", str(facts["q_session"][0])]
    cases = {
        "auditlog stats --session, indexed": [AUDITLOG, "stats", str(log), *words],
        "auditlog traces --session, indexed": [AUDITLOG, "traces", str(log), *words],
        "auditlog traces --session --no-index": [AUDITLOG, "traces", str(log), *words, "--no-index"],
        "python -c pass": python,
    }
    found.append(timed("Other questions about one session", commands(cases, 3), "python -c pass"))
    counting = {
        f"auditlog stats --by {path}, indexed": [AUDITLOG, "stats", str(log), "--by", path]
        for path in ("agent.id", "user.id", "session_id")
    }
    found.append(timed("All records counted", commands(counting | {"python -c pass": python}, 3), "python -c pass"))
    ours = "auditlog filter --session, indexed"
    cases = {
        "jq select(.session_id==…)": [program("jq"), "-c", f'select(.session_id=="{words[1]}")', str(log)],
        ours: [AUDITLOG, "filter", str(log), *words],
    }
    found.append(
        timed("One session by the index, beside jq", commands(cases, 1, warm=0, lines=int(facts["q_session"][1])), ours)
    )
    return found


def grown(home: Path, source: Path, rounds: int) -> Table:
    """What it costs to extend an index by one per cent."""
    log = home / "grown.jsonl"
    whole, part = "auditlog index build, all of it", "auditlog index build, 1 % more"
    runs = Runs([whole, part], rounds)
    for _ in range(rounds):
        with source.open("rb") as file, log.open("wb") as copy:
            while block := file.read(1 << 24):
                copy.write(block)
        with source.open("rb") as file:
            more = file.read(log.stat().st_size // 100)
        for row in (whole, part):
            taken = functions({row: lambda: built(log)}, 1)
            runs.add(row, seconds=taken.median(row, "seconds") or 0.0)
            with log.open("ab") as copy:
                copy.write(more[: more.rindex(b"\n") + 1])
        for name in (log, Path(f"{log}.index")):
            name.unlink()

    def cells(row: str) -> list[str]:
        return [shown(runs.median(row, "seconds"), ".3f"), shown(runs.ratio(row, whole, "seconds"), ".3f")]

    return Table("An index extended", ("seconds", "of all of it"), runs, cells, (f"Rounds: {rounds}.",))


def built(log: Path, *, anew: bool = False) -> None:
    """Make the index of a log, or bring it up to date."""
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


BENCHES = (Bench("index", "the index made, extended and asked", ("rg", "jq", "orjson"), tables),)
