"""Redacting: one person, or one field, in a sealed segment of 64 MB; and in a log of several such segments.

Whole processes (`auditlog redact … --yes`), each on a fresh copy of the log, with syncs to the disk. The records are
the generator's, sealed by AuditLog; a person is added to as many of them as the row says.

`masks`: free text masked in a log without a seal, beside jq, jaq and perl, in one run. Ten kinds of values as ten
patterns for them; the same ten as entities for us, and all kinds. Slow peers get the beginning of the log. Speeds are
of whole processes, start-up included; the output is thrown away.
"""

from __future__ import annotations

import shutil
import tempfile
from itertools import islice
from pathlib import Path

import orjson
from measure import AUDITLOG, WORK, Words, commands, data, head, on_cores, once
from peers import program
from tables import Bench, Runs, Table, shown

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


def measured(runs: Runs, name: str, path: Path, words: list[str], home: Path) -> None:
    """Run on a fresh copy each time."""
    for _ in range(runs.rounds):
        copy = home / "copy"
        shutil.copytree(path.parent, copy)
        runs.add(name, **once([AUDITLOG, "redact", str(copy / path.name), *words, *SAID]))
        shutil.rmtree(copy)


def tables(quick: bool) -> list[Table]:
    """Measure, and return the table."""
    mib, rounds = (4, 1) if quick else (64, 3)
    WORK.mkdir(parents=True, exist_ok=True)
    subject = ["--subject", PERSON, "--request", "1"]
    cases = {
        "auditlog, one subject, in 0.1 % of the records": (1, 1000, subject),
        "auditlog, one subject, in 1 % of the records": (1, 100, subject),
        "auditlog, one subject, in every record": (1, 1, subject),
        "auditlog, one field of every record": (1, 1000, ["--fields", "user.email,user.id"]),
        "auditlog, one subject, in 1 %, four segments": (4, 100, subject),
    }
    runs, counts = Runs(cases, rounds), {}
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        home = Path(folder)
        for name, (segments, every, words) in cases.items():  # one after the other: their logs would fill the disk
            path, counts[name] = made(home, mib, segments, every)
            measured(runs, name, path, words, home)
            shutil.rmtree(path.parent)

    def cells(row: str) -> list[str]:
        return [
            f"{counts[row]:,}", shown(runs.median(row, "seconds")), shown(runs.median(row, "cpu")),
            shown(runs.median(row, "peak"), ".0f"),
        ]  # fmt: skip

    columns = ("records", "seconds", "processor", "peak MiB")
    return [Table(f"Redacting, segments of {mib} MiB", columns, runs, cells, (f"Rounds: {rounds}.",))]


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


def masks(quick: bool) -> list[Table]:
    """Records a second, and how often faster than jq: its free text, and its edit of one field."""
    records, rounds = (10_000, 1) if quick else (200_000, 3)
    few = records // 40
    log = data(records)
    short = head(few, log)
    gsubs = " | ".join(f'gsub("{pattern}"; "<{name}>")' for name, pattern in TEN.items())
    ours = [AUDITLOG, "redact", "--quiet", str(log)]
    cases: dict[str, Words] = {}
    for where, cores in (("one core", on_cores(1)), ("two cores", on_cores(2))):
        cases[f"auditlog redact, the ten kinds, {where}"] = [*cores, *ours, "--entities", ",".join(TEN)]
        cases[f"auditlog redact, all kinds, {where}"] = [*cores, *ours]
        cases[f"auditlog redact --fields user.email, {where}"] = [*cores, *ours, "--fields", "user.email"]
    counts = dict.fromkeys(cases, records)
    for tool in ("jq", "jaq"):
        cases[f"{tool} walk, 10 gsub"] = [program(tool), "-c", WALK % gsubs, str(short)]
        cases[f"{tool} one field"] = [program(tool), "-c", EDIT, str(log)]
        counts |= {f"{tool} walk, 10 gsub": few, f"{tool} one field": records}
    cases["perl one field"] = [program("perl"), "-pe", 's/"email":"[^"]*"/"email":"x"/', str(log)]
    counts["perl one field"] = records
    runs = commands(cases, rounds, counts=counts)
    size = log.stat().st_size / records

    def cells(row: str) -> list[str]:
        each = runs.median(row, "each")
        return [
            shown(each and 1 / each, ",.0f"),
            shown(each and size / each / 1e6, ".1f"),
            shown(runs.ratio("jq walk, 10 gsub", row, "each")),
            shown(runs.ratio("jq one field", row, "each")),
            shown(runs.median(row, "peak"), ".0f"),
        ]

    columns = ("records/s", "MB/s", "x jq walk, 10 gsub", "x jq one field", "peak MiB")
    note = f"Rounds: {rounds}; the `walk` rows see the first {few:,} records."
    return [Table(f"Masking free text in {records:,} records", columns, runs, cells, (note,))]


BENCHES = (
    Bench("redact", "values withheld from sealed segments", ("orjson",), tables),
    Bench("masks", "free text masked, beside jq, jaq and perl", ("jq", "jaq", "perl", "orjson"), masks),
)
