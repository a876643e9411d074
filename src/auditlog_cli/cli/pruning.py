"""`auditlog prune`: what would go is said, somebody is asked, and it goes."""

from __future__ import annotations

import os
import sys

from auditlog_cli.cli import show
from auditlog_cli.errors import EXIT_OK, UsageError
from auditlog_cli.retention import pruning


def run(path: str, before: int, reason: str, *, dry_run: bool, yes: bool, quiet: bool) -> int:
    """Prune the log at `path`; return the exit code."""
    notices = show.Notices(quiet=quiet)
    plan = pruning.plan(path, before)
    out = show.output(None)
    for name in plan.leftover:
        out.line(f"{name}: declared as pruned earlier, and still there")
    for each in plan.goes:
        out.line(f"{each.path}: records {each.first:,} to {each.first + each.records - 1:,}")
    show.finish(out)
    if plan.stays:
        notices.say(f"{plan.stays}: it stays, and all behind it")
    if not plan.goes and not plan.leftover:
        notices.say(f"{path}: nothing is old enough, nothing was deleted")
        return EXIT_OK
    if dry_run:
        notices.say(f"{len(plan.goes)} segments with {plan.records:,} records would go; nothing was deleted")
        return EXIT_OK
    if not yes:
        _ask(path, plan)
    pruning.carry_out(plan, reason)
    notices.say(f"{len(plan.goes)} segments with {plan.records:,} records were deleted")
    return EXIT_OK


def _ask(path: str, plan: pruning.Plan) -> None:
    if not show.is_terminal(0) or not show.is_terminal(2):
        raise UsageError(f"{path}: nobody can be asked here, so nothing was deleted", help="--yes deletes unasked")
    sys.stderr.write(f"Delete {plan.records:,} records of {os.path.basename(path)} for ever? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise UsageError(f"{path}: not confirmed, nothing was deleted")
