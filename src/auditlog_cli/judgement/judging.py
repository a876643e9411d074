"""Logs judged by rules, in one process or in two (compliance.md, 7.1, 13.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditlog_cli import parallel
from auditlog_cli.judgement import dealing
from auditlog_cli.judgement.running import Progress, Run, Taken
from auditlog_cli.report import Report
from auditlog_cli.rules.planning import plan

if TYPE_CHECKING:
    from auditlog_cli.judgement.asking import Question
    from auditlog_cli.judgement.dealing import Joined, Shares


def judge(
    paths: list[str], question: Question, *, taken: Taken | None = None, progress: Progress | None = None
) -> Report:
    """Judge some logs.

    Args:
        paths: Files, folders, globs, `-`.
        question: From `asking.asked`.
        taken: Told each finding as it arises, before waivers and the baseline are applied to the rest.
        progress: Told how many bytes have been read.

    Raises:
        DefinitionError: If a rule or a waiver is wrong.
    """
    shares = dealing.shares(paths, question) if taken is None and question.index is None else None

    def mine() -> Run:
        run = Run(question, taken, progress, shares)
        run.read(paths)
        return run

    if shares is None:
        return mine().finish()
    if question.scanner is not None and plan(shares.single, question.as_of).program.needs_scanner:
        question.scanner.expect(sum(shares.sizes.values()))  # once, for both
    theirs, run = parallel.beside(lambda _: _other(paths, question, shares), mine)
    run.join(theirs)
    return run.finish()


def _other(paths: list[str], question: Question, shares: Shares) -> Joined:
    run = Run(question, None, None, shares, theirs=True)
    run.read(paths)
    run.count()
    places = {bound: number for number, bound in enumerate(question.bound)}
    tallies = {places[bound]: tally for bound, tally in run.engine.tallies().items()}
    return dealing.Joined(run.report.findings, run.listing.unlisted, tallies)
