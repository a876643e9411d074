"""`auditlog report`: a summary on its way out."""

from __future__ import annotations

import os
from collections.abc import Sequence

from auditlog_cli import registry, times
from auditlog_cli.cli import alerting, failure, progress, show
from auditlog_cli.errors import EXIT_INPUT, UsageError
from auditlog_cli.judgement.asking import Question
from auditlog_cli.reporting.period import summarise


def moment(option: str, text: str) -> int:
    """Return the instant that an option names, microseconds since the epoch.

    Raises:
        UsageError: If it is none.
    """
    found = times.moment(text)
    if found is None:
        raise UsageError(f"{option} {text}: not a time", help="for example 2026-10-01, or 2026-10-01T00:00:00Z")
    return found


def judged_at(end: int) -> str:
    """Return the moment at which a period is judged: its end, or now if that is earlier (RFC 3339)."""
    return min(times.render(end), times.now())


def run(
    paths: Sequence[str],
    question: Question,
    start: int,
    end: int,
    alerts: str | None,
    form: str,
    output: str | None,
    *,
    quiet: bool,
) -> int:
    """Summarise a period; return the exit code. Raises as `summarise` and `show.finish` do."""
    if alerts is None:
        named = alerting.of_policy(question.policy)
        alerts = named if named is not None and os.path.exists(named) else None
    notices = show.Notices(quiet=quiet)
    bar = progress.Bar(enabled=not quiet and show.is_terminal(2))
    total = sum(os.path.getsize(path) for path in paths if os.path.isfile(path))
    out = show.output(output)
    try:
        made = summarise(paths, question, start, end, alerts=alerts, progress=lambda done: bar.update(done, total))
        bar.hide()
        if not made["lines"]["read"]:
            show.discard(out)
            for error in made["unread"]:
                failure.say("input", error)
            return EXIT_INPUT
        text: str = registry.load("renderers/summaries", form).render(made)
        out.write(text.encode("utf-8", "backslashreplace"))
        show.finish(out)
    except BaseException:
        bar.hide()
        show.discard(out)
        raise
    for error in made["unread"]:
        failure.say("input", error)
    notices.say(made["verdict"])
    code: int = made["exit_code"]
    return code
