"""The shipper is killed at any moment, and started again: nothing is lost, and what is doubled can be told."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from auditlog_cli.writer.log import AuditLog
from tests.logs import record
from tests.otlpreceiver import Receiver

BATCH = 3


class Writer(threading.Thread):
    """Appends to a log that rotates, until it is told to stop."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.over = threading.Event()
        self._path = path
        self.written = 0

    def run(self) -> None:
        with AuditLog(self._path, origin="test/log", ballast_bytes=0, max_bytes=20_000) as log:
            while not self.over.wait(0.002):
                log.append(record(record_id=None, action__arguments={"n": self.written}))
                self.written += 1


def lines(path: Path) -> int:
    files = [*sorted(path.parent.glob("audit.[0-9]*.jsonl")), path]
    return sum(file.read_bytes().count(b"\n") for file in files)


@pytest.mark.parametrize("kills", [3, pytest.param(40, marks=pytest.mark.slow)])
def test_killed_at_random_moments_it_sends_each_record_and_repeats_a_batch_at_most(
    tmp_path: Path, receiver: Receiver, kills: int
) -> None:
    log, chance = tmp_path / "audit.jsonl", random.Random(kills)
    ship = [sys.executable, "-m", "auditlog_cli", "ship", str(log), "--endpoint", receiver.url]
    ship += ["--cursor", str(tmp_path / "cursor"), "--batch", str(BATCH)]
    writer = Writer(log)
    writer.start()
    try:
        while not log.exists() or lines(log) < 3:
            time.sleep(0.01)
        for _ in range(kills):
            before = len(receiver.came)
            running = subprocess.Popen(
                [*ship, "--follow"], stderr=subprocess.PIPE, env={**os.environ, "LC_ALL": "C.UTF-8"}
            )
            try:
                enough = before + chance.randint(1, 6)
                deadline = time.monotonic() + 60
                while len(receiver.came) < enough and running.poll() is None and time.monotonic() < deadline:
                    time.sleep(0.0005)
                time.sleep(
                    chance.random() * 0.004
                )  # before the answer, after it, while the cursor is written, behind that
            finally:
                running.kill()
                said = running.communicate(timeout=60)[1]
            assert running.returncode == -9, said
    finally:
        writer.over.set()
        writer.join(60)
    done = subprocess.run(ship, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    taken = receiver.taken()
    first: dict[int, object] = {}
    for each in taken:
        known = first.setdefault(each["seq"], each)
        assert known == each, "a repetition is the same record, with the same id"
    assert list(first) == list(range(lines(log))), "every record, in the order of the log"
    counts = Counter(each["seq"] for each in taken)
    doubled = sum(count - 1 for count in counts.values())
    assert doubled <= kills * BATCH
    print(f"{kills} kills, {len(first)} records, {doubled} of them repeated")
