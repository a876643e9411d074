"""`check()`: logs judged by rules, from Python. The words are those of `auditlog check`; nothing is printed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from auditlog_cli import verification
from auditlog_cli.errors import InputError
from auditlog_cli.judgement.asking import MOST, asked
from auditlog_cli.judgement.judging import judge
from auditlog_cli.report import Report
from auditlog_cli.rules.engine import MAX_STATE
from auditlog_cli.selection import select_by

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


def check(
    paths: Paths,
    *,
    pack: str | Sequence[str] = (),
    policy: str | os.PathLike[str] | None = None,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    experimental: bool = False,
    as_of: str | None = None,
    fail_on: str = "high",
    fail_on_indicators: bool = False,
    require_tested: Sequence[str] = (),
    waivers: str | os.PathLike[str] | None = None,
    baseline: str | os.PathLike[str] | None = None,
    max_findings: int = MOST,
    max_state: int = MAX_STATE,
    user: Sequence[str] | None = None,
    agent: Sequence[str] | None = None,
    session: Sequence[str] | None = None,
    trace: Sequence[str] | None = None,
    since: str | None = None,
    until: str | None = None,
    own: bool = False,
    signers: str | os.PathLike[str] | None = None,
) -> Report:
    """Judge logs by compliance packs, as `auditlog check` does.

    Nothing is printed, no alert is opened, nobody is told. A policy that lies in the working directory is not looked
    for: what is judged does not depend on where the process runs.

    Args:
        paths: Files, folders, globs; closed segments of a log are found.
        pack: Names of shipped packs, or files; instead of those of the policy. With neither: `baseline`.
        policy: The policy file.
        only, skip: Ids of rules; `*` and `?` are wildcards.
        experimental: Experimental rules, too.
        as_of: The "now" of all rules, RFC 3339 or a date; None: the clock.
        fail_on: From which severity on findings count for `Report.exit_code`; `never`: none does.
        fail_on_indicators: Indicators, and duties that do not bind yet, count too.
        require_tested: Ids of rules that must have met a record.
        waivers, baseline: Files.
        max_findings: List so many findings of each rule and count the others; 0: all.
        max_state: Keys that a rule over several records may keep.
        user, agent, session, trace, since, until: Which records, as in `select`.
        own: Rules judge the log's records about itself, too.
        signers: Whose signatures count: OpenSSH's `allowed_signers`.

    Returns:
        What it came to: `findings`, `rules` with the result of each, `exit_code`, `verdict`, and in `unread` what could
        not be looked at.

    Raises:
        UsageError: If an argument is wrong.
        InputError: If nothing could be read.
        DefinitionError: If a pack, the policy, a waiver or the baseline is missing or wrong.

    >>> try:
    ...     check("missing.jsonl")
    ... except InputError as error:
    ...     print(error)
    missing.jsonl: no such file
    """
    names = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    chosen = select_by(user=user, agent=agent, session=session, trace=trace, since=since, until=until, own=True)
    question = asked(
        pack=[pack] if isinstance(pack, str) else pack, policy_file=_text(policy), no_policy=policy is None, only=only,
        skip=skip, experimental=experimental, as_of=as_of, fail_on=fail_on, fail_on_indicators=fail_on_indicators,
        require_tested=require_tested, waivers_file=_text(waivers), baseline=_text(baseline),
        selection=None if chosen.everything else chosen, max_findings=max_findings, max_state=max_state, own=own,
        since=since, until=until, seal=verification.asked(signers=_text(signers)),
    )  # fmt: skip
    report = judge([os.fspath(name) for name in names], question)
    if not report.lines.read:
        missing = report.unread or [InputError("no log was named", help="name a file or a folder")]
        raise InputError("; ".join(map(str, missing)), help=missing[0].help)
    return report


def _text(path: str | os.PathLike[str] | None) -> str | None:
    return None if path is None else os.fspath(path)
