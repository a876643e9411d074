"""Writing: one record at a time and in batches, beside the tutorial's function and Python's logging.

Everybody writes the same records (the first of the generator) to a file of its own on the same disk. The
peers neither lock nor seal nor look whether the write worked; ours locks, hashes every redactable value and
the chain, and knows. `orjson + flock + SHA-256 chain` is the least that a sealed log could do.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from measure import WORK, data, functions
from tables import Absent, Bench, Runs, Table, shown

from auditlog_cli.writer.log import AuditLog

REFERENCE, LOGGING = "tutorial: open, json.dumps, write, close", "logging.FileHandler, JSON formatter"
Records = list[dict[str, Any]]


def cases(records: Records, home: Path) -> dict[str, Callable[[], object] | Absent]:
    """Name → writes all records once, to a log that grows from round to round."""
    log = AuditLog(home / "ours.jsonl", fsync="none")
    interval = AuditLog(home / "interval.jsonl")
    batches = AuditLog(home / "batches.jsonl", fsync="none")

    def each(write: Callable[[dict[str, Any]], object] | Absent) -> Callable[[], None] | Absent:
        if isinstance(write, Absent):
            return write

        def run() -> None:
            for record in records:
                write(record)

        return run

    def in_batches() -> None:
        for at in range(0, len(records), 1000):
            batches.write_many(records[at : at + 1000], durable=True)

    return {
        REFERENCE: each(tutorial(home / "tutorial.jsonl")),
        LOGGING: each(standard(home / "logging.jsonl")),
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


def structured(path: Path) -> Callable[[dict[str, Any]], object] | Absent:
    """structlog with its own advice for files."""
    try:
        import structlog
    except ImportError:
        return Absent("not installed")
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


def growth(records: Records, home: Path, rounds: int, counts: tuple[int, ...]) -> Runs:
    """Microseconds for an append to a log that is opened when it holds so many records, and its size."""
    runs = Runs([f"{count:,} records" for count in counts], rounds)
    for _ in range(rounds):
        for name, count in zip(runs.rows(), counts, strict=True):
            path = home / "grown.jsonl"
            with AuditLog(path, fsync="none", max_bytes=1 << 40) as log:
                for at in range(0, count, 1000):
                    log.write_many([records[(at + n) % len(records)] for n in range(min(1000, count - at))])
            with AuditLog(path, fsync="none", max_bytes=1 << 40) as log:
                size = path.stat().st_size
                for record in records[:1000]:
                    log.append(record)
                begin = time.perf_counter()
                for record in records[:5000]:
                    log.append(record)
                took = time.perf_counter() - begin
            runs.add(name, size=size / 1e6, micros=took / len(records[:5000]) * 1e6)
            for each in home.glob("grown*"):
                each.unlink()
    return runs


def spread(records: Records, home: Path, rounds: int) -> Runs:
    """Microseconds of single appends: the one in the middle, and the one that 1 in 100 exceeds."""
    runs = Runs(["auditlog append", "auditlog append, on disk within 1 s"], rounds)
    for turn in range(rounds):
        for number, (row, fsync) in enumerate(zip(runs.rows(), ("none", "interval"), strict=True)):
            taken = []
            with AuditLog(home / f"spread-{turn}-{number}.jsonl", fsync=fsync) as log:
                for record in records:
                    begin = time.perf_counter_ns()
                    log.append(record)
                    taken.append(time.perf_counter_ns() - begin)
            taken.sort()
            runs.add(row, median=taken[len(taken) // 2] / 1e3, p99=taken[len(taken) * 99 // 100] / 1e3)
    return runs


def tables(quick: bool) -> list[Table]:
    """Measure, and return the tables."""
    count, rounds = (2_000, 3) if quick else (20_000, 7)
    with data(100_000).open("rb") as file:
        records: Records = [orjson.loads(line) for line in islice(file, count)]
    with tempfile.TemporaryDirectory(dir=WORK) as home:
        writers = cases(records, Path(home))
        runs = functions(writers, rounds, counts=dict.fromkeys(writers, count))
        single = spread(records, Path(home), rounds)
        grown = growth(records, Path(home), 1 if quick else 3, (0, 20_000 if quick else 250_000))
    mean = sum(len(orjson.dumps(record)) for record in records) / count

    def cells(row: str) -> list[str]:
        each = runs.median(row, "seconds")
        return [
            shown(each and 1 / each, ",.0f"),
            shown(each and each * 1e6, ".1f"),
            shown(runs.ratio(REFERENCE, row, "seconds")),
            shown(runs.ratio(LOGGING, row, "seconds")),
        ]

    return [
        Table(
            f"Writing {count:,} records of {mean:,.0f} bytes", ("events/s", "µs each", "x tutorial", "x logging"), runs,
            cells,
        ),
        Table(
            "Single appends", ("median, µs", "99 of 100 within, µs", "times the median"), single,
            lambda row: [
                shown(single.median(row, "median"), ".1f"), shown(single.median(row, "p99"), ".1f"),
                shown(single.ratio_of(row, "p99", "median"), ".1f", "x"),
            ],
        ),
        Table(
            "Appending to a log that is large already", ("MB", "µs each"), grown,
            lambda row: [shown(grown.median(row, "size"), ",.0f"), shown(grown.median(row, "micros"), ".1f")],
            corner="the log holds",
        ),
    ]  # fmt: skip


BENCHES = (Bench("write", "appending beside the tutorial, logging and structlog", ("orjson", "structlog"), tables),)
