"""Writing: one record at a time and in batches, beside the tutorial's function and Python's logging.

    python bench/write.py [RECORDS] [ROUNDS]

Everybody writes the same records (the first RECORDS of the generator) to a file of its own on the same disk. The
peers neither lock nor seal nor look whether the write worked; ours locks, hashes every redactable value and
the chain, and knows. `orjson + flock + SHA-256 chain` is the least that a sealed log could do.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import structlog
from measure import WORK, Row, data, functions

from auditlog_cli.writer.log import AuditLog

REFERENCE = "tutorial: open, json.dumps, write, close"
Records = list[dict[str, Any]]


def cases(records: Records, home: Path) -> dict[str, Callable[[], object]]:
    """Name → writes all records once, to a log that grows from round to round."""
    log = AuditLog(home / "ours.jsonl", fsync="none")
    interval = AuditLog(home / "interval.jsonl")
    batches = AuditLog(home / "batches.jsonl", fsync="none")

    def each(write: Callable[[dict[str, Any]], object]) -> Callable[[], None]:
        def run() -> None:
            for record in records:
                write(record)

        return run

    def in_batches() -> None:
        for at in range(0, len(records), 1000):
            batches.write_many(records[at : at + 1000], durable=True)

    return {
        REFERENCE: each(tutorial(home / "tutorial.jsonl")),
        "logging.FileHandler, JSON formatter": each(standard(home / "logging.jsonl")),
        "structlog, JSON, WriteLogger": each(structured(home / "structlog.jsonl")),
        "orjson + flock + SHA-256 chain": each(chain(home / "chain.jsonl")),
        "auditlog append": each(log.append),
        "auditlog append, on disk within 1 s": each(interval.append),
        "auditlog write_many(1000), durable": in_batches,
    }


def tutorial(path: Path) -> Callable[[dict[str, Any]], object]:
    """What the tutorials show: the file opened for each event."""

    def audit(payload: dict[str, Any]) -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"ts": time.time(), "event_type": "tool_call", "payload": payload}) + "\n")

    return audit


def standard(path: Path) -> Callable[[dict[str, Any]], object]:
    """The standard library's logging, a JSON object a line."""

    class Formatter(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return json.dumps(
                {"ts": self.formatTime(record), "level": record.levelname, "logger": record.name,
                 "message": record.getMessage(), "audit": record.__dict__["audit"]}
            )  # fmt: skip

    handler = logging.FileHandler(path)
    handler.setFormatter(Formatter())
    logger = logging.getLogger("bench")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(handler)
    return lambda record: logger.info("tool_call", extra={"audit": record})


def structured(path: Path) -> Callable[[dict[str, Any]], object]:
    """structlog with its own advice for files."""
    logger = structlog.wrap_logger(
        structlog.WriteLogger(path.open("a")),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    return lambda record: logger.info("tool_call", audit=record)


def chain(path: Path) -> Callable[[dict[str, Any]], object]:
    """A chain without salts: no value could ever be withheld."""
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    prev = b"0" * 64

    def write(record: dict[str, Any]) -> None:
        nonlocal prev
        fcntl.flock(fd, fcntl.LOCK_EX)
        try:
            body = b'%b,"prev":"%b"}\n' % (orjson.dumps(record)[:-1], prev)
            os.write(fd, body)
            prev = hashlib.sha256(body).hexdigest().encode()
        finally:
            fcntl.flock(fd, fcntl.LOCK_UN)

    return write


def growth(records: Records, home: Path, sizes: tuple[int, ...] = (0, 250_000)) -> list[tuple[int, float]]:
    """(bytes of the log, seconds per append) for a log that is opened at that size."""
    out = []
    for count in sizes:
        path = home / f"grown-{count}.jsonl"
        with AuditLog(path, fsync="none", max_bytes=1 << 40) as log:
            for at in range(0, count, 1000):
                log.write_many([records[(at + n) % len(records)] for n in range(min(1000, count - at))])
        with AuditLog(path, fsync="none", max_bytes=1 << 40) as log:
            size = path.stat().st_size
            for record in records[:2000]:
                log.append(record)
            begin = time.perf_counter()
            for record in records[:5000]:
                log.append(record)
            out.append((size, (time.perf_counter() - begin) / 5000))
        path.unlink()
    return out


def markdown(rows: dict[str, Row], records: int) -> str:
    """Events a second, and how many times the peers' events a second."""
    base, logs = rows[REFERENCE].seconds, rows["logging.FileHandler, JSON formatter"].seconds
    lines = [
        "| | events/s | µs each | x tutorial | x logging |",
        "|---|---:|---:|---:|---:|",
    ]
    for row in rows.values():
        name = f"**{row.name}**" if row.name.startswith("auditlog") else row.name
        each = row.seconds / records
        lines.append(
            f"| {name} | {1 / each:,.0f} | {each * 1e6:.1f} | {base / row.seconds:.2f} | {logs / row.seconds:.2f} |"
        )
    return "\n".join(lines)


def tables(count: int = 20_000, rounds: int = 7) -> str:
    """The tables as Markdown."""
    source = data(1_000_000) if os.environ.get("AUDITLOG_BENCH_LOG") else data(100_000)
    with source.open("rb") as file:
        records: Records = [orjson.loads(line) for line in islice(file, count)]
    WORK.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK) as home:
        rows = functions(cases(records, Path(home)), rounds)
        grown = growth(records, Path(home))
    mean = sum(len(orjson.dumps(record)) for record in records) / count
    title = f"### Writing {count:,} records of {mean:,.0f} bytes"
    flat = "\n".join(f"| {size / 1e6:,.0f} MB | {each * 1e6:.1f} |" for size, each in grown)
    return "\n".join(
        [title, "", markdown(rows, count), "", "### Appending to a log that is large already", "",
         "| size of the log | µs each |", "|---:|---:|", flat, ""]
    )  # fmt: skip


if __name__ == "__main__":
    sys.stdout.write(tables(*(int(word) for word in sys.argv[1:])))
