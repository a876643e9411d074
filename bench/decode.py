"""One line decoded strictly: the two ways of strictjson beside orjson and json; and when importing orjson has paid.

`exact` is what short logs are read with, `decode` what long ones are. As whole processes: reading so many lines by the
one, and by the other with the import of orjson, which `auditlog` does after `strictjson._FEW` lines.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import orjson
from measure import BIN, Words, commands, data, functions, head
from tables import Bench, Table, shown, timed

from auditlog_cli import strictjson

_READING = """
import sys
from auditlog_cli.strictjson import {way} as read{bulk}
with open(sys.argv[1], "rb") as file:
    for line in file:
        read(line.rstrip(b"\\n"))
"""
EXACT = _READING.format(way="exact", bulk="")
DECODE = _READING.format(way="decode", bulk="; import auditlog_cli.strictjson as s; s.in_bulk()")


def tables(quick: bool) -> list[Table]:
    """Measure, and return the tables."""
    count, rounds = (5_000, 3) if quick else (100_000, 7)
    log = data(100_000)
    lines = head(count, log).read_bytes().splitlines()
    strictjson.in_bulk()
    ways: dict[str, Callable[[bytes], object]] = {
        "orjson.loads": orjson.loads,
        "json.loads": json.loads,
        "auditlog: strictjson.decode": strictjson.decode,
        "auditlog: strictjson.exact": strictjson.exact,
    }

    def over(way: Callable[[bytes], object]) -> Callable[[], None]:
        def run() -> None:
            for line in lines:
                way(line)

        return run

    runs = functions({name: over(way) for name, way in ways.items()}, rounds, counts=dict.fromkeys(ways, count))

    def cells(row: str) -> list[str]:
        each = runs.median(row, "cpu")
        return [shown(each and each * 1e6, ".2f"), shown(runs.ratio(row, "orjson.loads", "cpu"), ".2f", "x")]

    found = [Table(f"Decoding {count:,} lines", ("µs a line, processor", "x orjson.loads"), runs, cells)]
    for few in (100, 1_000, 4_000):
        path, python = str(head(few, log)), str(BIN / "python")
        cases: dict[str, Words] = {
            "auditlog: exact": [python, "-c", EXACT, path],
            "auditlog: decode, orjson imported": [python, "-c", DECODE, path],
        }
        found.append(timed(f"A process that decodes {few:,} lines", commands(cases, 3 * rounds), "auditlog: exact"))
    return found


BENCHES = (Bench("decode", "one line decoded strictly", ("orjson",), tables),)
