"""`auditlog validate` beside its peers, in one run: records a second, bytes a second, ratios, peak memory.

    python bench/validate.py LOG [ROUNDS]

LOG is made by the shared generator (`gen.py LOG 1000000`: 1 GB, a fifth of its records not valid). The slow
peers see its beginning only, and say how much. Ours are whole processes, start-up included; the peers are
given decoded records or bytes as said, in this process. A row that cannot be run is not written.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import orjson

from auditlog_cli.validator import schemas

ROUNDS = 3
ONE = "import sys; from auditlog_cli.validation import validate; validate(sys.argv[1], processes=1)"
SCHEMA: Any = schemas.part("six-questions")


def head(log: Path, lines: int, to: Path) -> Path:
    """The first lines of the log as a file of its own."""
    if not to.exists():
        with log.open("rb") as source, to.open("wb") as target:
            target.writelines(islice(source, lines))
    return to


def whole(*words: object) -> Callable[[], None]:
    def run() -> None:
        with open(os.devnull, "wb") as null:
            code = subprocess.run([str(word) for word in words], stdout=null, stderr=null).returncode
        if code > 1:
            raise SystemExit(f"exit code {code}: {words}")

    return run


def peers(log: Path) -> dict[str, tuple[Callable[[], object], int, int]]:
    """Name → what to run, records, bytes."""
    folder = Path(os.environ.get("AUDITLOG_BENCH", "/tmp"))
    middle = head(log, 100_000, folder / "auditlog-bench-100k.jsonl")
    size, lines = log.stat().st_size, sum(block.count(b"\n") for block in _blocks(log))
    raw = middle.read_bytes().splitlines()[:20_000]
    few = [orjson.loads(each) for each in raw[:1000]]
    slow = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
    fast = jsonschema_rs.Draft202012Validator(
        SCHEMA, validate_formats=True, offline=True, pattern_options=jsonschema_rs.RegexOptions()
    )
    weight, weight_few = sum(map(len, raw)) + len(raw), sum(map(len, raw[:1000])) + 1000
    auditlog = Path(sys.executable).parent / "auditlog"
    cases: dict[str, tuple[Callable[[], object], int, int]] = {
        "auditlog validate": (whole(auditlog, "validate", log), lines, size),
        "auditlog validate, one process": (whole(sys.executable, "-c", ONE, log), lines, size),
    }

    def case(name: str, call: Callable[[Any], object], values: list[Any], weight: int) -> None:
        def run() -> None:
            for value in values:
                call(value)

        cases[name] = (run, len(values), weight)

    case("jsonschema iter_errors, decoded", lambda value: list(slow.iter_errors(value)), few, weight_few)
    case("json.loads + jsonschema", lambda text: list(slow.iter_errors(json.loads(text))), raw[:1000], weight_few)
    case("orjson.loads + jsonschema-rs is_valid", lambda text: fast.is_valid(orjson.loads(text)), raw, weight)
    case("jsonschema-rs iter_errors, decoded", lambda value: list(fast.iter_errors(value)), few, weight_few)
    case("orjson.loads alone", orjson.loads, raw, weight)
    if os.path.exists("/usr/bin/jq"):
        cases["jq ."] = (whole("/usr/bin/jq", ".", middle), 100_000, middle.stat().st_size)
    try:
        import fastjsonschema

        draft_7 = json.loads(json.dumps({**SCHEMA, "$schema": "http://json-schema.org/draft-07/schema#"}))
        compiled = fastjsonschema.compile(draft_7)
        good = [each for each in few if fast.is_valid(each)]
        case("fastjsonschema (draft 7), valid ones", compiled, good, weight_few * len(good) // 1000)
    except Exception as error:
        print(f"fastjsonschema: not run ({type(error).__name__})", file=sys.stderr)
    return cases


def peak(log: Path) -> int:
    """The resident size of our largest process, MiB; started by a small one, whose own size it would inherit."""
    code = (
        "import os, resource, sys; null = os.open(os.devnull, os.O_WRONLY); out = os.dup(1); os.dup2(null, 1);"
        "os.spawnv(os.P_WAIT, sys.argv[1], sys.argv[1:]);"
        "os.write(out, str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024).encode())"
    )
    command = [sys.executable, "-S", "-c", code, str(Path(sys.executable).parent / "auditlog"), "validate", str(log)]
    return int(subprocess.run(command, capture_output=True, text=True).stdout)


def _blocks(log: Path) -> Any:
    with log.open("rb") as file:
        while block := file.read(1 << 22):
            yield block


def table(log: Path, rounds: int = ROUNDS) -> str:
    """The table as Markdown."""
    cases = peers(log)
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, (call, _, _) in cases.items():
            begin = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - begin)
    ours_records, ours_bytes = 0.0, 0.0
    lines = [
        "### Validating a log of 1 GB",
        "",
        "| | records/s | MB/s | auditlog is faster by |",
        "|---|---:|---:|---:|",
    ]
    for name, (_, records, size) in cases.items():
        took = statistics.median(seconds[name])
        per_second, bytes_second = records / took, size / took / 1e6
        if not ours_records:
            ours_records, ours_bytes = per_second, bytes_second
        ratio = ours_bytes / bytes_second if name.startswith("jq") else ours_records / per_second
        shown = f"**{name}**" if name.startswith("auditlog") else name
        lines.append(f"| {shown} | {per_second:,.0f} | {bytes_second:.1f} | {ratio:.1f}x |")
    lines += ["", f"Largest process of ours: {peak(log)} MiB; {rounds} rounds, medians; {os.cpu_count()} cores.", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table(Path(sys.argv[1]), *(int(word) for word in sys.argv[2:])))
