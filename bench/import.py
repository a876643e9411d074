"""How fast foreign files are read: units a second and megabytes a second, by format.

python bench/import.py [COPIES]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from auditlog_cli import importers, strictjson
from auditlog_cli.sources.lines import read_lines


def main(copies: int = 5_000) -> None:
    """Print a table: the samples of each format, many times over, in one file a line each."""
    print("| format | MB | records | records/s | MB/s |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name in importers.names():
            values = [value for _, value in strictjson.values(importers.load(name).SAMPLES[0])]
            flat = [each for value in values for each in (value if isinstance(value, list) else [value])]
            block = "".join(f"{strictjson.written(each)}\n" for each in flat)
            path = Path(folder) / f"{name}.jsonl"
            path.write_text(block * copies)
            size = path.stat().st_size / 1e6
            begin = time.perf_counter()
            records = sum(1 for _ in read_lines(str(path)))
            took = time.perf_counter() - begin
            print(f"| {name} | {size:.1f} | {records:,} | {records / took:,.0f} | {size / took:.1f} |")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
