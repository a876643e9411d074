"""How fast foreign files are read: records a second and megabytes a second, beside json.loads of the lines."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

from tables import Bench, Runs, Table, shown

from auditlog_cli import importers, strictjson
from auditlog_cli.sources.lines import read_lines


def tables(quick: bool) -> list[Table]:
    """Measure the samples of each format, many times over, in a file with a value a line; return the table."""
    copies, rounds = (100, 1) if quick else (5_000, 3)
    runs = Runs(importers.names(), rounds)
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: Path(folder) / f"{name}.jsonl" for name in runs.rows()}
        for name, path in paths.items():
            values = [value for _, value in strictjson.values(importers.load(name).SAMPLES[0])]
            flat = [each for value in values for each in (value if isinstance(value, list) else [value])]
            path.write_text("".join(f"{strictjson.written(each)}\n" for each in flat) * copies)
        for _ in range(rounds):
            for name, path in paths.items():
                begin = time.perf_counter()
                records = sum(1 for _ in read_lines(str(path)))
                took = time.perf_counter() - begin
                begin = time.perf_counter()
                for line in path.read_bytes().splitlines():
                    json.loads(line)
                loads = time.perf_counter() - begin
                size = path.stat().st_size / 1e6
                runs.add(name, size=size, records=records, speed=records / took, bytes=size / took, loads=took / loads)

    def cells(row: str) -> list[str]:
        return [
            shown(runs.median(row, "size"), ".1f"), shown(runs.median(row, "records"), ",.0f"),
            shown(runs.median(row, "speed"), ",.0f"), shown(runs.median(row, "bytes"), ".1f"),
            shown(runs.median(row, "loads"), ".1f"),
        ]  # fmt: skip

    columns = ("MB", "records", "records/s", "MB/s", "x json.loads")
    return [Table("Reading foreign formats", columns, runs, cells, (f"Rounds: {rounds}.",), corner="format")]


BENCHES = (Bench("import", "foreign formats read, beside json.loads", ("orjson",), tables),)
