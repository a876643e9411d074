"""`auditlog hook claude-code`: one event in, one record written, an answer in Claude Code's own words."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import NamedTuple

from auditlog_cli.errors import EXIT_OK, EXIT_USAGE, AuditlogError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.capture.identity import Identity
    from auditlog_cli.writer.settings import Redact

_LOCK_S = 3.0  # below the limit of the shell command, so that its message is heard
_LARGEST = 64 * 1024 * 1024


class Said(NamedTuple):
    """What flags say."""

    log: str | None
    user: str | None
    user_from: str | None
    agent: str
    scopes: list[str] | None
    redact: str | None

    def where(self) -> str:
        """Return the log.

        Raises:
            UsageError: If none is named.
        """
        path = self.log or os.environ.get("AUDITLOG_LOG")
        if not path:
            raise UsageError("--log: which log?", help="--log audit.jsonl, or set AUDITLOG_LOG")
        return path

    def who(self) -> Identity:
        """Return who acts for whom.

        Raises:
            UsageError: If nobody says who the user is, or a scope is none.
        """
        from auditlog_cli.capture import identity

        return identity.of_session(user=self._user(), agent=self.agent, scopes=self._scopes())

    def words(self) -> list[str]:
        """Return the command line that says the same, from any folder.

        Raises:
            UsageError: If it would not say who the user is, and where the log, or if the hook would refuse it.
            InputError, DefinitionError: If the redaction profile is missing or wrong.
        """
        if not self.user and not self.user_from:
            raise UsageError(
                "--user: who is the user? The hook would refuse every act",
                help="--user ann@example.com, or --user-from os|git",
            )
        self.who()
        self.masks()
        made = [*_program(), "hook", "claude-code", "--log", os.path.abspath(self.where())]
        profile = self.redact
        if profile is not None and profile.endswith((".yaml", ".yml")):
            profile = os.path.abspath(profile)
        for name, value in (("--user", self.user), ("--user-from", self.user_from), ("--redact", profile)):
            made += [name, value] if value else []
        made += ["--agent", self.agent] if self.agent != "claude-code" else []
        for scope in self._scopes() or ():
            made += ["--scopes", scope]
        return made

    def masks(self) -> Redact | None:
        """Return what masks records.

        Raises:
            InputError, DefinitionError, UsageError: If that is missing, wrong, or empty.
        """
        from auditlog_cli.writer.settings import mask_of

        given = self.redact
        return mask_of(given if given is None or given.endswith((".yaml", ".yml")) else given.split(","))

    def _scopes(self) -> list[str] | None:
        if self.scopes is None:
            return None
        return [scope for each in self.scopes for scope in each.replace(",", " ").split()]

    def _user(self) -> dict[str, str]:
        named = self.user or os.environ.get("AUDITLOG_USER")
        if named:
            return {"id": named}
        if self.user_from == "os":
            import pwd

            return {"id": pwd.getpwuid(os.getuid()).pw_name, "auth_method": "os"}
        if self.user_from == "git":
            return {"id": _git_user(), "auth_method": "git"}
        raise UsageError("--user: who is the user?", help="--user ID, AUDITLOG_USER, or --user-from os|git")


def answer(said: Said) -> int:
    """Record the event on standard input; return the exit code that Claude Code is to see. Never raises."""
    event = ""
    try:
        from auditlog_cli.adapters import claude_code

        content = claude_code.read(_input())
        event = content["hook_event_name"]
        _record(said, content)
        return EXIT_OK
    except BaseException as error:  # whatever it is: any other exit code than 2 lets the tool run
        return _refuse(event, error)


def _record(said: Said, content: dict[str, object]) -> None:
    from auditlog_cli.adapters import claude_code
    from auditlog_cli.writer.log import AuditLog

    path = said.where()
    made = claude_code.record(content, said.who(), lambda: claude_code.records_of(path, str(content["session_id"])))
    if made is None:
        return
    # No ballast: the room that it keeps for the last words of a process would be laid out for each event.
    with AuditLog(path, lock_timeout_s=_LOCK_S, redact=said.masks(), ballast_bytes=0) as log:
        log.append(made, durable=True)


def _refuse(event: str, error: BaseException) -> int:
    """Say in Claude Code's way that it is to stop."""
    kind, message = "internal", f"this is a bug ({type(error).__name__})"
    if isinstance(error, AuditlogError):
        kind, message = error.kind, error.message
    elif isinstance(error, ImportError):
        message = f"auditlog is not whole ({type(error).__name__})"
    with suppress(Exception):  # nobody listens; the exit code still says it
        from auditlog_cli.renderers import safe

        os.write(2, f"auditlog: error[{kind}]: {safe.one_line(message)}; nothing is done unrecorded\n".encode())
    with suppress(Exception):
        from auditlog_cli.adapters import claude_settings
        from auditlog_cli.adapters.claude_code import precedes

        if event and not precedes(event):
            os.write(1, f"{claude_settings.STOP}\n".encode())
            return EXIT_OK
    return EXIT_USAGE


def _input() -> bytes:
    """All of standard input."""
    if os.isatty(0):
        raise UsageError("standard input: an event is expected there", help="auditlog hook install")
    pieces, size = [], 0
    while piece := os.read(0, 1 << 20):
        pieces.append(piece)
        size += len(piece)
        if size > _LARGEST:
            raise UsageError(
                "standard input: an event of more than 64 MiB",
                help="Claude Code sends smaller ones: is something else on standard input?",
            )
    return b"".join(pieces)


def _git_user() -> str:
    import subprocess

    try:
        found = subprocess.run(
            ["git", "config", "--get", "user.email"],  # noqa: S607 - the git of who runs this
            capture_output=True,
            text=True,
            timeout=2,
            check=False,
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        raise UsageError("--user-from git: git does not answer", help="install git, or say it: --user ID") from None
    if not found.stdout.strip():
        raise UsageError("--user-from git: user.email is not set", help="git config --global user.email …")
    return found.stdout.strip()


def _program() -> list[str]:
    """How this program is called from any folder, whatever PATH is there."""
    own = os.path.abspath(sys.argv[0])
    if os.path.basename(own) == "auditlog" and os.access(own, os.X_OK):
        return [own]
    # -P: a folder of that name where the agent works is not to be taken for this package.
    return [sys.executable, "-P", "-m", "auditlog_cli"]


def limited() -> bool:
    """Tell whether there is a `timeout` to end a hook that hangs."""
    import shutil

    return shutil.which("timeout") is not None


def print_settings(said: Said) -> int:
    """Print what belongs into a settings file."""
    import json

    from auditlog_cli.adapters import claude_settings
    from auditlog_cli.cli import show

    out = show.output(None)
    out.line(json.dumps(claude_settings.whole(said.words(), limited=limited()), indent=2, ensure_ascii=False))
    show.finish(out)
    return EXIT_OK
