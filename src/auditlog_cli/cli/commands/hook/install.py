"""`auditlog hook install`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def install(
    log: o.HookLog = None,
    user: o.HookUser = None,
    user_from: o.HookUserFrom = None,
    agent: o.HookAgent = "claude-code",
    scopes: o.HookScopes = None,
    redact: o.HookRedact = None,
    settings: o.SettingsFile = None,
    place: o.SettingsPlace = "user",
    dry_run: o.HookDryRun = False,
    quiet: o.Quiet = False,
) -> int:
    """Put the hook into the settings of Claude Code. Everything else in them stays; installing again changes nothing.

    New sessions of Claude Code use it at once. Other options given a second time take the place of the first.

    Examples:
      auditlog hook install --log ~/audit/claude.jsonl --user ann@example.com
      auditlog hook install --log audit.jsonl --user-from git --place local --dry-run
    """
    from auditlog_cli.cli import claude, claudefile, show

    said = claude.Said(log, user, user_from, agent, scopes, redact)
    path = claudefile.path(settings, place)
    return claudefile.install(path, said, show.Notices(quiet=quiet), dry_run=dry_run)
