"""Redacting: one person, or one field, in a sealed segment of 64 MB; and in a log of several such segments.

    python bench/redact.py [MIB] [ROUNDS]

Whole processes (`auditlog redact … --yes`), each on a fresh copy of the log, with syncs to the disk. The records are
the generator's, sealed by AuditLog; a person is added to as many of them as the row says.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from itertools import islice
from pathlib import Path

import orjson
from measure import BIN, WORK, Row, _one, data

from auditlog_cli.writer.log import AuditLog

PERSON = "person-4711"
SAID = ["--by", "dpo@example.org", "--reason", "case 1", "--unsigned", "--yes", "--quiet"]


def made(home: Path, mib: int, segments: int, every: int) -> tuple[Path, int]:
    """A log with so many closed segments of that size; `every`: in each how-many-eth record the person stands."""
    path = home / f"sealed-{segments}x{mib}-{every}" / "audit.jsonl"
    count = 0
    wanted = segments * mib << 20
    with AuditLog(path, fsync="none", max_bytes=mib << 20) as log, data(100_000).open("rb") as file:
        lines = [orjson.loads(line) for line in islice(file, 100_000)]
        written = 0
        while written < wanted:
            batch = []
            for _ in range(1000):
                record = dict(lines[count % len(lines)])
                for name in ("seq", "prev", "_salts"):
                    record.pop(name, None)
                count += 1
                if count % every == 0:
                    record["prompt"] = {"text": f"Please write to {PERSON} today."}
                batch.append(record)
            log.write_many(batch)
            written = sum(each.stat().st_size for each in path.parent.glob("*.jsonl"))
        log.rotate()
    return path, count


def measured(name: str, path: Path, words: list[str], home: Path, rounds: int) -> Row:
    """Run on a fresh copy each time."""
    seconds, peaks = [], []
    for _ in range(rounds):
        copy = home / "copy"
        shutil.copytree(path.parent, copy)
        took, peak = _one(name, [str(BIN / "auditlog"), "redact", str(copy / path.name), *words, *SAID])
        seconds.append(took)
        peaks.append(peak)
        shutil.rmtree(copy)
    return Row(name, statistics.median(seconds), statistics.median(peaks))


def table(mib: int, rounds: int) -> str:
    """Seconds and peak memory."""
    WORK.mkdir(parents=True, exist_ok=True)
    subject = ["--subject", PERSON, "--request", "1"]
    rows: list[tuple[Row, int]] = []
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        home = Path(folder)
        for segments, every, what, words in (
            (1, 1000, "one subject, in 0.1 % of the records", subject),
            (1, 100, "one subject, in 1 % of the records", subject),
            (1, 1, "one subject, in every record", subject),
            (1, 1000, "one field of every record", ["--fields", "user.email,user.id"]),
            (4, 100, "one subject, in 1 %, four segments", subject),
        ):
            path, count = made(home, mib, segments, every)
            rows.append((measured(what, path, words, home, rounds), count))
            shutil.rmtree(path.parent)
    lines = [f"### Redacting, segments of {mib} MiB", "", "| | records | seconds | peak MiB |", "|---|---:|---:|---:|"]
    lines += [f"| {row.name} | {count:,} | {row.seconds:.2f} | {row.peak_mib:.0f} |" for row, count in rows]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    sys.stdout.write(table(*(given + [64, 3][len(given) :])) + "\n")
