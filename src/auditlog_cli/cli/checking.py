"""`auditlog check`: a report on its way out."""

from __future__ import annotations

import os
from collections.abc import Sequence

from auditlog_cli import sinks
from auditlog_cli.cli import failure, progress, show
from auditlog_cli.cli.fitting import goes_with
from auditlog_cli.errors import EXIT_INPUT, AuditWriteError, remedy
from auditlog_cli.finding import Finding
from auditlog_cli.judgement import baseline as baselines
from auditlog_cli.judgement.announcing import NOBODY, Announcer, Wish
from auditlog_cli.judgement.asking import Question
from auditlog_cli.judgement.judging import judge
from auditlog_cli.renderers.text import Style
from auditlog_cli.report import Report, many

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.rules.sitefacts import Policy
    from auditlog_cli.verification.whole import Question as Seal

_STEP_SUMMARY = "GITHUB_STEP_SUMMARY"

_WITHOUT_WARNINGS = ("jsonl", "sarif", "junit", "github")
"""Formats that have no place for what a reader should know of a run: it is said beside them."""


class Shown:
    """How a report is shown.

    Args:
        format: One of `options.CheckFormat`.
        color: `auto`, `always` or `never`.
        output: A file that appears whole, or None for standard output.
        merge: One finding a fact, with all rules.
        explain: Each rule with findings in full.
        quiet: No notices.
        sarif_waived: In SARIF, also what is waived or known, marked as suppressed.

    Raises:
        UsageError: If that is asked for, and another format.
    """

    def __init__(
        self,
        format: str,  # noqa: A002
        color: str,
        output: str | None,
        *,
        merge: bool,
        explain: bool,
        quiet: bool,
        sarif_waived: bool = False,
    ) -> None:
        goes_with(
            "--format sarif", format == "sarif", {"--sarif-waived": sarif_waived},
            "auditlog check LOG --format sarif --sarif-waived include",
        )  # fmt: skip
        self._sarif_waived = sarif_waived
        self.format = format
        self.color = color
        self.output = output
        self.merge = merge
        self.explain = explain
        self.notices = show.Notices(quiet=quiet)

    def draw(self, report: Report, out: sinks.Output) -> None:
        """Write a report, and give a file its name."""
        if self.format == "text":
            for line in self._text(report, out):
                out.line(line)
        elif self.format != "jsonl":
            text = _rendered(report, self.format, merge=self.merge, sarif_waived=self._sarif_waived)
            out.write(text.encode("utf-8", "backslashreplace"))
        show.finish(out)
        if self.format == "github":
            self._summary(report)
        if self.format != "text":
            self.notices.say(report.verdict)

    def _text(self, report: Report, out: sinks.Output) -> list[str]:
        from auditlog_cli.renderers.checks import text

        to_file = isinstance(out, sinks.FileOutput)
        style = Style(
            colour=not to_file and show.in_colour(self.color),
            unicode=to_file or show.in_unicode(),
            columns=0 if to_file else show.columns(),
        )
        return text.lines(report, style, explain=self.explain, merge=self.merge)

    def _summary(self, report: Report) -> None:
        """Append the report to the summary of a step of GitHub Actions, where there is one (8.3)."""
        path = os.environ.get(_STEP_SUMMARY)
        if not path:
            return
        try:
            with open(path, "a", encoding="utf-8") as file:
                file.write(_rendered(report, "markdown", merge=self.merge))
        except OSError as error:
            said = f"${_STEP_SUMMARY}: cannot be written ({error.strerror})"
            report.unwritten.append(AuditWriteError(said, help=remedy(error)))


def _rendered(report: Report, format: str, *, merge: bool, sarif_waived: bool = False) -> str:  # noqa: A002
    if sarif_waived:
        from auditlog_cli.renderers.findings import sarif
        from auditlog_cli.suites import suites

        return sarif.render(suites(report), waived=True)
    if format in ("json", "markdown", "html"):
        from auditlog_cli import registry

        return str(registry.load("renderers/checks", format).render(report, merge=merge))
    from auditlog_cli import registry
    from auditlog_cli.suites import suites

    return str(registry.load("renderers/findings", format).render(suites(report)))


def sealed(*, signers: str | None, vkey: str | None, known: str | None, require_heartbeat: bool) -> Seal | None:
    """Return what the verifier is asked; None where no option says anything, so that it need not be loaded.

    Raises:
        DefinitionError, UsageError: See `verification.asked`.
    """
    if signers is None and vkey is None and known is None and not require_heartbeat:
        return None
    from auditlog_cli import verification

    return verification.asked(signers=signers, vkey=vkey, known=known, require_heartbeat=require_heartbeat)


