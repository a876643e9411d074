"""Questions to a gigabyte: filter, tail, trace, beside ripgrep and jq. No index.

python bench/query.py [RECORDS] [ROUNDS]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from measure import BIN, commands, data, markdown, ripgrep


def tables(records: int = 1_000_000, rounds: int = 7) -> list[str]:
    """The tables as Markdown."""
    log = data(records)
    facts = json.loads(Path(f"{log}.facts.json").read_text())
    size = log.stat().st_size / 1e6
    auditlog, rg = str(BIN / "auditlog"), ripgrep()
    out = []
    for kind, option in (("session", "session"), ("user", "user"), ("agent", "agent")):
        value, hits = facts[f"q_{kind}"]
        cases = {
            "rg -F": [rg, "-F", value, str(log)],
            f"auditlog filter --{option}": [auditlog, "filter", str(log), f"--{option}", value, "--no-index"],
        }
        if kind == "session":
            cases["grep -F"] = ["grep", "-F", value, str(log)]
        title = f"One {kind}: {hits:,} of {records:,} records, {size:,.0f} MB"
        out.append(markdown(title, commands(cases, rounds), "rg -F"))
    value, hits = facts["q_trace"]
    cases = {"rg -F": [rg, "-F", value, str(log)], "auditlog trace": [auditlog, "trace", value, str(log), "--no-index"]}
    out.append(markdown(f"One trace as a tree: {hits} records", commands(cases, rounds), "rg -F"))
    small = data(1000)
    cases = {
        "auditlog tail -n 10, 1 MB": [auditlog, "tail", "-n", "10", str(small)],
        f"auditlog tail -n 10, {size:,.0f} MB": [auditlog, "tail", "-n", "10", str(log)],
    }
    out.append(markdown("The end of a log", commands(cases, 21), "auditlog tail -n 10, 1 MB"))
    value, hits = facts["q_session"]
    cases = {
        "jq select(.session_id==…)": ["jq", "-c", f'select(.session_id=="{value}")', str(log)],
        "auditlog filter --session": [auditlog, "filter", str(log), "--session", value, "--no-index"],
    }
    out.append(markdown("One session, beside jq", commands(cases, 3, warm=0), "auditlog filter --session"))
    return out


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    sys.stdout.write("\n".join(tables(*numbers)))
