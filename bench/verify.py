"""`auditlog verify` beside `sha256sum` over the same bytes, in one run: bytes a second, ratios, peak memory.

`sha256sum` reads once and hashes once; verifying parses every line strictly and hashes every redactable value, the line
and the tree. The log is the shared generator's, sealed by AuditLog in segments of 64 MiB.
"""

from __future__ import annotations

import os
import sys
from itertools import islice
from pathlib import Path

import orjson
from measure import WORK, commands, data
from peers import program
from tables import Bench, Table, shown

from auditlog_cli.writer.log import AuditLog

ONE = "import sys; from auditlog_cli import verify; sys.exit(verify(sys.argv[1], processes=int(sys.argv[2])).exit_code)"


def sealed(records: int) -> Path:
    """Return a sealed log of so many records, made if it is not there yet."""
    done = WORK / f"sealed-{records}"
    if not done.exists():
        making = WORK / f"sealing-{records}-{os.getpid()}"
        with (
            AuditLog(making / "audit.jsonl", fsync="none", max_bytes=64 << 20) as log,
            data(records).open("rb") as file,
        ):
            while some := [orjson.loads(line) for line in islice(file, 1000)]:
                for record in some:
                    for name in ("seq", "prev", "_salts"):
                        record.pop(name, None)
                log.write_many(some)
        os.replace(making, done)
    return done / "audit.jsonl"


def files(log: Path) -> list[str]:
    """The segments in order."""
    return [*map(str, sorted(log.parent.glob(f"{log.stem}.[0-9]*.jsonl"))), str(log)]


def tables(quick: bool) -> list[Table]:
    """Measure, and return the table."""
    records, rounds = (10_000, 1) if quick else (1_000_000, 3)
    log = sealed(records)
    size = sum(os.path.getsize(name) for name in files(log))
    cores = os.cpu_count() or 1
    cases = {
        "sha256sum": [program("sha256sum"), *files(log)],
        "openssl dgst -sha256": [program("openssl"), "dgst", "-sha256", *files(log)],
        "auditlog verify, one process": [sys.executable, "-c", ONE, str(log), "1"],
        f"auditlog verify, {cores} processes": [sys.executable, "-c", ONE, str(log), str(cores)],
    }
    runs = commands(cases, rounds)

    def cells(row: str) -> list[str]:
        seconds = runs.median(row, "seconds")
        return [
            shown(seconds and size / seconds / 1e6, ".0f"),
            shown(runs.ratio(row, "sha256sum", "cpu"), ".1f", "x"),
            shown(runs.ratio(row, "sha256sum", "seconds"), ".1f", "x"),
            shown(runs.median(row, "peak"), ".0f"),
        ]

    columns = ("MB/s", "processor time of sha256sum", "its time on the clock", "peak MiB")
    title = f"Verifying {records:,} records, {size / 1e6:,.0f} MB"
    return [Table(title, columns, runs, cells, (f"Rounds: {rounds}; {cores} cores.",))]


BENCHES = (Bench("verify", "verify beside sha256sum", ("sha256sum", "openssl", "orjson", "cryptography"), tables),)
