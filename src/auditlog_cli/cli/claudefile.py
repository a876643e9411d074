"""`auditlog hook install|uninstall`: a settings file of Claude Code is read, changed, and put in place whole."""

from __future__ import annotations

import json
import os

from auditlog_cli import strictjson
from auditlog_cli.adapters import claude_settings
from auditlog_cli.adapters.claude_settings import Settings
from auditlog_cli.cli.claude import Said, limited
from auditlog_cli.cli.show import Notices
from auditlog_cli.errors import EXIT_OK, AuditWriteError, InputError, UsageError, remedy
from auditlog_cli.sinks import FileOutput
from auditlog_cli.sources.opening import read_small
from auditlog_cli.writer import disk

_LARGEST = 16 << 20
_PLACES = {
    "user": "~/.claude/settings.json",
    "project": ".claude/settings.json",
    "local": ".claude/settings.local.json",
}


def path(settings: str | None, place: str) -> str:
    """Return the settings file, links followed."""
    return os.path.realpath(os.path.expanduser(settings or _PLACES[place]))


def install(file: str, said: Said, notices: Notices, *, dry_run: bool) -> int:
    """Put the hook into the settings at `file`."""
    words = said.words()
    old, raw = _read(file)
    new = _held(file, claude_settings.installed, old, words, limited=limited())
    if not limited():
        notices.say("there is no `timeout` here: a hook that hangs is ended by Claude Code, which lets the tool run")
    if old.get("disableAllHooks") is True:
        notices.say(f"{file}: disableAllHooks is true, so that Claude Code will call no hook")
    return _keep(file, raw, old, new, notices, dry_run=dry_run)


def uninstall(file: str, notices: Notices, *, dry_run: bool) -> int:
    """Take the hook out of the settings at `file`."""
    old, raw = _read(file)
    return _keep(file, raw, old, _held(file, claude_settings.removed, old), notices, dry_run=dry_run)


def _held(file: str, change: object, *given: object, **named: object) -> Settings:
    assert callable(change)
    try:
        made: Settings = change(*given, **named)
    except InputError as error:
        raise InputError(f"{file}: {error.message}; it stays as it is", help=error.help) from None
    return made


def _read(file: str) -> tuple[Settings, bytes]:
    """The settings and their bytes; nothing where there is no file.

    Raises:
        UsageError: If something is there that is no file: a renamed file would take the place of a device.
        InputError: If it cannot be read, or is not settings.
    """
    if not os.path.lexists(file):
        return {}, b""
    if not os.path.isfile(file):
        raise UsageError(f"{file}: is no file", help="--settings FILE, or --place user|project|local")
    raw = read_small(file, _LARGEST + 1)
    if len(raw) > _LARGEST:
        raise InputError(
            f"{file}: larger than settings may be ({_LARGEST:,} bytes); it stays as it is",
            help="is it the settings file of Claude Code?",
        )
    if not raw.strip():
        return {}, raw
    try:
        return strictjson.exact(raw), raw
    except strictjson.Malformed as error:
        raise InputError(
            f"{file}: byte {error.at}: {error.reason}; it stays as it is", help="mend it, then install again"
        ) from None


def _keep(file: str, raw: bytes, old: Settings, new: Settings, notices: Notices, *, dry_run: bool) -> int:
    """Write the settings, if they have changed."""
    before, after = old.get("hooks", {}), new.get("hooks", {})
    changed = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    if not changed:
        notices.say(f"{file}: nothing to change")
        return EXIT_OK
    told = f"hooks for {', '.join(changed)}"
    if dry_run:
        notices.say(f"{file}: would change {told}")
        return EXIT_OK
    try:
        made = json.dumps(new, indent=_indent(raw), ensure_ascii=False) + "\n"
    except TypeError:  # a number of thousands of digits
        raise InputError(
            f"{file}: a number that cannot be written again; it stays as it is",
            help="write them into it by hand: auditlog hook claude-code --print-settings shows them",
        ) from None
    try:
        os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
        _put(file, raw, made.encode("utf-8"))
    except OSError as error:
        raise AuditWriteError(
            f"{file}: cannot be written ({error.strerror}); it stays as it is", help=remedy(error)
        ) from error
    notices.say(f"{file}: changed {told}")
    return EXIT_OK


def _put(file: str, raw: bytes, made: bytes) -> None:
    """Put a file in the place of another one that is still what was read, with its mode and owner."""
    new = FileOutput(file)
    try:
        new.write(made)
        if os.path.exists(file):
            disk.like(new.fd, os.stat(file))
        if _read(file)[1] != raw:
            raise AuditWriteError(f"{file}: was changed meanwhile and stays as it is", help="call again")
        new.commit()
    finally:
        new.discard()


def _indent(raw: bytes) -> int | str:
    """How a file is indented; two spaces if it is not."""
    for line in raw.splitlines()[1:]:
        blank = line[: len(line) - len(line.lstrip(b" \t"))]
        if blank:
            return blank.decode("ascii")
    return 2
