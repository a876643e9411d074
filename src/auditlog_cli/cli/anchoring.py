"""`auditlog anchor`: the newest checkpoint, committed or stamped."""

from __future__ import annotations

import os

from auditlog_cli import notefiles, proofs, times
from auditlog_cli.anchors import git, stamps
from auditlog_cli.anchors import witness as witnesses
from auditlog_cli.cli import show
from auditlog_cli.counts import many
from auditlog_cli.errors import EXIT_FOUND, EXIT_OK, UsageError


def commit(path: str, repository: str, beside: str | None, notices: show.Notices) -> int:
    """Commit the checkpoint; print the commit; return the exit code."""
    text, note = notefiles.newest(path, beside)
    made = git.commit(repository, note.origin, text.encode(), f"auditlog: {note.origin} at {many(note.size, 'record')}")
    out = show.output(None)
    out.line(made)
    show.finish(out)
    held = f"{git.name_of(note.origin)} holds {many(note.size, 'record')}"
    notices.say(f"{repository}: {held}; push it to where no agent can")
    return EXIT_OK


def stamp(path: str, url: str, authority: str, beside: str | None, output: str | None, notices: show.Notices) -> int:
    """Have the checkpoint stamped, and keep both; print their names; return the exit code."""
    text, note = notefiles.newest(path, beside)
    name = f"{output or f'{path}.{note.size}'}.checkpoint"
    for each in (name, f"{name}.tsr"):
        if os.path.lexists(each):
            raise UsageError(f"{each}: is there already", help="name another with -o")
    answer = stamps.ask(url, text.encode())
    found = stamps.check(text.encode(), answer, authority)
    if found.trouble:
        notices.say(f"{url}: the answer is no time stamp that counts: {found.trouble}; nothing was kept")
        return EXIT_FOUND
    printed = show.output(None)
    for each, data in ((name, text.encode()), (f"{name}.tsr", answer)):
        out = show.output(each)
        out.write(data)
        show.finish(out)
        printed.line(each)
    show.finish(printed)
    at = times.render(found.at * times.SECOND)
    notices.say(f"{many(note.size, 'record')} existed by {at}, says {url}")
    return EXIT_OK


def cosign(path: str, url: str, keys: str, beside: str | None, output: str | None, notices: show.Notices) -> int:
    """Have the checkpoint cosigned by a witness, and keep it; print its name; return the exit code."""
    trusted = witnesses.load(keys)
    text, note = notefiles.newest(path, beside)
    name = f"{output or f'{path}.{note.size}'}.checkpoint"
    if os.path.lexists(name):
        raise UsageError(f"{name}: is there already", help="name another with -o")
    made, seen = witnesses.cosigned(url, text, lambda size: proofs.hashes_since(path, size, beside), trusted)
    if seen.trouble:
        notices.say(f"{url}: the answer counts for nothing: {seen.trouble}; nothing was kept")
        return EXIT_FOUND
    out = show.output(name)
    out.write(made.encode())
    show.finish(out)
    printed = show.output(None)
    printed.line(name)
    show.finish(printed)
    extend = f"{many(note.size, 'record')} {'extends' if note.size == 1 else 'extend'}"
    notices.say(f"{extend} all that {seen.name} saw, by {times.render(seen.at * times.SECOND)}")
    return EXIT_OK
