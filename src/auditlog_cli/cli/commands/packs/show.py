"""`auditlog packs show`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def show(name: o.PackOrRule, policy: o.PolicyFile = None, output: o.Output = None) -> int:
    """Show a pack (what it is, what it cannot check, its rules) or the page of one rule, with logic and cases.

    Examples:
      auditlog packs show gdpr
      auditlog packs show GDPR-9-01
      auditlog packs show acme-gdpr.yaml
    """
    from auditlog_cli.cli import judged
    from auditlog_cli.cli import show as surroundings
    from auditlog_cli.errors import UsageError
    from auditlog_cli.renderers import safe
    from auditlog_cli.rules import binding, loading, pages
    from auditlog_cli.rules import policy as policies

    if name in loading.NAMES or binding.is_path(name):
        pack = judged.pack(name)
        lines = [*pages.head(pack), "", "## Rules", ""]
        lines += [f"- {each.id} ({each.severity}, {each.kind}, {each.scope}): {each.title}" for each in pack.rules]
    else:
        names = [*judged.own_packs(policies.find(policy)), *loading.NAMES]
        rule = next((rule for each in names for rule in judged.pack(each).rules if rule.id == name), None)
        if rule is None:
            help_line = "`auditlog packs list` lists the packs, `auditlog packs show PACK` the rules of one"
            raise UsageError(f"{name}: there is no such pack and no such rule", help=help_line)
        lines = pages.page(rule)
    out = surroundings.output(output)
    for line in lines:
        out.line(safe.one_line(line))
    surroundings.finish(out)
    return 0
