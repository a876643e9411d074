"""`auditlog validate`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def validate(
    paths: o.Paths = None,
    profile: o.Profile = "six-questions",
    strict: o.Strict = False,
    max_errors: o.MaxErrors = 100,
    shape: o.From = None,
    format: o.ReportFormat = "text",  # noqa: A002 - the word of the option
    color: o.Color = "auto",
    output: o.Output = None,
    quiet: o.Quiet = False,
) -> int:
    """Say what is wrong with a log: line by line, in words, and which of the six questions it answers.

    Who is the user? Who is the agent? What was it authorized to do? What did it do? On whose behalf? Was it
    approved by a human? A value that was withheld counts as there, but unknown. Lines of other shapes are
    judged by what they say under any name; nothing is guessed. Exit code: 0 all valid, 1 something found,
    3 something could not be looked at.

    Examples:
      auditlog validate audit.jsonl
      auditlog validate logs/ --profile record --max-errors 0
      auditlog validate audit.jsonl --format sarif -o audit.sarif
    """
    from auditlog_cli import decoders, validation
    from auditlog_cli.cli import failure, progress, reports, show
    from auditlog_cli.validator.report import ValidationReport

    given = show.paths(paths, shape)
    lines = shape if shape in decoders.names() else None  # a format's lines come translated
    asked = validation.asked(profile, strict=strict, shape=lines, max_errors=max_errors)
    report = ValidationReport(asked.profile, strict=strict)
    bar = progress.Bar(enabled=not quiet and show.is_terminal(2))
    out = show.output(output)
    try:
        drawn = reports.Drawn(out, format, color, report)
        for finding in validation.run(given, report, asked, progress=bar.update):
            bar.hide()
            drawn.finding(finding)
        bar.hide()
        for error in report.unread:
            failure.say(error.kind, error.message, error.help)
        if not report.tally.read:
            show.discard(out)
            return report.exit_code
        drawn.end(show.Notices(quiet=quiet))
    except BaseException:
        bar.hide()
        show.discard(out)
        raise
    return report.exit_code
