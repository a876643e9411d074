"""What `verify` does with its surroundings: where heads are remembered, and how verdicts are drawn."""

from __future__ import annotations

import os

from auditlog_cli import registry, sinks
from auditlog_cli.cli import show
from auditlog_cli.errors import AuditWriteError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.renderers.text import Style
    from auditlog_cli.verdict import Verdict
    from auditlog_cli.verification.whole import Question


def memory() -> str:
    """Return the file of remembered heads (integrity.md, 5.4; XDG Base Directory Specification)."""
    folder = os.environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(folder):
        folder = os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(folder, "auditlog", "heads.json")


def remember(verdict: Verdict, question: Question, notices: show.Notices) -> None:
    """Keep the head of a log; say so if that cannot be done: the verdict stands all the same."""
    from auditlog_cli import verification

    try:
        verification.remember(verdict, question)
    except AuditWriteError as error:
        notices.say(f"the head is not remembered: {error.message}")


def write(out: sinks.Output, verdicts: list[Verdict], format: str, style: Style) -> None:  # noqa: A002
    """Write verdicts in a format."""
    if format == "text":
        from auditlog_cli.renderers.verdicts import text

        for number, verdict in enumerate(verdicts):
            for line in ["", *text.lines(verdict, style)] if number else text.lines(verdict, style):
                out.line(line)
    elif format == "json":
        from auditlog_cli.renderers.verdicts import json

        out.write(json.render(verdicts).encode())
    else:
        from auditlog_cli.verification import rules

        made = registry.load("renderers/findings", format).render([rules.suite(verdicts)])
        out.write(made.encode("utf-8", "backslashreplace"))
