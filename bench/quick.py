"""Has something become slow? Ratios to a reference loop, beside those that were recorded: `make bench-quick`.

    python bench/quick.py [--record]

Each operation works on a small log that is made here, in turn with a loop that does what no change of ours can change:
json.loads and SHA-256 of the same lines, in the same process (for whole processes: `python -c pass`). What is compared
is processor time of the operation : that of the loop beside it, the median of the rounds. One that is more than 1.6
times worse than in quick.json is measured once more, and then told.

For information, and no part of `make test`: a ratio travels between machines, but not without loss, and a busy
machine can make it worse. `--record` keeps the present ratios; do that with the change that explains them.

Exit code: 0, none is worse; 1, some are, or cannot be compared; 2, usage. Standard library only, and auditlog.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import platform
import random
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from measure import AUDITLOG, BIN, once
from tables import Runs, Table, drawn, shown

KEPT = Path(__file__).with_name("quick.json")
WORSE = 1.6
ROUNDS, RECORDS = 7, 2_000
SESSION = "sess_7"
TEXT = "please send the report of last quarter to the customer and close order after payment was approved"


def record(number: int, chance: random.Random) -> dict[str, object]:
    """One record of a made-up log: 40 sessions, one text in ten with an address in it."""
    user, agent = f"user_{number % 17}", f"agent_{number % 5}"
    tool = chance.choice(("lookup_order", "search_web", "read_document"))
    text = " ".join(chance.choices(TEXT.split(), k=40))
    if number % 10 == 0:
        text += f" ann.{number}@example.org"
    stamp = datetime.datetime(2026, 6, 1) + datetime.timedelta(seconds=number)
    return {
        "timestamp": f"{stamp.isoformat()}Z", "record_id": f"00000000-0000-4000-8000-{number:012}",
        "session_id": f"sess_{number % 40}", "trace_id": f"trace_{number % 160}", "span_id": f"span_{number}",
        "user": {"id": user, "email": f"{user}@example.org"}, "agent": {"id": agent, "version": "1.4"},
        "authorization": {
            "scopes": ["orders:read", "web:read"], "session_type": "human_approved", "approved_by": "user_bob",
            "approved_at": "2026-05-31T08:00:00Z", "expires_at": "2026-06-30T00:00:00Z",
        },
        "action": {
            "type": "tool_invocation", "tool": tool, "arguments": {"order": number, "text": text},
            "result_status": "success", "latency_ms": chance.randrange(2_000),
        },
        "delegation_chain": [{"actor": user, "role": "initiator"}, {"actor": agent, "role": "executor"}],
    }  # fmt: skip


def operations(home: Path) -> dict[str, Callable[[int], object]]:
    """Name → one run of an operation of ours, given a number that no other run has."""
    import auditlog_cli
    from auditlog_cli.detectors import Scanner
    from auditlog_cli.writer.log import AuditLog

    chance = random.Random(7)
    records = [record(number, chance) for number in range(RECORDS)]
    plain, sealed = home / "plain.jsonl", home / "sealed.jsonl"
    plain.write_text("".join(f"{json.dumps(each, separators=(',', ':'))}\n" for each in records))
    with AuditLog(sealed, fsync="none") as log:
        log.write_many(records)
    scanner = Scanner()

    def append(run: int) -> None:
        with AuditLog(home / f"append-{run}.jsonl", fsync="none") as log:
            for each in records[:500]:
                log.append(each)

    def batch(run: int) -> None:
        with AuditLog(home / f"batch-{run}.jsonl", fsync="none") as log:
            log.write_many(records)

    def sessions() -> None:
        for number in range(20):
            found = list(auditlog_cli.select(str(plain), session=[f"sess_{number}"]))
            assert len(found) == RECORDS // 40, len(found)

    def verified() -> None:
        verdict = auditlog_cli.verify(sealed)
        assert not verdict.exit_code, verdict.findings

    return {
        "select, 20 sessions": lambda run: sessions(),
        "read": lambda run: sum(1 for _ in auditlog_cli.read(str(plain))),
        "stats by tool": lambda run: auditlog_cli.stats(str(plain), by=["action.tool"]),
        "traces": lambda run: list(auditlog_cli.traces(str(plain))),
        "validate": lambda run: auditlog_cli.validate(str(plain)),
        "detectors": lambda run: [scanner.scan(each) for each in records],
        "check gdpr, baseline": lambda run: auditlog_cli.check(str(plain), pack=["gdpr", "baseline"]),
        "append": append,
        "write_many": batch,
        "verify": lambda run: verified(),
    }


PROCESSES = {
    "--version": ["--version"],
    "tail": ["tail"],
    "filter": ["filter", "--session", SESSION],
    "stats": ["stats"],
}


def measured(home: Path, names: set[str] | None = None) -> Runs:
    """Return for each operation the processor seconds of it, and of the loop that ran before it.

    `names`: only these.
    """
    cases: dict[str, tuple[Callable[[int], float], Callable[[], float]]] = {}
    for name, call in operations(home).items():
        cases[name] = (_timed(call), lambda: _timed(_loop)(0))
    python = [str(BIN / "python"), "-c", "pass"]
    lines = (home / "plain.jsonl").read_bytes().splitlines()
    (home / "small.jsonl").write_bytes(b"\n".join(lines[:50]) + b"\n")
    for name, words in PROCESSES.items():
        log = [str(home / "small.jsonl")] if len(words) > 1 or not words[0].startswith("-") else []
        command = [AUDITLOG, *words, *log]
        cases[f"auditlog {name}"] = (lambda run, command=command: _least(command), lambda: _least(python))

    def _loop(run: int) -> None:
        for line in lines:
            json.loads(line)
            hashlib.sha256(line).digest()

    chosen = [name for name in cases if names is None or name in names]
    runs = Runs(chosen, ROUNDS)
    for turn in range(-1, ROUNDS):  # the first one warms
        for name in chosen:
            ours, loop = cases[name]
            beside, taken = loop(), ours(turn + 1)
            if turn >= 0:
                runs.add(name, cpu=taken, loop=beside, ratio=taken / beside)
    return runs


def _timed(call: Callable[[int], object]) -> Callable[[int], float]:
    def run(number: int) -> float:
        begin = time.process_time()
        call(number)
        return time.process_time() - begin

    return run


def _least(words: list[str]) -> float:
    """Processor seconds of a process: the least of five, for a tick of the clock is a part of it."""
    return min(once(words)["cpu"] for _ in range(5))


def ratios(runs: Runs) -> dict[str, float]:
    """Name → median ratio. Raises NotRun."""
    found = {name: runs.median(name, "ratio") for name in runs.rows()}
    return {name: round(value, 3) for name, value in found.items() if value is not None}


def verdicts(found: Mapping[str, float], kept: Mapping[str, float]) -> dict[str, str]:
    """Return name → what is wrong with it, for what became worse, what was never recorded and what is gone."""
    wrong = {}
    for name, value in found.items():
        if name not in kept:
            wrong[name] = "not recorded: make bench-quick RECORD=1"
        elif value > WORSE * kept[name]:
            wrong[name] = f"{value / kept[name]:.2f} times the recorded ratio ({value:.3f} : {kept[name]:.3f})"
    return wrong | {name: "recorded, and not measured any more" for name in kept if name not in found}


def report(runs: Runs, kept: Mapping[str, float]) -> str:
    """The table."""

    def cells(row: str) -> list[str]:
        cpu, ratio = runs.median(row, "cpu"), runs.median(row, "ratio")
        worse = ratio / kept[row] if ratio is not None and row in kept else None
        return [shown(cpu and cpu * 1e3, ".1f"), shown(ratio, ".3f"), shown(kept.get(row), ".3f"), shown(worse)]

    columns = ("ms, processor", "x reference", "recorded", "times that")
    return drawn(Table(f"{RECORDS:,} records, {ROUNDS} rounds", columns, runs, cells))


def main(words: list[str]) -> int:
    """Measure, compare and print; return the exit code."""
    if set(words) - {"--record"}:
        sys.stderr.write(f"{__doc__}")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        runs = measured(Path(folder))
    found = ratios(runs)
    if words:
        told = {"recorded": str(datetime.date.today()), "python": platform.python_version(), "ratios": found}
        KEPT.write_text(json.dumps(told, indent=2) + "\n")
        sys.stdout.write(f"{report(runs, found)}\n\nrecorded in {KEPT}\n")
        return 0
    kept = json.loads(KEPT.read_text())["ratios"]
    sys.stdout.write(f"{report(runs, kept)}\n")
    wrong = verdicts(found, kept)
    again = {name for name in wrong if name in found and name in kept}
    if again:
        sys.stdout.write(f"\nonce more: {', '.join(sorted(again))}\n\n")
        with tempfile.TemporaryDirectory() as folder:
            second = measured(Path(folder), again)
        sys.stdout.write(f"{report(second, kept)}\n")
        wrong = verdicts(found | ratios(second), kept)
    for name, why in wrong.items():
        sys.stderr.write(f"{name}: {why}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
