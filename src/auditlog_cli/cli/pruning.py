"""`auditlog prune`: what would go is said, somebody is asked, and it goes."""

from __future__ import annotations

import os

from auditlog_cli.cli import show
from auditlog_cli.errors import EXIT_OK
from auditlog_cli.writer import pruning


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
        show.ask(
            f"Delete {plan.records:,} records of {os.path.basename(path)} for ever? [y/N]", ("y", "yes"), path=path,
            undone="deleted", help="--yes deletes unasked",
        )  # fmt: skip
    pruning.carry_out(plan, reason)
    notices.say(f"{len(plan.goes)} segments with {plan.records:,} records were deleted")
    return EXIT_OK
