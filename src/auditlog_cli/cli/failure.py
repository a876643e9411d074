"""What went wrong, in one clear line, one line of help, and a documented exit code."""

from __future__ import annotations

import os
import sys

from auditlog_cli.cli import show
from auditlog_cli.errors import EXIT_CLOSED_PIPE, EXIT_INTERNAL, AuditlogError
from auditlog_cli.renderers import safe
from auditlog_cli.sinks import ClosedPipe


def report(error: BaseException, *, debug: bool) -> int:
    """Say on standard error what `error` means to the user; return the exit code."""
    if isinstance(error, (ClosedPipe, BrokenPipeError)):
        # Point standard output at nothing, or the interpreter complains about the pipe once more at exit.
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.close(null)
        return EXIT_CLOSED_PIPE
    if debug:
        import traceback

        traceback.print_exception(error)
    if isinstance(error, AuditlogError):
        say(error.kind, error.message, error.help)
        return error.exit_code
    say(
        "internal",
        f"this is a bug ({type(error).__name__})",
        "run again with `auditlog --debug …` and report the traceback",
    )
    return EXIT_INTERNAL


def say(kind: str, message: str, help_line: str = "") -> None:
    """Write `auditlog: error[kind]: message` and, if there is one, the line of help."""
    lines = show.to_person(f"auditlog: error[{kind}]: {safe.one_line(message)}")
    if help_line:
        lines += show.to_person(f"  help: {safe.one_line(help_line)}", "    ")
    try:
        sys.stderr.write("\n".join(lines) + "\n")
        sys.stderr.flush()
    except OSError:
        pass  # nobody listens on standard error: the exit code still says it
