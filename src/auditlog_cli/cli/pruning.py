"""`auditlog prune`: what would go is said, somebody is asked, and it goes."""

from __future__ import annotations

import os

from auditlog_cli.cli import show
from auditlog_cli.counts import many
from auditlog_cli.errors import EXIT_OK
from auditlog_cli.renderers import safe
from auditlog_cli.retention import pruning


def run(path: str, before: int, reason: str, *, despite_hold: bool, dry_run: bool, yes: bool, quiet: bool) -> int:
    """Prune the log at `path`; return the exit code."""
    notices = show.Notices(quiet=quiet)
    plan = pruning.plan(path, before, despite_hold=despite_hold)
    out = show.output(None)
    for name in plan.leftover:
        out.line(f"{name}: declared as pruned earlier, and still there")
    for each in plan.goes:
        out.line(f"{each.path}: records {each.first:,} to {each.first + each.records - 1:,}")
    show.finish(out)
    if plan.held:
        names = ", ".join(safe.one_line(name) for name in plan.holds)
        notices.say(f"{plan.held:,} of these records are under a legal hold ({names})")
    if plan.stays:
        notices.say(f"{safe.one_line(plan.stays)}: it stays, and all behind it")
    if not plan.goes and not plan.leftover:
        notices.say(
            f"{path}: nothing may go, nothing was deleted"
            if plan.held_back
            else f"{path}: nothing is old enough, nothing was deleted"
        )
        return EXIT_OK
    if dry_run:
        notices.say(f"{_extent(plan)} would go; nothing was deleted")
        return EXIT_OK
    if not yes:
        show.ask(
            f"Delete {plan.records:,} records of {os.path.basename(path)} for ever"
            f"{f', {plan.held:,} of them under a legal hold' if plan.held else ''}? [y/N]", ("y", "yes"), path=path,
            undone="deleted", help="--yes deletes unasked",
        )  # fmt: skip
    pruning.carry_out(plan, reason)
    notices.say(f"{_extent(plan)} {'was' if len(plan.goes) == 1 else 'were'} deleted")
    return EXIT_OK


def _extent(plan: pruning.Plan) -> str:
    """How much goes, in words."""
    return f"{many(len(plan.goes), 'segment')} with {many(plan.records, 'record')}"
