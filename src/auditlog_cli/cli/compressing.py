"""`auditlog compress`: what would be compressed, and what was."""

from __future__ import annotations

import os

from auditlog_cli.cli import show
from auditlog_cli.counts import many
from auditlog_cli.errors import EXIT_INCOMPLETE, EXIT_OK
from auditlog_cli.renderers import safe
from auditlog_cli.retention import compressing


def run(path: str, *, dry_run: bool, quiet: bool) -> int:
    """Compress the closed segments of the log at `path`; return the exit code."""
    notices = show.Notices(quiet=quiet)
    plan = compressing.plan(path)
    out = show.output(None)
    for name in plan.too_large:
        notices.say(f"{name}: too large to be unpacked into memory, stays as it is")
    if dry_run:
        for name, size in plan.segments:
            out.line(f"{safe.one_line(os.path.basename(name))}: {size:,} bytes")
        show.finish(out)
        are = "is" if plan.packed == 1 else "are"
        would = f"{many(len(plan.segments), 'segment')} would be compressed"
        notices.say(f"{would}, {plan.packed:,} {are}; nothing was changed")
        return EXIT_OK

    def told(packed: compressing.Packed) -> None:
        out.line(f"{safe.one_line(os.path.basename(packed.path))}: {packed.before:,} to {packed.after:,} bytes")

    done = compressing.carry_out(plan, told)
    show.finish(out)
    notices.say(f"{many(len(done), 'segment')} compressed, {plan.packed} compressed before")
    return EXIT_INCOMPLETE if plan.too_large else EXIT_OK
