"""`make demo`: a refund handled by five agents is written to a log, and the log is asked what happened.

Nothing here is special: the log is written by `refund_agents.py` through the library, and every command is one
that you can type yourself. The log stays in `demo/`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
LOG = Path("demo") / "audit.jsonl"
AUDITLOG = Path(sys.executable).with_name("auditlog")

QUESTIONS = [
    ("What happened last?", ["tail", "-n", "8", str(LOG)]),
    ("What was refused, or went wrong?", ["filter", str(LOG), "--status", "denied", "--status", "error"]),
    ("Who did what, on whose behalf?", ["trace", "TRACE", str(LOG)]),
    ("Does every record answer the six questions?", ["validate", str(LOG)]),
]


def say(command: str, *, comment: str = "") -> None:
    """Show a command the way a terminal would."""
    bold, dim, plain = ("\033[1m", "\033[2m", "\033[0m") if colour() else ("", "", "")
    print(f"\n{dim}# {comment}{plain}\n{bold}$ {command}{plain}" if comment else f"{bold}$ {command}{plain}", flush=True)


def colour() -> bool:
    """Whether to use colours: on a terminal, unless it says otherwise."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def main() -> int:
    """Write, then ask; the exit code is that of the first command that failed."""
    if LOG.exists():
        print(f"{LOG} is there already: this run is added to it (rm -r {LOG.parent} begins anew)")
    say(f"python {HERE.name}/refund_agents.py {LOG}", comment="Five agents handle a refund; the log is written as they act.")
    written = subprocess.run([sys.executable, str(HERE / "refund_agents.py"), str(LOG)], stdout=subprocess.PIPE, text=True)
    print(written.stdout, end="")
    if written.returncode:
        return written.returncode
    trace = newest_trace()
    for comment, words in QUESTIONS:
        words = [trace if word == "TRACE" else word for word in words]
        say(f"auditlog {' '.join(words)}", comment=comment)
        code = subprocess.run([str(AUDITLOG), *words]).returncode
        if code:
            return code
    say(f"{AUDITLOG} --help", comment=f"The log is yours to play with: {LOG}. Try next:")
    return 0


def newest_trace() -> str:
    """The trace of the last record."""
    from auditlog_cli import Record, read

    traces = [record.content.get("trace_id") for record in read(LOG) if isinstance(record, Record)]
    return str([trace for trace in traces if trace][-1])


if __name__ == "__main__":
    sys.exit(main())
