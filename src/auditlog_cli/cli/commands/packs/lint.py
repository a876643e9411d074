"""`auditlog packs lint`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def lint(packs: o.PackFiles = None, policy: o.PolicyFile = None, as_of: o.AsOf = None) -> int:
    """Say what is wrong with packs: unknown names, cases that are missing, expressions a log could stall.

    Errors go to standard output and give exit code 4; warnings go to standard error and give 0. Regular expressions
    are tried on hostile texts, which takes a second or two.

    Examples:
      auditlog packs lint acme-gdpr.yaml
      auditlog packs lint gdpr hipaa
    """
    from auditlog_cli.cli import judged, show
    from auditlog_cli.errors import EXIT_DEFINITION, UsageError
    from auditlog_cli.renderers import safe
    from auditlog_cli.rules import lint, loading
    from auditlog_cli.rules import policy as policies

    given = list(packs or ())
    if not given:
        given = judged.own_packs(policies.find(policy))
    if not given:
        raise UsageError("which packs?", help="name files or shipped packs; without a policy there are no others")
    now = judged.moment(as_of)
    notices = show.Notices()
    out = show.output(None)
    wrong = 0
    quiet = True
    for name in given:
        path = loading.shipped_path(name) if name in loading.NAMES else name
        remarks = lint.lint(path, now)
        for remark in [*remarks, *judged.outside(path, remarks)]:
            quiet = False
            wrong += remark.is_error
            if remark.is_error:
                out.line(safe.one_line(str(remark)))
            else:
                notices.say(str(remark))
    show.finish(out)
    if quiet:
        notices.say(f"{', '.join(given)}: nothing to remark")
    return EXIT_DEFINITION if wrong else 0
