"""Writers killed with -9 at any moment: no acknowledged record is ever missing (integrity.md, 10.1)."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from auditlog_cli.writer.log import AuditLog
from tests.writer.chain import stock, walk

ROOT = Path(__file__).parents[2]

WRITER = """
import os, sys
from auditlog_cli.writer.log import AuditLog
path, who, begin = sys.argv[1], sys.argv[2], int(sys.argv[3])
log = AuditLog(path, fsync=sys.argv[4], max_bytes=15_000, ballast_bytes=0, lock_timeout_s=30)
os.write(1, b"ready\\n")
i = begin
while True:
    if i % 7 == 0:
        receipts = log.write_many([{"who": who, "i": i + n} for n in range(3)])
    else:
        receipts = [log.append({"who": who, "i": i})]
    os.write(1, b"".join(b"%d %d %s\\n" % (i + n, r.seq, r.leaf.encode()) for n, r in enumerate(receipts)))
    i += len(receipts)
"""


def battle(path: Path, rounds: int, seed: int, fsync: str) -> None:
    """Let three writers write, kill each of them at a moment of its own, and look at what is there."""
    chance = random.Random(seed)
    acknowledged: dict[tuple[str, int], str] = {}
    begin = Counter[str]()
    for _ in range(rounds):
        writers = {}
        for who in ("a", "b", "c"):
            writers[who] = subprocess.Popen(
                [sys.executable, "-c", WRITER, str(path), who, str(begin[who]), fsync], stdout=subprocess.PIPE, cwd=ROOT
            )
        for process in writers.values():
            assert process.stdout is not None
            assert process.stdout.read(6) == b"ready\n"
        order = list(writers.items())
        chance.shuffle(order)
        for who, process in order:
            time.sleep(chance.random() * 0.03)
            process.kill()
            assert process.stdout is not None
            lines = process.stdout.read().split(b"\n")
            process.stdout.close()
            process.wait()
            for line in lines[:-1]:
                i, rest = line.decode().split(" ", 1)
                acknowledged[who, int(i)] = rest
            # Beyond what may be in the log unacknowledged, also if this round brought no acknowledgement at all.
            begin[who] = max(begin[who], *(i for name, i in acknowledged if name == who), 0) + 10
        with AuditLog(path, fsync="none", ballast_bytes=0) as log:
            log.append({"who": "after", "i": 0})
        found = walk(path)
        places = {
            (record["who"], record["i"]): f"{seal.seq} {seal.leaf}"
            for record, seal in zip(found.records, found.seals, strict=True)
            if "who" in record and record["who"] != "after"
        }
        missing = {key for key, place in acknowledged.items() if places.get(key) != place}
        assert not missing
        for who in writers:
            numbers = [record["i"] for record in found.callers if record["who"] == who]
            assert numbers == sorted(set(numbers)), "each writer's order is kept, nothing is there twice"
    assert len(acknowledged) > rounds * 20
    assert len(found.own("rotate")) >= 1


def test_a_few_kills(tmp_path: Path, shared: Path) -> None:
    """Four rounds of three killed writers with rotation; the independent checker agrees."""
    path = tmp_path / "audit.jsonl"
    battle(path, 4, seed=os.getpid(), fsync="none")
    assert stock(path, shared).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("fsync", ["none", "interval", "always"])
def test_many_kills(tmp_path: Path, fsync: str) -> None:
    """Twenty rounds, sixty kills, for every policy."""
    battle(tmp_path / "audit.jsonl", 20, seed=os.getpid(), fsync=fsync)
