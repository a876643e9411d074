"""Sealing beside named peers: append, append and sign, verify, prove one record, withhold from one record.

    python bench/sealing.py [RECORDS] [ROUNDS]

Every library runs in a process of its own, on the same records (the first of the shared generator), in turn. The peers
come from PyPI, each into an environment of its own in a temporary folder; one that cannot be installed, or has no such
operation, is named as such. They are not asked for the same promise: what each operation is, stands in the table.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path

from measure import data, environment

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
_TAIL = "\nprint(json.dumps(took))\n"
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


def once(python: str, program: str, rows: Path, folder: Path) -> dict[str, float] | str:
    """Microseconds of each operation, or why there are none."""
    with tempfile.TemporaryDirectory(dir=folder) as home:
        done = subprocess.run(
            [python, "-c", _HEAD + program + _TAIL, str(rows), home], capture_output=True, text=True, env=environment()
        )
    if done.returncode:
        return done.stderr.strip().rpartition("\n")[2][:120]
    found: dict[str, float] = json.loads(done.stdout)
    return found


def installed(name: str, folder: Path) -> str:
    """The interpreter of an environment that has the peer, or nothing."""
    home = folder / f"env-{name}"
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    done = subprocess.run([str(home / "bin" / "pip"), "install", "--quiet", name, "cryptography"], capture_output=True)
    return "" if done.returncode else str(home / "bin" / "python")


def table(records: int, rounds: int) -> str:
    """Microseconds (a record, or the whole operation), and how many times ours that is."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        rows = folder / "rows.jsonl"
        with data(max(records, 1000)).open("rb") as source:
            rows.write_bytes(b"".join(islice(source, records)))
        pythons = {"auditlog": sys.executable} | {name: installed(name, folder) for name in PEERS}
        found: dict[str, list[dict[str, float]]] = {name: [] for name in pythons}
        trouble: dict[str, str] = {name: "could not be installed" for name, python in pythons.items() if not python}
        for _ in range(rounds):
            for name, python in pythons.items():
                if name in trouble:
                    continue
                took = once(python, OURS if name == "auditlog" else PEERS[name], rows, folder)
                if isinstance(took, str):
                    trouble[name] = took
                else:
                    found[name].append(took)
    return "\n".join(_lines(records, rounds, found, trouble))


def _lines(
    records: int, rounds: int, found: dict[str, list[dict[str, float]]], trouble: dict[str, str]
) -> list[str]:  # fmt: skip
    if "auditlog" in trouble:
        raise SystemExit(f"auditlog: {trouble['auditlog']}")
    medians = {
        name: {each: statistics.median(took[each] for took in some) for each in OPERATIONS if each in some[0]}
        for name, some in found.items()
        if some
    }
    ours = medians["auditlog"]
    lines = [
        f"### Sealing {records:,} records beside peers (µs; in brackets: times ours)",
        "",
        "| | append | append, signed | verify, a record | prove one | withhold one |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, took in medians.items():
        cells = [f"{took[each]:,.0f} ({took[each] / ours[each]:.1f}x)" if each in took else "–" for each in OPERATIONS]
        lines.append(f"| {f'**{name}**' if name == 'auditlog' else name} | {' | '.join(cells)} |")
    lines += [f"| {name} | {why} | | | | |" for name, why in trouble.items()]
    lines += ["", f"{rounds} rounds, medians; – is: no such operation.", ""]
    return lines + [f"- {name}: {text}." for name, text in NOTES.items()] + [""]


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    sys.stdout.write(table(*(given + [2000, 5][len(given) :])) + "\n")
