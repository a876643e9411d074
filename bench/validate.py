"""`auditlog validate` beside its peers, in one run: records a second, bytes a second, ratios, peak memory.

The log is the shared generator's: a fifth of its records is not valid. The slow peers see its beginning only. Ours and
jq are whole processes, start-up included; the other peers are given decoded records or bytes as said, in this process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import orjson
from measure import AUDITLOG, Words, data, functions, head, once
from peers import interpreter, program
from tables import Absent, Bench, NotRun, Runs, Table, shown

from auditlog_cli.validator import schemas

ONE = "import sys; from auditlog_cli.validation import validate; validate(sys.argv[1], processes=1)"
SCHEMA: Any = schemas.part("six-questions")
OURS, FAST = "auditlog validate", "fastjsonschema (draft 7), decoded, valid ones"
FASTJSONSCHEMA = """
import fastjsonschema, json, sys, time
schema, *records = map(json.loads, sys.stdin)
valid = fastjsonschema.compile(schema)
begin = time.perf_counter()
for record in records:
    valid(record)
print(time.perf_counter() - begin)
"""


def processes(log: Path, short: Path) -> dict[str, tuple[Words, Path]]:
    """Name → command, the log it reads."""
    return {
        OURS: ([AUDITLOG, "validate", str(log)], log),
        "auditlog validate, one process": ([sys.executable, "-c", ONE, str(log)], log),
        "jq .": ([program("jq"), ".", str(short)], short),
    }


def libraries(short: Path) -> dict[str, tuple[Callable[[], object], int, int]]:
    """Name → what to run, records, bytes."""
    raw = short.read_bytes().splitlines()[:20_000]
    few = [orjson.loads(each) for each in raw[:1000]]
    slow = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
    fast = jsonschema_rs.Draft202012Validator(
        SCHEMA, validate_formats=True, offline=True, pattern_options=jsonschema_rs.RegexOptions()
    )
    weight, weight_few = sum(map(len, raw)) + len(raw), sum(map(len, raw[:1000])) + 1000
    found: dict[str, tuple[Callable[[], object], int, int]] = {}

    def case(name: str, call: Callable[[Any], object], values: list[Any], weight: int) -> None:
        def run() -> None:
            for value in values:
                call(value)

        found[name] = (run, len(values), weight)

    case("jsonschema iter_errors, decoded", lambda value: list(slow.iter_errors(value)), few, weight_few)
    case("json.loads + jsonschema", lambda text: list(slow.iter_errors(json.loads(text))), raw[:1000], weight_few)
    case("orjson.loads + jsonschema-rs is_valid", lambda text: fast.is_valid(orjson.loads(text)), raw, weight)
    case("jsonschema-rs iter_errors, decoded", lambda value: list(fast.iter_errors(value)), few, weight_few)
    case("orjson.loads alone", orjson.loads, raw, weight)
    return found


def fastjsonschema(short: Path) -> dict[str, float] | Absent:
    """Records and bytes a second of fastjsonschema on records that are valid; or why there are none."""
    python = interpreter("fastjsonschema")
    if isinstance(python, Absent):
        return python
    fast = jsonschema_rs.Draft202012Validator(SCHEMA, validate_formats=True, offline=True)
    good = [line for line in short.read_bytes().splitlines()[:1000] if fast.is_valid(orjson.loads(line))]
    schema = orjson.dumps({**SCHEMA, "$schema": "http://json-schema.org/draft-07/schema#"})
    done = subprocess.run([python, "-c", FASTJSONSCHEMA], input=b"\n".join([schema, *good]), capture_output=True)
    if done.returncode:
        return Absent(done.stderr.decode(errors="replace").strip().rpartition("\n")[2][:120])
    took = float(done.stdout)
    return {"records": len(good) / took, "bytes": sum(map(len, good)) / took}


def tables(quick: bool) -> list[Table]:
    """Measure, and return the table."""
    records, rounds = (20_000, 1) if quick else (1_000_000, 3)
    log = data(records)
    short = head(min(records, 100_000), log)
    whole, inner = processes(log, short), libraries(short)
    lines = {log: records, short: min(records, 100_000)}
    runs = Runs([*whole, *inner, FAST], rounds)
    for _ in range(rounds):
        for name, (words, path) in whole.items():
            missing = next((word for word in words if isinstance(word, Absent)), None)
            try:
                figures = None if missing else once([str(word) for word in words])
            except NotRun as error:
                if name.startswith("auditlog"):
                    raise
                missing = Absent(str(error))
            if missing or figures is None:
                runs.absent(name, missing.why if missing else "")
            else:
                took = figures["seconds"]
                speed = {"records": lines[path] / took, "bytes": path.stat().st_size / took}
                runs.add(name, **speed, peak=figures["peak"])
        for name, (call, count, size) in inner.items():
            took = functions({name: call}, 1).median(name, "seconds") or 0.0
            runs.add(name, records=count / took, bytes=size / took)
        told = fastjsonschema(short)
        if isinstance(told, Absent):
            runs.absent(FAST, told.why)
        else:
            runs.add(FAST, **told)

    def cells(row: str) -> list[str]:
        figure = "bytes" if row.startswith("jq") else "records"
        speed = runs.median(row, "bytes")
        return [
            shown(runs.median(row, "records"), ",.0f"),
            shown(speed and speed / 1e6, ".1f"),
            shown(runs.ratio(OURS, row, figure), ".1f", "x"),
            shown(runs.median(row, "peak"), ".0f"),
        ]

    columns = ("records/s", "MB/s", "auditlog is faster by", "peak MiB")
    title = f"Validating {records:,} records, {log.stat().st_size / 1e6:,.0f} MB"
    return [Table(title, columns, runs, cells, (f"Rounds: {rounds}; {os.cpu_count()} cores.",))]


BENCHES = (
    Bench(
        "validate", "validate beside jsonschema, jsonschema-rs and jq",
        ("jq", "orjson", "jsonschema", "jsonschema-rs", "fastjsonschema"), tables,
    ),
)  # fmt: skip
