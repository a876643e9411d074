"""`make demo`: refunds handled by five agents are written to a log, and the log is asked what happened.

Nothing here is special: the log is written by `refund_agents.py` through the library, and every command is one
that you can type yourself. The log stays in `demo/`.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
LOG = Path("demo/audit.jsonl")
AUDITLOG = Path(sys.executable).with_name("auditlog")


def main() -> int:
    """Write, then ask; the exit code is that of the first command that failed."""
    if LOG.exists():
        print(f"{LOG} is there already: this run is added to it (rm -r {LOG.parent} begins anew)")
    example = HERE / "refund_agents.py"
    code = ask("Five agents handle two refunds, and record what they do.", "python", os.path.relpath(example), str(LOG))
    if code:
        return code
    for why, *words in (
        ("What happened last?", "tail", "-n", "8", *text(), str(LOG)),
        ("What was refused, or went wrong?", "filter", str(LOG), "--status", "denied", "--status", "error", *text()),
        ("Who did what, on whose behalf, and who approved?", "trace", "refund-1042", str(LOG)),
        ("Does every record answer the six questions?", "validate", str(LOG)),
    ):
        code = code or ask(why, "auditlog", *words)
    if code:
        return code
    comment("The log is yours to play with. Try:")
    for words in (
        ["tail", str(LOG)],
        ["filter", str(LOG), "--user", "dave*"],
        ["trace", "refund-2077", str(LOG)],
        ["--help"],
    ):
        print(f"    {os.path.relpath(AUDITLOG)} {shlex.join(words)}")
    return 0


def ask(why: str, *words: str) -> int:
    """Show a command the way a terminal would, run it, and return its exit code."""
    comment(why)
    bold, plain = ("\033[1m", "\033[0m") if colour() else ("", "")
    print(f"{bold}$ {shlex.join(words)}{plain}", flush=True)
    program = {"python": sys.executable, "auditlog": str(AUDITLOG)}[words[0]]
    return subprocess.run([program, *words[1:]], check=False).returncode


def comment(what: str) -> None:
    """Say what comes."""
    dim, plain = ("\033[2m", "\033[0m") if colour() else ("", "")
    print(f"\n{dim}# {what}{plain}", flush=True)


def colour() -> bool:
    """Whether to use colours: on a terminal, unless it says otherwise."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def text() -> list[str]:
    """What makes a pipe show what a terminal shows: there, records come as they are stored."""
    return [] if sys.stdout.isatty() else ["--format", "text"]


if __name__ == "__main__":
    sys.exit(main())
