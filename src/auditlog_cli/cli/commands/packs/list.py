"""`auditlog packs list`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def list_(
    policy: o.PolicyFile = None,
    no_policy: o.NoPolicy = False,
    format: o.TableFormat = None,  # noqa: A002 - the word of the option
    output: o.Output = None,
) -> int:
    """List the packs there are: the shipped ones, and your own that the policy names.

    The number of rules leaves out library logics, which run only where another rule extends them.

    Examples:
      auditlog packs list
      auditlog packs list --format json
    """
    from auditlog_cli.cli import judged, tables
    from auditlog_cli.errors import UsageError
    from auditlog_cli.rules import compiled
    from auditlog_cli.rules import policy as policies

    if no_policy and policy is not None:
        raise UsageError("--policy and --no-policy contradict each other", help="leave one of them out")
    packs = compiled.shipped()
    if not no_policy:
        packs = packs + [judged.pack(each) for each in judged.own_packs(policies.find(policy))]
    rows: list[tuple[object, ...]] = [
        (sum(rule.in_pack for rule in pack.rules), pack.name, pack.version, pack.status, pack.as_of, pack.title)
        for pack in packs
    ]
    tables.print_rows(("rules", "pack", "version", "status", "as_of", "title"), rows, format, output)
    return 0
