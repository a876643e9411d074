"""Every table of docs/performance.md, in one run on one machine: `make bench`.

    python bench/run.py [--quick]

`--quick`: a tenth of the data and fewer rounds, printed and not kept. The data comes from the shared generator
(AUDITLOG_DATA; AUDITLOG_BENCH_LOG names a log of a million records that is there already), the peers are
installed into an environment of their own (AUDITLOG_BENCH).
"""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
import sys
from importlib.metadata import version

import check
import index
import query
import sealing
import startup
import validate
import write
from measure import ROOT, data, ripgrep

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- measured: begin (make bench) -->", "<!-- measured: end -->"


def machine() -> str:
    """One line on what this was measured with."""
    with open("/proc/cpuinfo") as file:
        cpu = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown")
    rg = subprocess.run([ripgrep(), "--version"], capture_output=True, text=True, check=True).stdout.split("\n")[0]
    jq = subprocess.run(["jq", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    packages = ", ".join(f"{name} {version(name)}" for name in ("orjson", "jsonschema", "jsonschema-rs", "stringzilla"))
    return (
        f"Measured {datetime.date.today()} on {os.cpu_count()} cores ({cpu}), Linux {platform.release()}, "
        f"Python {platform.python_version()}, {rg}, {jq}, {packages}; warm page cache, medians."
    )


def main(words: list[str]) -> None:
    quick = "--quick" in words
    records = 100_000 if quick else 1_000_000
    tables = [
        machine(),
        "",
        startup.table(11 if quick else 41),
        *query.tables(records, 3 if quick else 7),
        *index.tables(records, 3 if quick else 11, jq=not quick),
        validate.table(data(records), 1 if quick else 3),
        check.table(records, 1 if quick else 3),
        write.tables(5_000 if quick else 20_000, 3 if quick else 7),
        sealing.table(500 if quick else 2_000, 1 if quick else 5),
    ]
    text = "\n".join(tables)
    sys.stdout.write(text + "\n")
    if not quick:
        page = PAGE.read_text()
        before, rest = page.split(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    main(sys.argv[1:])
