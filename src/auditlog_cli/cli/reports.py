"""Where findings go, in the format asked for: at once where the format allows it, else together at the end."""

from __future__ import annotations

from auditlog_cli import sinks
from auditlog_cli.cli import show
from auditlog_cli.counts import many

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.finding import Finding
    from auditlog_cli.validator.report import ValidationReport


class Drawn:
    """The findings of one run on their way out.

    Args:
        out: Where they go.
        format: `text`, `json`, `jsonl`, `github`, `sarif` or `junit`.
        color: `auto`, `always` or `never`.
        report: What the run fills in; its `findings` are filled here.
    """

    def __init__(self, out: sinks.Output, format: str, color: str, report: ValidationReport) -> None:  # noqa: A002
        from auditlog_cli.renderers.text import Style

        self._out = out
        self._format = format
        self._report = report
        self._helped: set[str] = set()
        to_file = isinstance(out, sinks.FileOutput)
        self._style = Style(
            colour=not to_file and show.in_colour(color),
            unicode=to_file or show.in_unicode(),
            columns=0 if to_file else show.columns(),
        )

    def finding(self, finding: Finding) -> None:
        """Take a finding."""
        self._report.findings.append(finding)
        if self._format == "text":
            from auditlog_cli.renderers.findings import text

            helped = finding.fix in self._helped
            self._helped.add(finding.fix)
            for line in text.finding(finding, self._style, helped=helped):
                self._out.line(line)
        elif self._format == "jsonl":
            from auditlog_cli.renderers.findings import jsonl

            self._out.line(jsonl.line(finding))

    def end(self, notices: show.Notices) -> None:
        """Write what comes last, and give a file its name."""
        report = self._report
        if self._format == "text":
            from auditlog_cli.renderers.findings import text

            for line in text.summary(report, self._style):
                self._out.line(line)
        elif self._format == "json":
            from auditlog_cli.renderers.findings import json

            self._out.write(json.render(report).encode())
        elif self._format != "jsonl":
            from auditlog_cli import registry

            made = registry.load("renderers/findings", self._format).render([report.suite])
            self._out.write(made.encode("utf-8", "backslashreplace"))
        show.finish(self._out)
        if self._format != "text":
            notices.say(report.verdict)
            if report.left_out:
                are = "is" if report.left_out == 1 else "are"
                notices.say(f"{many(report.left_out, 'finding')} {are} counted, but not explained (--max-errors)")