def wish(
    policy: Policy,
    *,
    alerts: str | None,
    webhooks: Sequence[str] | None,
    emails: Sequence[str] | None,
    emit: str | None,
    form: str,
) -> Wish:
    """Return who is to hear of findings: see `alerting.wish`, which is loaded where anybody is named.

    Raises:
        UsageError, DefinitionError, InputError: As there.
    """
    if not (alerts or webhooks or emails or policy.alerts or policy.notify):
        return Wish(None, (), emit, form)
    from auditlog_cli.cli import alerting

    return alerting.wish(policy, alerts=alerts, webhooks=webhooks, emails=emails, emit=emit, form=form)


def run(
    paths: Sequence[str],
    question: Question,
    shown: Shown,
    write_baseline: str | None,
    wish: Wish = NOBODY,
    annotated: str | None = None,
) -> int:
    """Judge logs, say what came of it, and announce it to those who wish so; return the exit code.

    Raises:
        DefinitionError: If a rule or a waiver is wrong.
        AuditWriteError: If the answer cannot be written.
    """
    announcer = Announcer(wish)
    bar = progress.Bar(enabled=not shown.notices.quiet and show.is_terminal(2))
    total = sum(_size(path) for path in paths)
    out = show.output(shown.output)

    def told(done: int) -> None:
        bar.update(done, total)

    def line(finding: Finding) -> None:
        from auditlog_cli.renderers.findings import jsonl

        out.line(jsonl.line(finding))

    # Waivers and a baseline change what a finding is: then it is shown when they have been applied.
    settled = bool(question.waivers or question.baseline)
    at_once = line if shown.format == "jsonl" and not settled else None
    question.announced = wish.anything or write_baseline is not None
    try:
        report = judge(list(paths), question, taken=at_once, progress=told)
        bar.hide()
        announce(report, announcer, shown.notices)
        if shown.format == "jsonl" and at_once is None:
            for finding in report.findings:
                line(finding)
        if not report.lines.read:
            show.discard(out)
            for error in (*report.unread, *report.unwritten):
                failure.say(error.kind, error.message, error.help)
            return EXIT_INPUT
        if write_baseline is not None:
            baselines.write(write_baseline, report.findings, report.as_of)
            shown.notices.say(f"{write_baseline}: {len({each.fingerprint for each in report.findings}):,} fingerprints")
        if annotated is not None:
            _annotate(paths, question, annotated, shown.notices)
        shown.draw(report, out)
    except BaseException:
        bar.hide()
        show.discard(out)
        raise
    finally:
        announcer.close()
    if shown.format in _WITHOUT_WARNINGS:
        for warning in report.warnings:
            shown.notices.say(f"warning: {warning}")
    for trouble in (*report.unread, *report.unwritten):
        failure.say(trouble.kind, trouble.message, trouble.help)
    return report.exit_code


def _annotate(paths: Sequence[str], question: Question, path: str, notices: show.Notices) -> None:
    from auditlog_cli.judgement import annotating

    copy = sinks.FileOutput(path)
    try:
        done = annotating.annotate(paths, question, copy.write)
        copy.commit()
    finally:
        copy.discard()
    notices.say(f"{path}: {many(done.annotated, 'record')} annotated of {many(done.read, 'line')}; for searching, not evidence")  # fmt: skip # noqa: E501


def announce(report: Report, announcer: Announcer, notices: show.Notices) -> None:
    """Announce the findings that are neither waived nor known; what could not be written or told becomes part of the
    report.
    """
    new = [finding for finding in report.findings if finding.state == "new"]
    taken = False
    try:
        announcer.take(new)
        taken = not announcer.unwritten
        logs = [source.path for source in report.inputs]
        announcer.reviewed(report.lines, len(new), logs, incomplete=bool(report.unread or report.incomplete))
    except AuditWriteError as error:
        report.unwritten.append(error)
    report.unwritten += [*announcer.unwritten, *announcer.finish()]
    report.warnings += announcer.warnings
    if announcer.wish.anything and taken:
        notices.say(f"{many(announcer.opened, 'finding')} new, {many(len(new) - announcer.opened, 'finding')} announced before")  # fmt: skip # noqa: E501


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
