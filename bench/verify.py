"""`auditlog verify` beside `sha256sum` over the same bytes, in one run: bytes a second, ratios, peak memory; and what
one session, and the proof of one record, cost of that, with an index and without.

`sha256sum` reads once and hashes once; verifying parses every line strictly and hashes every redactable value, the line
and the tree. The log is the shared generator's, sealed by AuditLog in segments of 64 MiB.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from itertools import islice
from pathlib import Path

import orjson
from index import built
from measure import AUDITLOG, BIN, WORK, commands, data
from peers import program
from tables import Bench, Table, shown, timed

from auditlog_cli.signing import keygen
from auditlog_cli.writer.checkpoints import Sealer
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


PROOF = (
    "import sys; from auditlog_cli import proofs; proofs.prove(sys.argv[1], sys.argv[2], index=sys.argv[3] == 'index')"
)


def signed(records: int) -> Path:
    """Return a copy of that log with a checkpoint and an index, made if it is not there yet."""
    done = WORK / f"signed-{records}"
    if not done.exists():
        making = WORK / f"signing-{records}-{os.getpid()}"
        shutil.copytree(sealed(records).parent, making)
        log = making / "audit.jsonl"
        key = keygen.make(str(making / "key"), "bench")
        with AuditLog(log, fsync="none") as opened:
            Sealer(str(log), key).seal(opened.durable, opened.append_own)
        os.replace(making, done)
    log = done / "audit.jsonl"
    built(log)
    return log


def partial(records: int, rounds: int) -> Table:
    """One session verified, one record proved."""
    log = signed(records)
    facts = json.loads(Path(f"{data(records)}.facts.json").read_text())
    session, many = str(facts["q_session"][0]), int(facts["q_session"][1])
    asked = [AUDITLOG, "verify", str(log), "--no-remember", "--signers", f"{log.parent / 'key'}.pub"]
    proof = [sys.executable, "-c", PROOF, str(log), str(records // 2)]
    cases = {
        "auditlog verify": asked,
        "auditlog verify --session --no-index": [*asked, "--session", session, "--no-index"],
        "auditlog verify --session, indexed": [*asked, "--session", session],
        "auditlog prove --no-index": [*proof, "scan"],
        "auditlog prove, indexed": [*proof, "index"],
        "python -c pass": [str(BIN / "python"), "-c", "pass"],
    }
    title = f"One session ({many} records) and one proof, of {records:,} signed records"
    return timed(title, commands(cases, rounds), "auditlog verify", f"Rounds: {rounds}.")


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
    return [Table(title, columns, runs, cells, (f"Rounds: {rounds}; {cores} cores.",)), partial(records, rounds)]


BENCHES = (
    Bench(
        "verify",
        "verify beside sha256sum; one session, one proof",
        ("sha256sum", "openssl", "orjson", "cryptography"),
        tables,
    ),
)
