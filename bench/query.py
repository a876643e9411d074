"""Questions to a gigabyte: filter, tail, trace, beside ripgrep, jq and DuckDB. No index."""

from __future__ import annotations

import json
from pathlib import Path

from measure import AUDITLOG, commands, data
from peers import interpreter, program
from tables import Bench, Table, timed

DUCKDB = """
import duckdb, sys
asking = "select json from read_ndjson_objects($1) where json->>'session_id' = $2"
for row in duckdb.execute(asking, sys.argv[1:]).fetchall():
    print(row[0])
"""


def tables(quick: bool) -> list[Table]:
    """Measure, and return the tables."""
    records, rounds = (100_000, 3) if quick else (1_000_000, 7)
    log = data(records)
    facts = json.loads(Path(f"{log}.facts.json").read_text())
    size = log.stat().st_size / 1e6
    out = []
    for kind in ("session", "user", "agent"):
        value, hits = facts[f"q_{kind}"]
        cases = {
            "rg -F": [program("rg"), "-F", value, str(log)],
            f"auditlog filter --{kind}": [AUDITLOG, "filter", str(log), f"--{kind}", value, "--no-index"],
        }
        if kind == "session":
            cases["grep -F"] = [program("grep"), "-F", value, str(log)]
        title = f"One {kind}: {hits:,} of {records:,} records, {size:,.0f} MB"
        out.append(timed(title, commands(cases, rounds, lines=hits), "rg -F"))
    value, hits = facts["q_trace"]
    cases = {
        "rg -F": [program("rg"), "-F", value, str(log)],
        "auditlog trace": [AUDITLOG, "trace", value, str(log), "--no-index"],
    }
    out.append(timed(f"One trace as a tree: {hits} records", commands(cases, rounds), "rg -F"))
    small = "auditlog tail -n 10, 1 MB"
    cases = {
        small: [AUDITLOG, "tail", "-n", "10", str(data(1000))],
        f"auditlog tail -n 10, {size:,.0f} MB": [AUDITLOG, "tail", "-n", "10", str(log)],
    }
    out.append(timed("The end of a log", commands(cases, 3 * rounds, lines=10), small))
    value, hits = facts["q_session"]
    filtering = "auditlog filter --session"
    cases = {
        "jq select(.session_id==…)": [program("jq"), "-c", f'select(.session_id=="{value}")', str(log)],
        "duckdb read_ndjson_objects": [interpreter("duckdb"), "-c", DUCKDB, str(log), value],
        filtering: [AUDITLOG, "filter", str(log), "--session", value, "--no-index"],
    }
    out.append(timed("One session, beside jq and DuckDB", commands(cases, 3, warm=0, lines=hits), filtering))
    return out


BENCHES = (
    Bench("query", "filter, trace and tail without an index", ("rg", "grep", "jq", "duckdb", "stringzilla"), tables),
)
