"""Redacting: one person, or one field, in a sealed segment of 64 MB; and in a log of several such segments.

    python bench/redact.py [MIB] [ROUNDS]
    python bench/redact.py masks [RECORDS] [ROUNDS]

Whole processes (`auditlog redact … --yes`), each on a fresh copy of the log, with syncs to the disk. The records are
the generator's, sealed by AuditLog; a person is added to as many of them as the row says.

`masks`: free text masked in a log without a seal, beside jq, jaq and perl, in one run. Ten kinds of values as ten
patterns for them; the same ten as entities for us, and all kinds. Slow peers get the beginning of the log. Speeds are
of whole processes, start-up included; the output is thrown away.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path

import orjson
from measure import BIN, WORK, Row, _one, data, peers

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


# As people write them for jq; its engine takes ten times as long for stricter ones.
TEN = {
    "EMAIL_ADDRESS": r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}",
    "US_SSN": r"\\b[0-9]{3}-[0-9]{2}-[0-9]{4}\\b",
    "IBAN_CODE": r"\\b[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}\\b",
    "CREDIT_CARD": r"\\b[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{1,7}\\b",
    "PHONE_NUMBER": r"\\+[0-9]{1,3}[ .-]?[0-9]{2,4}[ .-]?[0-9]{4,8}",
    "SECRET_AWS_ACCESS_KEY": r"AKIA[A-Z2-7]{16}",
    "SECRET_GITHUB": r"gh[pousr]_[A-Za-z0-9]{36}",
    "SECRET_OPENAI": r"sk-[A-Za-z0-9_-]{20,}",
    "SECRET_SLACK": r"xox[abprs]-[A-Za-z0-9-]{10,}",
    "SECRET_STRIPE": r"[rs]k_live_[A-Za-z0-9]{20,}",
}
WALK = 'walk(if type == "string" then %s else . end)'
EDIT = '.user.email = "x"'


def masks(records: int, rounds: int) -> str:
    """Records a second, and how often faster than jq: its free text, and its edit of one field."""
    log, short = data(records), data(min(records, 5_000))
    gsubs = " | ".join(f'gsub("{pattern}"; "<{name}>")' for name, pattern in TEN.items())
    kinds = ",".join(TEN)
    ours = [str(BIN / "auditlog"), "redact", "--quiet", str(log)]
    cases: dict[str, tuple[list[str], int]] = {}
    for where, words in (("one core", ["taskset", "-c", "0"]), ("two cores", ["taskset", "-c", "0,1"])):
        cases[f"auditlog redact, the ten kinds, {where}"] = ([*words, *ours, "--entities", kinds], records)
        cases[f"auditlog redact, all kinds, {where}"] = ([*words, *ours], records)
        cases[f"auditlog redact --fields user.email, {where}"] = ([*words, *ours, "--fields", "user.email"], records)
    tools = {"jq": "jq", "jaq": shutil.which("jaq") or str(peers() / "bin" / "jaq")}
    few = min(records, 5_000)
    for name, tool in tools.items():
        if shutil.which(tool):
            cases[f"{name} walk, 10 gsub"] = ([tool, "-c", WALK % gsubs, str(short)], few)
            cases[f"{name} one field"] = ([tool, "-c", EDIT, str(log)], records)
    cases["perl one field"] = (["perl", "-pe", 's/"email":"[^"]*"/"email":"x"/', str(log)], records)
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    peaks: dict[str, list[float]] = {name: [] for name in cases}
    for turn in range(rounds + 1):
        for name, (words, _) in cases.items():
            took, peak = _one(name, words)
            if turn:
                seconds[name].append(took)
                peaks[name].append(peak)
    speed = {name: count / statistics.median(seconds[name]) for name, (_, count) in cases.items()}
    size = log.stat().st_size / records
    jq = subprocess.run(["jq", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    lines = [
        f"### Masking free text in {records:,} records",
        "",
        "| | records/s | MB/s | x jq walk, 10 gsub | x jq one field | peak MiB |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, fast in speed.items():
        shown = f"**{name}**" if name.startswith("auditlog") else name
        ratios = [f"{fast / speed[f'jq {what}']:.2f}" for what in ("walk, 10 gsub", "one field")]
        peak = statistics.median(peaks[name])
        lines.append(f"| {shown} | {fast:,.0f} | {fast * size / 1e6:.1f} | {ratios[0]} | {ratios[1]} | {peak:.0f} |")
    note = f"{jq}; {rounds} rounds in turn, medians; the `walk` rows see the first {few:,} records."
    return "\n".join([*lines, "", note, ""])


if __name__ == "__main__":
    if sys.argv[1:2] == ["masks"]:
        asked = [int(word) for word in sys.argv[2:]]
        sys.stdout.write(masks(*(asked + [200_000, 3][len(asked) :])))
        raise SystemExit
    given = [int(word) for word in sys.argv[1:]]
    sys.stdout.write(table(*(given + [64, 3][len(given) :])) + "\n")
