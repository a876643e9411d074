"""`auditlog hook uninstall`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def uninstall(
    settings: o.SettingsFile = None,
    place: o.SettingsPlace = "user",
    dry_run: o.HookDryRun = False,
    quiet: o.Quiet = False,
) -> int:
    """Take the hook out of the settings of Claude Code. Everything else in them stays, and so does the log.

    Examples:
      auditlog hook uninstall
      auditlog hook uninstall --place local --dry-run
    """
    from auditlog_cli.cli import claudefile, show

    path = claudefile.path(settings, place)
    return claudefile.uninstall(path, show.Notices(quiet=quiet), dry_run=dry_run)
