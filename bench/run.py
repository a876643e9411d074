"""Every table of docs/performance.md, in one run on one machine: `make bench`.

    python bench/run.py [--quick] [--list] [NAME …]

NAME: some tables only (`--list` shows the names). Each section is written when it has been measured; what was not
run, or could not be, keeps what stood there, with its own date. `--quick`: little data and few rounds, printed and
never written. The data comes from the shared generator (AUDITLOG_DATA; AUDITLOG_BENCH_LOG names a log of a
million records that is there already), the peers are installed into environments of their own (AUDITLOG_BENCH).

Exit code: 0, all that was asked for was measured; 1, some of it could not be; 2, usage.
"""

from __future__ import annotations

import datetime
import importlib
import os
import platform
import subprocess
import sys
import traceback

import page
from measure import ROOT
from peers import version
from tables import Bench, NotRun

MODULES = (
    "startup", "hook", "query", "index", "decode", "validate", "check", "rules", "detectors", "redact", "write",
    "sealing", "verify", "import", "export",
)  # fmt: skip
"""In the order of the page."""


def benches() -> dict[str, Bench]:
    """Return name → tables, in the order of the page."""
    found = [bench for module in MODULES for bench in importlib.import_module(module).BENCHES]
    return {bench.name: bench for bench in found}


def machine(needs: tuple[str, ...]) -> str:
    """What this is measured with, in one line; `needs`: whose versions are named."""
    with open("/proc/cpuinfo") as file:
        cpu = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown")
    ours = version("auditlog-cli").replace("auditlog-cli", "auditlog")
    commit = _git("rev-parse", "--short", "HEAD")
    if commit:
        changed = _git("status", "--porcelain", "--untracked-files=no", "src")
        ours += f" ({commit}{', changed' if changed else ''})"
    said = [f"Python {platform.python_version()}", ours, *map(version, needs)]
    return (
        f"on {os.cpu_count()} cores ({cpu}), {platform.system()} {platform.release()}, {', '.join(said)}; "
        "warm page cache, in turn, medians (a ratio: of the ratios of the rounds)."
    )


def _git(*words: str) -> str:
    try:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:
        return ""


def wanted(words: list[str], known: dict[str, Bench]) -> list[Bench]:
    """Return the tables that are asked for, in the order of the page. Exits with 2 for a name that no table has."""
    unknown = [word for word in words if word not in known]
    if unknown:
        sys.stderr.write(f"no table is called {', '.join(unknown)}\nthere are: {', '.join(known)}\n")
        raise SystemExit(2)
    return [bench for name, bench in known.items() if not words or name in words]


def main(words: list[str]) -> int:
    """Measure, print and write; return the exit code."""
    known = benches()
    options = {word for word in words if word.startswith("-")}
    if options - {"--quick", "--list"}:
        sys.stderr.write(f"{__doc__}")
        return 2
    asked = wanted([word for word in words if word not in options], known)
    if "--list" in options:
        sys.stdout.writelines(f"{each.name:10} {each.about} ({each.page})\n" for each in known.values())
        return 0
    quick, failed = "--quick" in options, []
    orders = {each.page: [other.name for other in known.values() if other.page == each.page] for each in asked}
    for name, order in orders.items():  # before hours of measuring, not after
        text = (ROOT / name).read_text(encoding="utf-8")
        page.check(text, order)
    for bench in asked:
        sys.stderr.write(f"{bench.name} ...\n")
        try:
            text = page.section(datetime.date.today(), machine(bench.needs), bench.measure(quick))
        except NotRun as error:
            failed.append(bench.name)
            sys.stderr.write(f"{bench.name}: not run: {error}\n")
            continue
        except Exception:  # the tables after it are measured all the same
            failed.append(bench.name)
            sys.stderr.write(f"{bench.name}: not run:\n{traceback.format_exc()}")
            continue
        sys.stdout.write(f"{text}\n\n")
        sys.stdout.flush()
        if not quick:
            page.write(ROOT / bench.page, bench.name, text, orders[bench.page])
    if failed:
        kept = "nothing is written" if quick else "what stood there is kept, with its date"
        sys.stderr.write(f"not run: {', '.join(failed)}; {kept}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
