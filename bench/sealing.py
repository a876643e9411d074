"""Sealing beside named peers: append, append and sign, verify, prove one record, withhold from one record.

Every library runs in a process of its own, on the same records (the first of the shared generator), in turn. The peers
come from PyPI, each into an environment of its own; one that cannot be installed, or has no such operation, is named
as such. They are not asked for the same promise: what each operation is, stands below the table.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import WORK, data, environment, head
from peers import interpreter
from tables import Absent, Bench, NotRun, Runs, Table, shown

OPERATIONS = ("append", "append, signed", "verify", "prove", "withhold")
_HEAD = """
import json, sys, time
rows = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
home, took = sys.argv[2], {}
def timed(name, call, many=1):
    begin = time.perf_counter()
    result = call()
    took[name] = (time.perf_counter() - begin) / many * 1e6
    return result
"""
_TAIL = """
with open("/proc/self/status") as file:
    took["peak"] = next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024
print(json.dumps(took))
"""
OURS = """
from auditlog_cli import AuditLog, proofs, redact, verify
from auditlog_cli.signing import keygen
keygen.make(home + "/key", "bench")
for name, options in (("append", {}), ("append, signed", {"key": home + "/key"})):
    path = f"{home}/{len(options)}.jsonl"
    def write():
        with AuditLog(path, fsync="none", ballast_bytes=0, **options) as log:
            for row in rows:
                log.append(row)
    timed(name, write, len(rows))
verdict = timed("verify", lambda: verify(path, signers=home + "/key.pub"), len(rows))
assert verdict.exit_code == 0 and verdict.signed, verdict.findings
timed("prove", lambda: proofs.prove(path, str(len(rows) // 2)))
said = {"key": home + "/key", "by": "dpo@example.org", "reason": "case 1"}
done = timed("withhold", lambda: redact(path, fields=["user.email"], records=[len(rows) // 2], **said))
assert done.values == 1
"""
PEERS = {
    "auditchain": """
from auditchain import JsonlBackend, SyncAuditLog, generate_keypair
pairs = (("append", {}), ("append, signed", {"signing_key": generate_keypair()[0]}))
for name, options in pairs:
    log = SyncAuditLog(JsonlBackend(f"{home}/{len(options)}.jsonl"), **options)
    def write():
        for row in rows:
            log.append("agent", "call", "", metadata=row)
    timed(name, write, len(rows))
report = timed("verify", lambda: log.verify(signers={"s0": log.public_key}), len(rows))
assert report.ok, report
timed("prove", lambda: log.inclusion_proof(len(rows) // 2))
""",
    "arcaeon": """
from arcaeon.record.ledger import Ledger
log = Ledger(home + "/log.jsonl")
def write():
    for row in rows:
        log.append(row)
timed("append", write, len(rows))
assert timed("verify", log.verify, len(rows))
""",
    "logsiegel": """
from logsiegel.core import Logsiegel
log = Logsiegel.init(home + "/log")
def write():
    for row in rows:
        log.append("inference", row, input_text=json.dumps(row["action"]), store_payload=True)
timed("append", write, len(rows))
log.checkpoint()
report = timed("verify", log.verify, len(rows))
assert report.ok, report
timed("prove", lambda: log.receipt(len(rows) // 2))
timed("withhold", lambda: log.shred(len(rows) // 2))
""",
    "omega-audit": """
from omega_audit import Ledger, verify
from omega_audit.ledger import read_ledger
from omega_audit.merkle import inclusion_proof
log = Ledger(home + "/log.jsonl")
def write():
    for row in rows:
        log.append(row)
timed("append", write, len(rows))
result = timed("verify", lambda: verify(log.path), len(rows))
assert result.valid if hasattr(result, "valid") else result.ok, result
timed("prove", lambda: inclusion_proof(len(rows) // 2, [each["hash"] for each in read_ledger(log.path)]))
""",
}
NOTES = {
    "auditchain": "one hash chain; nothing can be withheld",
    "arcaeon": "one hash chain, each row synced; no proof of one row, nothing can be withheld",
    "logsiegel": "payload encrypted and synced for each record; withholding throws the key of the whole payload away",
    "omega-audit": "one hash chain, unsigned, read as a whole before each append; nothing can be withheld",
}


def once(python: str, program: str, rows: Path) -> dict[str, float] | Absent:
    """Microseconds of each operation, and the peak in MiB; or why there are none."""
    with tempfile.TemporaryDirectory(dir=WORK) as home:
        done = subprocess.run(
            [python, "-c", _HEAD + program + _TAIL, str(rows), home], capture_output=True, text=True, env=environment()
        )
    if done.returncode:
        return Absent(done.stderr.strip().rpartition("\n")[2][:120])
    found: dict[str, float] = json.loads(done.stdout)
    return found


def tables(quick: bool) -> list[Table]:
    """Microseconds (a record, or the whole operation), and how many times ours that is."""
    records, rounds = (200, 1) if quick else (2_000, 5)
    rows = head(records, data(max(records, 1000)))
    pythons: dict[str, str | Absent] = {"auditlog": sys.executable} | {name: interpreter(name) for name in PEERS}
    runs = Runs(pythons, rounds)
    for _ in range(rounds):
        for name, python in pythons.items():
            took = python if isinstance(python, Absent) else once(python, PEERS.get(name, OURS), rows)
            if not isinstance(took, Absent):
                runs.add(name, **took)
            elif name == "auditlog":
                raise NotRun(took.why)
            else:
                pythons[name] = took
                runs.absent(name, took.why)

    def cell(row: str, operation: str) -> str:
        micros = runs.median(row, operation)
        return shown(micros, ",.0f") + (f" ({shown(runs.ratio(row, 'auditlog', operation), '.1f')}x)" if micros else "")

    columns = ("append", "append, signed", "verify, a record", "prove one", "withhold one", "peak MiB")
    notes = [f"Rounds: {rounds}; – is: no such operation."] + [f"- {name}: {text}." for name, text in NOTES.items()]
    title = f"Sealing {records:,} records beside peers (µs; in brackets: times ours)"

    def cells(row: str) -> list[str]:
        return [*(cell(row, each) for each in OPERATIONS), shown(runs.median(row, "peak"), ".0f")]

    return [Table(title, columns, runs, cells, tuple(notes))]


BENCHES = (Bench("sealing", "append, sign, verify, prove and withhold beside peers", ("cryptography", *PEERS), tables),)
