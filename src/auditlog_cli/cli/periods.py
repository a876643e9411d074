"""`auditlog report`: a summary on its way out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from auditlog_cli import registry, times
from auditlog_cli.cli import alerting, failure, progress, show
from auditlog_cli.errors import EXIT_INPUT, UsageError
from auditlog_cli.judgement.asking import Question
from auditlog_cli.reporting.period import summarise


def moment(option: str, text: str | None) -> int | None:
    """Return the instant that an option names, microseconds since the epoch; None if it is not given.

    Raises:
        UsageError: If it is none.
    """
    if text is None:
        return None
    found = times.moment(text)
    if found is None:
        raise UsageError(f"{option} {text}: not a time", help="for example 2026-10-01, or 2026-10-01T00:00:00Z")
    return found


def judged_at(end: int | None) -> str:
    """Return the moment at which a period is judged: its end, or now if that is earlier or none is given (RFC 3339)."""
    return times.now() if end is None else min(times.render(end), times.now())


def run(
    paths: Sequence[str],
    question: Question,
    start: int | None,
    end: int | None,
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
        made, unread = summarise(
            paths, question, start, end, alerts=alerts, progress=lambda done: bar.update(done, total)
        )
        bar.hide()
        if not made["lines"]["read"]:
            show.discard(out)
            for error in unread:
                failure.say(error.kind, error.message, error.help)
            return EXIT_INPUT
        text: str = registry.load("renderers/summaries", form).render(made)
        out.write(text.encode("utf-8", "backslashreplace"))
        show.finish(out)
    except BaseException:
        bar.hide()
        show.discard(out)
        raise
    for error in unread:
        failure.say(error.kind, error.message, error.help)
    for warning in made["warnings"]:
        notices.say(f"warning: {warning}")
    notices.say(f"{_told(made['period'])}: {made['verdict']}")
    code: int = made["exit_code"]
    return code


def _told(period: dict[str, Any]) -> str:
    """A period in words: who named no end is told which one it became."""
    ends = f"{period['from'][:10]} to {period['to'][:10]}"
    if len(period["open_ends"]) == 2:
        return f"the whole log, {ends} (--from and --to choose a period)"
    return ends
