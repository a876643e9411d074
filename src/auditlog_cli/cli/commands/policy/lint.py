"""`auditlog policy lint`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def lint(path: o.PolicyName = None, as_of: o.AsOf = None) -> int:
    """Say what a policy says that cannot be meant: a tool never reached, a parameter no rule has, limits at odds.

    Detectors of the site's own (`scan.detectors`) must find their samples, and a rule must ask for them.

    What is wrong in itself (an unknown key, a pack that is not there) is an error, exit code 4. What deserves a second
    look is printed, exit code 1.

    Examples:
      auditlog policy lint
      auditlog policy lint acme.policy.yaml
    """
    from auditlog_cli.cli import judged, show
    from auditlog_cli.errors import EXIT_FOUND
    from auditlog_cli.renderers import safe
    from auditlog_cli.rules import binding, policylint

    policy = judged.policy(path)
    out = show.output(None)
    remarks = policylint.lint(policy, binding.packs_for(policy, None), judged.moment(as_of))
    for remark in remarks:
        out.line(safe.one_line(str(remark)))
    show.finish(out)
    if not remarks:
        show.Notices().say(f"{policy.path}: nothing to remark")
    return EXIT_FOUND if remarks else 0
