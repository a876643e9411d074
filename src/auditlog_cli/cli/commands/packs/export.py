"""`auditlog packs export`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def export(sigma: o.Sigma, packs: o.PackNames = None) -> int:
    """Write rules as Sigma files, for teams that want to see the logic in their own search tool.

    About three quarters of the rules have a Sigma form; the first lines of each file name what was lost. What Sigma
    cannot say is expected in the fields that `auditlog check --annotate` adds. The recommended way to a SIEM is the
    findings themselves. Rules without a form are listed in DIR/not-exported.txt, each with the reason.

    Examples:
      auditlog packs export --sigma sigma/
      auditlog packs export --sigma sigma/ gdpr owasp-agentic
    """
    import os

    from auditlog_cli.cli import judged, show
    from auditlog_cli.counts import many
    from auditlog_cli.errors import AuditWriteError, UsageError, remedy
    from auditlog_cli.rules import loading
    from auditlog_cli.rules import sigma as export
    from auditlog_cli.sinks import write_whole

    files, left = export.files([judged.pack(each) for each in packs or loading.NAMES])
    try:
        if os.path.isdir(sigma) and os.listdir(sigma):
            raise UsageError(f"{sigma}: is not empty", help="name a folder that is new or empty")
        for folder in sorted({os.path.dirname(each) for each in files}):
            os.makedirs(os.path.join(sigma, folder), exist_ok=True)
    except OSError as error:
        raise AuditWriteError(f"{sigma}: cannot be written ({error.strerror})", help=remedy(error)) from error
    for name, text in files.items():
        write_whole(os.path.join(sigma, name), text.encode(), new=True)
    notices = show.Notices()
    rules = sum(name.endswith(".yml") for name in files)
    have = "has" if rules == 1 else "have"
    notices.say(f"{rules:,} of {many(rules + len(left), 'rule')} {have} a Sigma form: see {sigma}")
    if left:
        notices.say(f"without one, see {os.path.join(sigma, export.LEFT)}: {', '.join(left)}")
    return 0
