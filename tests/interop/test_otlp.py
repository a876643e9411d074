"""A collector that others wrote (rotel, in Rust) takes what we send, and gives it on whole."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli.writer.log import AuditLog
from tests.logs import record
from tests.otlpreceiver import Receiver, serving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def agent() -> str:
    """The collector's program."""
    pytest.importorskip("opentelemetry.proto")
    found = importlib.util.find_spec("rotel")
    if found is None or not found.submodule_search_locations:
        pytest.skip("rotel is not installed: pip install 'auditlog-cli[interop]'")
    path = os.path.join(found.submodule_search_locations[0], "rotel-agent")
    if subprocess.run([path, "version"], capture_output=True).returncode:
        pytest.skip("rotel does not run here: it wants the shared library of its own Python")
    return path


class Collector:
    """rotel between us and a receiver."""

    def __init__(self, agent: str, behind: Receiver) -> None:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            two.bind(("127.0.0.1", 0))
            self._port, other = one.getsockname()[1], two.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._command = [
            agent, "start", "--exporter", "otlp", "--otlp-exporter-protocol", "http", "--otlp-exporter-endpoint", behind.url,
            "--otlp-http-endpoint", f"127.0.0.1:{self._port}", "--otlp-grpc-endpoint", f"127.0.0.1:{other}",
            "--disable-batching",
        ]  # fmt: skip
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._running = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._listens)

    def _listens(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self._port)) == 0

    def stop(self) -> None:
        """End it politely: what it took is given on first."""
        if self._running is not None:
            self._running.terminate()
            self._running.wait(60)
            self._running = None


def wait_until(done: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"not within {seconds} seconds"
        time.sleep(0.02)


@pytest.fixture
def behind() -> Iterator[Receiver]:
    with serving() as found:
        yield found


@pytest.fixture
def collector(agent: str, behind: Receiver) -> Iterator[Collector]:
    found = Collector(agent, behind)
    found.start()
    yield found
    found.stop()


def append(path: Path, count: int) -> None:
    with AuditLog(path, origin="test/log", ballast_bytes=0, max_bytes=20_000) as log:
        for number in range(count):
            log.append(record(record_id=None, metadata={"n": [number, number / 2, None, True, {"ä/~": "\u2028"}]}))


def wanted(path: Path) -> list[dict[str, Any]]:
    files = [*sorted(path.parent.glob("audit.[0-9]*.jsonl")), path]
    found = [json.loads(line) for file in files for line in file.read_bytes().splitlines()]
    for each in found:
        del each["_salts"]
    return found


def auditlog(*words: object) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "auditlog_cli", *map(str, words)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.parametrize("words", [[], ["--gzip"], ["--protobuf"], ["--protobuf", "--gzip"]])
def test_records_arrive_whole_behind_a_collector(
    tmp_path: Path, collector: Collector, behind: Receiver, words: list[str]
) -> None:
    log = tmp_path / "audit.jsonl"
    append(log, 50)
    auditlog("ship", log, "--endpoint", collector.url, "--cursor", tmp_path / "c", "--batch", "20", *words)
    lines = wanted(log)
    wait_until(lambda: len(behind.taken()) >= len(lines))
    assert sorted(behind.taken(), key=lambda each: each["seq"]) == lines


def test_spans_are_taken_in_both_encodings(tmp_path: Path, collector: Collector, behind: Receiver) -> None:
    log = tmp_path / "audit.jsonl"
    append(log, 5)
    for words in ([], ["--protobuf"]):
        told = auditlog("export", log, "--to", "otlp-spans", "--endpoint", collector.url, *words)
        assert "took 1 request" in told
    wait_until(lambda: sum(came.path == "/v1/traces" for came in behind.came) == 2)


def test_a_collector_that_is_restarted_meanwhile_has_every_record_once(
    tmp_path: Path, collector: Collector, behind: Receiver
) -> None:
    log = tmp_path / "audit.jsonl"
    append(log, 30)
    ship = [
        "ship",
        str(log),
        "--endpoint",
        collector.url,
        "--cursor",
        str(tmp_path / "c"),
        "--batch",
        "5",
        "--retries",
        "20",
    ]
    running = subprocess.Popen([sys.executable, "-m", "auditlog_cli", *ship, "--follow"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(3):
            before = len(behind.taken())
            append(log, 30)
            wait_until(lambda before=before: len(behind.taken()) > before)  # type: ignore[misc]
            collector.stop()
            append(log, 10)
            collector.start()
        wait_until(lambda: len(behind.taken()) >= len(wanted(log)))
    finally:
        running.kill()
        running.wait(60)
    taken = behind.taken()
    numbers = [each["seq"] for each in taken]
    assert sorted(set(numbers)) == list(range(len(wanted(log))))
    assert len(numbers) - len(set(numbers)) <= 3 * 5, "a batch whose answer was cut off comes again"
